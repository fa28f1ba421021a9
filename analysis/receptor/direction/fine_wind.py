"""Wind of a cluster and level of its station by ten minutes, where there are minutes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.receptor.direction.cluster import near_stations
from analysis.receptor.direction.way import STEP_MIN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Field = NDArray[np.float64]

_WIND = ["wind_speed", "wind_direction"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FineWind:
    """Steps of ten minutes before and in an episode.

    Attributes
    ----------
    starts : DatetimeIndex, (step,)
        UTC, without gaps.
    east, north : array of float, (step,)
        Mean over the vanes of where the wind comes from, as a vector [m s⁻¹]; NaN missing.
    level : array of float, (step,)
        Values of the parameter at the station; NaN missing, all of them where it is not measured by the minute.
    """

    starts: pd.DatetimeIndex
    east: Field
    north: Field
    level: Field


def fine_wind(
    minute: Mapping[str, pd.DataFrame], code: str, *, places: Mapping[str, tuple[float, float]], station_id: str
) -> FineWind | None:
    """Means of ten minutes over the vanes in reach; None where no station has the wind by the minute.

    Parameters
    ----------
    minute : mapping of station id to DataFrame
        Index ``start`` UTC; ``wind_speed`` [m s⁻¹], ``wind_direction`` [deg], ``code``; NaN missing.
    code : str
        Parameter of the episode.
    places : mapping of station id to (longitude, latitude) [deg]
    station_id : str
        Station of the episode.

    Examples
    --------
    >>> index = pd.date_range("2026-05-01", periods=20, freq="min", tz="UTC", name="start")
    >>> frame = pd.DataFrame({"wind_speed": 2.0, "wind_direction": 90.0, "so2": [10.0] * 10 + [40.0] * 10}, index=index)
    >>> found = fine_wind({"a": frame}, "so2", places={"a": (123.4, 41.8)}, station_id="a")
    >>> found.east.tolist(), found.north.round(3).tolist(), found.level.tolist()
    ([2.0, 2.0], [0.0, 0.0], [10.0, 40.0])
    """
    if station_id not in places:
        return None
    frames = [minute[name] for name in near_stations(minute, places, station_id) if set(_WIND) <= set(minute[name])]
    vanes = [_vectors(frame) for frame in frames if len(frame)]
    if not vanes:
        return None
    mean = pd.concat(vanes).groupby(level=0).mean()
    starts = pd.date_range(mean.index[0], mean.index[-1], freq=pd.Timedelta(minutes=STEP_MIN))
    own = minute.get(station_id)
    level = pd.Series(np.nan, index=starts) if own is None or code not in own else _by_step(own[[code]])[code]
    east, north = np.asarray(mean.reindex(starts), dtype=np.float64).T
    return FineWind(starts=starts, east=east, north=north, level=np.asarray(level.reindex(starts), dtype=np.float64))


def _vectors(frame: pd.DataFrame) -> pd.DataFrame:
    speed, angle = (frame[name].to_numpy(dtype=float) for name in _WIND)
    parts = {"east": speed * np.sin(np.radians(angle)), "north": speed * np.cos(np.radians(angle))}
    return _by_step(pd.DataFrame(parts, index=frame.index))


def _by_step(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.groupby(pd.DatetimeIndex(frame.index).floor(f"{STEP_MIN}min")).mean()
