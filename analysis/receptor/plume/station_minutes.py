"""Evidence of a plume from the minutes since an event began, before its hours are complete."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd

from analysis.receptor.plume.excess import PlumeInputError
from analysis.receptor.plume.station_hours import evidence_of
from analysis.receptor.wind import CALM_BELOW_M_S
from schemas.frames import STD

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analysis.receptor.plume.evidence import PlumeEvidence
    from schemas.interval import Interval
    from schemas.network import Station

BLOCK = timedelta(minutes=20)
"""Minutes that are averaged together: some turns of the wind, and a plume of 5 km in wind of 4 m/s; project choice."""
_LEAST_MINUTES = 5
"""Minutes with a value from which a block has one."""
_HOUR = timedelta(hours=1)


def evidence_of_minutes(
    stations: Sequence[Station],
    hourly: Mapping[str, pd.DataFrame],
    minute: Mapping[str, pd.DataFrame],
    code: str,
    event: Interval,
    *,
    precision: float,
) -> PlumeEvidence:
    """Evidence of an event that is going on, as `evidence_of`, from means of 20 minutes.

    Parameters
    ----------
    stations, code, precision
        As `analysis.receptor.plume.station_hours.evidence_of`.
    hourly : mapping of station id to DataFrame
        Hours before the event; those from its begin on are not used.
    minute : mapping of station id to DataFrame
        Index ``start`` UTC; plain columns as in ``hourly``, canonical units, NaN where missing or failed. Instruments that report more
        seldom may be repeated or missing in between.
    event : Interval
        From the begin of the event to now.

    Returns
    -------
    PlumeEvidence
        Standard deviations are those of hours times the root of 3: white noise, the most that a shorter mean may add.

    Raises
    ------
    PlumeInputError
        As `evidence_of`, and where no station has minutes of the parameter in the event.
    """
    frames = {name: _joined(frame, minute.get(name), event) for name, frame in hourly.items()}
    blocks = max((_blocks_with(frame, code, event) for frame in frames.values()), default=0)
    if blocks == 0:
        msg = f"no station has {_LEAST_MINUTES} min of {code} since {event.start:%Y-%m-%dT%H:%MZ}: minutes of at least 3 are needed"
        raise PlumeInputError(msg)
    found = evidence_of(stations, frames, code, event, precision=precision)
    return msgspec.structs.replace(found, sigma_ug_m3=found.sigma_ug_m3 * np.sqrt(_HOUR / BLOCK))


def _blocks_with(frame: pd.DataFrame, code: str, event: Interval) -> int:
    if code not in frame:
        return 0
    return int(frame.loc[frame.index >= pd.Timestamp(event.start), code].notna().sum())


def _joined(hourly: pd.DataFrame, minute: pd.DataFrame | None, event: Interval) -> pd.DataFrame:
    """Hours that ended before the event, then blocks of its minutes."""
    before = hourly[hourly.index <= pd.Timestamp(event.start - _HOUR)]
    if minute is None:
        return before
    inside = minute[(minute.index >= pd.Timestamp(event.start)) & (minute.index < pd.Timestamp(event.end))]
    return pd.concat([before, block_means(inside, event)]) if len(inside) else before


def block_means(minute: pd.DataFrame, event: Interval) -> pd.DataFrame:
    """Means by block of 20 minutes from the begin of the event; wind as vector, with the standard deviation of its direction.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from schemas.interval import Interval
    >>> index = pd.date_range("2026-05-01", periods=40, freq="min", tz="UTC", name="start")
    >>> minute = pd.DataFrame({"ch4": 2000.0, "wind_direction": [350.0, 10.0] * 20, "wind_speed": 3.0}, index=index)
    >>> found = block_means(minute, Interval(datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 5, 1, 0, 40, tzinfo=UTC)))
    >>> found.round(1).to_dict("list")
    {'ch4': [2000.0, 2000.0], 'wind_direction': [0.0, 0.0], 'wind_speed': [3.0, 3.0], 'wind_direction__std': [10.0, 10.0]}
    """
    begin = pd.Timestamp(event.start)
    index = pd.DatetimeIndex(minute.index)
    number = np.asarray((index - begin) // pd.Timedelta(BLOCK))
    plain = minute[[name for name in minute.columns if "__" not in str(name)]].astype(float)
    grouped = plain.groupby(number)
    means = grouped.mean().where(grouped.count() >= _LEAST_MINUTES)
    if "wind_direction" in plain:
        means = means.assign(**_directions(plain, number))
    starts = [begin + int(item) * pd.Timedelta(BLOCK) for item in means.index]
    return means.set_axis(pd.DatetimeIndex(starts, name="start"))


def _directions(plain: pd.DataFrame, number: np.ndarray) -> dict[str, pd.Series]:
    """Vector mean and standard deviation of the direction by block [deg]."""
    speed = plain["wind_speed"] if "wind_speed" in plain else pd.Series(1.0, index=plain.index)
    direction = plain["wind_direction"].where(speed >= CALM_BELOW_M_S)
    angle = np.radians(direction.to_numpy(dtype=float))
    parts = pd.DataFrame({"east": np.sin(angle), "north": np.cos(angle)}).groupby(number)
    mean, count = parts.mean(), parts["east"].count()
    turned = np.degrees(np.arctan2(mean["east"].to_numpy(), mean["north"].to_numpy()))
    from_deg = pd.Series(turned.round(9) % 360.0, index=mean.index)
    off = (direction.to_numpy() - from_deg.reindex(number).to_numpy() + 180.0) % 360.0 - 180.0
    variance = pd.Series(off**2).groupby(number).mean()
    known = count >= _LEAST_MINUTES
    return {"wind_direction": from_deg.where(known), "wind_direction" + STD: (variance**0.5).where(known)}
