"""Releases of methane with known place and rate, met by the stations of a cluster, for `bench.receptor.plume_truth`.

The model shares nothing with that of the inversion: puffs every 2 minutes are carried by a wind that turns and meanders from minute to minute,
grow with travel time after Taylor (1921), rise by buoyancy, and reflect at the ground and at the top of the mixed layer. The rate of release varies. The wind
at the stations differs from that of the plume, the stability class is derived from wind and radiation only, and the background is regional
(AR(1) with a daily cycle) with offsets, a local steady influence by wind sector, noise with memory and outliers at each station.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter

from analysis.receptor.plume import HourlyWind, PlumeEvidence, excess_over_background, mass_concentration, stability
from analysis.receptor.plume.evidence import Projection
from schemas.parameter import parameter

CENTRE = Projection(123.4, 41.8)
HISTORY_H = 480
LEAD_H = 2
"""Hours of wind before the event, in which the release may already run."""
STEP_MIN = 2
OLDEST_H = 3
"""Puffs are followed for this long [h]."""
PRECISION_PPB = 2.0


@dataclass(frozen=True, kw_only=True)
class PuffRelease:
    """A release with what the inversion sees of it.

    Attributes
    ----------
    evidence : PlumeEvidence
    east_km, north_km : float
        True place [km].
    rate_kg_h : float
        True mean rate of the hours of the event [kg h⁻¹].
    reached : int
        Stations whose true contribution is at least 3 true standard deviations of the background's noise in an hour.
    """

    evidence: PlumeEvidence
    east_km: float
    north_km: float
    rate_kg_h: float
    reached: int


@dataclass(frozen=True, kw_only=True)
class _Air:
    """The true air: wind to east and north by step [m/s], turbulence [m/s] and its time scales [s], mixing height [m]."""

    east: np.ndarray
    north: np.ndarray
    sigma_v: float
    sigma_w: float
    scale_v_s: float
    scale_w_s: float
    lid_m: float
    radiation: float
    is_day: bool
    speed: float


def puff_release(seed: int) -> PuffRelease:
    """A cluster of 9 to 14 stations 3 to 5 km apart, 4 to 10 hours, one release in or near the cluster."""
    rng = np.random.Generator(np.random.PCG64([1010, seed]))
    stations = _stations(rng)
    hours = int(rng.integers(4, 11))
    air = _air(rng, hours)
    place = stations[rng.integers(len(stations))] + rng.uniform(-4.0, 4.0, 2)
    rate = float(np.exp(rng.uniform(np.log(10.0), np.log(2000.0))))
    rates = rate * np.exp(_ar1(rng, len(air.east), 0.98, 0.3))
    true_ug = _contribution(rng, air, (place, rates), stations, hours)
    to_ppb = 1.0 / float(
        mass_concentration(np.array([1.0]), parameter("ch4"), temperature_k=288.0, pressure_hpa=1010.0)[0]
    )
    evidence, sigma = _observed(rng, air, stations, true_ug * to_ppb)
    return PuffRelease(
        evidence=evidence,
        east_km=float(place[0]),
        north_km=float(place[1]),
        rate_kg_h=float(rates[-hours * 60 // STEP_MIN :].mean()),
        reached=int((true_ug * to_ppb >= 3.0 * sigma).any(axis=0).sum()),
    )


def _stations(rng: np.random.Generator) -> np.ndarray:
    spacing = rng.uniform(3.0, 5.0)
    grid = np.stack(np.meshgrid(np.arange(4), np.arange(4), indexing="ij"), axis=-1).reshape(-1, 2) - 1.5
    chosen = rng.permutation(len(grid))[: rng.integers(9, 15)]
    return np.asarray(spacing * (grid[chosen] + rng.uniform(-0.2, 0.2, (len(chosen), 2))))


def _ar1(rng: np.random.Generator, count: int, memory: float, sigma: float) -> np.ndarray:
    steps = sigma * np.sqrt(1 - memory**2) * rng.standard_normal(count + 400)
    return np.asarray(lfilter([1.0], [1.0, -memory], steps)[400:])


def _air(rng: np.random.Generator, hours: int) -> _Air:
    count = (hours + LEAD_H) * 60 // STEP_MIN
    is_day = bool(rng.random() < 0.6)
    radiation = float(rng.uniform(100.0, 900.0)) if is_day else 0.0
    speed = float(rng.gamma(4.0, 0.8) + 0.8)
    minutes = np.arange(count) * STEP_MIN
    turn = (
        rng.normal(0.0, 8.0) * minutes / 60.0
        + 5.0 * np.cumsum(rng.standard_normal(count)) * np.sqrt(STEP_MIN / 60.0) * 2.0
    )
    mixing = radiation / 900.0 if is_day else -1.0
    meander = _ar1(rng, count, 0.8, np.clip(18.0 / speed + 6.0 * max(mixing, 0.0), 4.0, 25.0))
    direction = np.radians(rng.uniform(0.0, 360.0) + turn + meander)
    speeds = speed * np.exp(_ar1(rng, count, 0.95, 0.2))
    friction = 0.08 * speed * np.exp(rng.normal(0.0, 0.15))
    convective = 1.8 * max(mixing, 0.0) ** (1 / 3)
    damping = 1.0 if is_day else float(rng.uniform(0.4, 0.9))
    sigma_w = damping * np.hypot(1.2 * friction, 0.5 * convective)
    return _Air(
        east=-speeds * np.sin(direction),
        north=-speeds * np.cos(direction),
        sigma_v=float(np.hypot(1.9 * friction, 0.5 * convective)),
        sigma_w=float(sigma_w),
        scale_v_s=float(rng.uniform(150.0, 400.0) * (1.0 if is_day else 0.5)),
        scale_w_s=float((40.0 + 80.0 * max(mixing, 0.0)) * np.exp(rng.normal(0.0, 0.3)) * (1.0 if is_day else 0.6)),
        lid_m=float(rng.uniform(600.0, 1500.0) if is_day else rng.uniform(150.0, 500.0)),
        radiation=radiation,
        is_day=is_day,
        speed=speed,
    )


def _contribution(
    rng: np.random.Generator, air: _Air, source: tuple[np.ndarray, np.ndarray], stations: np.ndarray, hours: int
) -> np.ndarray:
    """Hourly mean at the stations [ug/m3], shape (hours, S)."""
    place, rates = source
    count, step_s = len(air.east), 60.0 * STEP_MIN
    travelled = np.concatenate([[[0.0, 0.0]], np.cumsum(np.stack([air.east, air.north], axis=1) * step_s, axis=0)])
    height = rng.uniform(2.0, 25.0) + rng.gamma(2.0, 10.0) / np.sqrt(air.speed)
    # a slow turn of the wind between the anemometer's height and that of the plume
    shear = np.radians(rng.normal(3.0, 4.0))
    turned = np.array([[np.cos(shear), np.sin(shear)], [-np.sin(shear), np.cos(shear)]])
    total = np.zeros((count, len(stations)))
    for now in range(LEAD_H * 60 // STEP_MIN + 1, count + 1):
        born = np.arange(max(0, now - OLDEST_H * 60 // STEP_MIN), now)
        age = (now - born - 0.5) * step_s
        centre = place + (travelled[now] - (travelled[born] + travelled[born + 1]) / 2) @ turned.T / 1000.0
        lateral = np.hypot(5.0, air.sigma_v * _growth(age, air.scale_v_s))
        vertical = np.hypot(5.0, air.sigma_w * _growth(age, air.scale_w_s))
        images = np.arange(-2, 3)[:, None] * 2 * air.lid_m + height
        upright = 2 * np.exp(-0.5 * (images / np.minimum(vertical, 1.5 * air.lid_m)) ** 2).sum(axis=0)
        upright /= np.sqrt(2 * np.pi) * np.minimum(vertical, 1.5 * air.lid_m)
        distance2 = ((1000.0 * (stations[None] - centre[:, None])) ** 2).sum(axis=2)
        flat = np.exp(-0.5 * distance2 / lateral[:, None] ** 2) / (2 * np.pi * lateral[:, None] ** 2)
        mass_ug = rates[born] * step_s / 3600.0 * 1e9
        total[now - 1] = (mass_ug * upright) @ flat
    by_hour = total.reshape(-1, 60 // STEP_MIN, len(stations)).mean(axis=1)
    return np.asarray(by_hour[-hours:])


def _growth(age_s: np.ndarray, scale_s: float) -> np.ndarray:
    """Spread over the standard deviation of velocity [s], after Taylor (1921) with an exponential correlation."""
    return np.asarray(np.sqrt(2 * scale_s * (age_s - scale_s * (1 - np.exp(-age_s / scale_s)))))


def _observed(
    rng: np.random.Generator, air: _Air, stations: np.ndarray, added_ppb: np.ndarray
) -> tuple[PlumeEvidence, np.ndarray]:
    hours, count = added_ppb.shape
    size = HISTORY_H + hours
    sector = rng.integers(0, 16, size)
    sigma = 8.0 * np.exp(rng.normal(0.0, 0.3, count))
    noise = np.stack([_ar1(rng, size, 0.5, value) for value in sigma], axis=1)
    noise += np.where(rng.random((size, count)) < 0.01, rng.exponential(60.0, (size, count)), 0.0)
    regional = 2000.0 + _ar1(rng, size, 0.97, 40.0) + 25.0 * np.sin(2 * np.pi * np.arange(size) / 24.0)
    local = np.where((sector[:, None] - rng.integers(0, 16, count)) % 16 < 3, rng.exponential(8.0, count), 0.0)
    values = regional[:, None] + rng.normal(0.0, 15.0, count) + local + noise
    values[-hours:] += added_ppb
    values[rng.random((size, count)) < 0.02] = np.nan
    event = np.arange(size) >= HISTORY_H
    found = excess_over_background(values, event, sector, precision=PRECISION_PPB)
    excess, spread = (
        mass_concentration(item, parameter("ch4"), temperature_k=288.0, pressure_hpa=1010.0)
        for item in (found.excess, np.broadcast_to(found.sigma, found.excess.shape))
    )
    lon, lat = zip(*(CENTRE.to_degrees(*place) for place in stations), strict=True)
    evidence = PlumeEvidence(
        lon=np.array(lon),
        lat=np.array(lat),
        excess_ug_m3=excess,
        sigma_ug_m3=spread,
        wind=_wind(rng, air, hours),
        memory=found.memory,
    )
    return evidence, sigma


def _wind(rng: np.random.Generator, air: _Air, hours: int) -> tuple[HourlyWind, ...]:
    """As a station measures it: an error of vane and place that stays, one of the hour, and minute data within the hour."""
    turn = rng.normal(0.0, 3.0)
    winds = []
    for east, north in zip(*(part.reshape(-1, 60 // STEP_MIN)[-hours:] for part in (air.east, air.north)), strict=True):
        speed = float(np.hypot(east, north).mean() * np.exp(rng.normal(0.0, 0.1)))
        direction = np.degrees(np.arctan2(-east.mean(), -north.mean()))
        own = np.degrees(np.arctan2(-east, -north))
        spread = float(np.sqrt(np.mean(((own - direction + 180.0) % 360.0 - 180.0) ** 2)))
        winds.append(
            HourlyWind(
                speed_m_s=speed,
                from_deg=float((direction + turn + rng.normal(0.0, 4.0)) % 360.0),
                stability=stability(speed, air.radiation, is_day=air.is_day),
                meander_deg=spread,
            )
        )
    return tuple(winds)
