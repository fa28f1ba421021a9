"""Components of PM2.5 of a period: ratios, neutralisation, secondary carbon, mass closure."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec
import pandas as pd

from analysis.chemistry.assumption import assumptions
from analysis.chemistry.components import ANIONS, CATIONS, equivalents, ion_balance, mass_reconstruction
from analysis.chemistry.period_figure import PeriodFigure, period_mean, period_ratio
from analysis.chemistry.secondary_carbon import SeasonCarbon, season_carbon
from schemas.frames import parameters_in, valid_values
from schemas.mass_factor import mass_factors

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


class MassGrade(StrEnum):
    """Grade of the mass closure."""

    GOOD = "good"
    ACCEPTABLE = "acceptable"
    POOR = "poor"
    UNKNOWN = "unknown"


class AmmoniumState(StrEnum):
    """Class of ammonium by sulfate and nitrate."""

    DEFICIENT = "deficient"
    BALANCED = "balanced"
    EXCESS = "excess"
    UNKNOWN = "unknown"
    """The interval covers a border, or there is none."""


class MassFinding(msgspec.Struct, frozen=True, kw_only=True):
    """Mass closure of a period.

    Attributes
    ----------
    parts : dict of str to PeriodFigure
        Mean mass [µg m⁻³] of each part that was measured, over the hours that have a reconstructed mass.
    closure : PeriodFigure
        Sum of the reconstructed by sum of the measured mass [1].
    missing : tuple of str
        Components that were not measured: the reconstructed mass is a lower bound.
    """

    parts: dict[str, PeriodFigure]
    closure: PeriodFigure
    grade: MassGrade
    missing: tuple[str, ...]


class ParticleChemistry(msgspec.Struct, frozen=True, kw_only=True):
    """Components of PM2.5 of a period.

    Attributes
    ----------
    sor, nor : PeriodFigure
        Mean of the hourly molar ratios [1].
    nitrate_sulfate, ion_ratio, neutralisation : PeriodFigure
        Sum by sum [1]: masses; equivalents of cations by anions; of ammonium by sulfate and nitrate.
    carbon : tuple of SeasonCarbon
    mass : MassFinding
    """

    sor: PeriodFigure
    nor: PeriodFigure
    nitrate_sulfate: PeriodFigure
    ion_ratio: PeriodFigure
    neutralisation: PeriodFigure
    ammonium: AmmoniumState
    carbon: tuple[SeasonCarbon, ...]
    mass: MassFinding


def particle_chemistry(frame: pd.DataFrame, product: pd.DataFrame, zone: ZoneInfo) -> ParticleChemistry | None:
    """Figures of the components of a period, None without any value; ``product`` is of `hourly_chemistry`."""
    components = [name for name in parameters_in(frame) if name in {*ANIONS, *CATIONS, *mass_factors()}]
    if frame[components].isna().all(axis=None):
        return None
    ions = ion_balance(frame)
    acids = pd.DataFrame({name: equivalents(frame, name) for name in ("sulfate", "nitrate")})
    neutral = period_ratio(equivalents(frame, "ammonium"), acids.sum(axis=1, min_count=2), zone)
    return ParticleChemistry(
        sor=period_mean(product["sor"], zone),
        nor=period_mean(product["nor"], zone),
        nitrate_sulfate=period_ratio(valid_values(frame, "nitrate"), valid_values(frame, "sulfate"), zone),
        ion_ratio=period_ratio(ions["cations_neq_m3"], ions["anions_neq_m3"], zone),
        neutralisation=neutral,
        ammonium=ammonium_state(neutral),
        carbon=season_carbon(frame, zone),
        mass=mass_finding(frame, zone),
    )


def mass_finding(frame: pd.DataFrame, zone: ZoneInfo) -> MassFinding:
    """Mass closure with the one set of factors of ``schemas/mass_factors.csv``."""
    table = mass_reconstruction(frame)
    complete = table["reconstructed"].notna()
    measured = valid_values(frame, "pm25")
    closure = period_ratio(table["reconstructed"].where(measured > 0), measured.where(measured > 0), zone)
    named = {item.part for item in mass_factors().values()}
    parts = {name: table[name].where(complete) for name in table.columns if name in named}
    return MassFinding(
        parts={name: period_mean(part, zone, "ug/m3") for name, part in parts.items() if part.notna().any()},
        closure=closure,
        grade=mass_grade(closure.value),
        missing=tuple(name for name in (*mass_factors(), "pm25") if valid_values(frame, name).isna().all()),
    )


def mass_grade(closure: float | None) -> MassGrade:
    """Grade of a closure [1]: 0.8 to 1.2 good, 0.7 to 1.3 acceptable (not verified).

    Examples
    --------
    >>> mass_grade(0.75).value
    'acceptable'
    """
    ranges = assumptions().closure
    if closure is None:
        return MassGrade.UNKNOWN
    if ranges.good[0] <= closure <= ranges.good[1]:
        return MassGrade.GOOD
    is_acceptable = ranges.acceptable[0] <= closure <= ranges.acceptable[1]
    return MassGrade.ACCEPTABLE if is_acceptable else MassGrade.POOR


def ammonium_state(neutralisation: PeriodFigure) -> AmmoniumState:
    """Class of ammonium by sulfate and nitrate; unknown where the interval covers a border or is missing."""
    borders = assumptions().neutralisation
    low, high = neutralisation.low, neutralisation.high
    if low is None or high is None:
        return AmmoniumState.UNKNOWN
    if high < borders.deficient_below:
        return AmmoniumState.DEFICIENT
    if low > borders.excess_above:
        return AmmoniumState.EXCESS
    is_inside = borders.deficient_below <= low and high <= borders.excess_above
    return AmmoniumState.BALANCED if is_inside else AmmoniumState.UNKNOWN
