"""Whether the wind of an episode explains its excess better than the wind of other days does.

`analysis.receptor.direction.event` shows that an excess is none of the usual ones; any wind would do for that. Here the excess of
the episode is held fixed and the wind is exchanged: for each day of the history, how probable the excess of all stations and hours
is with the wind of the same hours of that day, over all places of one steady release. A steady wind that other days have too
tells little, stations that the plume meets one after another tell much.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from analysis.receptor.direction.excess import LINEAR
from analysis.receptor.direction.way import angles_between, hourly_ways

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.receptor.direction.cluster import Cluster

    Field = NDArray[np.float64]

FEWEST_DAYS = 10
"""Other days that the comparison needs; project choice."""
SPREAD_DEG = 12.0
"""Standard deviation of the angle between the way of the air of an hour and that of its plume [deg]; chosen, as the next two, on
simulated plumes (seeds 0 to 149)."""
MODEL_ERROR = 0.7
"""Error of what a release causes in an hour, of its logarithm [1]."""
NOISE = 1.5
"""Standard deviation of the score of an hour without a release [1]."""
FREEDOM = 4.0
"""Of Student's distribution; project choice."""
MOST_HOURS = 12
"""Hours of the episode that count, those with the highest score at its station."""
KNOWN = 0.5
"""Part of the hours that needs a wind direction [1]."""
NEAREST_KM = 0.7
_AWAY_KM = (0.7, 1.5, 3.0, 5.0, 8.0, 12.0)
_BEARINGS = 36
_LEAST_RATE, _MOST_RATE, _RATES = 3.0, 3000.0, 6
_LOWEST = -6.0
"""Scores below are taken at it [1]."""
_FURTHEST = 500.0
_SAME = 1e-6
"""Difference of logarithms of a probability that rounding makes."""
_DAY_H = 24


class WindTest(msgspec.Struct, frozen=True, kw_only=True):
    """Comparison of the wind of an episode with that of other days.

    Attributes
    ----------
    chance : float
        Probability that the wind of another day explains the excess as well: the days that do, and one, by all days and one [1].
    better : int
        Days whose wind explains it at least as well.
    days : int
        Days compared with.
    factor : float
        How many times as probable the excess is with its wind as with that of the other days in the mean [1].
    """

    chance: float
    better: int
    days: int
    factor: float


def compare_with_winds(cluster: Cluster, score: Field) -> WindTest | None:
    """Compare how well one place explains an episode with its wind and with the wind of the same hours of other days.

    Parameters
    ----------
    cluster : Cluster
        Of at least 3 stations.
    score : array of float, (H, S)
        As of `analysis.receptor.direction.excess.excess_of`; NaN missing.

    Returns
    -------
    WindTest or None
        None where too few hours of the episode have a wind direction, or fewer than `FEWEST_DAYS` other days have one.
        Under exchange of the days ``chance`` is below a level at most as often as the level says.

    References
    ----------
    Phipson and Smyth 2010, doi:10.2202/1544-6115.1585: one is added to both counts; cited from memory, not verified.
    """
    event = np.flatnonzero(cluster.in_event)
    hours = event[np.sort(np.argsort(-np.nan_to_num(score[event, 0], nan=-np.inf), kind="stable")[:MOST_HOURS])]
    known = np.isfinite(cluster.from_deg)
    if known[hours].mean() < KNOWN:
        return None
    first = len(event) // _DAY_H + 2
    starts = [number * _DAY_H for number in range(first, int(event[0]) // _DAY_H + 1)]
    shifts = [shift for shift in starts if known[hours - shift].mean() >= KNOWN]
    if len(shifts) < FEWEST_DAYS:
        return None
    ways = hourly_ways(cluster)
    own, *others = (_log_evidence(cluster, score[hours], ways[hours - shift]) for shift in (0, *shifts))
    better = sum(item >= own - _SAME for item in others)
    factor = 1.0 / float(np.mean(np.exp(np.clip(np.array(others) - own, -_FURTHEST, _FURTHEST))))
    return WindTest(chance=(1 + better) / (1 + len(others)), better=better, days=len(others), factor=factor)


def _log_evidence(cluster: Cluster, score: Field, ways: Field) -> float:
    """Logarithm of the probability density of the scores, (hour, station), given the ways of the air: mean over places and rates."""
    shape = _shape(cluster, ways)
    rates = np.exp(np.linspace(np.log(_LEAST_RATE), np.log(_MOST_RATE), _RATES))
    caused = shape[..., None] * rates / LINEAR
    variance = NOISE**2 + (MODEL_ERROR * LINEAR * caused) ** 2 / (1 + caused**2)
    known = np.isfinite(score)
    seen = np.where(known, np.maximum(score, _LOWEST), 0.0)[..., None, None]
    square = (seen - LINEAR * np.arcsinh(caused)) ** 2 / variance
    logs = -(FREEDOM + 1) / 2 * np.log1p(square / FREEDOM) - np.log(variance) / 2
    total = np.where(known[..., None, None], logs, 0.0).sum(axis=(0, 1))
    most = float(total.max())
    return most + float(np.log(np.exp(total - most).mean()))


def _shape(cluster: Cluster, ways: Field) -> Field:
    """What each place causes at each hour and station, for the unit of the rate, (hour, station, place) [1]."""
    angle = 2 * np.pi * np.arange(_BEARINGS) / _BEARINGS
    east, north = (np.outer(part, _AWAY_KM).ravel() for part in (np.sin(angle), np.cos(angle)))
    east, north = east - cluster.east_km[:, None], north - cluster.north_km[:, None]
    away = angles_between(ways, east, north)
    reached = np.nan_to_num(np.exp(-0.5 * (away / SPREAD_DEG) ** 2))
    return np.asarray(reached / np.maximum(np.hypot(east, north), NEAREST_KM))
