"""What stations of a simulated province would store: units of the registry, noise, scale errors, detection limits, missing hours."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from bench.cocontrol.mechanism import ACETALDEHYDE_G_MOL, FORMALDEHYDE_G_MOL, VOC
from bench.cocontrol.province import SPIN_UP_D, Province, Run
from bench.cocontrol.weather import STEPS_PER_DAY
from schemas.parameter import parameter
from schemas.units import conversion

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

ZONE = ZoneInfo("Asia/Shanghai")
OTHER_PM25_UG_M3 = 8.0
"""Dust and the like, the same every hour [µg m⁻³]."""
_PER_PPB = {"sulfate": 96.06 / 24.45, "nitrate": 62.0 / 24.45, "ammonium": 18.04 / 24.45}
_ORGANIC_MASS = 1.6
#: Scale error and noise of a value [1], detection limit in the unit stored.
_INSTRUMENTS = {
    "gas": (0.03, 0.03, 1.0), "co": (0.03, 0.03, 0.05), "voc": (0.10, 0.08, 0.02), "carbonyl": (0.12, 0.08, 0.1), "ion": (0.07, 0.06, 0.1), "carbon": (0.08, 0.08, 0.1),
    "ammonia": (0.12, 0.08, 0.3), "pm25": (0.04, 0.05, 2.0),
}  # fmt: skip


CARBONYLS = frozenset({"formaldehyde", "acetaldehyde"})
SPECIES_LISTS = {
    "all": frozenset(item.code for item in VOC) | CARBONYLS,
    "no_carbonyls": frozenset(item.code for item in VOC),
    "short": frozenset(
        {"ethylene", "propylene", "benzene", "toluene", "m_p_xylene", "n_butane", "isopentane", "isoprene"}
    ),
    "btex": frozenset({"benzene", "toluene", "ethylbenzene", "m_p_xylene", "o_xylene"}),
    "none": frozenset(),
}
"""VOC that a station measures, by name of the list."""


def with_species(hourly: pd.DataFrame, name: str) -> pd.DataFrame:
    """The hours without the VOC that are not on a list of `SPECIES_LISTS`."""
    return hourly.drop(columns=sorted(SPECIES_LISTS["all"] - SPECIES_LISTS[name]))


def start_of(province: Province) -> pd.Timestamp:
    """First civil midnight after the spin-up."""
    return pd.Timestamp(datetime(2026, province.season.month, 1, tzinfo=ZONE))


def true_pm25(run: Run, number: int, scenario: int = 0) -> tuple[Array, Array]:
    """PM2.5 and its secondary part of a province [µg m⁻³]."""
    hours = {name: values[:, number, scenario] for name, values in run.hours.items()}
    secondary = hours["soa"] + sum(hours[name] * factor for name, factor in _PER_PPB.items())
    return secondary + hours["poa"] + hours["ec"] + OTHER_PM25_UG_M3, secondary


def observe(province: Province, run: Run, number: int) -> pd.DataFrame:
    """Hourly frame of the product's contract, of province ``number`` of the run."""
    rng = np.random.default_rng([7, province.seed])
    hours = {name: values[:, number, 0] for name, values in run.hours.items()}
    stored: dict[str, Array] = {}
    for name in ("no", "no2", "o3", "so2"):
        stored[name] = _measured(rng, hours[name] * conversion("ppb", parameter(name))[0], "gas")
    stored["co"] = _measured(rng, hours["co"] * conversion("ppb", parameter("co"))[0], "co")
    stored["ammonia"] = _measured(rng, hours["nh3"] * conversion("ppb", parameter("ammonia"))[0], "ammonia")
    for name, factor in _PER_PPB.items():
        stored[name] = _measured(rng, hours[name] * factor, "ion")
    stored["ec"] = _measured(rng, hours["ec"], "carbon")
    stored["oc"] = _measured(rng, (hours["poa"] + hours["soa"]) / _ORGANIC_MASS, "carbon")
    stored["pm25"] = _measured(rng, true_pm25(run, number)[0], "pm25")
    for column, item in enumerate(VOC):
        stored[item.code] = _measured(rng, run.voc[:, number, column] * item.molar_mass / 24.45, "voc")
    stored["formaldehyde"] = _measured(rng, hours["hcho"] * FORMALDEHYDE_G_MOL / 24.45, "carbonyl")
    stored["acetaldehyde"] = _measured(rng, hours["ald"] * ACETALDEHYDE_G_MOL / 24.45, "carbonyl")
    _missing_hours(rng, stored)
    stored |= _weather(province, rng)
    index = pd.date_range(start_of(province), periods=len(hours["o3"]), freq="h").tz_convert("UTC").rename("start")
    return pd.DataFrame(stored, index=index)


def _measured(rng: np.random.Generator, values: Array, kind: str) -> Array:
    scale, noise, detection = _INSTRUMENTS[kind]
    factor = rng.lognormal(0.0, scale)
    found = values * factor * (1.0 + noise * rng.standard_normal(len(values))) + 0.3 * detection * rng.standard_normal(
        len(values)
    )
    return (
        np.where(found < detection, np.maximum(0.5 * detection, 0.0), found)
        if kind in {"voc", "carbonyl", "ion"}
        else found
    )


def _missing_hours(rng: np.random.Generator, stored: dict[str, Array]) -> None:
    """Single hours at random, and one outage of a day or two of each group of instruments."""
    voc = {item.code for item in VOC} | {"formaldehyde", "acetaldehyde"}
    pm = {"sulfate", "nitrate", "ammonium", "ammonia"}
    for members in (voc, pm, {"oc", "ec"}):
        hours = len(stored["o3"])
        first = int(rng.integers(0, hours - 48))
        lost = rng.random(hours) < 0.06
        lost[first : first + int(rng.integers(12, 48))] = True
        for name in members:
            stored[name][lost] = np.nan
    for name in ("no", "no2", "o3", "so2", "co", "pm25"):
        stored[name][rng.random(len(stored[name])) < 0.03] = np.nan


def _weather(province: Province, rng: np.random.Generator) -> dict[str, Array]:
    per_hour = STEPS_PER_DAY // 24
    skip = SPIN_UP_D * 24
    hourly = {
        name: getattr(province.weather, name).reshape(-1, per_hour).mean(axis=1)[skip:]
        for name in ("temperature_k", "humidity_pct", "cos_zenith", "cloud", "wind_m_s")
    }
    light = 1010.0 * hourly["cos_zenith"] ** 1.15 * hourly["cloud"]
    count = len(light)
    return {
        "temperature": hourly["temperature_k"] - 273.15 + 0.3 * rng.standard_normal(count),
        "relative_humidity": np.clip(hourly["humidity_pct"] + 2.0 * rng.standard_normal(count), 0, 100),
        "global_radiation": np.maximum(light * rng.lognormal(0.0, 0.03), 0.0),
        "wind_speed": hourly["wind_m_s"],
    }
