"""Posterior of place and rate on cells that become smaller where the release may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np
from scipy.ndimage import gaussian_filter1d, label

from analysis.receptor.plume.likelihood import LOG_STEP, PlumeModel, log_likelihood

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.receptor.plume.evidence import PlumeEvidence

    Field = NDArray[np.float64]

LEVEL = 0.9
"""Probability of regions and intervals [1]."""
_COARSE_KM = 1.0
_FINE_KM = 0.25
_KEPT = 0.99
"""Part of the probability whose cells are divided [1]."""
_DIVIDED_MOST = 200
"""Cells that are divided at most; where the release may be in more of them its place is not known to a fine cell's width."""
_DECADES = 3.5
"""Width of the rates that are computed; the prior is wider [1]."""
_STRONGEST = 20.0
"""The largest rate, over the product of largest excess and wind speed [kg h⁻¹ per µg m⁻² s⁻¹]."""
REGION_POWER = 0.7
"""Power of the density of places before the region is cut [1]. Errors that hours and stations share make the density too narrow; the power
was chosen for the coverage on seeds that the score does not use. The idea is of Syring and Martin 2019, doi:10.1093/biomet/asy054."""
PRIOR_DECADES = 8.0
"""Width of the prior of the rate, even in its logarithm; project choice [1]."""


class Posterior(msgspec.Struct, frozen=True, kw_only=True):
    """Posterior of a release.

    Attributes
    ----------
    places_km : array of float, shape (N, 2)
        Centres of the cells, east and north of the plane's centre [km].
    side_km : array of float, shape (N,)
        Sides of the cells [km].
    mass : array of float, shape (N,)
        Probability of each cell; sums to 1 [1].
    region_mass : array of float, shape (N,)
        The same with the density raised to `REGION_POWER`, of which region and radius are made; sums to 1 [1].
    rates : array of float, shape (Q,)
        [kg h⁻¹]
    rate_mass : array of float, shape (Q,)
        Probability of each rate; sums to 1 [1].
    log_odds : float
        Natural logarithm of the Bayes factor of one release against none [1].
    """

    places_km: Field
    side_km: Field
    mass: Field
    region_mass: Field
    rates: Field
    rate_mass: Field
    log_odds: float

    @property
    def in_region(self) -> NDArray[np.bool_]:
        """Cells of the smallest region that holds 90 %."""
        return self.region(LEVEL)

    def region(self, level: float) -> NDArray[np.bool_]:
        """Cells of the smallest region that holds a probability [1]."""
        return _highest(self.region_mass, self.region_mass / self.side_km**2, level)

    @property
    def area_km2(self) -> float:
        """Area of that region [km²]."""
        return float((self.side_km[self.in_region] ** 2).sum())

    def contains(self, east_km: float, north_km: float) -> bool:
        """Whether a place is in the region."""
        off = np.abs(self.places_km - [east_km, north_km]).max(axis=1)
        return bool((self.in_region & (off <= self.side_km / 2 + 1e-9)).any())

    def rate_interval(self) -> tuple[float, float, float]:
        """Median and the bounds of the shortest interval of the rate's logarithm that holds 90 % [kg h⁻¹]."""
        edges = np.concatenate([[0.0], np.cumsum(self.rate_mass)])
        log_edges = np.log(self.rates[0]) + LOG_STEP * (np.arange(len(edges)) - 0.5)
        low_parts = np.linspace(0.0, 1.0 - LEVEL, 41)
        low = np.interp(low_parts, edges, log_edges)
        high = np.interp(low_parts + LEVEL, edges, log_edges)
        best = int(np.argmin(high - low))
        median, low_rate, high_rate = np.exp([np.interp(0.5, edges, log_edges), low[best], high[best]])
        return float(median), float(low_rate), float(high_rate)

    def modes(self) -> list[tuple[float, float, float]]:
        """Parts of the region that do not touch: probability, east and north of their centres [km], likeliest first."""
        low = np.round((self.places_km - self.side_km[:, None] / 2) / _FINE_KM).astype(int)
        span = np.round(self.side_km / _FINE_KM).astype(int)
        low -= low.min(axis=0)
        inside = self.in_region
        picture = np.zeros(tuple((low + span[:, None]).max(axis=0)), dtype=bool)
        for (column, row), width in zip(low[inside], span[inside], strict=True):
            picture[column : column + width, row : row + width] = True
        numbers, _ = label(picture, structure=np.ones((3, 3)))
        part = np.where(inside, numbers[tuple(low.T)], 0)
        found = []
        for number in np.unique(part[part > 0]):
            mass = self.mass * (part == number)
            centre = mass @ self.places_km / mass.sum()
            found.append((float(mass.sum()), float(centre[0]), float(centre[1])))
        return sorted(found, reverse=True)


def posterior(evidence: PlumeEvidence, stations_km: Field, radius_km: float, model: PlumeModel) -> Posterior:
    """Posterior with a prior even in place within a circle, and in the logarithm of the rate.

    Parameters
    ----------
    evidence : PlumeEvidence
        With at least one known value above 0.
    stations_km : array of float, shape (S, 2)
        East and north [km].
    radius_km : float
        Of the prior, around the plane's centre [km].
    model : PlumeModel
    """
    rates = _rates(evidence)
    places, side = _coarse(radius_km), _COARSE_KM
    table = log_likelihood(places, stations_km, evidence, rates, model)
    sides = np.full(len(places), side)
    while side > _FINE_KM:
        mass = _mass(table, sides).sum(axis=1)
        divided = _highest(mass, mass / sides**2, _KEPT) & (sides == side)
        if divided.sum() > _DIVIDED_MOST:
            break
        side /= 2
        inner = (places[divided][:, None] + side / 2 * np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]])).reshape(-1, 2)
        places = np.concatenate([places[~divided], inner])
        table = np.concatenate([table[~divided], log_likelihood(inner, stations_km, evidence, rates, model)])
        sides = np.concatenate([sides[~divided], np.full(len(inner), side)])
    mass = _mass(table, sides)
    rate_mass = gaussian_filter1d(mass.sum(axis=0), model.error.of_all / LOG_STEP, mode="nearest")
    return Posterior(
        places_km=places,
        side_km=sides,
        mass=mass.sum(axis=1),
        region_mass=_flattened(mass.sum(axis=1), sides),
        rates=rates * np.exp(model.error.bias_of_all),
        rate_mass=rate_mass / rate_mass.sum(),
        log_odds=_log_odds(table, sides, radius_km),
    )


def _coarse(radius_km: float) -> Field:
    line = np.arange(-np.ceil(radius_km), np.ceil(radius_km)) + _COARSE_KM / 2
    places = np.stack(np.meshgrid(line, line, indexing="ij"), axis=-1).reshape(-1, 2)
    return np.asarray(places[np.hypot(*places.T) <= radius_km])


def _rates(evidence: PlumeEvidence) -> Field:
    """Rates that explain the largest excess from 0.3 km to the edge: 1 kg h⁻¹ gives 0.05 to 100 µg m⁻² s⁻¹ over the speed."""
    speed = np.array([[item.speed_m_s] for item in evidence.wind])
    strength = np.where(evidence.known, evidence.excess_ug_m3, 0.0) * np.where(evidence.known, speed, 1.0)
    log_high = np.log(_STRONGEST * float(strength.max()))
    return np.asarray(np.exp(np.arange(log_high - _DECADES * np.log(10.0), log_high, LOG_STEP)))


def _mass(table: Field, sides: Field) -> Field:
    mass = np.exp(table - table.max()) * sides[:, None] ** 2
    return np.asarray(mass / mass.sum())


def _flattened(mass: Field, sides: Field) -> Field:
    flat = (mass / sides**2) ** REGION_POWER * sides**2
    return np.asarray(flat / flat.sum())


def _highest(mass: Field, density: Field, level: float) -> NDArray[np.bool_]:
    """Cells of highest density that together hold a probability."""
    order = np.argsort(-density, kind="stable")
    count = int(np.searchsorted(np.cumsum(mass[order]), level)) + 1
    found = np.zeros(len(mass), dtype=bool)
    found[order[:count]] = True
    return found


def _log_odds(table: Field, sides: Field, radius_km: float) -> float:
    """Mean likelihood over the prior; rates that were not computed count as no better than no release."""
    highest = float(table.max())
    steps = PRIOR_DECADES * np.log(10.0) / LOG_STEP
    prior = sides[:, None] ** 2 / (np.pi * radius_km**2) / steps
    return float(np.log((prior * np.exp(table - highest)).sum()) + highest)
