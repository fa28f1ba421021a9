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
        Steps of ten minutes; hours without them count with their mean wind.

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
    bearing, share = hourly_ways(cluster)[hours][:, at], excess[hours]
    if fine is not None:
        bearing, share = _with_steps(bearing, share, cluster, hours, fine)
    return _mean(bearing, share, excess[hours])


def _with_steps(
    bearing: Field, share: Field, cluster: Cluster, hours: NDArray[np.int64], fine: FineWind
) -> tuple[Field, Field]:
    """Bearings and weights of hours; those that have them by step, in place of the hour."""
    blows = np.isfinite(fine.east) & np.isfinite(fine.north)
    if not blows.any():
        return bearing, share
    east, north = (filled(np.where(blows, part, np.nan)) for part in (fine.east, fine.north))
    bearings, shares = [], []
    for number, hour in enumerate(hours):
        begin = cluster.index[hour]
        first, last = fine.starts.searchsorted([begin, begin + pd.Timedelta(hours=1)])
        before = max(first - LONGEST_H * STEPS_H, 0)
        is_whole = blows[first:last].sum() >= _WHOLE * STEPS_H and blows[before:last].mean() >= _WHOLE
        steps = np.arange(first, last)[blows[first:last]] if is_whole else np.zeros(0, dtype=np.int64)
        if not len(steps):
            bearings.append(bearing[number : number + 1])
            shares.append(share[number : number + 1])
            continue
        added = np.maximum(np.nan_to_num(fine.level[steps] - (cluster.level[hour, 0] - share[number])), 0.0)
        part = added / added.sum() if added.sum() > 0 else np.full(len(steps), 1 / len(steps))
        bearings.append(bearings_back(east, north, steps, np.array(SOURCES_KM)))
        shares.append(share[number] * part)
    return np.concatenate(bearings), np.concatenate(shares)


def _mean(bearing: Field, share: Field, by_hour: Field) -> WindOfExcess | None:
    """Mean direction over all hours or steps, and distances that the air came from."""
    came = np.isfinite(bearing)
    weight = share[:, None] * came
    if not weight.sum() > 0:
        return None
    vectors = weight * np.exp(1j * np.radians(np.where(came, bearing, 0.0)))
    mean = complex(vectors.sum()) / float(weight.sum())
    from_deg = float(np.degrees(np.angle(mean)) % 360.0)
    of_distance = np.degrees(np.angle(vectors.sum(axis=0)))[weight.sum(axis=0) > 0]
    apart = np.sqrt(np.mean(((of_distance - from_deg + 180.0) % 360.0 - 180.0) ** 2))
    effective = float(by_hour.sum() ** 2 / (by_hour**2).sum())
    scatter = np.degrees(np.sqrt(-2.0 * np.log(min(max(abs(mean), 1e-9), 1.0))))
    deviation = np.sqrt(VANE_DEG**2 + apart**2 + (scatter**2 + MEANDER_DEG**2) / effective)
    return WindOfExcess(
        from_deg=from_deg,
        half_width_deg=min(180.0, float(norm.ppf((1 + LEVEL) / 2) * deviation)),
        hours=len(by_hour),
        effective_hours=effective,
    )
