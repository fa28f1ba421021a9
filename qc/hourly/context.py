"""One station's hours of one network for hourly tests: values of complete hours, limits by civil month, other networks and stations."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pandas as pd

from qc.hourly.mean import Hourly
from qc.limits.limit import BaseLimit
from schemas.flag import Flag
from schemas.frames import COUNT, FLAG, SEPARATOR, columns_of, parameters_in, valid_values

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from zoneinfo import ZoneInfo

    from qc.limits.thresholds import Thresholds
    from qc.native.argument import Flags, Values
    from qc.native.coordinates import Coordinates


_Limit = TypeVar("_Limit", bound=BaseLimit)


class HourlyContext:
    """One station's hours of one network with what hourly tests need to evaluate them.

    Parameters
    ----------
    hourly : Hourly
        Values before the hourly tests.
    thresholds : Thresholds
    network, station_id : str
    zone : ZoneInfo
        Of the civil months by which limits may change.
    other_networks : DataFrame or None
        Hourly values of the station's other networks, such as rain; index of UTC hours.
    place : Coordinates or None
    near : mapping of str to DataFrame or None
        Hourly values of neighbouring stations by id; index of UTC hours.
    """

    def __init__(  # noqa: PLR0913 - all by keyword
        self,
        hourly: Hourly,
        thresholds: Thresholds,
        *,
        network: str,
        station_id: str,
        zone: ZoneInfo,
        other_networks: pd.DataFrame | None = None,
        place: Coordinates | None = None,
        near: Mapping[str, pd.DataFrame] | None = None,
    ) -> None:
        index = pd.DatetimeIndex(hourly.frame.index)
        self.hourly, self.thresholds, self.network, self.station_id = hourly, thresholds, network, station_id
        self.times = index.tz_localize(None).to_numpy()
        self.months = index.tz_convert(zone).month.to_numpy()
        self.month_span: list[int] = np.unique(self.months).tolist()
        self.unevaluated: Counter[str] = Counter()
        self.minimum = thresholds.hour.min_completeness
        self.place, self.near = place, near or {}
        self._other_networks = other_networks
        self._valid: dict[str, Values] = {}
        self.columns, self.shares = columns_of(hourly.frame), columns_of(hourly.completeness)
        self.certain = columns_of(hourly.certain)

    def share(self, code: str) -> Values:
        """Part of each hour covered by valid values [1]."""
        return self.shares[code.split(SEPARATOR, maxsplit=1)[0]]

    def valid(self, code: str) -> Values:
        """Values, or a companion such as ``co2__std``, of complete hours; NaN elsewhere: failed hours are excluded from neighbour comparisons."""
        # used by every relation
        if code not in self._valid:
            self._valid[code] = np.where(self.share(code) >= self.minimum, self.columns[code], np.nan)
            self._valid[code].flags.writeable = False
        return self._valid[code]

    def given(self, code: str) -> Values | None:
        """`valid` of this network, else the values of another network of the station; None without either."""
        if code in self.columns:
            return self.valid(code)
        if self._other_networks is None or code not in self._other_networks:
            return None
        return self._other_networks[code].reindex(self.hourly.frame.index).to_numpy(dtype=np.float64)

    def by_month(self, kind: type[_Limit], code: str, run: Callable[[_Limit], Flags]) -> Flags | None:
        """Flags with the limit of each hour's month; None where no month has one."""
        limits = {month: self.limit(kind, code, month) for month in self.month_span}
        if all(limit is None for limit in limits.values()):
            return None
        flags = np.full(self.times.shape, Flag.UNKNOWN, dtype=np.int8)
        for month, limit in limits.items():
            if limit is not None:
                flags[self.months == month] = run(limit)[self.months == month]
        return flags

    def limit(self, kind: type[_Limit], code: str, month: int) -> _Limit | None:
        """Narrowest limit of a test for a parameter in a civil month."""
        return self.thresholds.find(kind, code, network=self.network, station_id=self.station_id, month=month)


def with_past(hourly: Hourly, past: pd.DataFrame) -> Hourly:
    """Put stored hours before the hours at hand, for baselines and rates over days.

    Parameters
    ----------
    hourly : Hourly
        Consecutive hours.
    past : DataFrame
        `schemas.frames` hourly with ``__flag``; hours and parameters that are not needed are left out.

    Returns
    -------
    Hourly
        Past hours count as complete where their stored flag is valid, and as certain where it is PASS; a hole is an hour of NaN.
    """
    index = pd.DatetimeIndex(hourly.frame.index)
    older = past[past.index < index[0]] if len(index) else past.iloc[:0]
    if older.empty:
        return hourly
    grid = pd.date_range(older.index[0], index[0], freq="h", inclusive="left", name=index.name, unit="us")
    codes, older = parameters_in(hourly.frame), older.reindex(grid)
    values = pd.DataFrame({code: valid_values(older, code) for code in codes}, index=grid)
    there = values.notna().astype(np.float64)
    passed = pd.DataFrame({code: older.get(code + FLAG, there[code]) == Flag.PASS for code in codes}, index=grid)
    counts = {code + COUNT: older.get(code + COUNT, there[code]).fillna(0).astype(np.int64) for code in codes}
    known = older.reindex(columns=list(hourly.frame)).assign(**{code: values[code] for code in codes}, **counts)
    return Hourly(
        pd.concat([known.astype(hourly.frame.dtypes.to_dict()), hourly.frame]),
        pd.concat([there, hourly.completeness]),
        pd.concat([there * passed, hourly.certain]),
        hourly.expected,
    )
