"""Series of the instruments for weather, radiation, greenhouse gases, soil, fluxes and water."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sensors.simulator.release.draw import canonical
from sensors.simulator.stream import ar1, smooth
from sensors.simulator.weather import HOUR_S, local_hour

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensors.simulator.world import Site

    Field = NDArray[np.float64]
    Series = dict[str, Field]

PB214_HALF_LIFE_S = 26.8 * 60
BI214_HALF_LIFE_S = 19.9 * 60
"""ICRP Publication 107, as tabulated by radioactivedecay [s]."""
STEFAN_BOLTZMANN = 5.670374419e-8
"""[W m⁻² K⁻⁴], exact in the SI."""
PAR_UMOL_J = 2.0
"""Photons of photosynthesis in global radiation [umol J⁻¹]; about 1.9 to 2.1."""
WASHOUT_NGY_H = 6.5
"""Dose rate after a millimetre of rain fell at once [nGy h⁻¹]; invention, gives a rise of 5 to 50 %."""
_DEPTHS_CM = (5, 10, 20, 40)
_DAMPING_CM = 12.0
"""Depth at which the daily wave of soil temperature is 1/e."""


def met_series(site: Site, times: Field) -> Series:
    """Weather."""
    rng = site.rng("met")
    step_s = _step_s(times)
    speed, direction = _wind(site, times, rng)
    shade = 1 - 0.12 * np.abs(ar1(rng, times.shape, 0.8))
    return {
        "temperature": site.field("temperature", times) + 0.15 * ar1(rng, times.shape, 0.9),
        "relative_humidity": np.clip(site.field("humidity", times) + ar1(rng, times.shape, 0.9), 5, 100),
        "pressure": site.field("pressure", times) + 0.05 * ar1(rng, times.shape, 0.9),
        "wind_speed": speed,
        "wind_direction": direction,
        "rain": _rain(site, times, step_s),
        "global_radiation": np.maximum(site.field("radiation", times) * shade, 0.0),
    }


def ceilometer_series(site: Site, times: Field) -> Series:
    """Boundary layer height."""
    noise = np.exp(0.08 * ar1(site.rng("ceil"), times.shape, 0.8))
    return {"boundary_layer_height": site.field("blh", times) * noise}


def gamma_series(site: Site, times: Field) -> Series:
    """Ambient gamma dose rate with the wash-out of radon progeny, rain and temperature.

    The baseline is the station's own. Rain deposits Pb-214 and Bi-214 of equal activity, which decay by the chain; the
    dose rate follows mostly Bi-214.
    """
    rng = site.rng("gamma")
    base = rng.uniform(55, 95)
    radon = 1.2 * np.cos(2 * np.pi * (local_hour(times) - 5) / 24) * np.clip(400 / site.field("blh", times), 0, 2)
    rain = _rain(site, times, _step_s(times))
    washed = np.convolve(rain, _progeny_response(_step_s(times)))[: len(times)]
    dose = base + radon + WASHOUT_NGY_H * washed
    return {
        "gamma_dose_rate": dose + 0.008 * base * rng.standard_normal(times.shape),
        "rain": rain,
        "temperature": site.field("temperature", times) + 0.2 * ar1(rng, times.shape, 0.9),
    }


def greenhouse_series(site: Site, times: Field) -> Series:
    """CO2, CH4, N2O, CO and water vapour of a station outside the city."""
    rng = site.rng("ghg")
    shallow = np.clip(400 / site.field("blh", times), 0.15, 3.0)
    warm = np.exp(0.05 * (site.field("temperature", times) - 10))
    combustion = site.contribution("vehicle", times) + site.contribution("coal", times)
    drift = ar1(rng, times.shape, 0.995)
    sun = site.field("radiation", times) / 800
    pressure = 6.112 * np.exp(17.62 * site.field("temperature", times) / (243.12 + site.field("temperature", times)))
    water = 1e6 * site.field("humidity", times) / 100 * pressure / site.field("pressure", times)
    released = {name: canonical(name, site.released(name, times)) for name in ("co2", "ch4", "n2o")}
    series = {
        "co2": 424 + 7 * shallow * warm - 6 * sun * warm + 0.35 * combustion + 0.8 * drift,
        "ch4": 1985 + 22 * shallow * warm + 1.2 * combustion + 3 * drift,
        "n2o": 338.2 + 0.5 * shallow + 0.1 * drift,
        "co": (130 + 0.45 * site.concentration("co", times) + 0.55 * site.released("co", times) + 4 * drift) / 1000,
        "h2o": water + 60 * ar1(rng, times.shape, 0.9),
    }
    return {name: values + released[name] if name in released else values for name, values in series.items()}


def flux_series(site: Site, times: Field) -> Series:
    """Radiation balance, turbulent fluxes and exchange of CO2 over vegetation."""
    rng = site.rng("flux")
    weather = met_series(site, times)
    radiation, temperature = weather["global_radiation"], weather["temperature"]
    kelvin4 = STEFAN_BOLTZMANN * (temperature + 273.15) ** 4
    saturated = 6.112 * np.exp(17.62 * temperature / (243.12 + temperature))
    growing = np.clip((smooth(temperature, 240) - 3) / 15, 0.02, 1.2)
    reflected = 0.19 * radiation
    lw_in, lw_out = 0.80 * kelvin4 + 5 * ar1(rng, times.shape, 0.9), 0.98 * kelvin4
    net = radiation - reflected + lw_in - lw_out
    respiration = 2.2 * growing * np.exp(0.05 * (temperature - 10))
    uptake = 24 * growing * radiation / (radiation + 300)
    kept = {name: weather[name] for name in weather if name != "pressure"}
    return {
        **kept,
        "par": PAR_UMOL_J * radiation,
        "sw_out": reflected,
        "lw_in": lw_in,
        "lw_out": lw_out,
        "net_radiation": net,
        "sensible_heat_flux": 0.42 * net + 6 * ar1(rng, times.shape, 0.3),
        "latent_heat_flux": (0.15 + 0.3 * np.minimum(growing, 1)) * net + 5 * ar1(rng, times.shape, 0.3),
        "soil_heat_flux": 0.12 * net + 2 * ar1(rng, times.shape, 0.5),
        "co2_flux": respiration - uptake + 0.6 * ar1(rng, times.shape, 0.2),
        "friction_velocity": np.maximum(0.11 * weather["wind_speed"] + 0.02 * ar1(rng, times.shape, 0.5), 0.01),
        "vapour_pressure_deficit": saturated * (1 - weather["relative_humidity"] / 100),
    }


def soil_series(site: Site, times: Field) -> Series:
    """Soil temperature and moisture in four depths, and conductivity; the daily wave fades and is late with depth."""
    rng = site.rng("soil")
    hours = site.world.weather.times
    air = site.world.weather.temperature[:, site.city]
    rain = site.world.weather.rain[:, site.city]
    series: Series = {}
    for depth in _DEPTHS_CM:
        wave = smooth(air, 2 + depth / 2)
        slow = smooth(air, 24 + 6 * depth)
        soil = slow + (wave - slow) * np.exp(-depth / _DAMPING_CM)
        wetted = 0.23 + 0.002 * depth + 0.012 * 30 / (depth + 10) * 40 * smooth(rain / 40, 10 + depth)
        series[f"soil_temperature_{depth}cm"] = np.interp(times, hours, soil) + 0.03 * ar1(rng, times.shape, 0.9)
        moisture = np.interp(times, hours, wetted) + 0.0006 * ar1(rng, times.shape, 0.9)
        series[f"soil_moisture_{depth}cm"] = np.clip(moisture, 0.03, 0.5)
    series["soil_electrical_conductivity"] = 2.4 * series["soil_moisture_10cm"] + 0.01 * ar1(rng, times.shape, 0.9)
    return series


def water_series(site: Site, times: Field) -> Series:
    """Water of a wetland: temperature, oxygen, pH, conductivity, turbidity, level with the tide."""
    rng = site.rng("water")
    air = smooth(site.world.weather.temperature[:, site.city], 72)
    temperature = np.maximum(np.interp(times, site.world.weather.times, air), 0.2)
    daylight = np.cos(2 * np.pi * (local_hour(times) - 15) / 24)
    saturated = 14.6 - 0.39 * temperature + 0.0045 * temperature**2
    tide = np.sin(2 * np.pi * times / (12.42 * HOUR_S))
    return {
        "water_temperature": temperature + 0.4 * daylight + 0.02 * ar1(rng, times.shape, 0.9),
        "dissolved_oxygen": saturated * (0.92 + 0.08 * daylight) + 0.04 * ar1(rng, times.shape, 0.9),
        "ph": 7.9 + 0.12 * daylight + 0.01 * ar1(rng, times.shape, 0.9),
        "water_conductivity": 9000 + 2500 * tide + 40 * ar1(rng, times.shape, 0.9),
        "turbidity": 25 * np.exp(0.35 * tide + 0.1 * ar1(rng, times.shape, 0.9)),
        "water_level": 1.6 + 0.7 * tide + 0.01 * ar1(rng, times.shape, 0.5),
    }


def _wind(site: Site, times: Field, rng: np.random.Generator) -> tuple[Field, Field]:
    """Speed [m s⁻¹] and the direction that the wind comes from [deg]."""
    east, north = site.field("wind_east", times), site.field("wind_north", times)
    speed = np.maximum(np.hypot(east, north) * np.exp(0.12 * ar1(rng, times.shape, 0.7)), 0.2)
    came_from = np.degrees(np.arctan2(-east, -north)) + 5 * ar1(rng, times.shape, 0.7)
    return speed, came_from % 360


def _rain(site: Site, times: Field, step_s: float) -> Field:
    """Sum of each step [mm], in tips of 0.1 mm that keep the total."""
    fallen = np.cumsum(site.field("rain", times) * step_s / HOUR_S)
    return np.diff(np.floor(fallen * 10) / 10, prepend=0.0)


def _step_s(times: Field) -> float:
    return float(times[1] - times[0]) if len(times) > 1 else HOUR_S


def _progeny_response(step_s: float) -> Field:
    """Dose rate after a deposit of equal activity at time 0, relative to its start, every ``step_s`` for five hours.

    References
    ----------
    Bateman's solution for the chain Pb-214 to Bi-214. A quarter of the dose rate is given to Pb-214; that share is
    invention.
    """
    elapsed = np.arange(0, 5 * HOUR_S, step_s)
    lead, bismuth = np.log(2) / PB214_HALF_LIFE_S, np.log(2) / BI214_HALF_LIFE_S
    of_lead = np.exp(-lead * elapsed)
    grown = bismuth / (bismuth - lead) * (np.exp(-lead * elapsed) - np.exp(-bismuth * elapsed))
    response: Field = 0.25 * of_lead + 0.75 * (np.exp(-bismuth * elapsed) + grown)
    return response
