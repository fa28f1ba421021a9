"""Hourly weather of the cities: synoptic noise shared by the province, season, sun, and what the events do to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sensors.simulator.events import Events, shape
from sensors.simulator.geography import load_cities
from sensors.simulator.stream import ar1, generator, smooth

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

    Field = NDArray[np.float64]

HOUR_S = 3600.0
SPIN_UP_H = 24
"""Hours before the start that the fields are computed for, so that nothing starts from rest."""
_YEAR_S = 365.25 * 86_400
_SYNOPTIC = 0.97
"""Correlation from hour to hour of synoptic weather: it forgets in about 1.4 days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """Fields at whole hours, shape (hour, city); ``times`` are epoch seconds.

    Attributes
    ----------
    temperature : [degC]
    humidity : relative [%]
    pressure : [hPa]
    wind_east, wind_north : where the air goes [m s⁻¹]
    radiation : global, horizontal [W m⁻²]
    blh : boundary layer height [m]
    rain : [mm h⁻¹]
    haze, ozone : strength of the events in [0, 1], shape (hour,)
    """

    times: Field
    temperature: Field
    humidity: Field
    pressure: Field
    wind_east: Field
    wind_north: Field
    radiation: Field
    blh: Field
    rain: Field
    haze: Field
    ozone: Field

    @property
    def wind_speed(self) -> Field:
        """Speed [m s⁻¹], shape (hour, city)."""
        return np.hypot(self.wind_east, self.wind_north)


def simulate_weather(seed: int, start: datetime, end: datetime, events: Events) -> Weather:
    """Weather from `SPIN_UP_H` hours before ``start`` to one hour after ``end``."""
    first = np.floor(start.timestamp() / HOUR_S) - SPIN_UP_H
    times = np.arange(first, np.ceil(end.timestamp() / HOUR_S) + 2) * HOUR_S
    rng = generator(seed, "weather")
    shared = ar1(rng, (len(times), 5), _SYNOPTIC)
    local = ar1(rng, (len(times), len(load_cities()), 5), 0.9)
    mixed = 0.9 * shared[:, None, :] + 0.3 * local
    haze = events.haze_strength * shape(events.haze, times, 8 * HOUR_S)
    ozone = events.ozone_strength * shape(events.ozone, times, 2 * HOUR_S)
    rain = _rain(times, events, rng)
    cloud = np.clip(0.45 + 0.3 * mixed[..., 0], 0.0, 1.0) * (1 - 0.9 * ozone[:, None])
    cloud = np.where(rain > 0, 1.0, cloud)
    sun = _sine_of_sun(times)
    radiation = 1080.0 * sun**1.15 * (1 - 0.75 * cloud**3.4)
    temperature = _temperature(times, mixed[..., 1], cloud) + 3 * ozone[:, None] - 1.5 * (rain > 0)
    east, north = _wind(times, mixed[..., 2:4], haze, ozone)
    east, north = _steady_during(events, times, east, north)
    blh = np.clip(150 + 55 * np.hypot(east, north) + 1.5 * smooth(radiation, 2.5), 90, 2600)
    season_hpa = (1016 - 7 * np.cos(2 * np.pi * (times / _YEAR_S - 0.54)))[:, None]
    return Weather(
        times=times,
        temperature=temperature,
        humidity=_humidity(temperature, mixed[..., 4], rain, haze),
        pressure=season_hpa - 5 * mixed[..., 1] - _altitude_hpa(),
        wind_east=east,
        wind_north=north,
        radiation=radiation,
        blh=blh * (1 - 0.45 * haze[:, None]),
        rain=rain,
        haze=haze,
        ozone=ozone,
    )


def _humidity(temperature: Field, noise: Field, rain: Field, haze: Field) -> Field:
    """Relative humidity [%]: high below the day's mean temperature, in haze and in rain."""
    dry = np.clip(58 + 12 * noise - 2.4 * (temperature - smooth(temperature, 24)) + 18 * haze[:, None], 12, 96)
    return np.where(rain > 0, 96.0, dry)


def local_hour(times: Field) -> Field:
    """Civil hour of the day in [0, 24) of epoch seconds."""
    return (times / HOUR_S + 8) % 24


def is_weekend(times: Field) -> NDArray[np.bool_]:
    """Whether it is Saturday or Sunday in civil time; day 0 of the epoch was a Thursday."""
    return (np.floor(times / 86_400 + 8 / 24) + 3) % 7 >= 5  # noqa: PLR2004 - Monday is 0


def _sine_of_sun(times: Field) -> Field:
    """Sine of the sun's height over the cities, 0 below the horizon: circular orbit, no refraction."""
    declination = np.radians(-23.44) * np.cos(2 * np.pi * (times / _YEAR_S + 10 / 365.25))
    lon = np.array([city.lon for city in load_cities()])
    lat = np.radians([city.lat for city in load_cities()])
    angle = 2 * np.pi * ((times[:, None] / 86_400 + lon / 360) % 1 - 0.5)
    sine = np.sin(lat) * np.sin(declination)[:, None] + np.cos(lat) * np.cos(declination)[:, None] * np.cos(angle)
    above: Field = np.maximum(sine, 0.0)
    return above


def _temperature(times: Field, anomaly: Field, cloud: Field) -> Field:
    season = 9.0 - 17.0 * np.cos(2 * np.pi * (times / _YEAR_S - 0.055))
    lat = np.array([city.lat for city in load_cities()])
    diurnal = 5.5 * np.cos(2 * np.pi * (local_hour(times) - 14.5) / 24)
    return season[:, None] - 1.1 * (lat - 41.0) + 4.0 * anomaly + diurnal[:, None] * (1 - 0.6 * cloud)


def _wind(times: Field, anomaly: Field, haze: Field, ozone: Field) -> tuple[Field, Field]:
    """Mean flow from north-west in winter and south in summer, gusty by day, weak in haze."""
    winter = 0.5 + 0.5 * np.cos(2 * np.pi * (times / _YEAR_S - 0.04))
    mean = np.stack([1.8 * winter, 1.8 - 3.2 * winter], axis=-1)[:, None, :]
    by_day = 1 + 0.3 * np.cos(2 * np.pi * (local_hour(times) - 14) / 24)
    calm = (by_day * (1 - 0.5 * haze) * (1 - 0.35 * ozone))[:, None, None]
    flow = (mean + 2.0 * anomaly) * calm
    return flow[..., 0], flow[..., 1]


def _steady_during(events: Events, times: Field, east: Field, north: Field) -> tuple[Field, Field]:
    """Hold the wind nearly steady while the plume lasts: a plume that swings away would teach nothing."""
    inside = np.zeros(len(times), dtype=bool)
    for release in (events.plume, *(interval for interval, _ in events.more_plumes)):
        inside |= shape(release, times, 1.0) > 0
    if not inside.any():
        return east, north
    angle = np.arctan2(north[inside].mean(), east[inside].mean())
    swing = angle + np.radians(6) * np.sin(times[inside] / HOUR_S)[:, None]
    speed = np.clip(np.hypot(east[inside], north[inside]), 2.0, 3.5)
    east[inside], north[inside] = speed * np.cos(swing), speed * np.sin(swing)
    return east, north


def _rain(times: Field, events: Events, rng: np.random.Generator) -> Field:
    """Rain that crosses the province from west to east, an hour for about 80 km."""
    if events.rain is None:
        return np.zeros((len(times), len(load_cities())))
    delay_s = np.array([(city.lon - 122.5) * HOUR_S for city in load_cities()])
    strength = shape(events.rain, times[:, None] - np.round(delay_s / HOUR_S) * HOUR_S, HOUR_S)
    return strength * rng.uniform(2.0, 6.0, strength.shape)


def _altitude_hpa() -> Field:
    return np.array([1.0 if city.coastal else 8.0 for city in load_cities()])
