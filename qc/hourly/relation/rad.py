"""Gamma dose rate: rises by wash-out of radon progeny, and rises that rain does not explain.

Rain brings the short-lived progeny of radon to the ground: the dose rate rises within minutes and falls, after the rain, with
the half-lives of Pb-214 and Bi-214, to less than a tenth in about two and a half hours. A release of long-lived nuclides
neither needs rain nor decays so fast. Each station is compared with its own dry hours.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Annotated

import numpy as np
import pandas as pd
from msgspec import Meta

from qc.limits.limit import BaseLimit, Positive
from qc.native.rolling import on_grid
from qc.robust import robust_spread
from schemas.flag import Flag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from qc.native.argument import Flags, Times, Values

RAIN_H = 3
"""Time after rain in which it may explain a rise [h]; after three hours 3 % of Bi-214 is left."""
SLOWEST_HALF_TIME_H = 1.0
"""Of the fall after rain; 20 to 60 min are usual [h]."""
LEAST_NEIGHBOURS = 2
"""Fewest neighbours that must agree on rain that the gauge of the station does not show [1]."""


class DoseRise(BaseLimit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="dose_rise"):
    """An hour's gamma dose rate against the station's own dry baseline (median and MAD of hours more than 6 h after rain).

    A rise above `sigma` deviations and `relative` of the baseline is **wash-out** of radon progeny if it rained within 3 h,
    if it is at most `most_relative` of the baseline or `most`, whichever is more, and if after the rain it is not above
    what is left of that rain's highest rise at a half-time of 60 min (the slowest of the usual 20 to 60). Wash-out passes,
    and its reason is kept. Everything else is **unexplained**: SUSPECT. Fewer than `dry_hours` dry hours: UNKNOWN. On 20
    Japanese stations (`make bench ONLY=qc.rain`; no limit was chosen on them) 99.4 % of the hours that are 20 % above the
    station's median with rain are named wash-out. Where rain of the last three hours is not known, the reason states it and
    does not call the hour dry. An unexplained rise within what rain can bring is wash-out too where every neighbour with
    data, of the four nearest within 100 km and two at least, has wash-out by its own gauge. The rain gauge gives ten
    minutes out of fifty there, so rises after unseen rain stay unexplained. None of the 120 hours that are as high without
    any rain in three hours is named wash-out. Releases of 8 h added to the series are detected in at least one hour: 20 nGy/h
    in dry hours 100 %, in rain 88 %; 40 nGy/h 99.5 % and 95 %; 80 nGy/h 100 % and 100 %. What rain can hide: a release of
    up to `most` while it rains may not be detected before three hours after the rain.

    Source: half-lives of Pb-214 and Bi-214 from ICRP 107; the rules are the project's, the texts of HJ 61-2021 and HJ
    1009-2019 were not read.
    """

    sigma: Positive
    relative: Positive
    most_relative: Positive
    most: Positive
    dry_hours: Annotated[int, Meta(ge=6)]
    history_h: Annotated[int, Meta(ge=24, le=1_440)]


class Rise(IntEnum):
    """Class of an hour's dose rate against the dry baseline; UNKNOWN without a value or a baseline."""

    UNKNOWN = 0
    NONE = 1
    WASH_OUT = 2
    UNEXPLAINED = 3


@dataclass(frozen=True, slots=True)
class DryBaseline:
    """Median and robust standard deviation of the dose rate in dry hours [nGy h⁻¹], NaN without any, and their count."""

    level: float
    spread: float
    count: int


@dataclass(frozen=True, slots=True)
class DoseRises:
    """Outcome for each hour.

    Attributes
    ----------
    kinds : array of int8
        `Rise`.
    rise : array of float
        Above the baseline [nGy h⁻¹].
    since_rain_h : array of float
        Hours since rain, inf where none is known [h].
    rain_known : array of bool
        Whether the gauge has values of this hour and the three before it, so that no rain means none.
    baseline : DryBaseline
    most : float
        Highest rise that rain explains [nGy h⁻¹].
    """

    kinds: NDArray[np.int8]
    rise: Values
    since_rain_h: Values
    rain_known: NDArray[np.bool_]
    baseline: DryBaseline
    most: float


def dry_baseline(dose: Values, since_rain_h: Values, *, dry_after_h: int = 2 * RAIN_H) -> DryBaseline:
    """Median and spread of the hours without rain for a while.

    Parameters
    ----------
    dose : array of float
        Hourly means, NaN where missing [nGy h⁻¹].
    since_rain_h : array of float
        Hours since the last rain, inf where there was none.
    dry_after_h : int
        Hours after rain that still do not count [h].
    """
    dry = dose[np.isfinite(dose) & (since_rain_h > dry_after_h)]
    if not dry.size:
        return DryBaseline(np.nan, np.nan, 0)
    return DryBaseline(float(np.median(dry)), robust_spread(dry), int(dry.size))


def hours_since_rain(rain: Values) -> Values:
    """Hours from the last hour with rain to each hour of a gapless grid: 0 in it, inf before the first; NaN is no rain."""
    hours = np.arange(rain.size, dtype=np.float64)
    since: Values = hours - np.maximum.accumulate(np.where(rain > 0, hours, -np.inf))
    return since


def dose_rise_test(  # noqa: PLR0913 - the figures of the limit, by keyword
    dose: Values,
    rain: Values,
    times: Times,
    *,
    sigma: float,
    relative: float,
    most_relative: float,
    most: float,
    dry_hours: int,
) -> DoseRises:
    """Distinguish dry hours, wash-out and unexplained rises.

    A rise is wash-out while it rains and up to three hours after, if it is not above what rain explains and, after the rain, not above
    what is left of the highest rise of that rain at the slowest half-time. Other rises are unexplained: a person reviews
    them, and they are not invalid by themselves.

    Parameters
    ----------
    dose : array of float
        Hourly means [nGy h⁻¹].
    rain : array of float
        Sum of the hour [mm], NaN where not known.
    sigma, relative : float
        A rise is above this multiple of the spread of the dry baseline and above this part of its level [1].
    most_relative, most : float
        Rain explains at most this part of the baseline [1], or this much [nGy h⁻¹], whichever is more.
    dry_hours : int
        Fewest dry hours of a baseline.

    Returns
    -------
    DoseRises
        UNKNOWN where the value is missing, and everywhere with fewer than ``dry_hours`` dry hours.

    References
    ----------
    Half-lives: ICRP 107. Rules: docs/qc-tests.md; the figures are the project's, not verified.
    """
    kinds = np.full(dose.shape, Rise.UNKNOWN, dtype=np.int8)
    if not dose.size:
        return DoseRises(kinds, dose, dose, np.zeros(0, dtype=bool), DryBaseline(np.nan, np.nan, 0), most)
    position = ((times - times[0]) / np.timedelta64(1, "h")).astype(np.int64)
    grid_dose, grid_rain = (on_grid(item, position) for item in (dose, rain))
    since = hours_since_rain(grid_rain)
    baseline = dry_baseline(grid_dose, since)
    rise = grid_dose - baseline.level
    most = max(most_relative * baseline.level, most)
    if baseline.count >= dry_hours:
        noise = sigma * baseline.spread
        least = max(noise, relative * baseline.level)
        kinds = _kinds(rise, since, grid_rain, noise=noise, least=least, most=most)[position]
        kinds[~np.isfinite(dose)] = Rise.UNKNOWN
    known = pd.Series(np.isfinite(grid_rain).astype(float)).rolling(RAIN_H + 1).min().to_numpy() == 1
    return DoseRises(kinds, rise[position], since[position], known[position], baseline, most)


def rises_of(dose: Values, rain: Values, times: Times, limit: DoseRise) -> DoseRises:
    """`dose_rise_test` with the figures of a limit."""
    return dose_rise_test(
        dose,
        rain,
        times,
        sigma=limit.sigma,
        relative=limit.relative,
        most_relative=limit.most_relative,
        most=limit.most,
        dry_hours=limit.dry_hours,
    )


def shared_wash_out(own: DoseRises, near: Sequence[NDArray[np.int8]]) -> NDArray[np.bool_]:
    """Unexplained hours in which every neighbour with data, two at least, has wash-out by its own gauge; never above ``own.most``.

    Parameters
    ----------
    own : DoseRises
    near : sequence of array of int8
        `Rise` of each neighbour in the same hours.
    """
    if len(near) < LEAST_NEIGHBOURS:
        return np.zeros(own.kinds.shape, dtype=bool)
    known = np.sum([kinds != Rise.UNKNOWN for kinds in near], axis=0)
    washed = np.sum([kinds == Rise.WASH_OUT for kinds in near], axis=0)
    shared: NDArray[np.bool_] = (own.kinds == Rise.UNEXPLAINED) & (known >= LEAST_NEIGHBOURS) & (washed == known)
    return shared & (own.rise <= own.most)


def flags_of(kinds: NDArray[np.int8], dose: Values) -> Flags:
    """QARTOD flags: an unexplained rise is SUSPECT, wash-out passes, without a baseline UNKNOWN, no value MISSING."""
    flags = np.full(kinds.shape, Flag.PASS, dtype=np.int8)
    flags[kinds == Rise.UNKNOWN] = Flag.UNKNOWN
    flags[kinds == Rise.UNEXPLAINED] = Flag.SUSPECT
    flags[~np.isfinite(dose)] = Flag.MISSING
    return flags


def _kinds(rise: Values, since: Values, rain: Values, *, noise: float, least: float, most: float) -> NDArray[np.int8]:
    """`Rise` of each hour: above ``least`` it is a rise, above ``most`` rain does not explain it [nGy h⁻¹]."""
    risen = rise > least
    # a new rain begins after the end of what the preceding one explains
    raining = rain > 0
    before = np.concatenate(([np.inf], since[:-1]))
    event = np.cumsum(raining & (before > RAIN_H))
    peak = pd.Series(np.where(since <= RAIN_H, rise, np.nan)).groupby(event).cummax().to_numpy()
    # the hour after the rain holds some of it, so the fall is counted from there
    left = peak * 0.5 ** (np.clip(since - 1, 0, RAIN_H) / SLOWEST_HALF_TIME_H) + noise
    washed = (since <= RAIN_H) & (rise <= most) & ((since <= 1) | (rise <= left))
    kinds = np.full(rise.shape, Rise.NONE, dtype=np.int8)
    kinds[risen & washed] = Rise.WASH_OUT
    kinds[risen & ~washed] = Rise.UNEXPLAINED
    return kinds
