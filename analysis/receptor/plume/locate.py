"""Place and rate of a release from the excess of several stations, or why they cannot be told."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from analysis.receptor.other_stations import LEAST_STATIONS
from analysis.receptor.plume.evidence import Projection, plane_of
from analysis.receptor.plume.excess import PlumeInputError
from analysis.receptor.plume.likelihood import PlumeModel
from analysis.receptor.plume.posterior import LEVEL, Posterior, posterior

if TYPE_CHECKING:
    from analysis.receptor.plume.evidence import PlumeEvidence

_EDGE_KM = 1.5


class Obstacle(StrEnum):
    """Why a release cannot be located."""

    NO_WIND = "no_wind"
    FEW_STATIONS = "few_stations"
    NO_RELEASE = "no_release"
    WIDE = "wide"
    SEVERAL = "several"
    EDGE = "edge"


class PlumeRule(msgspec.Struct, frozen=True, kw_only=True):
    """When a release counts as located; project choices.

    Attributes
    ----------
    radius_km : float
        Of the prior around the mean place of the stations [km].
    least_sigma : float
        A station counts with an hour above this many standard deviations [1].
    least_stations : int
        Stations that must count.
    least_log_odds : float
        Natural logarithm of the Bayes factor against no release [1].
    largest_area_km2 : float
        Of the 90 % region [km²].
    largest_other : float
        Probability of a separate part of the region at which places count as several [1].
    largest_edge : float
        Probability at the edge of the prior [1].
    """

    radius_km: float = 15.0
    least_sigma: float = 3.0
    least_stations: int = LEAST_STATIONS
    least_log_odds: float = 3.0
    largest_area_km2: float = 60.0
    largest_other: float = 0.15
    largest_edge: float = 0.1


class PlumeResult(msgspec.Struct, frozen=True, kw_only=True):
    """What the stations say of a release.

    Attributes
    ----------
    obstacles : tuple of Obstacle
        Empty: located. Otherwise place and rate are not to be shown as found.
    stations, stations_above, hours : int
        Stations with values, of them those above 3 sigma in an hour; hours with values and wind.
    turn_deg : float or None
        Largest difference between the wind directions of the hours [deg]; None without wind.
    lon, lat : float or None
        Mean place [deg].
    radius_km : float or None
        Around the mean place, with 90 % probability [km].
    area_km2 : float or None
        Of the smallest region with 90 % probability [km²].
    rate, rate_low, rate_high : float or None
        Median and 90 % interval [kg h⁻¹].
    log_odds : float or None
        Natural logarithm of the Bayes factor of one release against none [1].
    parts : int
        Parts of the region that do not touch and hold more than 15 %, the likeliest among them.
    posterior : Posterior or None
    plane : Projection
        Of the posterior.
    """

    obstacles: tuple[Obstacle, ...]
    stations: int
    stations_above: int
    hours: int
    turn_deg: float | None
    lon: float | None = None
    lat: float | None = None
    radius_km: float | None = None
    area_km2: float | None = None
    rate: float | None = None
    rate_low: float | None = None
    rate_high: float | None = None
    log_odds: float | None = None
    parts: int = 0
    posterior: Posterior | None = None
    plane: Projection

    @property
    def is_located(self) -> bool:
        """Whether place and rate may be shown."""
        return not self.obstacles


def locate(evidence: PlumeEvidence, rule: PlumeRule | None = None, model: PlumeModel | None = None) -> PlumeResult:
    """Locate a release, with intervals, or say why that is not possible.

    Parameters
    ----------
    evidence : PlumeEvidence
    rule : PlumeRule, optional
    model : PlumeModel, optional

    Returns
    -------
    PlumeResult
        With a posterior, located or not, where there are wind and enough stations above background.

    Raises
    ------
    PlumeInputError
        With fewer than 3 stations.

    Examples
    --------
    >>> import numpy as np
    >>> from analysis.receptor.plume.evidence import PlumeEvidence
    >>> from analysis.receptor.plume.forward import HourlyWind
    >>> from analysis.receptor.plume.dispersion import Stability
    >>> quiet = PlumeEvidence(
    ...     lon=np.array([123.40, 123.44, 123.42]), lat=np.array([41.80, 41.80, 41.83]),
    ...     excess_ug_m3=np.zeros((1, 3)), sigma_ug_m3=np.ones((1, 3)),
    ...     wind=(HourlyWind(speed_m_s=3.0, from_deg=200.0, stability=Stability.D),),
    ... )
    >>> [item.value for item in locate(quiet).obstacles]
    ['few_stations', 'no_release']
    """
    rule, model = rule or PlumeRule(), model or PlumeModel()
    if len(evidence.lon) < LEAST_STATIONS:
        msg = f"{len(evidence.lon)} stations: at least {LEAST_STATIONS} are needed to locate a release"
        raise PlumeInputError(msg)
    base = _base(evidence, rule)
    if not evidence.has_wind.any():
        return msgspec.structs.replace(base, obstacles=(Obstacle.NO_WIND,))
    if not (np.where(evidence.known, evidence.excess_ug_m3, 0.0) > 0).any():
        return msgspec.structs.replace(base, obstacles=(*base.obstacles, Obstacle.NO_RELEASE))
    if base.obstacles:
        return base
    stations = np.stack(base.plane.to_km(evidence.lon, evidence.lat), axis=1)
    return _with_posterior(base, posterior(evidence, stations, rule.radius_km, model), rule)


def _base(evidence: PlumeEvidence, rule: PlumeRule) -> PlumeResult:
    known = evidence.known
    above = (np.where(known, evidence.excess_ug_m3 / evidence.sigma_ug_m3, 0.0) >= rule.least_sigma).any(axis=0)
    few = int(above.sum()) < rule.least_stations
    from_deg = np.array([item.from_deg for item in evidence.wind])[evidence.has_wind]
    difference = np.abs((from_deg[:, None] - from_deg + 180.0) % 360.0 - 180.0)
    return PlumeResult(
        obstacles=(Obstacle.FEW_STATIONS,) if few else (),
        stations=int(known.any(axis=0).sum()),
        stations_above=int(above.sum()),
        hours=int(known.any(axis=1).sum()),
        turn_deg=float(difference.max()) if len(from_deg) else None,
        plane=plane_of(evidence),
    )


def _with_posterior(base: PlumeResult, found: Posterior, rule: PlumeRule) -> PlumeResult:
    east, north = found.mass @ found.places_km
    lon, lat = base.plane.to_degrees(float(east), float(north))
    parts = sum(mass > rule.largest_other for mass, _, _ in found.modes()) or 1
    rate, rate_low, rate_high = found.rate_interval()
    obstacles = {
        Obstacle.NO_RELEASE: found.log_odds < rule.least_log_odds,
        Obstacle.EDGE: _at_edge(found, rule.radius_km) > rule.largest_edge,
        Obstacle.SEVERAL: parts > 1,
        Obstacle.WIDE: found.area_km2 > rule.largest_area_km2,
    }
    return msgspec.structs.replace(
        base,
        obstacles=(*base.obstacles, *(obstacle for obstacle, holds in obstacles.items() if holds)),
        lon=lon,
        lat=lat,
        radius_km=_radius(found, float(east), float(north)),
        area_km2=found.area_km2,
        rate=rate,
        rate_low=rate_low,
        rate_high=rate_high,
        log_odds=found.log_odds,
        parts=parts,
        posterior=found,
    )


def _radius(found: Posterior, east_km: float, north_km: float) -> float:
    """Around a place, with 90 % of the probability [km]."""
    distance = np.hypot(*(found.places_km - [east_km, north_km]).T)
    order = np.argsort(distance)
    return float(distance[order][int(np.searchsorted(np.cumsum(found.region_mass[order]), LEVEL))])


def _at_edge(found: Posterior, radius_km: float) -> float:
    """Probability in the outermost 1.5 km of the prior [1]."""
    return float(found.mass[np.hypot(*found.places_km.T) > radius_km - _EDGE_KM].sum())
