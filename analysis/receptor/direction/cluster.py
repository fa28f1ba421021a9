"""Hours of the stations around one station, as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.receptor.wind import CALM_BELOW_M_S
from schemas.geodesy import bearing_deg, great_circle_km

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from schemas.interval import Interval

    Field = NDArray[np.float64]

REACH_KM = 20.0
"""Distance of the stations that are compared; project choice [km]."""
BACKGROUND_DAYS = 30
MOST_HOURS = 72
"""Of a longer episode the last so many hours count; project choice [h]."""


class DirectionInputError(ValueError):
    """Input from which no direction can be computed; the message says what is needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A station and those in its reach, 30 days before the episode and its hours.

    Attributes
    ----------
    index : DatetimeIndex, (H,)
        Hour starts, UTC, without gaps.
    level : array of float, (H, S)
        Values, NaN missing; the station itself is in the first column.
    speed, from_deg : array of float, (H,)
        Mean wind over the stations [m s⁻¹, deg]; the direction is NaN in calm air and where wind is missing.
    east_km, north_km : array of float, (S,)
        From the station itself [km].
    in_event : array of bool, (H,)
    """

    index: pd.DatetimeIndex
    level: Field
    speed: Field
    from_deg: Field
    east_km: Field
    north_km: Field
    in_event: NDArray[np.bool_]


def cluster_of(
    values: pd.DataFrame,
    wind: tuple[pd.DataFrame, pd.DataFrame],
    *,
    places: Mapping[str, tuple[float, float]],
    station_id: str,
    window: Interval,
) -> Cluster:
    """Select the stations and hours.

    Parameters
    ----------
    values : DataFrame, index UTC hour starts, a column a station
        NaN missing.
    wind : (DataFrame, DataFrame)
        Speed [m s⁻¹] and direction it comes from [deg], a column a station with wind.
    places : mapping of station id to (longitude, latitude) [deg]
        A station without a place is left out.
    station_id : str
        Station of the episode.
    window : Interval
        The episode.

    Raises
    ------
    DirectionInputError
        For a station without values or place, or without an hour in the window.
    """
    near = _near(values, places, station_id)
    length = pd.Timedelta(hours=1)
    first = pd.Timestamp(window.start).floor("h") - pd.Timedelta(days=BACKGROUND_DAYS)
    index = pd.date_range(first, pd.Timestamp(window.end), freq=length, inclusive="left")
    in_event = np.asarray(index >= pd.Timestamp(window.start).floor("h"))
    in_event[: max(0, len(index) - MOST_HOURS)] = False
    if not in_event.any():
        msg = f"the window {window.start} to {window.end} holds no hour: at least one is needed"
        raise DirectionInputError(msg)
    inside = pd.DatetimeIndex(values.index)
    inside = inside[(inside >= index[0]) & (inside <= index[-1])]
    table = values.loc[inside, list(near)].reindex(index).to_numpy(dtype=float)
    vanes = [name for name in near_stations(wind[0].columns, places, station_id) if name in wind[1]]
    speed, from_deg = _mean_wind([part.reindex(index=index, columns=vanes) for part in wind])
    lon, lat = (np.array([places[name][number] for name in near]) for number in range(2))
    away, bearing = great_circle_km(lon[0], lat[0], lon, lat), np.radians(bearing_deg(lon[0], lat[0], lon, lat))
    return Cluster(
        index=index,
        level=table,
        speed=speed,
        from_deg=from_deg,
        east_km=np.asarray(away * np.sin(bearing)),
        north_km=np.asarray(away * np.cos(bearing)),
        in_event=in_event,
    )


def _near(values: pd.DataFrame, places: Mapping[str, tuple[float, float]], station_id: str) -> list[str]:
    """Station of the episode, then those in its reach with values."""
    if station_id not in values or station_id not in places:
        msg = f"station {station_id} has no values or no place: both are needed"
        raise DirectionInputError(msg)
    others = near_stations(values.columns, places, station_id)
    return [station_id, *(name for name in others if name != station_id and values[name].notna().any())]


def near_stations(among: Iterable[object], places: Mapping[str, tuple[float, float]], station_id: str) -> list[str]:
    """Stations in `REACH_KM` of one that has a place, that one included."""
    own = places[station_id]
    names = map(str, among)
    return [name for name in names if name in places and float(great_circle_km(*own, *places[name])) <= REACH_KM]


def _mean_wind(parts: list[pd.DataFrame]) -> tuple[Field, Field]:
    """Mean speed and direction over the stations, each with the same weight."""
    speed, direction = (part.to_numpy(dtype=float) for part in parts)
    blows = np.isfinite(speed) & np.isfinite(direction) & (np.nan_to_num(speed) >= CALM_BELOW_M_S)
    angle = np.radians(np.where(blows, direction, 0.0))
    east, north = (np.where(blows, part, 0.0).sum(axis=1) for part in (np.sin(angle), np.cos(angle)))
    count = np.isfinite(speed).sum(axis=1)
    mean = np.where(count > 0, np.nan_to_num(speed).sum(axis=1) / np.maximum(count, 1), np.nan)
    is_known = np.hypot(east, north) > 1e-6  # noqa: PLR2004 - no direction, or directions that cancel
    return mean, np.where(is_known, np.degrees(np.arctan2(east, north)) % 360.0, np.nan)
