"""A release with the inversion's own forward model: tests of rules and arithmetic, not of accuracy (the benchmark measures that)."""

from __future__ import annotations

import numpy as np

from analysis.receptor.plume import AssumedRelease, HourlyWind, PlumeEvidence, Stability
from analysis.receptor.plume.evidence import Projection
from analysis.receptor.plume.forward import unit_concentration

PLANE = Projection(123.4, 41.8)
GRID_KM = np.stack(np.meshgrid([-4.0, 0.0, 4.0], [-4.0, 0.0, 4.0], indexing="ij"), axis=-1).reshape(-1, 2)
SIGMA = 5.0


def wind(from_deg: float, speed_m_s: float = 3.0) -> HourlyWind:
    return HourlyWind(speed_m_s=speed_m_s, from_deg=from_deg, stability=Stability.D, meander_deg=8.0)


def evidence_of(
    directions: tuple[float, ...], place: tuple[float, float] = (1.5, 2.0), rate_kg_h: float = 300.0, *, seed: int = 1
) -> PlumeEvidence:
    """Excess at nine stations 4 km apart with noise of `SIGMA`, one hour a direction."""
    rng = np.random.Generator(np.random.PCG64(seed))
    winds = tuple(wind(item) for item in directions)
    east, north = (GRID_KM - np.asarray(place)).T
    added = [rate_kg_h * unit_concentration(east, north, item, np.zeros(1), AssumedRelease())[:, 0] for item in winds]
    lon, lat = zip(*(PLANE.to_degrees(*item) for item in GRID_KM), strict=True)
    return PlumeEvidence(
        lon=np.array(lon),
        lat=np.array(lat),
        excess_ug_m3=np.array(added) + rng.normal(0.0, SIGMA, (len(winds), len(lon))),
        sigma_ug_m3=np.full((len(winds), len(lon)), SIGMA),
        wind=winds,
    )
