"""Weather of simulated provinces: seasons with a daily cycle and changing days, seeded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

STEP_S = 300
STEPS_PER_DAY = 86_400 // STEP_S
_LATITUDE_RAD = np.radians(40.0)
_SHORTEST_VENTILATION_S = 6 * 3600.0


@dataclass(frozen=True, slots=True)
class Season:
    """Means of a season: temperature [degC], humidity [%], day of the year, mixing heights [m], O3 aloft [ppb]."""

    name: str
    month: int
    temperature_degc: float
    humidity_pct: float
    day_of_year: int
    height_day_m: float
    ozone_aloft_ppb: float


SEASONS = (
    Season("winter", 1, -2.0, 60.0, 15, 650.0, 36.0),
    Season("spring", 4, 14.0, 50.0, 110, 1300.0, 52.0),
    Season("summer", 6, 26.0, 64.0, 170, 1350.0, 52.0),
    Season("autumn", 10, 13.0, 62.0, 285, 950.0, 42.0),
)


@dataclass(frozen=True, slots=True)
class Weather:
    """Steps of 300 s of one province; all arrays have one value a step."""

    hour: NDArray[np.float64]
    """Local hour of the day [h]."""
    temperature_k: NDArray[np.float64]
    humidity_pct: NDArray[np.float64]
    cos_zenith: NDArray[np.float64]
    cloud: NDArray[np.float64]
    """Part of the clear-sky light that arrives [1]."""
    height_m: NDArray[np.float64]
    ventilation_s1: NDArray[np.float64]
    wind_m_s: NDArray[np.float64]


def draw_weather(rng: np.random.Generator, season: Season, days: int) -> Weather:
    """Weather of ``days`` civil days: stagnant and windy, clear and cloudy spells.

    Parameters
    ----------
    rng : numpy.random.Generator
    season : Season
    days : int
    """
    steps = days * STEPS_PER_DAY
    time_d = np.arange(steps) / STEPS_PER_DAY
    hour = (time_d % 1.0) * 24.0
    warm, moist, still, clear = (_spell(rng, days, time_d) for _ in range(4))
    diurnal = np.cos(2 * np.pi * (hour - 15.0) / 24.0)
    temperature = season.temperature_degc + 273.15 + 3.0 * warm + 5.0 * diurnal
    humidity = np.clip(season.humidity_pct + 13.0 * moist - 16.0 * diurnal, 15.0, 97.0)
    cos_zenith = _cos_zenith(season.day_of_year, hour)
    cloud = np.clip(0.85 + 0.22 * clear - 0.1 * moist, 0.25, 1.0)
    day_height = season.height_day_m * rng.lognormal(0.0, 0.15) * np.exp(-0.25 * still)
    night_height = rng.uniform(150.0, 300.0)
    wind = 2.2 * np.exp(-0.45 * still) * (1.0 + 0.35 * diurnal) * rng.lognormal(0.0, 0.1)
    ventilation = wind / (rng.uniform(60e3, 140e3))
    return Weather(
        hour=hour,
        temperature_k=temperature,
        humidity_pct=humidity,
        cos_zenith=cos_zenith,
        cloud=cloud,
        height_m=_heights(hour, night_height, day_height, season.month),
        ventilation_s1=np.minimum(ventilation, 1.0 / _SHORTEST_VENTILATION_S),
        wind_m_s=wind,
    )


def _spell(rng: np.random.Generator, days: int, time_d: NDArray[np.float64]) -> NDArray[np.float64]:
    """Red noise with unit variance and a memory of about two days, smooth between days."""
    value, values = rng.standard_normal(), []
    for _ in range(days + 1):
        value = 0.6 * value + 0.8 * rng.standard_normal()
        values.append(value)
    return np.interp(time_d, np.arange(days + 1), values)


def _cos_zenith(day_of_year: int, hour: NDArray[np.float64]) -> NDArray[np.float64]:
    declination = np.radians(-23.44) * np.cos(2 * np.pi * (day_of_year + 10) / 365.0)
    angle = np.radians(15.0 * (hour - 12.0))
    found: NDArray[np.float64] = np.sin(_LATITUDE_RAD) * np.sin(declination) + np.cos(_LATITUDE_RAD) * np.cos(
        declination
    ) * np.cos(angle)
    return np.asarray(np.maximum(found, 0.0))


def _heights(hour: NDArray[np.float64], night_m: float, day_m: NDArray[np.float64], month: int) -> NDArray[np.float64]:
    """Growth in the morning, collapse in the evening [m]."""
    later = 1.0 if month in {1, 10} else 0.0
    up = 1.0 / (1.0 + np.exp(-(hour - 10.0 - 0.5 * later) / 0.8))
    down = 1.0 / (1.0 + np.exp((hour - 18.0 + later) / 0.6))
    return night_m + np.maximum(day_m - night_m, 50.0) * up * down
