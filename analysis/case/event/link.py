"""Which pairs of rises belong together: space with the wind's travel time, time, and chemistry.

Two rises are joined
- at one station, if their parameters belong together (`.family`), and they begin within two hours of each other or share three;
- at stations up to 10 km apart, if the parameter is the same and they overlap, or follow each other within the time that the
  wind takes, at least one hour;
- at stations up to 10 km apart, if the parameters belong together, they overlap and begin within two hours or share three;
- farther apart, up to 60 km, if the parameter is the same, no station between them was quiet, and either the wind carries from
  one to the other (direction within 20 degrees, onsets apart as the wind's travel time), or the parameter forms in the
  air, both rises are regional and share three hours. A rise is regional if three quarters of at least three
  stations within 15 km rise with it, or fewer than three measure the parameter.

No rule holds less when a rise becomes longer: an hour that comes later joins, it never parts. All distances and times are
project choices.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.case.event.family import link_table
from schemas.geodesy import bearing_deg, great_circle_km

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from analysis.case.event.rise import EventRise
    from schemas.network import Station

    Field = NDArray[np.float64]
    Mask = NDArray[np.bool_]

NEAR_KM = 10.0
FAR_KM = 60.0
AROUND_KM = 15.0
"""Stations whose rises tell whether a rise is regional [km]."""
REGIONAL_SHARE = 0.75
REGIONAL_STATIONS = 3
ONSET_H = 2.0
SHARED_H = 3.0
PAUSE_H = 3.0
"""Longest pause between two rises of one parameter at one station [h]: a plume sweeps over it twice."""
LONGEST_TRAVEL_H = 6.0
SLOWEST_M_S = 0.5
DOWNWIND_DEG = 20.0
TRAVEL_PART = (0.7, 1.4)
"""Onsets apart by the wind's travel time [1]; and half an hour."""
FORMED = frozenset({"o3", "pm25", "pm10", "pm1", "sulfate", "nitrate", "ammonium", "oc", "gamma_dose_rate"})
"""Parameters that form in the air of a region, or are raised by its weather."""
_KM_H = 3.6
_HALF_H = 0.5
_HOUR_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RiseArrays:
    """Rises as arrays, ascending by start, of the same length n.

    Attributes
    ----------
    station, kind : array of int
        Positions in ``distance_km`` and ``chemistry``.
    parameter : array of int
        Position of the parameter, a fall being another one.
    start_h, end_h : array of float
        Hours since the first start.
    wind : array of float, (n, 2)
        East and north wind at the station when the rise begins [m s⁻¹]; NaN where not known.
    distance_km, bearing : array of float, (station, station)
        From the first to the second.
    chemistry : array of bool, (kind, kind)
    measured : array of bool, (station, kind)
    formed : array of bool, (kind,)
    """

    station: NDArray[np.intp]
    kind: NDArray[np.intp]
    start_h: Field
    end_h: Field
    wind: Field
    distance_km: Field
    bearing: Field
    chemistry: Mask
    measured: Mask
    formed: Mask


def arrays_of(
    rises: Sequence[EventRise],
    stations: Mapping[str, Station],
    winds: Mapping[str, pd.DataFrame],
    measured: Mapping[str, Collection[str]],
) -> RiseArrays:
    """Rises (ascending) of known stations as arrays; arguments as in `analysis.case.event.group.group_events`."""
    ids = sorted({*(item.station_id for item in rises), *(measured.keys() & stations.keys())})
    kinds = sorted({(item.parameter, item.is_fall) for item in rises})
    place = {name: number for number, name in enumerate(ids)}
    number = {kind: position for position, kind in enumerate(kinds)}
    lon, lat = (
        np.array([np.nan if (value := getattr(stations[name], axis)) is None else value for name in ids], dtype=float)
        for axis in ("lon", "lat")
    )
    pairs = (lon[:, None], lat[:, None], lon[None, :], lat[None, :])
    begin = rises[0].start if rises else None
    hours = [
        [(moment - begin).total_seconds() / _HOUR_S for moment in (item.start, item.end)] for item in rises if begin
    ]
    span = np.array(hours, dtype=float).reshape(-1, 2)
    return RiseArrays(
        station=np.array([place[item.station_id] for item in rises], dtype=np.intp),
        kind=np.array([number[item.parameter, item.is_fall] for item in rises], dtype=np.intp),
        start_h=span[:, 0],
        end_h=span[:, 1],
        wind=_winds(rises, winds),
        distance_km=great_circle_km(*pairs),
        bearing=bearing_deg(*pairs),
        chemistry=link_table([name for name, _ in kinds], [is_fall for _, is_fall in kinds]),
        measured=np.array([[name in measured.get(place_id, ()) for name, _ in kinds] for place_id in ids], dtype=bool),
        formed=np.array([name in FORMED for name, _ in kinds], dtype=bool),
    )


def joined_pairs(rises: RiseArrays) -> Iterator[tuple[int, NDArray[np.intp]]]:
    """Position of a rise, and those of the later ones that belong together with it."""
    regional = _regional(rises)
    count = len(rises.start_h)
    for first in range(count - 1):
        last = int(np.searchsorted(rises.start_h, rises.end_h[first] + LONGEST_TRAVEL_H, side="right"))
        later = np.arange(first + 1, max(last, first + 1))
        if len(later):
            yield first, _joined(rises, regional, first, later)


def _joined(rises: RiseArrays, regional: Mask, first: int, later: NDArray[np.intp]) -> NDArray[np.intp]:
    overlap = np.minimum(rises.end_h[first], rises.end_h[later]) - rises.start_h[later]
    lag = rises.start_h[later] - rises.start_h[first]
    distance = rises.distance_km[rises.station[first], rises.station[later]]
    is_here = rises.station[later] == rises.station[first]
    is_same = rises.kind[later] == rises.kind[first]
    related = rises.chemistry[rises.kind[first], rises.kind[later]]
    together = ((lag <= ONSET_H) & (overlap > 0)) | (overlap >= SHARED_H)
    here = is_here & related & ((overlap > 0) | (is_same & (overlap >= -PAUSE_H)))
    speed = _speed(rises, first, later)
    travel = np.clip(distance / (speed * _KM_H), 1.0, LONGEST_TRAVEL_H)
    near = ~is_here & (distance <= NEAR_KM) & ((is_same & (overlap >= -travel)) | (related & together))
    far = ~is_here & is_same & (distance > NEAR_KM) & (distance <= FAR_KM)
    carried = far & _is_carried(rises, first, later, lag)
    wide = far & regional[first] & regional[later] & (overlap >= SHARED_H)
    found = here | near
    for position in np.flatnonzero(wide | carried):
        found[position] = not _quiet_between(rises, first, int(later[position]))
    joined: NDArray[np.intp] = later[found]
    return joined


def _speed(rises: RiseArrays, first: int, later: NDArray[np.intp]) -> Field:
    """Mean speed of the two winds [m s⁻¹]; the slowest where none is known."""
    speeds = np.hypot(rises.wind[:, 0], rises.wind[:, 1])
    own = np.where(np.isnan(speeds[later]), speeds[first], speeds[later])
    mean = np.where(np.isnan(speeds[first]), own, (own + speeds[first]) / 2)
    return np.asarray(np.maximum(np.nan_to_num(mean, nan=SLOWEST_M_S), SLOWEST_M_S))


def _is_carried(rises: RiseArrays, first: int, later: NDArray[np.intp], lag: Field) -> Mask:
    """Whether the wind at both stations blows from the earlier to the later rise, and takes the time between the onsets."""
    here, there = rises.station[first], rises.station[later]
    wind = (rises.wind[first] + rises.wind[later]) / 2
    speed = np.maximum(np.hypot(wind[:, 0], wind[:, 1]), SLOWEST_M_S)
    towards = np.degrees(np.arctan2(wind[:, 0], wind[:, 1])) % 360.0
    angle = np.abs((rises.bearing[here, there] - towards + 180.0) % 360.0 - 180.0)
    travel = rises.distance_km[here, there] / (speed * _KM_H)
    low, high = TRAVEL_PART
    in_time = (lag >= low * travel - _HALF_H) & (lag <= np.minimum(high * travel + _HALF_H, LONGEST_TRAVEL_H))
    return np.asarray((angle <= DOWNWIND_DEG) & in_time)


def _regional(rises: RiseArrays) -> Mask:
    """Whether a parameter that forms in the air rises at most stations around at the same time, or few measure it."""
    found = np.zeros(len(rises.start_h), dtype=bool)
    for kind in np.flatnonzero(rises.formed):
        members = np.flatnonzero(rises.kind == kind)
        start, end = rises.start_h[members], rises.end_h[members]
        overlap = (start[:, None] < end[None, :]) & (start[None, :] < end[:, None])
        for position, member in enumerate(members):
            around = (rises.distance_km[rises.station[member]] <= AROUND_KM) & rises.measured[:, kind]
            around[rises.station[member]] = True
            rising = np.zeros(len(around), dtype=bool)
            rising[rises.station[members[overlap[position]]]] = True
            total = int(around.sum())
            share = float((rising & around).sum()) / total
            found[member] = total < REGIONAL_STATIONS or share >= REGIONAL_SHARE
    return found


def _quiet_between(rises: RiseArrays, first: int, second: int) -> bool:
    """Whether a station within the circle over the two stations measures the parameter and does not rise with either."""
    here, there, kind = rises.station[first], rises.station[second], rises.kind[first]
    squares = rises.distance_km[here] ** 2 + rises.distance_km[there] ** 2
    between = (squares < rises.distance_km[here, there] ** 2) & rises.measured[:, kind]
    between[[here, there]] = False
    if not between.any():
        return False
    begin = min(rises.start_h[first], rises.start_h[second])
    end = max(rises.end_h[first], rises.end_h[second])
    rising = (rises.kind == kind) & (rises.start_h < end) & (rises.end_h > begin)
    return bool((between & ~np.isin(np.arange(len(between)), rises.station[rising])).any())


def _winds(rises: Sequence[EventRise], winds: Mapping[str, pd.DataFrame]) -> Field:
    """Wind vectors of the hours in which rises begin [m s⁻¹], east and north, blowing towards."""
    found = np.full((len(rises), 2), np.nan)
    for name in {item.station_id for item in rises} & winds.keys():
        own = [position for position, item in enumerate(rises) if item.station_id == name]
        found[own] = _at(winds[name], [rises[position].start for position in own])
    return found


def _at(frame: pd.DataFrame, moments: list[datetime]) -> Field:
    index, starts = (pd.DatetimeIndex(item).as_unit("us").asi8 for item in (frame.index, moments))
    if not len(index):
        return np.full((len(moments), 2), np.nan)
    rows = np.searchsorted(index, starts, side="right") - 1
    is_there = (rows >= 0) & (starts - index[rows] < _HOUR_S * 1e6)
    speed, angle = (frame[name].to_numpy(dtype=float)[rows] for name in ("wind_speed", "wind_direction"))
    east, north = (-speed * part(np.radians(angle)) for part in (np.sin, np.cos))
    return np.where(is_there[:, None], np.column_stack([east, north]), np.nan)
