"""Where and how fast a rise moves over the stations: a plane fitted to its onsets.

The onset at a place is ``t0 + s · x``; the front moves along the slowness ``s`` with the speed ``1 / |s|``. A plane fits any three
stations, and chance fits four well: it counts only where it fits better than 95 % of the permuted onsets.
"""

from __future__ import annotations

from itertools import permutations
from math import factorial
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from analysis.case.case_file import Estimate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from schemas.network import Station

    Field = NDArray[np.float64]

STATIONS = 4
"""Fewest stations."""
CHANCE = 0.05
PERMUTATIONS = 999
WIDEST_DEG = 180.0
"""A direction whose 90 % interval is wider is not told."""
_DRAWS = 4000
_TAILS = (0.05, 0.95)
_KM_PER_DEG = 111.195
_KM_H_TO_M_S = 1 / 3.6
_TINY = 1e-9


class Advance(msgspec.Struct, frozen=True, kw_only=True):
    """Direction and speed of a front, with 90 % intervals.

    Attributes
    ----------
    towards_deg : Estimate
        [deg] clockwise from north; ``low`` to ``high`` clockwise, may pass north.
    speed_m_s : Estimate
    chance : float
        Part of the permuted onsets that a plane fits as well [1].
    stations : int
    """

    towards_deg: Estimate
    speed_m_s: Estimate
    chance: float
    stations: int


def advance_of(
    onset_h: Mapping[str, float], stations: Mapping[str, Station], *, step_h: float = 1.0, seed: int = 0
) -> Advance | None:
    """Fit a front to the onsets of one parameter.

    Parameters
    ----------
    onset_h : mapping of station id to float
        Hours from any moment [h].
    stations : mapping of station id to Station
        Those without coordinates are left out.
    step_h : float
        Interval of the values [h]; the onset is not known better.
    seed : int
        Of the permutations and of the draws of the intervals.

    Returns
    -------
    Advance or None
        None with fewer than four stations, with stations on one line, where permuted onsets fit as well, and where the 90 %
        interval of the direction is wider than 180 degrees.

    References
    ----------
    Permutation tests of a regression: doi:10.1080/07350015.1983.10509354 (not verified).

    Examples
    --------
    >>> from schemas.network import Station
    >>> lons = {"a": 123.0, "b": 123.1, "c": 123.2, "d": 123.1, "e": 123.3, "f": 123.0}
    >>> lats = {"a": 41.0, "b": 41.0, "c": 41.1, "d": 41.2, "e": 41.0, "f": 41.2}
    >>> stations = {name: Station(id=name, instruments=(), lon=lons[name], lat=lats[name]) for name in lons}
    >>> found = advance_of({name: 10 * (lon - 123.0) for name, lon in lons.items()}, stations, step_h=0.1)
    >>> round(found.towards_deg.value), round(found.speed_m_s.value, 1)
    (90, 2.3)
    """
    known = [name for name in sorted(onset_h) if name in stations and _has_place(stations[name])]
    if len(known) < STATIONS:
        return None
    design = _design([stations[name] for name in known])
    if np.linalg.matrix_rank(design, tol=1.0) < design.shape[1]:
        return None
    onset = np.array([onset_h[name] for name in known])
    rng = np.random.Generator(np.random.PCG64(seed))  # noqa: TID251 - the seed is an argument
    chance = _chance(design, onset, rng)
    if chance > CHANCE:
        return None
    return _estimated(design, onset, step_h, chance, rng)


def _has_place(station: Station) -> bool:
    return station.lon is not None and station.lat is not None


def _design(stations: list[Station]) -> Field:
    """Ones, and kilometres east and north of the mean place."""
    lon = np.array([item.lon for item in stations], dtype=float)
    lat = np.array([item.lat for item in stations], dtype=float)
    east = (lon - lon.mean()) * _KM_PER_DEG * np.cos(np.radians(lat.mean()))
    return np.column_stack([np.ones(len(stations)), east, (lat - lat.mean()) * _KM_PER_DEG])


def _chance(design: Field, onset: Field, rng: np.random.Generator) -> float:
    """Part of the orders of the onsets that a plane fits at least as well; 1 where all onsets are the same."""
    if float(np.ptp(onset)) < _TINY:
        return 1.0
    if factorial(len(onset)) <= PERMUTATIONS + 1:
        orders = np.array([onset[list(order)] for order in permutations(range(len(onset)))])
        own = 0
    else:
        orders = np.array([rng.permutation(onset) for _ in range(PERMUTATIONS)])
        own = 1
    base, _ = np.linalg.qr(design)
    rest = np.square(orders - orders @ base @ base.T).sum(axis=1)
    mine = float(np.square(onset - base @ (base.T @ onset)).sum())
    return (float((rest <= mine + _TINY).sum()) + own) / (len(orders) + own)


def _estimated(design: Field, onset: Field, step_h: float, chance: float, rng: np.random.Generator) -> Advance | None:
    """Slowness with its covariance; intervals from draws of Student's t."""
    count, freedom = len(onset), len(onset) - design.shape[1]
    slope, *_ = np.linalg.lstsq(design, onset, rcond=None)
    # an onset is known to its interval only: a uniform error of that width has the variance step² / 12
    variance = max(float(np.square(onset - design @ slope).sum()) / freedom, step_h**2 / 12)
    covariance = variance * np.linalg.inv(design.T @ design)[1:, 1:]
    normal = rng.standard_normal((_DRAWS, 2)) @ np.linalg.cholesky(covariance).T
    draws = slope[1:] + normal / np.sqrt(rng.chisquare(freedom, (_DRAWS, 1)) / freedom)
    towards = float(np.degrees(np.arctan2(slope[1], slope[2])) % 360)
    turn = (np.degrees(np.arctan2(draws[:, 0], draws[:, 1])) - towards + 180) % 360 - 180
    low, high = (float(value) for value in np.quantile(turn, _TAILS))
    if high - low > WIDEST_DEG:
        return None
    speed = _KM_H_TO_M_S / np.hypot(slope[1], slope[2])
    slow, fast = (float(value) for value in np.quantile(_KM_H_TO_M_S / np.hypot(*draws.T), _TAILS))
    return Advance(
        towards_deg=Estimate(
            value=round(towards, 1), low=round((towards + low) % 360, 1), high=round((towards + high) % 360, 1)
        ),
        speed_m_s=Estimate(value=round(float(speed), 2), low=round(slow, 2), high=round(fast, 2)),
        chance=round(chance, 4),
        stations=count,
    )
