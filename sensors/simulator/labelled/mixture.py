"""Samples of VOC or of particle components whose sources are known, with uncertainties: test data of a factorisation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from schemas.parameter import parameter
from sensors.simulator.air_series import oh_loss
from sensors.simulator.labelled.cluster import draw_cluster
from sensors.simulator.profiles import element_parameters, load_profiles, voc_parameters
from sensors.simulator.release.kind import PROFILE_SPREAD
from sensors.simulator.stream import generator
from sensors.simulator.weather import HOUR_S
from sensors.simulator.world import Site, World

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Field = NDArray[np.float64]

SAMPLES_H = 1000
LEAST_SHARE = 0.02
"""Part of the mean mass of all species from which on a source is one that a factorisation has to find."""
BACKGROUND = "background"
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
        Truth: mass of these species from each source [ug m⁻³]; sources of at least 2 % of the mean mass.
    profiles : DataFrame, (source, species)
        Truth: share of each species in that mass [1], perturbed by seed.
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
        VOC, which sunlight consumes by the rate of each species, or ions, carbon, levoglucosan and elements.

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
    amounts = np.stack([site.contribution(source, times) for source in profiles.sources], axis=-1)
    kept = _kept(site, times, names) if network == "voc" else np.ones((SAMPLES_H, len(names)))
    true = (amounts @ matrix + profiles.background[columns]) * kept
    conc, unc = _sampled(true, _RELATIVE[network], rng)
    index = pd.date_range(start, periods=SAMPLES_H, freq="h", name="start")
    mass = amounts * matrix.sum(axis=1)
    total = true.sum(axis=1).mean()
    found = np.flatnonzero(mass.mean(axis=0) >= LEAST_SHARE * total)
    sources = [profiles.sources[row] for row in found]
    has_background = profiles.background[columns].sum() >= LEAST_SHARE * total
    shares = matrix[found] / matrix[found].sum(axis=1, keepdims=True)
    return Mixture(
        conc=pd.DataFrame(conc, index=index, columns=names),
        unc=pd.DataFrame(unc, index=index, columns=names),
        contributions=pd.DataFrame(mass[:, found], index=index, columns=sources),
        profiles=pd.DataFrame(shares, index=sources, columns=names),
        factors=len(sources) + int(has_background),
    )


def _species(network: str) -> list[str]:
    if network == "voc":
        return list(voc_parameters())
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
