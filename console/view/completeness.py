"""How much of what was expected is there: ratios of hourly counts to the counts the cadence promises."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from schemas.frames import COUNT, parameters_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from zoneinfo import ZoneInfo

    from schemas.network import Station

_HOUR_S = 3_600


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCompleteness:
    """One civil day of a completeness calendar; ``ratio`` None where no hour was computed."""

    day: date
    ratio: float | None


def expected_per_hour(station: Station, network: str) -> dict[str, float]:
    """Values a full hour holds, by parameter; the fastest instrument counts. Slower than hourly: less than one."""
    expected: dict[str, float] = {}
    for instrument in station.instruments_of(network):
        for code in instrument.parameters:
            expected[code] = max(expected.get(code, 0.0), _HOUR_S / instrument.cadence_s)
    return expected


def ratio_by_hour(hourly: pd.DataFrame, expected: Mapping[str, float]) -> pd.Series:
    """Mean completeness over the expected parameters of each hour in the frame, each between 0 and 1.

    A parameter that is expected but absent from the frame counts as 0. Nothing expected: an empty series.
    """
    if not expected or hourly.empty:
        return pd.Series(dtype=float, index=hourly.index[:0])
    columns = [_ratio(hourly, code, count) for code, count in expected.items()]
    return pd.Series(np.mean(columns, axis=0), index=hourly.index)


def _ratio(hourly: pd.DataFrame, code: str, expected: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    if code + COUNT in hourly:
        counts = hourly[code + COUNT].fillna(0).to_numpy(dtype=np.float64)
    elif code in parameters_in(hourly):
        counts = hourly[code].notna().to_numpy(dtype=np.float64) * expected
    else:
        counts = np.zeros(len(hourly))
    return np.asarray(np.clip(counts / expected, 0.0, 1.0), dtype=np.float64)


def completeness(hourly: pd.DataFrame, expected: Mapping[str, float], hours: int) -> float | None:
    """Completeness of a period of ``hours`` hours; hours without a row count as empty. None if nothing is expected."""
    if not expected or hours <= 0:
        return None
    return min(1.0, float(ratio_by_hour(hourly, expected).sum()) / hours)


def last_hour(frames: Sequence[pd.DataFrame]) -> datetime | None:
    """End of the latest hour any of the frames holds; None if all are empty."""
    ends = [frame.index[-1] for frame in frames if len(frame)]
    return max(ends).to_pydatetime() + timedelta(hours=1) if ends else None


def calendar(ratios: pd.Series, zone: ZoneInfo, first: date, days: int, *, until: datetime) -> list[DayCompleteness]:
    """Completeness by civil day in ``zone`` from ``first`` on.

    Hours that are absent in a day that has any count as 0; the day that holds ``until`` is measured up to it only.
    """
    local_days = pd.DatetimeIndex(ratios.index).tz_convert(str(zone)).date
    sums = ratios.groupby(local_days).sum() if len(ratios) else pd.Series(dtype=float)
    found: Mapping[object, float] = {day: float(total) for day, total in sums.items()}
    wanted = [first + timedelta(days=step) for step in range(days)]
    return [
        DayCompleteness(day=day, ratio=min(1.0, found[day] / _hours_of(day, zone, until)) if day in found else None)
        for day in wanted
    ]


def _hours_of(day: date, zone: ZoneInfo, until: datetime) -> float:
    begin, end = (datetime.combine(each, time(), zone) for each in (day, day + timedelta(days=1)))
    # to timestamps: the difference of two clock times of one zone would ignore a change of the clocks
    hours = (min(end.timestamp(), until.timestamp()) - begin.timestamp()) / _HOUR_S
    return max(1.0, hours)
