"""Chemistry of one station and period: one structure with the figures of all methods of this room."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd

from analysis.chemistry.assumption import assumptions, soa_potentials
from analysis.chemistry.components import ANIONS, CATIONS, equivalents, ion_balance, mass_reconstruction
from analysis.chemistry.hourly_product import FIGURES, hourly_chemistry
from analysis.chemistry.period_figure import PeriodFigure, period_mean, period_ratio
from analysis.chemistry.photochemical_age import (
    PAIRS,
    EmissionRatio,
    InitialVoc,
    age_h,
    emission_ratio,
    initial_voc,
    oh_exposure,
)
from analysis.chemistry.reactivity import Reactivity, hourly_ofp, reactivity, voc_parameters
from analysis.chemistry.regime import RegimeFinding, hcho_no2_regime, voc_nox_regime
from analysis.chemistry.secondary_carbon import SeasonCarbon, season_carbon
from analysis.chemistry.secondary_organic import SoaPotentials, soa_of
from schemas.frames import check_time_index, parameters_in, valid_values
from schemas.mass_factor import mass_factors
from schemas.parameter import load_parameters

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from schemas.interval import Interval


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


class MissingConstant(msgspec.Struct, frozen=True, kw_only=True):
    """Measured species that lack a constant: left out of its sum and never counted as zero.

    Attributes
    ----------
    constant : str
        ``mir``, ``koh``, ``soap`` or ``soa_yield``.
    species : tuple of str
    mass_share : float
        Their part of the mean mass of all measured species [1].
    """

    constant: str
    species: tuple[str, ...]
    mass_share: float


class AgeFinding(msgspec.Struct, frozen=True, kw_only=True):
    """Photochemical age of a period by one pair.

    Attributes
    ----------
    exposure : PeriodFigure
        Mean OH exposure [molecule s cm⁻³].
    age : PeriodFigure
        Mean age [h] with ``oh_molecule_cm3``.
    by_percentile : dict of str to float
        Mean age [h] for other percentiles of the emission ratio.
    negative_n : int
        Hours with a ratio above that of the emissions; kept in the means.
    oh_verified : bool
    """

    pair: str
    emission: EmissionRatio
    oh_molecule_cm3: float
    oh_verified: bool
    exposure: PeriodFigure
    age: PeriodFigure
    by_percentile: dict[str, float]
    negative_n: int


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


class VocChemistry(msgspec.Struct, frozen=True, kw_only=True):
    """Volatile organic compounds of a period.

    Attributes
    ----------
    mass, ofp, loh : PeriodFigure
        Means of the hourly sums [µg m⁻³, µg O₃ m⁻³, s⁻¹].
    reactivity : Reactivity
        By species and class, from the mean of each species.
    initial : InitialVoc
        With the exposure of the first pair.
    """

    mass: PeriodFigure
    ofp: PeriodFigure
    loh: PeriodFigure
    reactivity: Reactivity
    soa: SoaPotentials
    missing: tuple[MissingConstant, ...]
    ages: tuple[AgeFinding, ...]
    initial: InitialVoc
    regimes: tuple[RegimeFinding, ...]


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


class ChemistrySummary(msgspec.Struct, frozen=True, kw_only=True):
    """Chemistry of one station and period.

    Attributes
    ----------
    start, end : datetime
        UTC, half-open.
    hours : int
        Hours of the period.
    voc, particle : VocChemistry and ParticleChemistry, or None
        None where the period has no value of them.
    by_hour : dict of str to tuple
        Means of the hourly products by civil hour, 24 values.
    by_day : dict of date to dict
        Their means by civil day.
    not_verified : tuple of str
        Sections of ``analysis/data/chemistry.toml`` whose source was not read, and tables likewise.
    """

    station_id: str
    start: datetime
    end: datetime
    hours: int
    voc: VocChemistry | None
    particle: ParticleChemistry | None
    by_hour: dict[str, tuple[float | None, ...]]
    by_day: dict[date, dict[str, float | None]]
    not_verified: tuple[str, ...]


def chemistry_of(
    station_id: str, hourly: pd.DataFrame, period: Interval, zone: ZoneInfo, *, oh_molecule_cm3: float | None = None
) -> ChemistrySummary:
    """Summary of a station and period.

    Parameters
    ----------
    station_id : str
    hourly : pd.DataFrame
        ``schemas.frames`` hourly of all networks of the station [µg m⁻³].
    period : Interval
        Hours outside are not used; hours without a row count as missing.
    zone : ZoneInfo
        Of civil days and hours.
    oh_molecule_cm3 : float, optional
        [molecule cm⁻³]; by default that of the assumptions, not verified.

    Returns
    -------
    ChemistrySummary

    Raises
    ------
    schemas.frames.FrameError
        If the index is not UTC, ascending and unique.
    ValueError
        If the period has no whole hour, or OH is not above zero.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from zoneinfo import ZoneInfo
    >>> from schemas.interval import Interval
    >>> hours = pd.date_range("2026-05-01", periods=2, freq="h", tz="UTC", name="start")
    >>> air = pd.DataFrame({"toluene": [10.0, 20.0]}, index=hours)
    >>> period = Interval(datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 5, 1, 4, tzinfo=UTC))
    >>> found = chemistry_of("st", air, period, ZoneInfo("Asia/Shanghai"))
    >>> found.voc.ofp.value, found.voc.ofp.n, found.voc.ofp.coverage
    (60.0, 2, 0.5)
    """
    frame = every_hour(hourly, period)
    sums = hourly_ofp(frame).reindex(frame.index).reindex(columns=["ofp", "loh"]).astype(float)
    product = hourly_chemistry(frame, zone, oh_molecule_cm3=oh_molecule_cm3)
    table = pd.concat([sums, product[list(FIGURES)]], axis=1)
    return ChemistrySummary(
        station_id=station_id,
        start=period.start,
        end=period.end,
        hours=len(frame),
        voc=_voc(frame, sums, zone, oh_molecule_cm3),
        particle=_particle(frame, product, zone),
        by_hour=by_hour(table, zone),
        by_day=by_day(table, zone),
        not_verified=_not_verified(),
    )


def every_hour(hourly: pd.DataFrame, period: Interval) -> pd.DataFrame:
    """The frame with one row for every hour of the period; flags of hours without a row are missing."""
    check_time_index(hourly)
    hours = pd.date_range(
        pd.Timestamp(period.start).ceil("h"),
        pd.Timestamp(period.end).floor("h"),
        freq="h",
        inclusive="left",
        name="start",
        unit="us",
    )
    if not len(hours):
        msg = f"period {period.start} to {period.end} has no whole hour"
        raise ValueError(msg)
    names = parameters_in(hourly)
    return pd.DataFrame({name: valid_values(hourly, name) for name in names}, index=hourly.index).reindex(hours)


def _voc(frame: pd.DataFrame, sums: pd.DataFrame, zone: ZoneInfo, oh: float | None) -> VocChemistry | None:
    species = [item.parameter for item in voc_parameters(parameters_in(frame))]
    masses = frame[species].sum(axis=1, min_count=1)
    if masses.isna().all():
        return None
    reaction = reactivity(frame)
    emitted = [emission_ratio(frame, pair, zone) for pair in PAIRS]
    return VocChemistry(
        mass=period_mean(masses, zone, "ug/m3"),
        ofp=period_mean(sums["ofp"], zone, "ug/m3"),
        loh=period_mean(sums["loh"], zone, "1/s"),
        reactivity=reaction,
        soa=soa_of(frame),
        missing=missing_constants(reaction),
        ages=tuple(age_finding(frame, item, zone, oh) for item in emitted),
        initial=initial_voc(frame, oh_exposure(frame, emitted[0])),
        regimes=(voc_nox_regime(frame, zone), hcho_no2_regime(frame, zone)),
    )


def _particle(frame: pd.DataFrame, product: pd.DataFrame, zone: ZoneInfo) -> ParticleChemistry | None:
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


def age_finding(
    frame: pd.DataFrame, emitted: EmissionRatio, zone: ZoneInfo, oh_molecule_cm3: float | None = None
) -> AgeFinding:
    """Age by one pair, and for other percentiles of the emission ratio."""
    assumed = assumptions().age
    oh = assumed.oh_molecule_cm3 if oh_molecule_cm3 is None else oh_molecule_cm3
    exposure = oh_exposure(frame, emitted)
    other = {
        f"{percentile:g}": age_h(
            oh_exposure(frame, emission_ratio(frame, emitted.pair, zone, percentile=percentile)), oh
        ).mean()
        for percentile in assumed.sensitivity_percentiles
    }
    return AgeFinding(
        pair=emitted.pair.name,
        emission=emitted,
        oh_molecule_cm3=oh,
        oh_verified=assumed.verified and oh_molecule_cm3 is None,
        exposure=period_mean(exposure, zone, "s/cm3"),
        age=period_mean(age_h(exposure, oh), zone, "h"),
        by_percentile={name: float(value) for name, value in other.items() if np.isfinite(value)},
        negative_n=int((exposure < 0).sum()),
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


def missing_constants(found: Reactivity) -> tuple[MissingConstant, ...]:
    """Measured species without MIR, rate constant, SOAP or yield, with their part of the mass."""
    mass = {item.parameter: item.mean_ug_m3 for item in found.species}
    soa, registry, total = soa_potentials(), load_parameters(), sum(mass.values())
    known = {
        "mir": {name for name in mass if registry[name].mir_g_g is not None},
        "koh": {name for name in mass if registry[name].koh_cm3_s is not None},
        "soap": {name for name in mass if name in soa and soa[name].soap is not None},
        "soa_yield": {name for name in mass if name in soa and soa[name].soa_yield is not None},
    }
    rows = []
    for constant, names in known.items():
        lacking = tuple(name for name in mass if name not in names)
        if lacking:
            share = sum(mass[name] for name in lacking) / total if total > 0 else float("nan")
            rows.append(MissingConstant(constant=constant, species=lacking, mass_share=share))
    return tuple(rows)


def by_hour(table: pd.DataFrame, zone: ZoneInfo) -> dict[str, tuple[float | None, ...]]:
    """Means of the columns by civil hour, 0 to 23; columns without a value are left out."""
    means = table.groupby(pd.DatetimeIndex(table.index).tz_convert(zone).hour).mean().reindex(range(24))
    return {str(name): tuple(_known(value) for value in means[name]) for name in means if means[name].notna().any()}


def by_day(table: pd.DataFrame, zone: ZoneInfo) -> dict[date, dict[str, float | None]]:
    """Means of the columns by civil day, and ``<column>_n`` hours of each."""
    groups = table.groupby(pd.DatetimeIndex(table.index).tz_convert(zone).date)
    means, counts = groups.mean(), groups.count()
    names = [str(name) for name in table if counts[name].any()]
    columns = {name: (means[name].to_numpy(), counts[name].to_numpy()) for name in names}
    return {
        day: {name: _known(mean[row]) for name, (mean, _) in columns.items()}
        | {f"{name}_n": int(count[row]) for name, (_, count) in columns.items()}
        for row, day in enumerate(means.index)
    }


def _not_verified() -> tuple[str, ...]:
    found = assumptions()
    sections = {
        "age": found.age.verified,
        **{f"regime.{item.indicator}": item.verified for item in found.regime},
        "voc_sum": found.voc_sum.verified,
        "closure": found.closure.verified,
        "neutralisation": found.neutralisation.verified,
        "mass_factors": all(item.verified for item in mass_factors().values()),
        "soa_potentials": False,
    }
    return tuple(name for name, is_verified in sections.items() if not is_verified)


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
