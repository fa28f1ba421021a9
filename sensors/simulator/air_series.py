"""Series of the instruments for gases, particles and VOC."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from schemas.parameter import parameter
from schemas.units import conversion
from sensors.simulator.chemistry import photostationary
from sensors.simulator.profiles import element_parameters, voc_parameters
from sensors.simulator.stream import ar1

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensors.simulator.world import Site

    Field = NDArray[np.float64]
    Series = dict[str, Field]

PRIMARY_NO2 = 0.10
"""Part of the NOx that is emitted as NO2 [1]; invention."""
TURBULENCE = 0.10
"""Fluctuation of a minute as the standard deviation of the logarithm."""


def gas_series(site: Site, times: Field) -> Series:
    """SO2, NO, NO2, CO, O3, PM10, PM2.5 by the minute, canonical units; NO, NO2 and O3 in photostationary state."""
    rng = site.rng("gas")
    gust = np.exp(TURBULENCE * ar1(rng, times.shape, 0.9) - TURBULENCE**2 / 2)
    nox = site.concentration("nox", times) / _ug_per_ppb("no2") * gust
    ox = site.ox(times) + PRIMARY_NO2 * nox + 0.6 * ar1(rng, times.shape, 0.95)
    no, no2, o3 = photostationary(nox, np.maximum(ox, 2.0), site.field("radiation", times))
    pm25 = site.concentration("pm25", times) * gust
    coarse = site.concentration("coarse", times) * np.exp(0.15 * ar1(rng, times.shape, 0.9))
    series = {
        "so2": site.concentration("so2", times) * gust,
        "no": no * _ug_per_ppb("no"),
        "no2": no2 * _ug_per_ppb("no2"),
        "co": site.concentration("co", times) * gust / 1000.0,
        "o3": o3 * _ug_per_ppb("o3"),
        "pm25": pm25,
    }
    noisy = {name: _measured(rng, values, relative=0.01, floor=_FLOOR[name]) for name, values in series.items()}
    return {**noisy, "pm10": noisy["pm25"] + np.maximum(coarse, 0.2)}


_FLOOR = {"so2": 0.4, "no": 0.3, "no2": 0.4, "co": 0.01, "o3": 0.6, "pm25": 0.6}
"""Noise of the analysers at zero, canonical units; invention."""


def mass_series(site: Site, times: Field) -> Series:
    """PM2.5 and PM10 by the hour."""
    rng = site.rng("mass")
    pm25 = _measured(rng, site.concentration("pm25", times), relative=0.02, floor=0.5)
    return {"pm25": pm25, "pm10": pm25 + np.maximum(site.concentration("coarse", times), 0.2)}


def ion_series(site: Site, times: Field) -> Series:
    """Eight ions, levoglucosan and ammonia."""
    rng = site.rng("ions")
    ions = ("sulfate", "nitrate", "chloride", "ammonium", "sodium_ion", "potassium_ion", "magnesium_ion", "calcium_ion")
    series = {name: _from_profiles(site, times, rng, name, 0.02) for name in (*ions, "levoglucosan")}
    warm = np.exp(0.05 * (site.field("temperature", times) - 10))
    ammonia = 6.0 * warm + 0.15 * series["ammonium"] + site.released("ammonia", times)
    series["ammonia"] = _measured(rng, ammonia, relative=0.05, floor=0.2)
    return series


def carbon_series(site: Site, times: Field) -> Series:
    """OC and EC."""
    rng = site.rng("ocec")
    return {name: _from_profiles(site, times, rng, name, 0.05) for name in ("oc", "ec")}


def black_carbon_series(site: Site, times: Field) -> Series:
    """Black carbon."""
    return {"bc": _from_profiles(site, times, site.rng("bc"), "bc", 0.03)}


def element_series(site: Site, times: Field) -> Series:
    """Elements."""
    rng = site.rng("xrf")
    return {name: _from_profiles(site, times, rng, name, 0.0002) for name in element_parameters()}


def voc_series(site: Site, times: Field) -> Series:
    """Volatile organic compounds; the reactive ones are consumed by day."""
    rng = site.rng("gc")
    sun = np.clip(site.field("radiation", times) / 800, 0, 1)
    series = {}
    for name in voc_parameters():
        kept = oh_loss(parameter(name).koh_cm3_s or 0.0, sun)
        series[name] = _measured(rng, site.concentration(name, times) * kept, relative=0.06, floor=0.004)
    return series


def oh_loss(koh_cm3_s: float, sun: Field) -> Field:
    """Part of a species that is left after its reaction with OH [1], by the sun relative to 800 W m⁻²."""
    left: Field = np.exp(-koh_cm3_s * _OH_EXPOSURE * sun)
    return left


_OH_EXPOSURE = 4.0e6 * 1800.0
"""OH at full sun times the age of the air [molecule s cm⁻³]; invention of a likely order."""


def _from_profiles(site: Site, times: Field, rng: np.random.Generator, name: str, floor: float) -> Field:
    return _measured(rng, site.concentration(name, times), relative=0.05, floor=floor)


def _measured(rng: np.random.Generator, values: Field, *, relative: float, floor: float) -> Field:
    """Add the instrument's noise; a concentration does not go below zero."""
    noise = rng.standard_normal(values.shape)
    return np.maximum(values + noise * np.hypot(relative * values, floor), 0.0)


def _ug_per_ppb(name: str) -> float:
    factor, _ = conversion("ppb", parameter(name))
    return factor
