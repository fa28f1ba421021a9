"""Secondary organic carbon of each season by the EC tracer, and how much it depends on the primary ratio."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd

from analysis.chemistry.components import (
    MINIMUM_EC_UG_M3,
    SecondaryCarbon,
    minimum_r_squared,
    minimum_ratio,
    soc,
)
from analysis.chemistry.period_figure import PeriodFigure, period_mean, period_ratio
from analysis.statistics.block_bootstrap import FEWEST_DAYS, day_sums, day_weights, interval_of
from schemas.frames import check_time_index, valid_values

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

PERCENTILES = (5.0, 10.0, 20.0)
"""Fixed percentiles of OC/EC [%]."""
SEASONS = ("winter", "spring", "summer", "autumn")
"""December to February, and so on."""


class SocByRatio(msgspec.Struct, frozen=True, kw_only=True):
    """Secondary carbon for one primary ratio.

    Attributes
    ----------
    primary : SecondaryCarbon
        Ratio, its method, or why there is none.
    ratio_low, ratio_high : float or None
        90 % interval of the ratio [1], where it was estimated.
    mean : PeriodFigure or None
        Mean SOC [µg m⁻³], negative hours included; the interval keeps the ratio fixed.
    share : PeriodFigure or None
        SOC by OC [1].
    negative_n : int
        Hours with SOC below zero.
    """

    primary: SecondaryCarbon
    ratio_low: float | None = None
    ratio_high: float | None = None
    mean: PeriodFigure | None = None
    share: PeriodFigure | None = None
    negative_n: int = 0


class SeasonCarbon(msgspec.Struct, frozen=True, kw_only=True):
    """One season of the period; ``by_percentile`` shows how much the result depends on the method."""

    season: str
    hours: int
    mrs: SocByRatio
    by_percentile: tuple[SocByRatio, ...]


def season_of(index: pd.DatetimeIndex, zone: ZoneInfo) -> pd.Index:
    """Season of each hour, by civil month.

    Examples
    --------
    >>> from zoneinfo import ZoneInfo
    >>> season_of(pd.DatetimeIndex(["2026-02-28T16:00Z"]), ZoneInfo("Asia/Shanghai")).tolist()
    ['spring']
    """
    month = index.tz_convert(zone).month
    return pd.Index([SEASONS[number % 12 // 3] for number in month], dtype=object)


def season_carbon(hourly: pd.DataFrame, zone: ZoneInfo) -> tuple[SeasonCarbon, ...]:
    """Secondary carbon of each season that has OC and EC.

    Parameters
    ----------
    hourly : pd.DataFrame
        ``schemas.frames`` hourly, every hour of the period: ``oc, ec`` [µg m⁻³].
    zone : ZoneInfo

    Returns
    -------
    tuple of SeasonCarbon
        In the order of their first hour. A ratio without a minimum inside its scan is rejected; then there is no SOC by MRS.

    Raises
    ------
    schemas.frames.FrameError
        If the index is not UTC, ascending and unique.

    References
    ----------
    MRS: Wu and Yu 2016, Atmos. Chem. Phys. 16, 5453. It assumes that secondary carbon does not rise and fall with EC; in stagnant
    air it does, and the primary ratio then is too high.

    Examples
    --------
    >>> from zoneinfo import ZoneInfo
    >>> hours = pd.date_range("2026-05-01", periods=48, freq="h", tz="UTC", name="start")
    >>> carbon = pd.DataFrame({"ec": [1.0, 2.0] * 24, "oc": [3.0, 5.0] * 24}, index=hours)
    >>> found = season_carbon(carbon, ZoneInfo("Asia/Shanghai"))[0]
    >>> found.season, found.mrs.primary.primary_ratio, found.mrs.mean.value
    ('spring', 2.0, 1.0)
    """
    check_time_index(hourly)
    oc, ec = valid_values(hourly, "oc"), valid_values(hourly, "ec")
    seasons = season_of(pd.DatetimeIndex(hourly.index), zone)
    found = []
    for season in pd.unique(seasons):
        inside = seasons == season
        pair = oc[inside], ec[inside]
        hours = int((pair[0].notna() & pair[1].notna()).sum())
        if hours:
            found.append(
                SeasonCarbon(
                    season=str(season),
                    hours=hours,
                    mrs=_with_interval(_applied(*pair, minimum_r_squared(*pair), zone), *pair, zone),
                    by_percentile=tuple(
                        _applied(*pair, minimum_ratio(*pair, percentile=item), zone) for item in PERCENTILES
                    ),
                )
            )
    return tuple(found)


def _applied(oc: pd.Series, ec: pd.Series, primary: SecondaryCarbon, zone: ZoneInfo) -> SocByRatio:
    if primary.primary_ratio is None:
        return SocByRatio(primary=primary)
    secondary = soc(oc, ec, primary.primary_ratio)
    return SocByRatio(
        primary=primary,
        mean=period_mean(secondary, zone, "ug/m3"),
        share=period_ratio(secondary, oc, zone),
        negative_n=int((secondary < 0).sum()),
    )


def _with_interval(found: SocByRatio, oc: pd.Series, ec: pd.Series, zone: ZoneInfo) -> SocByRatio:
    """The slope of resamples of days: what the ratio would have been in other days."""
    ratio = found.primary.primary_ratio
    if ratio is None:
        return found
    pairs = pd.DataFrame({"oc": oc, "ec": ec}).dropna()
    pairs = pairs[(pairs["ec"] >= MINIMUM_EC_UG_M3) & (pairs["oc"] > 0)]
    sums = day_sums(pairs.assign(n=1.0, product=pairs["oc"] * pairs["ec"], square=pairs["ec"] ** 2), zone)
    if len(sums) < FEWEST_DAYS:
        return found
    drawn = day_weights(len(sums)) @ sums.to_numpy()
    total = dict(zip(sums.columns, drawn.T, strict=True))
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = (total["product"] - total["oc"] * total["ec"] / total["n"]) / (
            total["square"] - total["ec"] ** 2 / total["n"]
        )
    low, high = interval_of(slope, ratio, len(sums))
    return msgspec.structs.replace(found, ratio_low=low, ratio_high=high)
