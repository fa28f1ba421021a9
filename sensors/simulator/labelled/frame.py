"""Frames of one station: hours as in `schemas.frames`, and minutes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from schemas.flag import Flag
from schemas.frames import COUNT, FLAG, STD

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

    from sensors.simulator.labelled.cluster import Measured

    Field = NDArray[np.float64]

HOUR_S = 3600
_MINUTE_S = 60
_FASTEST_S = 300
"""Instruments that report at least so often are part of the minute frame."""
_SUMS = frozenset({"rain"})


def hourly_frame(measured: Measured) -> pd.DataFrame:
    """Hourly means of a station, wind direction as a vector mean, rain as a sum; all hours valid and PASS.

    Parameters
    ----------
    measured : dict
        Of `sensors.simulator.labelled.cluster.measure`; each instrument over the same whole hours. Of a parameter that two
        instruments measure, the first one counts. NaN: no value.

    Returns
    -------
    pd.DataFrame
        ``schemas.frames`` hourly; an hour without a value has NaN, a count of 0 and flag MISSING.
    """
    columns: dict[str, NDArray[np.float64] | NDArray[np.int8]] = {}
    for starts, values in measured.values():
        per_hour = round(HOUR_S / (starts[1] - starts[0]))
        by_hour = {name: series.reshape(-1, per_hour) for name, series in values.items() if name not in columns}
        for name, block in by_hour.items():
            count = np.isfinite(block).sum(axis=1)
            columns[name] = _mean(name, block, by_hour)
            columns[f"{name}{COUNT}"] = count.astype(float)
            flags = np.where(count > 0, int(Flag.PASS), int(Flag.MISSING))
            columns[f"{name}{FLAG}"] = flags.astype(np.int8)
        columns |= _deviations(by_hour)
    starts = next(iter(measured.values()))[0]
    return pd.DataFrame(columns, index=_index(starts[0], starts[-1], HOUR_S))


def minute_frame(measured: Measured, since: datetime, until: datetime) -> pd.DataFrame:
    """Values of the fast instruments in ``[since, until)`` by the minute; five-minute values are repeated.

    Parameters
    ----------
    measured : dict
        As of `hourly_frame`.
    since, until : datetime
        Whole hours.
    """
    first, last = since.timestamp(), until.timestamp()
    columns: dict[str, Field] = {}
    for starts, values in measured.values():
        step = round(starts[1] - starts[0])
        if step > _FASTEST_S:
            continue
        inside = (starts >= first) & (starts < last)
        for name, series in values.items():
            columns.setdefault(name, np.repeat(series[inside], step // _MINUTE_S))
    return pd.DataFrame(columns, index=_index(first, last - _MINUTE_S, _MINUTE_S))


def _index(first: float, last: float, step: int) -> pd.DatetimeIndex:
    begin = pd.Timestamp(first, unit="s", tz="UTC").as_unit("us")
    count = int((last - first) // step) + 1
    return pd.date_range(begin, periods=count, freq=pd.Timedelta(seconds=step), name="start")


def _mean(name: str, block: Field, by_hour: dict[str, Field]) -> Field:
    if name == "wind_direction":
        east, north = _resultant(block, by_hour["wind_speed"])
        return np.asarray(np.degrees(np.arctan2(east, north)) % 360)
    known = np.isfinite(block)
    total = np.where(known, block, 0.0).sum(axis=1)
    count = known.sum(axis=1)
    return np.where(count > 0, total if name in _SUMS else total / np.maximum(count, 1), np.nan)


def _resultant(direction: Field, speed: Field) -> tuple[Field, Field]:
    angle = np.radians(direction)
    return (speed * np.sin(angle)).mean(axis=1), (speed * np.cos(angle)).mean(axis=1)


def _deviations(by_hour: dict[str, Field]) -> dict[str, Field]:
    """Standard deviation of wind speed, and of wind direction by the length of the mean unit vector [deg]."""
    if "wind_direction" not in by_hour:
        return {}
    speed, direction = by_hour["wind_speed"], by_hour["wind_direction"]
    east, north = _resultant(direction, np.ones_like(direction))
    length = np.clip(np.hypot(east, north), 1e-6, 1.0)
    return {
        f"wind_speed{STD}": speed.std(axis=1, ddof=1),
        f"wind_direction{STD}": np.degrees(np.sqrt(-2 * np.log(length))),
    }
