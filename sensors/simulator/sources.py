"""What each source contributes to the air of each city, hour by hour: emission, mixing, wind, ageing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sensors.simulator.geography import LOCAL_SOURCES, load_cities, offset_km
from sensors.simulator.profiles import load_profiles
from sensors.simulator.stream import smooth
from sensors.simulator.weather import Weather, is_weekend, local_hour

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Field = NDArray[np.float64]

TYPICAL_UG_M3 = {"vehicle": 6.0, "coal": 6.0, "industry": 4.0, "solvent": 16.0, "biomass": 2.5}
"""Local contribution under 500 m of mixing and 2 m/s of wind [ug m⁻³]; invention."""
CITY_LENGTH_KM = 20.0
REGIONAL_SHARE = 0.22
"""Part of a city's air that a neighbour right downwind receives."""
REGIONAL_RANGE_KM = 150.0
HAZE_GROWTH = 8.0
"""How much more secondary matter forms at the height of the haze [1]; invention."""
HAZE_TRAPPING = 1.3
"""How much more of the primary matter stays at the height of the haze [1]; invention."""
WASHOUT_PER_MM = 0.12
"""Part of the primary contributions that a millimetre of rain removes; invention."""


@dataclass(frozen=True, slots=True)
class Air:
    """State of the cities' air, shapes (hour, city, source) and (hour, city).

    Attributes
    ----------
    contributions : array
        [ug m⁻³] by source, in the order of the profiles; the plume's is 0, it is a matter of single stations.
    ox : array
        O3 + NO2 that photochemistry and the region supply, without the NO2 that is emitted as such [ppb].
    """

    contributions: Field
    ox: Field


def simulate_air(weather: Weather) -> Air:
    """Contributions of all sources in all cities."""
    local = _box(weather, _activity(weather))
    primary = local + _advected(local, weather)
    profiles = load_profiles()
    contributions = np.zeros((*weather.blh.shape, len(profiles.sources)))
    for index, source in enumerate(LOCAL_SOURCES):
        contributions[..., profiles.row(source)] = primary[..., index]
    contributions[..., profiles.row("dust")] = _dust(weather)
    contributions[..., profiles.row("sea_salt")] = _sea_salt(weather)
    contributions[..., profiles.row("biogenic")] = _biogenic(weather)
    for source, field in _secondary(weather, contributions).items():
        contributions[..., profiles.row(source)] = field
    return Air(contributions, _ox(weather))


def _activity(weather: Weather) -> Field:
    """Emission relative to its mean, shape (hour, city, local source)."""
    hour = local_hour(weather.times)
    weekend = is_weekend(weather.times)
    rush = 0.35 + 0.9 * _peak(hour, 8, 1.6) + 0.9 * _peak(hour, 18, 2.0) + 0.5 * _peak(hour, 13, 3.5)
    cold = np.clip((14 - weather.temperature) / 14, 0, 1.8)
    shared = {
        "vehicle": rush * np.where(weekend, 0.75, 1.0),
        "coal": 0.8 + 0.35 * _peak(hour, 6, 2.5) + 0.45 * _peak(hour, 20, 3),
        "industry": np.where(weekend, 0.85, 1.0),
        "solvent": (0.4 + 1.3 * _peak(hour, 13, 4.5)) * np.where(weekend, 0.6, 1.0),
        "biomass": 0.6 + 1.2 * _peak(hour, 18.5, 2.0),
    }
    activity = np.stack([shared[source] for source in LOCAL_SOURCES], axis=-1)[:, None, :].repeat(len(load_cities()), 1)
    activity[..., LOCAL_SOURCES.index("coal")] *= 0.25 + cold
    activity[..., LOCAL_SOURCES.index("solvent")] *= np.exp(0.03 * (weather.temperature - 10))
    activity *= np.array([city.strength for city in load_cities()])
    return activity


def _peak(hour: Field, at: float, width: float) -> Field:
    distance = (hour - at + 12) % 24 - 12
    return np.exp(-0.5 * (distance / width) ** 2)


def _box(weather: Weather, activity: Field) -> Field:
    """Well-mixed box over each city: emission into the boundary layer, flushed by the wind, washed by rain."""
    flushing = np.clip(3.6 * weather.wind_speed / CITY_LENGTH_KM, 0.08, 1.5)
    loss = (flushing + WASHOUT_PER_MM * weather.rain)[..., None]
    typical = np.array([TYPICAL_UG_M3[source] for source in LOCAL_SOURCES])
    trapped = 1 + HAZE_TRAPPING * weather.haze[:, None, None]
    supply = trapped * typical * activity * (500.0 / weather.blh)[..., None] * (3.6 * 2.0 / CITY_LENGTH_KM)
    box = np.empty_like(supply)
    state = supply[0] / loss[0]
    for hour in range(len(box)):
        kept = np.exp(-loss[hour])
        state = state * kept + supply[hour] / loss[hour] * (1 - kept)
        box[hour] = state
    # A shallow layer concentrates old air no further: soften the extremes of calm nights.
    limit = 9.0 * typical
    softened: Field = box / (1 + box / limit)
    return softened


def _advected(local: Field, weather: Weather) -> Field:
    """What the wind brings from the other cities, late by the way and thinned by the distance."""
    cities = load_cities()
    advected = np.zeros_like(local)
    hours = np.arange(len(local))
    speed = np.maximum(weather.wind_speed, 0.5)
    for there, receiver in enumerate(cities):
        for here, giver in enumerate(cities):
            east, north = offset_km(giver.lon, giver.lat, receiver.lon, receiver.lat)
            distance = float(np.hypot(east, north))
            if here == there or distance > 2 * REGIONAL_RANGE_KM:
                continue
            along = (weather.wind_east[:, there] * east + weather.wind_north[:, there] * north) / distance
            weight = np.clip(along / speed[:, there], 0, 1) ** 8 * np.exp(-distance / REGIONAL_RANGE_KM)
            late = np.minimum(distance / (3.6 * speed[:, there]), 24).astype(int)
            advected[:, there] += REGIONAL_SHARE * weight[:, None] * local[np.maximum(hours - late, 0), here]
    return advected


def _dust(weather: Weather) -> Field:
    lifted = 0.35 * np.maximum(weather.wind_speed - 4.0, 0.0) ** 2
    traffic: Field = 1.0 + 0.6 * _peak(local_hour(weather.times), 14, 5)[:, None]
    return (traffic + lifted) * np.exp(-0.6 * smooth(weather.rain, 4))


def _sea_salt(weather: Weather) -> Field:
    near_sea = np.array([1.0 if city.coastal else 0.2 for city in load_cities()])
    return near_sea * (0.4 + 0.12 * weather.wind_speed**1.5)


def _biogenic(weather: Weather) -> Field:
    emitted: Field = 6.0 * np.clip(weather.radiation / 700, 0, 1.3) * np.exp(0.09 * (weather.temperature - 25))
    return emitted


def _secondary(weather: Weather, contributions: Field) -> dict[str, Field]:
    """Sulfate from SO2 in moist air, nitrate from NOx in cold and moist air, organics from sun and VOC."""
    profiles = load_profiles()
    gases = contributions @ profiles.matrix
    moist = weather.humidity / 60.0
    growth = (1 + HAZE_GROWTH * weather.haze)[:, None]
    so2, nox = gases[..., profiles.column("so2")], gases[..., profiles.column("nox")]
    cold = np.exp(-np.clip(weather.temperature - 5, -12, 25) / 18)
    rainy = np.exp(-0.25 * smooth(weather.rain, 3))
    return {
        "secondary_sulfate": rainy * growth * (1.5 + smooth(0.10 * so2 * moist**1.5, 8)),
        "secondary_nitrate": rainy * growth * (1.0 + smooth(0.055 * nox * moist * cold, 6)),
        "secondary_organic": rainy * growth * (1.5 + smooth(0.006 * weather.radiation + 0.02 * nox, 5)),
    }


def _ox(weather: Weather) -> Field:
    """Background ozone, made by sun and warmth, lost to the ground under a shallow night layer."""
    season = 35.0 + 4.0 * np.clip(smooth(weather.temperature, 48) / 20, -1, 1.5)
    warm = np.clip((weather.temperature + 12) / 36, 0.15, 1.2)
    made = smooth(0.085 * weather.radiation * warm, 3)
    episode = smooth(92.0 * weather.ozone[:, None] * np.ones_like(made), 2)
    deposited = 1 - 0.45 * np.exp(-weather.blh / 280)
    ox: Field = (season * (1 - 0.25 * weather.haze[:, None]) + made) * deposited + episode
    return ox
