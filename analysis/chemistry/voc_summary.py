"""Volatile organic compounds of a period: sums, potentials, ages, regimes, and what lacks a constant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from analysis.chemistry.assumption import assumptions, soa_potentials
from analysis.chemistry.period_figure import PeriodFigure, period_mean
from analysis.chemistry.photochemical_age import (
    PAIRS,
    EmissionRatio,
    InitialVoc,
    age_h,
    emission_ratio,
    initial_voc,
    oh_exposure,
)
from analysis.chemistry.reactivity import Reactivity, reactivity, voc_parameters
from analysis.chemistry.regime import RegimeFinding, hcho_no2_regime, voc_nox_regime
from analysis.chemistry.secondary_organic import SoaPotentials, soa_of
from schemas.frames import parameters_in
from schemas.parameter import load_parameters

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    import pandas as pd


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


def voc_chemistry(frame: pd.DataFrame, sums: pd.DataFrame, zone: ZoneInfo, oh: float | None) -> VocChemistry | None:
    """Figures of the VOC of a period, None without any value; ``sums`` has ``ofp`` and ``loh`` by hour, ``oh`` [molecule cm⁻³]."""
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
