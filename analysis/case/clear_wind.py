"""Wind of an excess that no other day of the history comes near: the direction of a plume where too few stations meet it.

For each day of the history the clearest stretch as long as the event is taken, with the wind of that day: how much deviation from
the neighbours a steady wind carried. So the best of many looks is compared with the best of as many. That shows an excess, not that
this wind brought it: its wind is named only where the excess agrees with it, by `analysis.receptor.direction.other_winds`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from analysis.case.case_file import Bearing, BearingBasis, Estimate
from analysis.case.case_hours import DAY_H, median_of
from analysis.case.channel import regional_deviation
from analysis.receptor.direction import DirectionBasis, WindTest, basis_of, disagreement

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.case.case_hours import CaseHours

    Field = NDArray[np.float64]

MARGIN = 1.6
"""Factor by which the event must be clearer than all other days but one [1]; tuned on simulated plumes and noise, seeds below 1100."""
LEAST_Z = 5.0
"""Robust standard deviations of the mean deviation from the neighbours that the event must have [1]; likewise."""
LEAST_DAYS = 20
LEAST_HALF_DEG = 18.0
"""Half of the 90 % interval of a steady wind [deg]; likewise."""
WIDEST_HALF_DEG = 60.0
_HALF_BY_SPREAD = 0.6
_FULL = 360.0
_ONE_DAY = 2


class ClearWind(msgspec.Struct, frozen=True, kw_only=True):
    """Direction of the wind that carried the excess.

    Attributes
    ----------
    bearing : Bearing
        ``chance``: of the wind of other days, and of days that are as clear, the larger one [1].
    factor : float
        Clearness by that of the clearest other day but one [1].
    days : int
        Days whose clearness was compared.
    winds : WindTest
        Comparison with the wind of other days.
    """

    bearing: Bearing
    factor: float
    days: int
    winds: WindTest


def clear_wind(case_hours: CaseHours, z_score: float, winds: WindTest | None) -> ClearWind | None:
    """Wind of the excess; None where it is no clearer than other days, disagrees with its wind, or the wind turned too much.

    Parameters
    ----------
    case_hours : CaseHours
    z_score : float
        Of the parameter, as of `analysis.case.channel.Channels` [1].
    winds : WindTest or None
        Comparison with the wind of other days; None where there is none: no wind is named then.
    """
    if not z_score >= LEAST_Z or winds is None or disagreement(winds) is not None:
        return None
    east, north = _wind(case_hours)
    series = case_hours.series(case_hours.given.parameter)
    local = series.deviation[0] - regional_deviation(series.deviation[None])[0][0]
    past = np.where(case_hours.before, local, np.nan)
    local = local - float(median_of(past))
    score = np.where(np.isfinite(local) & np.isfinite(east), np.maximum(local, 0.0), 0.0)
    now, usual = _carried(score, (east, north), case_hours)
    days = min(len(usual), int(np.isfinite(past).sum()) // DAY_H)
    if days < LEAST_DAYS or not now >= MARGIN * np.sort(usual)[-_ONE_DAY]:
        return None
    inside = case_hours.inside
    weight = np.nan_to_num(series.value[0, inside]) * (1 - np.exp(-score[inside]))
    chance = (1 + int((usual >= now).sum())) / (1 + days)
    bearing = _bearing(east[inside], north[inside], weight, max(chance, winds.chance))
    factor = float(now / max(np.sort(usual)[-_ONE_DAY], 1e-9))
    if bearing is None:
        return None
    basis = BearingBasis.HELD if basis_of(winds) is DirectionBasis.EVENT else BearingBasis.WIND
    return ClearWind(bearing=msgspec.structs.replace(bearing, basis=basis), factor=factor, days=days, winds=winds)


def _wind(case_hours: CaseHours) -> tuple[Field, Field]:
    """Components of the mean wind of all stations, towards where it comes from, (hour,) [m s⁻¹]; NaN where missing."""
    speed, angle = case_hours.table("wind_speed"), np.radians(case_hours.table("wind_direction"))
    speed = np.where(np.isfinite(speed), speed, 1.0)
    known = np.isfinite(angle)
    count = known.sum(axis=0)
    east, north = (
        np.where(known, speed * part, 0.0).sum(axis=0) / np.maximum(count, 1) for part in (np.sin(angle), np.cos(angle))
    )
    return np.where(count > 0, east, np.nan), np.where(count > 0, north, np.nan)


def _carried(score: Field, wind: tuple[Field, Field], case_hours: CaseHours) -> tuple[float, Field]:
    """Deviation that a steady wind carried in the window, and the largest of each other day."""
    length = int(case_hours.inside.sum())
    speed = np.maximum(np.hypot(*wind), 1e-6)
    parts = (_sums(np.where(score > 0, score * part / speed, 0.0), length) for part in wind)
    carried = np.hypot(*parts) / length
    first = int(np.argmax(case_hours.inside))
    day = (first - 1 - np.arange(length - 1, len(score))) // DAY_H
    days = range(int(day.max(initial=-1)) + 1)
    return float(carried[-1]), np.array([carried[day == number].max(initial=0.0) for number in days] or [np.inf])


def _bearing(east: Field, north: Field, weight: Field, chance: float) -> Bearing | None:
    """Mean direction with its interval; None where the wind turned too much."""
    used = weight > 0
    share = weight[used]
    vector = (share * np.exp(1j * np.arctan2(east[used], north[used]))).sum() / max(share.sum(), 1e-12)
    spread = float(np.degrees(np.sqrt(-2 * np.log(np.clip(abs(vector), 1e-6, 1.0)))))
    half = float(np.hypot(LEAST_HALF_DEG, _HALF_BY_SPREAD * spread))
    if half > WIDEST_HALF_DEG:
        return None
    middle = float(np.degrees(np.angle(vector)) % _FULL)
    return Bearing(
        from_deg=Estimate(value=middle, low=(middle - half) % _FULL, high=(middle + half) % _FULL),
        chance=chance,
        hours=int(used.sum()),
    )


def _sums(values: Field, length: int) -> Field:
    total = np.concatenate([[0.0], np.cumsum(values)])
    return np.asarray(total[length:] - total[:-length])
