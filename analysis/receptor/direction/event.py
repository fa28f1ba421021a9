"""Direction of the excess of an episode, from the hours of several stations.

A place explains an episode where the excess of each station and hour is large with wind from it, and larger near it than far away. The
best of all places within 15 km is compared with the best one that the same wind gives for the hours of each of the days before: these
have nothing to do with this wind, keep their persistence, what stations share, and the size of their own excursions. The episode is taken
for the largest of seven such days, since an alert looks for the largest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from analysis.receptor.direction.excess import excess_of
from analysis.receptor.direction.way import angles_between, hourly_ways
from analysis.statistics.tail import tail_chance

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.receptor.direction.cluster import Cluster

    Field = NDArray[np.float64]

RADIUS_KM, STEP_KM = 15.0, 1.0
"""[km] Extent and spacing of the places that are tried."""
SPREAD_DEG = 20.0
"""Standard deviation of the angle between the way of the air of an hour and that of its plume; project choice [deg]."""
NEAREST_KM = 0.7
"""[km] Nearer stations are taken at it."""
FEWEST_DAYS = 10
"""Days of history that the comparison needs; project choice."""
GUARD_H = 6
"""Hours before the episode that are left out, since it may have begun in them; project choice [h]."""
SELECTED_DAYS = 7
"""Days of which the episode is taken for the largest, since an alert looks for the largest; project choice."""
_FULL = 0.75
"""Part of the station hours that a window needs [1]."""
_DAY_H = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTest:
    """Comparison of an episode with the days before.

    Attributes
    ----------
    chance : float
        Probability that the largest of seven days explains as well [1].
    explained : float
        Part of the squared excess that the best place explains [1].
    bearing_deg : float
        From the station to the best place [deg].
    days : int
        Days that it was compared with.
    """

    chance: float
    explained: float
    bearing_deg: float
    days: int


def scores_of(cluster: Cluster) -> tuple[Field, Field]:
    """Score [1] and excess of each hour and station, (H, S), as of `excess_of`, against the hours before the episode."""
    return excess_of(cluster.level, history=_history(cluster))


def compare_with_days(cluster: Cluster) -> EventTest | None:
    """Compare what the best place explains of the episode with what it explains of the days before, with the same wind.

    Parameters
    ----------
    cluster : Cluster
        Of at least 3 stations.

    Returns
    -------
    EventTest or None
        None with fewer than 10 days of history.
    """
    score, _ = scores_of(cluster)
    event = np.flatnonzero(cluster.in_event)
    known = np.isfinite(score)
    filled = np.where(known, score, 0.0)
    places = _places()
    shape = _normed(footprint(cluster, event, places) * known[event][:, :, None])
    maxima = _daily_maxima(filled, known, shape, last=int(event[0]) - GUARD_H)
    if len(maxima) < FEWEST_DAYS:
        return None
    episode = filled[event].reshape(-1)
    fit = episode @ shape
    best = int(fit.argmax())
    total = float(episode @ episode)
    return EventTest(
        chance=tail_chance(maxima, float(fit[best]), blocks=SELECTED_DAYS),
        explained=max(float(fit[best]), 0.0) ** 2 / total if total > 0 else 0.0,
        bearing_deg=float(np.degrees(np.arctan2(*places[best])) % 360.0),
        days=len(maxima),
    )


def footprint(cluster: Cluster, hours: NDArray[np.int64], places: Field) -> Field:
    """Shape of the excess that each place causes at each station and hour.

    Parameters
    ----------
    cluster : Cluster
    hours : array of int, (n,)
        Numbers of the hours.
    places : array of float, (P, 2)
        East and north of the station [km].

    Returns
    -------
    array of float, (n, S, P)
        [1]; 0 in hours without wind direction.
    """
    east, north = places[:, 0] - cluster.east_km[:, None], places[:, 1] - cluster.north_km[:, None]
    away = angles_between(hourly_ways(cluster)[hours], east, north)
    shape = np.exp(-0.5 * (away / SPREAD_DEG) ** 2) / np.maximum(np.hypot(east, north), NEAREST_KM)
    return np.asarray(np.nan_to_num(shape))


def _history(cluster: Cluster) -> NDArray[np.bool_]:
    return np.arange(len(cluster.index)) < int(cluster.in_event.argmax()) - GUARD_H


def _places() -> Field:
    axis = np.arange(-RADIUS_KM, RADIUS_KM + STEP_KM / 2, STEP_KM)
    every = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    return np.asarray(every[np.hypot(every[:, 0], every[:, 1]) <= RADIUS_KM])


def _normed(shape: Field) -> Field:
    """Columns of length 1, station hours by places."""
    flat = shape.reshape(-1, shape.shape[-1])
    return np.asarray(flat / np.maximum(np.sqrt((flat**2).sum(axis=0)), 1e-12))


def _daily_maxima(score: Field, known: NDArray[np.bool_], shape: Field, *, last: int) -> Field:
    """Best fit of a window of the episode's length that begins on each day before ``last``."""
    length = len(shape) // score.shape[1]
    if last < length:
        return np.zeros(0)
    windows, counts = (
        sliding_window_view(part[:last], length, axis=0).transpose(0, 2, 1).reshape(last - length + 1, -1)
        for part in (score, known)
    )
    full = counts.mean(axis=1) >= _FULL
    best = (windows[full] @ shape).max(axis=1)
    day = (last - length - np.flatnonzero(full)) // _DAY_H
    return np.array([best[day == number].max() for number in np.unique(day)])
