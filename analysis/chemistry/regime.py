"""Sensitivity of ozone formation to VOC or NOx, by indicators at the ground whose thresholds are uncertain."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec
import pandas as pd

from analysis.chemistry.assumption import RegimeThreshold, assumptions, regime_threshold
from analysis.chemistry.period_figure import PeriodFigure, period_ratio
from analysis.chemistry.reactivity import voc_parameters
from schemas.frames import check_time_index, parameters_in, valid_values
from schemas.parameter import parameter
from schemas.units import conversion

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


class Regime(StrEnum):
    """What limits the formation of ozone."""

    VOC_LIMITED = "voc_limited"
    TRANSITION = "transition"
    NOX_LIMITED = "nox_limited"
    UNKNOWN = "unknown"
    """The interval covers a threshold, or there is none."""


class VocBasis(StrEnum):
    """What the VOC of VOC/NOx is."""

    TOTAL = "total"
    SPECIES = "species"
    LOWER_BOUND = "lower_bound"
    """Sum of too few species: the true ratio is higher."""
    NONE = "none"


class RegimeFinding(msgspec.Struct, frozen=True, kw_only=True):
    """Indicator of a period with its interval, and the regime.

    Attributes
    ----------
    ratio : PeriodFigure
        Sum of one by sum of the other over the hours of the indicator; its coverage is of these hours.
    threshold : RegimeThreshold
    basis : VocBasis or None
        Only of VOC/NOx.
    species : int
        In the sum of VOC.
    """

    indicator: str
    regime: Regime
    ratio: PeriodFigure
    threshold: RegimeThreshold
    basis: VocBasis | None = None
    species: int = 0


def voc_ppbc(hourly: pd.DataFrame) -> tuple[pd.Series, VocBasis, int]:
    """VOC as carbon [ppbC], what it is, and the number of species.

    Total non-methane hydrocarbons where they are measured, else the sum of the species, in which an hour needs half of those of
    the period. NaN where neither is there.

    Parameters
    ----------
    hourly : pd.DataFrame
        ``schemas.frames`` hourly, VOC [µg m⁻³].

    Examples
    --------
    >>> hours = pd.date_range("2026-05-01", periods=1, freq="h", tz="UTC", name="start")
    >>> voc_ppbc(pd.DataFrame({"toluene": [3.766]}, index=hours))[0].round(1).tolist()
    [7.0]
    """
    total = valid_values(hourly, "tnmhc")
    if total.notna().any():
        return total / conversion("ppbC", parameter("tnmhc"))[0], VocBasis.TOTAL, 0
    carbon = {
        item.parameter: valid_values(hourly, item.parameter) / conversion("ppbC", item)[0]
        for item in voc_parameters(parameters_in(hourly))
        if "ppbC" in item.allowed_units
    }
    table = pd.DataFrame(carbon, index=hourly.index).dropna(axis=1, how="all")
    count = table.shape[1]
    if not count:
        return total, VocBasis.NONE, 0
    enough = table.notna().sum(axis=1) >= count / 2
    few = count < assumptions().voc_sum.fewest_species
    return table.sum(axis=1).where(enough), VocBasis.LOWER_BOUND if few else VocBasis.SPECIES, count


def nox_ppb(hourly: pd.DataFrame) -> pd.Series:
    """NOx [ppb]: as measured, else NO plus NO2; NaN where neither is complete.

    Examples
    --------
    >>> hours = pd.date_range("2026-05-01", periods=1, freq="h", tz="UTC", name="start")
    >>> nox_ppb(pd.DataFrame({"no": [1.2265], "no2": [1.8804]}, index=hours)).round(2).tolist()
    [2.0]
    """
    measured, no, no2 = (
        valid_values(hourly, code) / conversion("ppb", parameter(code))[0] for code in ("nox", "no", "no2")
    )
    return measured.fillna(no + no2)


def voc_nox_regime(hourly: pd.DataFrame, zone: ZoneInfo, threshold: RegimeThreshold | None = None) -> RegimeFinding:
    """Regime by VOC [ppbC] over NOx [ppb] in the morning.

    Parameters
    ----------
    hourly : pd.DataFrame
        ``schemas.frames`` hourly, every hour of the period: VOC or total non-methane hydrocarbons, NOx [µg m⁻³].
    zone : ZoneInfo
    threshold : RegimeThreshold, optional
        By default that of the assumptions; not verified.

    Returns
    -------
    RegimeFinding
        ``unknown`` where the interval covers a threshold or is missing. A sum of few species is a lower bound, which can only say
        ``nox_limited``.

    Raises
    ------
    schemas.frames.FrameError
        If the index is not UTC, ascending and unique.

    References
    ----------
    Common practice; not verified.

    Examples
    --------
    >>> from zoneinfo import ZoneInfo
    >>> hours = pd.date_range("2026-05-01", periods=480, freq="h", tz="UTC", name="start")
    >>> air = pd.DataFrame({"tnmhc": 49.1, "nox": 94.0}, index=hours)
    >>> voc_nox_regime(air, ZoneInfo("Asia/Shanghai")).regime.value
    'voc_limited'
    """
    check_time_index(hourly)
    limits = threshold or regime_threshold("voc_nox")
    voc, basis, species = voc_ppbc(hourly)
    ratio = _ratio(voc, nox_ppb(hourly), zone, limits)
    regime = regime_of(ratio, limits)
    if basis is VocBasis.LOWER_BOUND and regime is not Regime.NOX_LIMITED:
        regime = Regime.UNKNOWN
    return RegimeFinding(
        indicator="voc_nox", regime=regime, ratio=ratio, threshold=limits, basis=basis, species=species
    )


def hcho_no2_regime(hourly: pd.DataFrame, zone: ZoneInfo, threshold: RegimeThreshold | None = None) -> RegimeFinding:
    """Regime by formaldehyde over NO2 [ppb ppb⁻¹] around noon.

    Parameters
    ----------
    hourly : pd.DataFrame
        ``schemas.frames`` hourly, every hour of the period: ``formaldehyde, no2`` [µg m⁻³].
    zone : ZoneInfo
    threshold : RegimeThreshold, optional
        By default that of the assumptions: thresholds of satellite columns, not verified.

    Raises
    ------
    schemas.frames.FrameError
        If the index is not UTC, ascending and unique.

    Examples
    --------
    >>> from zoneinfo import ZoneInfo
    >>> hours = pd.date_range("2026-05-01", periods=2, freq="h", tz="UTC", name="start")
    >>> hcho_no2_regime(pd.DataFrame({"no2": [9.0, 9.0]}, index=hours), ZoneInfo("UTC")).regime.value
    'unknown'
    """
    check_time_index(hourly)
    limits = threshold or regime_threshold("hcho_no2")
    formaldehyde, no2 = (
        valid_values(hourly, code) / conversion("ppb", parameter(code))[0] for code in ("formaldehyde", "no2")
    )
    ratio = _ratio(formaldehyde, no2, zone, limits)
    return RegimeFinding(indicator="hcho_no2", regime=regime_of(ratio, limits), ratio=ratio, threshold=limits)


def regime_of(ratio: PeriodFigure, threshold: RegimeThreshold) -> Regime:
    """Regime of an indicator; unknown unless its whole interval lies outside of the ranges of both thresholds."""
    if ratio.low is None or ratio.high is None:
        return Regime.UNKNOWN
    voc, nox = threshold.voc_limited_below, threshold.nox_limited_above
    if ratio.high < min(voc[0], nox[0]):
        return Regime.VOC_LIMITED
    if ratio.low > max(voc[1], nox[1]):
        return Regime.NOX_LIMITED
    is_between = voc[1] < ratio.low and ratio.high < nox[0]
    return Regime.TRANSITION if is_between else Regime.UNKNOWN


def _ratio(top: pd.Series, under: pd.Series, zone: ZoneInfo, limits: RegimeThreshold) -> PeriodFigure:
    hour = pd.DatetimeIndex(top.index).tz_convert(zone).hour
    used = (hour >= limits.hour_from) & (hour < limits.hour_to)
    return period_ratio(top[used], under[used], zone, limits.unit)
