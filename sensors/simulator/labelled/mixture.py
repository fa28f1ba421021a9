"""Samples of VOC or of particle components whose sources are known, with uncertainties: test data of a factorisation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from schemas.parameter import parameter
from sensors.simulator.air_series import oh_loss
from sensors.simulator.geography import LOCAL_SOURCES
from sensors.simulator.labelled.cluster import draw_cluster
from sensors.simulator.profiles import element_parameters, load_profiles, voc_parameters
from sensors.simulator.release.kind import PROFILE_SPREAD
from sensors.simulator.stream import generator
from sensors.simulator.weather import HOUR_S, local_hour
from sensors.simulator.world import Site, World

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Field = NDArray[np.float64]

SAMPLES_H = 1000
LEAST_SHARE = 0.02
"""Part of the mean mass of all species from which on a source is in the samples."""
MARKER_SHARE = {"voc": 0.8, "pm": 0.5}
"""Part of a species that comes from it, for at least one species: no method can tell apart sources without one."""
SECTORED = ("coal", "industry", "solvent", "biomass", "secondary_sulfate")
"""Sources that lie on one side of the station, sulfate as a region; the others are all around it."""
AROUND_SHARE = 0.05
"""What comes from such a source in any wind, by what comes when the wind is right [1]; invention."""
LEAST_SPECIES = 2
TRACE_SHARE = 0.15
"""Part of a species below which a source has none of it [1]; project choice: a large source hides a small one otherwise."""
MOST_REACTIVE_CM3_S = 1.0e-11
"""Rate with OH beyond which a VOC is left out, since its share in an aged source is not constant [cm³ s⁻¹]; project choice."""
_LEAST_AT_H = {"vehicle": 2.5, "secondary_nitrate": 14.5}
"""Civil hour at which a source has least: streets are empty, nitrate evaporates; a twentieth is left."""
_LEAST_WIDTH_H = 2.5
_BALANCE_SPREAD = 0.3
_NARROW = 6.0
"""Concentration of the sector (von Mises): half of it is within 28 deg [1]; invention."""
_IONS = ("sulfate", "nitrate", "chloride", "ammonium", "sodium_ion", "potassium_ion", "magnesium_ion", "calcium_ion")
_RELATIVE = {"voc": 0.06, "pm": 0.05}
"""Uncertainty by concentration [1]."""
_DETECTION = 0.15
"""Detection limit by the median of a species [1]; a third of it is its uncertainty at zero."""
_MISSING_SHARE = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixture:
    """Samples and what they are made of; index: start of the hour, UTC.

    Attributes
    ----------
    conc, unc : DataFrame, (sample, species)
        Concentrations and standard uncertainties [ug m⁻³]; one value in a hundred is missing (NaN).
    contributions : DataFrame, (sample, source)
        Truth: mass of these species from each source as it arrives [ug m⁻³]. Only sources with at least 2 % of the mean mass,
        and half of one species, are in the samples.
    profiles : DataFrame, (source, species)
        Truth: share of each species in that mass as emitted [1], perturbed by seed.
    factors : int
        Number of sources, and one more where the constant background has at least 2 % of the mass.
    """

    conc: pd.DataFrame
    unc: pd.DataFrame
    contributions: pd.DataFrame
    profiles: pd.DataFrame
    factors: int


def source_mixture(seed: int, network: Literal["voc", "pm"]) -> Mixture:
    """Make 1,000 hourly samples of one station.

    Parameters
    ----------
    seed : int
        At least 0; the same seed gives the same numbers.
    network : {"voc", "pm"}
        VOC, which sunlight consumes by the rate of each species (the most reactive ones are left out), or ions, carbon, levoglucosan and elements.

    Examples
    --------
    >>> mixture = source_mixture(1, "pm")
    >>> mixture.conc.shape == mixture.unc.shape, len(mixture.contributions.columns) >= 5
    (True, True)
    """
    rng = generator(seed, "mixture", network)
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=int(rng.integers(320)))
    site = Site(World(seed, start, start + timedelta(hours=SAMPLES_H)), draw_cluster(rng)[0])
    times: Field = start.timestamp() + HOUR_S * (np.arange(SAMPLES_H, dtype=np.float64) + 0.5)
    profiles = load_profiles()
    names = _species(network)
    columns = [profiles.column(name) for name in names]
    matrix = profiles.matrix[:, columns] * np.exp(
        PROFILE_SPREAD * rng.standard_normal((len(profiles.sources), len(names)))
    )
    amounts = _amounts(site, times, rng)
    kept = _kept(site, times, names) if network == "voc" else np.ones((SAMPLES_H, len(names)))
    background = np.broadcast_to(profiles.background[columns], kept.shape)
    if network == "voc":
        amounts = _balanced(amounts, matrix, rng)
        matrix = _without_traces(matrix, amounts.mean(axis=0))
    parts = amounts.T[:, :, None] * matrix[:, None, :] * kept
    found = _separable(parts, background, MARKER_SHARE[network])
    has_background = bool(background.sum() >= LEAST_SHARE * (parts.sum() + background.sum()))
    true = parts[found].sum(axis=0) + has_background * background
    present = np.flatnonzero(np.median(true, axis=0) > 0)
    conc, unc = _sampled(true[:, present], _RELATIVE[network], rng)
    names, matrix = [names[column] for column in present], matrix[:, present]
    index = pd.date_range(start, periods=SAMPLES_H, freq="h", name="start")
    sources = [profiles.sources[row] for row in found]
    shares = matrix[found] / matrix[found].sum(axis=1, keepdims=True)
    return Mixture(
        conc=pd.DataFrame(conc, index=index, columns=names),
        unc=pd.DataFrame(unc, index=index, columns=names),
        contributions=pd.DataFrame(parts[found].sum(axis=2).T, index=index, columns=sources),
        profiles=pd.DataFrame(shares, index=sources, columns=names),
        factors=len(sources) + has_background,
    )


def _amounts(site: Site, times: Field, rng: np.random.Generator) -> Field:
    """Contributions of all sources [ug m⁻³], (sample, source); those of single plants only while the wind brings them."""
    sources = load_profiles().sources
    amounts = np.stack([site.contribution(source, times) for source in sources], axis=-1)
    wind_from = np.arctan2(-site.field("wind_east", times), -site.field("wind_north", times))
    first = rng.uniform(0, 2 * np.pi)
    for number, source in enumerate(rng.permutation(SECTORED)):
        bearing = first + 2 * np.pi * number / len(SECTORED) + rng.uniform(-0.4, 0.4)
        brought = AROUND_SHARE + np.exp(_NARROW * (np.cos(wind_from - bearing) - 1))
        amounts[:, sources.index(str(source))] *= brought / brought.mean()
    for source, hour in _LEAST_AT_H.items():
        away = (local_hour(times) - hour + 12) % 24 - 12
        amounts[:, sources.index(source)] *= 1 - (1 - AROUND_SHARE) * np.exp(-0.5 * (away / _LEAST_WIDTH_H) ** 2)
    return amounts


def _balanced(amounts: Field, matrix: Field, rng: np.random.Generator) -> Field:
    """Amounts of the local sources, scaled so that their masses are alike: under one of 70 % no method finds one of 5 %."""
    rows = [load_profiles().sources.index(source) for source in LOCAL_SOURCES]
    mass = (amounts.mean(axis=0) * matrix.sum(axis=1))[rows]
    scaled = amounts.copy()
    scaled[:, rows] *= mass.mean() / mass * np.exp(_BALANCE_SPREAD * rng.standard_normal(len(rows)))
    return scaled


def _without_traces(matrix: Field, amounts: Field) -> Field:
    """Profiles in which a source has no species to which it adds less than `TRACE_SHARE`, (source, species)."""
    added = matrix * amounts[:, None]
    return np.where(added >= TRACE_SHARE * added.sum(axis=0), matrix, 0.0)


def _separable(parts: Field, background: Field, least_marker: float) -> NDArray[np.intp]:
    """Sources that a factorisation can tell apart, by what each of them adds, (source, sample, species)."""
    total = parts.sum(axis=0) + background
    mass = parts.sum(axis=(1, 2)) / total.sum()
    marker = (parts.sum(axis=1) / total.sum(axis=0)).max(axis=1)
    species = (parts.sum(axis=1) > 0).sum(axis=1)
    return np.flatnonzero((mass >= LEAST_SHARE) & (marker >= least_marker) & (species >= LEAST_SPECIES))


def _species(network: str) -> list[str]:
    if network == "voc":
        return [name for name in voc_parameters() if (parameter(name).koh_cm3_s or 0.0) <= MOST_REACTIVE_CM3_S]
    return [*_IONS, "oc", "ec", "levoglucosan", *element_parameters()]


def _kept(site: Site, times: Field, names: list[str]) -> Field:
    """Part of each species that sunlight leaves, (sample, species) [1]."""
    sun = np.clip(site.field("radiation", times) / 800, 0, 1)
    return np.stack([oh_loss(parameter(name).koh_cm3_s or 0.0, sun) for name in names], axis=-1)


def _sampled(true: Field, relative: float, rng: np.random.Generator) -> tuple[Field, Field]:
    """Measured values and their uncertainties; negative values are set to zero, a hundredth is missing."""
    floor = _DETECTION / 3 * np.median(true, axis=0)
    unc = np.hypot(relative * true, floor)
    conc = np.maximum(true + unc * rng.standard_normal(true.shape), 0.0)
    conc[rng.random(true.shape) < _MISSING_SHARE] = np.nan
    # What a laboratory states rests on the value that it measured.
    stated = np.hypot(relative * np.nan_to_num(conc), floor)
    return conc, np.where(np.isfinite(conc), stated, np.nan)
