"""Drift of a station against the other stations of its network, on hourly values of weeks (`qc.hourly.drift.drift`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from qc.angle import rows_on_line
from qc.hourly.drift.drift import DriftLimit, DriftScale, drift_of
from schemas.flag import Flag
from schemas.frames import FLAG_COLUMNS, concat_flags, valid_values
from schemas.parameter import parameter
from schemas.reason import reason_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from qc.limits.thresholds import Thresholds

TEST = "drift"
_WORDS = {DriftScale.DIFFERENCE: "{level:+.4g}", DriftScale.LOG_RATIO: "{percent:+.1f} %"}


def flag_drift(
    hours: Mapping[str, pd.DataFrame], thresholds: Thresholds, *, network: str, month: int
) -> tuple[pd.DataFrame, list[str]]:
    """Compare every station with the median of the others, parameter by parameter.

    Parameters
    ----------
    hours : mapping of str to DataFrame
        `schemas.frames` hourly by station, over the evaluated weeks; only valid values count.
    thresholds : Thresholds
    network : str
    month : int
        Civil month whose limits hold.

    Returns
    -------
    records : DataFrame
        `schemas.frames` flags: SUSPECT hours.
    unevaluated : list of str
        ``station/parameter`` with a limit that had too few neighbours.
    """
    codes = dict.fromkeys(code for frame in hours.values() for code in map(str, frame.columns) if "__" not in code)
    records: list[pd.DataFrame] = []
    unevaluated: list[str] = []
    for code in codes:
        limits = {
            station: limit
            for station in hours
            if (limit := thresholds.find(DriftLimit, code, network=network, station_id=station, month=month))
        }
        if not limits:
            continue
        table = pd.DataFrame({station: valid_values(frame, code) for station, frame in hours.items() if code in frame})
        table[:] = rows_on_line(table.to_numpy(dtype=np.float64), parameter(code).period)
        for station in [name for name in table if name in limits]:
            others = table.drop(columns=station)
            if others.shape[1] < limits[station].stations:
                unevaluated.append(f"{station}/{code}")
                continue
            records += _flagged(table[station], others, limits[station], (station, code))
    return concat_flags(records), unevaluated


def _flagged(own: pd.Series, others: pd.DataFrame, limit: DriftLimit, place: tuple[str, str]) -> Iterator[pd.DataFrame]:
    enough = others.notna().sum(axis=1) >= limit.stations
    flags, found = drift_of(own, others.median(axis=1).where(enough), limit)
    index = pd.DatetimeIndex(own.index)
    at = np.flatnonzero(flags == Flag.SUSPECT)
    if not at.size:
        return
    level = _WORDS[limit.scale].format(level=found.level, percent=100 * float(np.expm1(found.level)))
    days = round((index[-1] - index[0]) / pd.Timedelta(days=1))
    reason = reason_text(TEST, "drift", stations=others.shape[1], level=level, days=days)
    frame = pd.DataFrame({"start": index[at], "flag": flags[at], "reason": reason})
    frame = frame.assign(station_id=place[0], parameter=place[1], test=TEST)
    frame["instrument_id"] = None
    yield frame[list(FLAG_COLUMNS)]
