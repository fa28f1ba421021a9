"""Photochemical age from two species that OH removes at different rates, and the concentrations before this loss.

References
----------
OH exposure = (ln(X₀/Y₀) - ln(X/Y)) / (k_X - k_Y); age = exposure / [OH]; C₀ = C · exp(k · exposure). Assumptions: both species have the
same sources, only OH removes them, air is not mixed, and the ratio of emissions X₀/Y₀ is that of the hours of least age. The values
in ``analysis/data/chemistry.toml`` are not verified.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd

from analysis.chemistry.assumption import AgeAssumption, assumptions
from analysis.chemistry.reactivity import voc_parameters
from schemas.frames import check_time_index, parameters_in, valid_values
from schemas.parameter import parameter
from schemas.units import conversion

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

SECONDS_PER_HOUR = 3600.0
FEWEST_HOURS = 48
"""Hours of least age that an emission ratio needs at least."""
_MOST_BEYOND = 0.05


class AgePair(msgspec.Struct, frozen=True, kw_only=True):
    """Two species: the one that OH removes faster, and the slower one."""

    fast: str
    slow: str

    @property
    def name(self) -> str:
        """Both codes."""
        return f"{self.fast}/{self.slow}"


XYLENE = AgePair(fast="m_p_xylene", slow="ethylbenzene")
TOLUENE = AgePair(fast="toluene", slow="benzene")
PAIRS = (XYLENE, TOLUENE)


class EmissionRatio(msgspec.Struct, frozen=True, kw_only=True):
    """Ratio of two species in fresh emissions.

    Attributes
    ----------
    ratio : float or None
        [ppb ppb⁻¹]; None where too few hours of least age have both species.
    percentile : float
        [%]
    n : int
        Hours of least age with both species above the floor.
    """

    pair: AgePair
    ratio: float | None
    percentile: float
    n: int


def pair_ratio(hourly: pd.DataFrame, pair: AgePair, *, floor_ppb: float | None = None) -> pd.Series:
    """Ratio of the two species [ppb ppb⁻¹]; NaN where either is missing or not above the floor.

    Parameters
    ----------
    hourly : pd.DataFrame
        ``schemas.frames`` hourly with both species [µg m⁻³].
    pair : AgePair
    floor_ppb : float, optional
        [ppb]; by default that of the assumptions.

    Examples
    --------
    >>> hours = pd.date_range("2026-05-01", periods=1, freq="h", tz="UTC", name="start")
    >>> pair_ratio(pd.DataFrame({"m_p_xylene": [3.0], "ethylbenzene": [1.5]}, index=hours), XYLENE).tolist()
    [2.0]
    """
    least = assumptions().age.floor_ppb if floor_ppb is None else floor_ppb
    fast, slow = (_ppb(hourly, code) for code in (pair.fast, pair.slow))
    return (fast / slow).where((fast > least) & (slow > least))


def emission_ratio(
    hourly: pd.DataFrame,
    pair: AgePair,
    zone: ZoneInfo,
    *,
    percentile: float | None = None,
    assumed: AgeAssumption | None = None,
) -> EmissionRatio:
    """High percentile of the ratio in the civil hours of least age.

    Parameters
    ----------
    hourly : pd.DataFrame
        ``schemas.frames`` hourly with both species [µg m⁻³].
    pair : AgePair
    zone : ZoneInfo
    percentile : float, optional
        [%]; by default that of the assumptions. Noise of the analyser raises it, and with it the age.
    assumed : AgeAssumption, optional

    Returns
    -------
    EmissionRatio
        Without a ratio below 48 hours.

    Examples
    --------
    >>> from zoneinfo import ZoneInfo
    >>> hours = pd.date_range("2026-05-01", periods=240, freq="h", tz="UTC", name="start")
    >>> fresh = pd.DataFrame({"m_p_xylene": 3.0, "ethylbenzene": 1.0}, index=hours)
    >>> emission_ratio(fresh, XYLENE, ZoneInfo("Asia/Shanghai")).n
    80
    """
    check_time_index(hourly)
    assumed = assumed or assumptions().age
    percentile = assumed.emission_percentile if percentile is None else percentile
    ratio = pair_ratio(hourly, pair, floor_ppb=assumed.floor_ppb)
    hour = pd.DatetimeIndex(hourly.index).tz_convert(zone).hour
    fresh = ratio[(hour >= assumed.low_age_from_h) & (hour < assumed.low_age_to_h)].dropna()
    known = len(fresh) >= FEWEST_HOURS
    return EmissionRatio(
        pair=pair,
        ratio=float(np.percentile(fresh, percentile)) if known else None,
        percentile=percentile,
        n=len(fresh),
    )


def oh_exposure(hourly: pd.DataFrame, emitted: EmissionRatio, *, floor_ppb: float | None = None) -> pd.Series:
    """OH exposure of each hour [molecule s cm⁻³]; NaN where the ratio is missing.

    Negative where the ratio is above that of the emissions: noise or another source. Such hours are kept, since a mean without them
    would be too high; `analysis.chemistry.components.soc_flags` marks values below zero.

    Parameters
    ----------
    hourly : pd.DataFrame
        ``schemas.frames`` hourly with both species [µg m⁻³].
    emitted : EmissionRatio
    floor_ppb : float, optional
        [ppb]

    Raises
    ------
    ValueError
        If the rate constants of the pair do not differ or one is not known.

    Examples
    --------
    >>> hours = pd.date_range("2026-05-01", periods=1, freq="h", tz="UTC", name="start")
    >>> air = pd.DataFrame({"m_p_xylene": [1.5], "ethylbenzene": [1.0]}, index=hours)
    >>> found = EmissionRatio(pair=XYLENE, ratio=3.0, percentile=95.0, n=100)
    >>> f"{oh_exposure(air, found).iloc[0]:.3e}"
    '5.924e+10'
    """
    ratio = pair_ratio(hourly, emitted.pair, floor_ppb=floor_ppb)
    difference = _koh(emitted.pair.fast) - _koh(emitted.pair.slow)
    if not difference > 0:
        msg = f"{emitted.pair.name}: the first species must react faster with OH than the second"
        raise ValueError(msg)
    if emitted.ratio is None:
        return ratio * np.nan
    exposure: pd.Series = (np.log(emitted.ratio) - np.log(ratio)) / difference
    return exposure.rename("oh_exposure")


def age_h(exposure: pd.Series, oh_molecule_cm3: float | None = None) -> pd.Series:
    """Photochemical age [h] of an OH exposure [molecule s cm⁻³].

    Parameters
    ----------
    exposure : pd.Series of float
        [molecule s cm⁻³]; NaN missing.
    oh_molecule_cm3 : float, optional
        [molecule cm⁻³]; by default that of the assumptions, which is not verified. The age is inversely proportional to it.

    Raises
    ------
    ValueError
        If the concentration is not above zero.

    Examples
    --------
    >>> age_h(pd.Series([1.08e10]), 1.5e6).tolist()
    [2.0]
    """
    oh = assumptions().age.oh_molecule_cm3 if oh_molecule_cm3 is None else oh_molecule_cm3
    if not oh > 0:
        msg = f"OH {oh:g} molecule/cm3: above zero is needed"
        raise ValueError(msg)
    return (exposure / oh / SECONDS_PER_HOUR).rename("age_h")


class InitialSpecies(msgspec.Struct, frozen=True, kw_only=True):
    """Concentration of one species before its loss to OH, over the hours that have it and an age.

    Attributes
    ----------
    measured_ug_m3, initial_ug_m3 : float
        Means [µg m⁻³].
    """

    parameter: str
    n: int
    measured_ug_m3: float
    initial_ug_m3: float


class InitialVoc(msgspec.Struct, frozen=True, kw_only=True):
    """Initial VOC of a period.

    Attributes
    ----------
    species : tuple of InitialSpecies
        By initial concentration, the largest first.
    measured_ug_m3, initial_ug_m3 : float or None
        Sums of ``species`` [µg m⁻³]; None without any.
    without_koh : tuple of str
        Measured species without a rate constant.
    beyond : tuple of str
        Species whose factor is above the largest in more than 5 % of the hours: too reactive for a correction.
    """

    species: tuple[InitialSpecies, ...]
    measured_ug_m3: float | None
    initial_ug_m3: float | None
    without_koh: tuple[str, ...]
    beyond: tuple[str, ...]


def initial_concentration(concentration_ug_m3: pd.Series, exposure: pd.Series, koh_cm3_s: float) -> pd.Series:
    """Concentration before loss to OH, C · exp(k · exposure) [µg m⁻³]; NaN where either is missing.

    A negative exposure counts as none.

    Parameters
    ----------
    concentration_ug_m3 : pd.Series of float
        [µg m⁻³]
    exposure : pd.Series of float
        [molecule s cm⁻³]
    koh_cm3_s : float
        [cm³ molecule⁻¹ s⁻¹]

    Examples
    --------
    >>> initial_concentration(pd.Series([1.0]), pd.Series([1e11]), 5e-12).round(3).tolist()
    [1.649]
    """
    factor: pd.Series = np.exp(koh_cm3_s * exposure.clip(lower=0.0))
    return concentration_ug_m3 * factor


def initial_voc(hourly: pd.DataFrame, exposure: pd.Series, *, largest_factor: float | None = None) -> InitialVoc:
    """Concentrations before loss to OH of the species of a period.

    Parameters
    ----------
    hourly : pd.DataFrame
        ``schemas.frames`` hourly with VOC species [µg m⁻³].
    exposure : pd.Series of float
        Of `oh_exposure` [molecule s cm⁻³].
    largest_factor : float, optional
        [1]

    Returns
    -------
    InitialVoc
        Reaction with O3 and NO3 is left out: for alkenes a lower bound.

    Examples
    --------
    >>> hours = pd.date_range("2026-05-01", periods=1, freq="h", tz="UTC", name="start")
    >>> air = pd.DataFrame({"toluene": [1.0], "isoprene": [1.0]}, index=hours)
    >>> found = initial_voc(air, pd.Series([1e11], index=hours))
    >>> round(found.initial_ug_m3, 3), found.beyond
    (1.756, ('isoprene',))
    """
    check_time_index(hourly)
    largest = assumptions().age.largest_factor if largest_factor is None else largest_factor
    species, without, beyond = [], [], []
    for item in voc_parameters(parameters_in(hourly)):
        values = valid_values(hourly, item.parameter)
        both = values.notna() & exposure.notna()
        if not both.any():
            continue
        if item.koh_cm3_s is None:
            without.append(item.parameter)
        elif (item.koh_cm3_s * exposure[both] > np.log(largest)).mean() > _MOST_BEYOND:
            beyond.append(item.parameter)
        else:
            first = initial_concentration(values, exposure, item.koh_cm3_s)
            species.append(
                InitialSpecies(
                    parameter=item.parameter,
                    n=int(both.sum()),
                    measured_ug_m3=float(values[both].mean()),
                    initial_ug_m3=float(first[both].mean()),
                )
            )
    species.sort(key=lambda item: -item.initial_ug_m3)
    return InitialVoc(
        species=tuple(species),
        measured_ug_m3=sum(item.measured_ug_m3 for item in species) if species else None,
        initial_ug_m3=sum(item.initial_ug_m3 for item in species) if species else None,
        without_koh=tuple(without),
        beyond=tuple(beyond),
    )


def _ppb(hourly: pd.DataFrame, code: str) -> pd.Series:
    return valid_values(hourly, code) / conversion("ppb", parameter(code))[0]


def _koh(code: str) -> float:
    rate = parameter(code).koh_cm3_s
    return float("nan") if rate is None else rate
