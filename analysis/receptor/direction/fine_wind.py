"""Wind of a cluster and level of its station by ten minutes, where there are minutes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.receptor.direction.cluster import near_stations
from analysis.receptor.direction.way import STEP_MIN
from analysis.receptor.wind import CALM_BELOW_M_S

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from numpy.typing import NDArray

    Field = NDArray[np.float64]

_WIND = ["wind_speed", "wind_direction"]
_LEAST_PART = 0.5
"""Part of the vanes that a step needs [1]; project choice."""
_NO_DIRECTION = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class FineWind:
    """Steps of ten minutes before and in an episode.

    Attributes
    ----------
    starts : DatetimeIndex, (step,)
        UTC, without gaps.
    east, north : array of float, (step,)
        Where the wind comes from, as a vector [m s⁻¹]: mean direction of the vanes with wind, each with the same weight, and median
        speed; NaN where less than half of the vanes have values.
    level : array of float, (step,)
        Values of the parameter at the station; NaN missing, all of them where it is not measured by the minute.
    """

    starts: pd.DatetimeIndex
    east: Field
    north: Field
    level: Field


def fine_wind(
    minute: Mapping[str, pd.DataFrame],
    code: str,
    *,
    places: Mapping[str, tuple[float, float]],
    station_id: str,
    vanes: Collection[str],
) -> FineWind | None:
    """Means of ten minutes over the vanes in reach; None where too few stations have the wind by the minute.

    Parameters
    ----------
    minute : mapping of station id to DataFrame
        Index ``start`` UTC; ``wind_speed`` [m s⁻¹], ``wind_direction`` [deg], ``code``; NaN missing or not valid.
    code : str
        Parameter of the episode.
    places : mapping of station id to (longitude, latitude) [deg]
    station_id : str
        Station of the episode.
    vanes : collection of str
        Stations that have the wind by the hour: a few of them by the minute are no mean of the cluster.

    Examples
    --------
    >>> index = pd.date_range("2026-05-01", periods=20, freq="min", tz="UTC", name="start")
    >>> frame = pd.DataFrame({"wind_speed": 2.0, "wind_direction": 90.0, "so2": [10.0] * 10 + [40.0] * 10}, index=index)
    >>> found = fine_wind({"a": frame}, "so2", places={"a": (123.4, 41.8)}, station_id="a", vanes=["a"])
    >>> found.east.tolist(), found.north.round(3).tolist(), found.level.tolist()
    ([2.0, 2.0], [0.0, 0.0], [10.0, 40.0])
    """
    if station_id not in places:
        return None
    frames = [minute[name] for name in near_stations(minute, places, station_id) if set(_WIND) <= set(minute[name])]
    winds = [_vectors(frame) for frame in frames if frame[_WIND].notna().all(axis=1).any()]
    if not winds:
        return None
    starts = pd.date_range(
        min(item.index[0] for item in winds), max(item.index[-1] for item in winds), freq=pd.Timedelta(minutes=STEP_MIN)
    )
    wind = np.array([item.reindex(starts).to_numpy(dtype=float) for item in winds])
    east, north = _mean(wind[..., 0], wind[..., 1], least=_LEAST_PART * len(near_stations(vanes, places, station_id)))
    own = minute.get(station_id)
    level = pd.Series(np.nan, index=starts) if own is None or code not in own else _by_step(own[[code]])[code]
    return FineWind(starts=starts, east=east, north=north, level=np.asarray(level.reindex(starts), dtype=np.float64))


def _mean(east: Field, north: Field, *, least: float) -> tuple[Field, Field]:
    """Vector of the mean direction and median speed over the vanes, (vane, step) to (step,)."""
    speed = np.hypot(east, north)
    known = np.isfinite(speed)
    blows = known & (np.nan_to_num(speed) >= CALM_BELOW_M_S)
    parts = [np.where(blows, part / np.where(blows, speed, 1.0), 0.0).sum(axis=0) for part in (east, north)]
    length = np.hypot(*parts)
    is_known = (length > _NO_DIRECTION) & (known.sum(axis=0) >= max(least, 1.0))
    middle = np.nanmedian(np.where(known.any(axis=0), speed, 0.0), axis=0)
    x, y = (np.where(is_known, middle * part / np.where(is_known, length, 1.0), np.nan) for part in parts)
    return x, y


def _vectors(frame: pd.DataFrame) -> pd.DataFrame:
    """Mean vector by step of one vane."""
    speed, angle = (frame[name].to_numpy(dtype=float) for name in _WIND)
    parts = {"east": speed * np.sin(np.radians(angle)), "north": speed * np.cos(np.radians(angle))}
    return _by_step(pd.DataFrame(parts, index=frame.index))


def _by_step(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.groupby(pd.DatetimeIndex(frame.index).floor(f"{STEP_MIN}min")).mean()
