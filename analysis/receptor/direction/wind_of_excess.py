"""Where the air with the excess of an episode came from: the mean wind on its way, weighted with the excess at the station."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.stats import norm

from analysis.receptor.direction.way import AWAY_KM, LONGEST_H, STEPS_H, bearings_back, filled, hourly_ways

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.receptor.direction.cluster import Cluster
    from analysis.receptor.direction.fine_wind import FineWind

    Field = NDArray[np.float64]

SOURCES_KM = (1.5, 3.0, 4.5, 6.5, 9.0)
"""Distances of the release, which is not known; each counts the same [km]. Of `AWAY_KM`."""
VANE_DEG = 5.5
"""Error of the mean wind as the way of the plume, which more hours do not lessen [deg]; from simulated plumes, as the next two."""
MEANDER_DEG = 10.0
"""Further error of each hour [deg]."""
LEVEL = 0.9
"""Confidence of the interval [1]."""
AGREES_DEG = 20.0
"""Largest angle between the wind of an hour and that of its steps, whose mean it is; else the hour counts, which passed quality control and
the comparison with other days [deg]; project choice."""
_WHOLE = 0.5
"""Part of the steps of an hour, and of the time before that the air is followed back, that must have wind [1]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindOfExcess:
    """Mean direction of the way of the air of an episode, weighted with the excess at the station.

    Attributes
    ----------
    from_deg, half_width_deg : float
        Direction with half its 90 % interval [deg].
    hours : int
        Hours with excess and wind direction.
    effective_hours : float
        Independent hours by Kish's formula [h].
    """

    from_deg: float
    half_width_deg: float
    hours: int
    effective_hours: float


def wind_of_excess(cluster: Cluster, excess: Field, fine: FineWind | None = None) -> WindOfExcess | None:
    """Mean wind of the excess of the station; None without an hour that has both.

    Parameters
    ----------
    cluster : Cluster
    excess : array of float, (H,)
        At the station; NaN missing.
    fine : FineWind or None
        Steps of ten minutes; hours without them, or whose steps come from elsewhere than the hour, count with their mean wind.

    Notes
    -----
    The interval holds the error of the vane and the turning of the wind within the episode, by the number of independent hours, and what the
    unknown distance of the release makes uncertain.
    """
    known = cluster.in_event & np.isfinite(cluster.from_deg) & (np.nan_to_num(excess) > 0)
    if not known.any():
        return None
    hours = np.flatnonzero(known)
    at = [AWAY_KM.index(away) for away in SOURCES_KM]
    hourly = hourly_ways(cluster)[:, at]
    steps = None if fine is None else _Steps.of(fine)
    parts = []
    for hour in hours:
        found = None if steps is None else steps.within(cluster, int(hour), float(excess[hour]))
        bearing, part = (hourly[hour : hour + 1], np.ones(1)) if found is None else found
        parts.append((bearing, excess[hour] * part, np.full(len(part), hour)))
    bearings, shares, numbers = (np.concatenate(items) for items in zip(*parts, strict=True))
    return _mean(bearings, shares, numbers)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Steps:
    """Steps of ten minutes: wind with its gaps filled, and where it is known."""

    fine: FineWind
    east: Field
    north: Field
    blows: NDArray[np.bool_]

    @classmethod
    def of(cls, fine: FineWind) -> _Steps:
        blows = np.isfinite(fine.east) & np.isfinite(fine.north)
        east, north = (filled(np.where(blows, part, np.nan)) for part in (fine.east, fine.north))
        return cls(fine=fine, east=east, north=north, blows=blows)

    def within(self, cluster: Cluster, hour: int, excess: float) -> tuple[Field, Field] | None:
        """Bearings of the steps of an hour and their parts of its excess; None where the wind of too few is known or departs from the hour's."""
        begin = cluster.index[hour]
        first, last = self.fine.starts.searchsorted([begin, begin + pd.Timedelta(hours=1)])
        steps = np.arange(first, last)[self.blows[first:last]]
        before = self.blows[max(first - LONGEST_H * STEPS_H, 0) : last]
        if len(steps) < _WHOLE * STEPS_H or before.mean() < _WHOLE:
            return None
        mean = np.degrees(np.arctan2(self.east[steps].sum(), self.north[steps].sum()))
        if abs((mean - cluster.from_deg[hour] + 180.0) % 360.0 - 180.0) > AGREES_DEG:
            return None
        added = np.maximum(np.nan_to_num(self.fine.level[steps] - (cluster.level[hour, 0] - excess)), 0.0)
        part = added / added.sum() if added.sum() > 0 else np.full(len(steps), 1 / len(steps))
        return bearings_back(self.east, self.north, steps, np.array(SOURCES_KM)), part


def _mean(bearing: Field, share: Field, hour: NDArray[np.int64]) -> WindOfExcess | None:
    """Mean direction over all hours or steps, and distances that the air came from; hours whose air came from nowhere do not count."""
    came = np.isfinite(bearing)
    weight = share[:, None] * came
    if not weight.sum() > 0:
        return None
    vectors = weight * np.exp(1j * np.radians(np.where(came, bearing, 0.0)))
    mean = complex(vectors.sum()) / float(weight.sum())
    from_deg = float(np.degrees(np.angle(mean)) % 360.0)
    of_distance = np.degrees(np.angle(vectors.sum(axis=0)))[weight.sum(axis=0) > 0]
    apart = np.sqrt(np.mean(((of_distance - from_deg + 180.0) % 360.0 - 180.0) ** 2))
    by_hour = np.bincount(hour, weights=weight.sum(axis=1))
    by_hour = by_hour[by_hour > 0]
    effective = float(by_hour.sum() ** 2 / (by_hour**2).sum())
    scatter = np.degrees(np.sqrt(-2.0 * np.log(min(max(abs(mean), 1e-9), 1.0))))
    deviation = np.sqrt(VANE_DEG**2 + apart**2 + (scatter**2 + MEANDER_DEG**2) / effective)
    return WindOfExcess(
        from_deg=from_deg,
        half_width_deg=min(180.0, float(norm.ppf((1 + LEVEL) / 2) * deviation)),
        hours=len(by_hour),
        effective_hours=effective,
    )
