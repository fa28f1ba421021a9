"""One release with its place, rate and composition, drawn by a random generator, and what it adds at a place."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from schemas.parameter import parameter
from schemas.units import conversion
from sensors.simulator.geography import offset_km
from sensors.simulator.release.kind import draw_kind, perturbed
from sensors.simulator.release.mixing import Mixing, axis_m
from sensors.simulator.release.puff import LONGEST_AGE_MIN, Emission, unit_excess
from sensors.simulator.stream import ar1, generator

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from schemas.interval import Interval
    from sensors.simulator.release.kind import ReleaseKind
    from sensors.simulator.release.wind import MinuteAir

    Field = NDArray[np.float64]

FARTHEST_KM = 45.0
"""Stations farther from a release are not reached [km]."""
RATE_SPREAD = 0.2
"""Fluctuation of the rate from minute to minute as the standard deviation of the logarithm [1]; invention."""
_RATE_MEMORY = 0.97


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A release of known kind, place and rate.

    Attributes
    ----------
    id : str
    kind : ReleaseKind
    lon, lat : float
        WGS-84 [deg].
    interval : Interval
        While it emits.
    rate_kg_h : float
        Mean over the interval, of the kind's leading species [kg h⁻¹].
    emission : dict of str to float
        Mass of each species by mass of the leading one [1]; the kind's, perturbed.
    height_m, buoyancy_m4_s3 : float
        Outlet.
    seed : int
        Of the fluctuation of its rate.
    """

    id: str
    kind: ReleaseKind
    lon: float
    lat: float
    interval: Interval
    rate_kg_h: float
    emission: dict[str, float] = field(hash=False)
    height_m: float = 2.0
    buoyancy_m4_s3: float = 0.0
    seed: int = 0

    def rates(self, times: Field) -> Field:
        """Rate at the middle of minutes [kg h⁻¹], epoch seconds; its mean over the interval is `rate_kg_h`."""
        active = (times >= self.interval.start.timestamp()) & (times < self.interval.end.timestamp())
        noise = np.exp(RATE_SPREAD * ar1(generator(self.seed, "rate", self.id), times.shape, _RATE_MEMORY))
        drawn = np.where(active, noise, 0.0)
        scale = self.rate_kg_h * int(active.sum()) / max(float(drawn.sum()), 1e-9)
        rates: Field = scale * drawn
        return rates

    def excess(self, lon: float, lat: float, air: MinuteAir) -> tuple[slice, Field]:
        """What the release adds at a place, of the leading species [ug m⁻³].

        Parameters
        ----------
        lon, lat : float
            WGS-84 [deg].
        air : MinuteAir

        Returns
        -------
        tuple of slice and array
            Minutes of ``air`` from the begin of the release to four hours after its end, and the values in them.
        """
        tail = timedelta(minutes=LONGEST_AGE_MIN)
        part = air.part(self.interval.start.timestamp(), (self.interval.end + tail).timestamp())
        place = offset_km(self.lon, self.lat, lon, lat)
        if np.hypot(*place) > FARTHEST_KM:
            return part, np.zeros(part.stop - part.start)
        wind = air.wind[part]
        whole = air.mixing
        mixing = Mixing(whole.lateral[part], whole.vertical[part], whole.vertical_memory_s[part], whole.depth_m[part])
        axis = axis_m(self.height_m, self.buoyancy_m4_s3, np.hypot(*wind.T), mixing.depth_m)
        return part, unit_excess(place, Emission(rate_kg_h=self.rates(air.times[part]), axis_m=axis), wind, mixing)


def draw_release(
    rng: np.random.Generator,
    name: str,
    place: tuple[float, float],
    interval: Interval,
    *,
    among: tuple[str, ...] | None = None,
) -> Release:
    """Draw kind, rate, outlet and composition of a release at a place.

    Parameters
    ----------
    rng : numpy.random.Generator
    name : str
        Id of the release.
    place : tuple of float
        Longitude and latitude [deg].
    interval : Interval
    among : tuple of str or None
        Kinds to choose from; None: all, one in ten not listed.

    Raises
    ------
    KeyError
        If a kind is unknown.
    """
    kind = draw_kind(rng, among)
    low, high = np.log(kind.rate_kg_h)
    return Release(
        id=name,
        kind=kind,
        lon=round(place[0], 5),
        lat=round(place[1], 5),
        interval=interval,
        rate_kg_h=float(f"{np.exp(rng.uniform(low, high)):.4g}"),
        emission=perturbed(kind, rng),
        height_m=round(float(rng.uniform(*kind.height_m)), 1),
        buoyancy_m4_s3=round(float(rng.uniform(*kind.buoyancy_m4_s3)), 1),
        seed=int(rng.integers(2**31)),
    )


def canonical(code: str, ug_m3: Field) -> Field:
    """Excess of a species in its canonical unit; ``coarse`` and ``nox`` stay in ug m⁻³.

    >>> canonical("ch4", np.array([1000.0])).round(0).tolist()
    [1525.0]
    """
    if code in {"coarse", "nox"}:
        return ug_m3
    factor, _ = conversion("ug/m3", parameter(code))
    return ug_m3 * factor
