"""The stations of the simulated province: positions and measured parameters. All of them are invented."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from schemas.message import NetworkCode
from schemas.network import Instrument, Station
from sensors.simulator.geography import SimulatedCity, load_cities, moved
from sensors.simulator.profiles import element_parameters, voc_parameters
from sensors.simulator.stream import generator

if TYPE_CHECKING:
    import numpy as np

SUPERSITES = frozenset({"sy", "dl", "as", "pj"})
TWO_URBAN = frozenset({"sy", "dl"})
GREENHOUSE = ("sy", "dl", "fs", "dd", "fx", "pj", "cy")
ECOLOGY = ("as", "bx", "dd", "jz", "pj", "tl", "cy", "hl")
WETLANDS = frozenset({"dd", "pj"})
PLUME_TARGET = "ln-sy-01"

_MET = ("temperature", "relative_humidity", "pressure", "wind_speed", "wind_direction", "rain", "global_radiation")
_IONS = ("sulfate", "nitrate", "chloride", "ammonium", "sodium_ion", "potassium_ion", "magnesium_ion", "calcium_ion")
_SOIL = tuple(f"{what}_{depth}cm" for what in ("soil_temperature", "soil_moisture") for depth in (5, 10, 20, 40))
_FLUX = (
    "temperature", "relative_humidity", "wind_speed", "wind_direction", "rain", "global_radiation", "par", "sw_out",
    "lw_in", "lw_out", "net_radiation", "sensible_heat_flux", "latent_heat_flux", "soil_heat_flux", "co2_flux",
    "friction_velocity", "vapour_pressure_deficit",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class InstrumentKind:
    """A kind of instrument; its id at a station is the kind's name and a number."""

    network: NetworkCode
    cadence_s: int
    parameters: tuple[str, ...]


@cache
def kinds() -> dict[str, InstrumentKind]:
    """Kinds of simulated instruments by name."""
    code = NetworkCode
    return {
        "gas": InstrumentKind(code.GAS, 60, ("so2", "no", "no2", "co", "o3", "pm10", "pm25")),
        "met": InstrumentKind(code.MET, 300, _MET),
        "ceil": InstrumentKind(code.MET, 300, ("boundary_layer_height",)),
        "gc": InstrumentKind(code.VOC, 3600, voc_parameters()),
        "mass": InstrumentKind(code.PM, 3600, ("pm25", "pm10")),
        "ions": InstrumentKind(code.PM, 3600, (*_IONS, "levoglucosan", "ammonia")),
        "ocec": InstrumentKind(code.PM, 3600, ("oc", "ec")),
        "xrf": InstrumentKind(code.PM, 3600, element_parameters()),
        "bc": InstrumentKind(code.PM, 3600, ("bc",)),
        "gamma": InstrumentKind(code.RAD, 300, ("gamma_dose_rate", "rain", "temperature")),
        "ghg": InstrumentKind(code.GHG, 60, ("co2", "ch4", "n2o", "co", "h2o")),
        "flux": InstrumentKind(code.ECO, 1800, _FLUX),
        "soil": InstrumentKind(code.ECO, 1800, (*_SOIL, "soil_electrical_conductivity")),
        "water": InstrumentKind(
            code.ECO,
            1800,
            ("water_temperature", "dissolved_oxygen", "ph", "water_conductivity", "turbidity", "water_level"),
        ),
    }


_PM_KINDS = ("mass", "ions", "ocec", "xrf", "bc")
_ROLES: tuple[tuple[str, str, str, tuple[str, ...], tuple[float, float]], ...] = (
    # number, name, English name, instruments, distance from the centre [km]
    ("01", "一号", "No. 1", ("gas", "met"), (0.5, 2.5)),
    ("02", "挥发性有机物", "VOC", ("gc", "met"), (3.0, 8.0)),
    ("03", "颗粒物组分", "PM components", _PM_KINDS, (3.0, 8.0)),
    ("04", "辐射", "Radiation", ("gamma",), (3.0, 8.0)),
    ("05", "二号", "No. 2", ("gas", "met"), (5.0, 10.0)),
    ("06", "温室气体", "Greenhouse gases", ("ghg", "met"), (30.0, 45.0)),
    ("07", "生态", "Ecology", ("flux", "soil"), (25.0, 40.0)),
)


@cache
def all_stations(seed: int) -> tuple[Station, ...]:
    """Every station of the province; their exact positions depend on the seed."""
    return tuple(station for city in load_cities() for station in _stations_of(city, seed))


def kind_of(instrument: Instrument) -> str:
    """Name of the instrument's kind."""
    return instrument.id.rstrip("0123456789")


def city_index(station: Station) -> int:
    """Position of the station's city."""
    return next(index for index, city in enumerate(load_cities()) if city.code == station.city)


def _stations_of(city: SimulatedCity, seed: int) -> list[Station]:
    absent = {
        "05": city.letters not in TWO_URBAN,
        "06": city.letters not in GREENHOUSE,
        "07": city.letters not in ECOLOGY,
    }
    stations = []
    for number, name_zh, name_en, names, distance in _ROLES:
        if absent.get(number):
            continue
        station_id = f"ln-{city.letters}-{number}"
        rng = generator(seed, "place", station_id)
        lon, lat = _scattered(city, distance, rng)
        stations.append(
            Station(
                id=station_id,
                name_zh=f"{city.name_zh}{name_zh}（模拟）",
                name_en=f"{city.name_en} {name_en} (simulated)",
                city=city.code,
                lon=lon,
                lat=lat,
                altitude_m=round(float(rng.uniform(5, 30) if city.coastal else rng.uniform(40, 160))),
                synthetic=True,
                instruments=tuple(_instrument(name, station_id) for name in _extended(city, number, names)),
            )
        )
    return stations


def _extended(city: SimulatedCity, number: str, names: tuple[str, ...]) -> tuple[str, ...]:
    if number == "01" and city.letters in SUPERSITES:
        return (*names, "ceil", "gc", *_PM_KINDS)
    if number == "07" and city.letters in WETLANDS:
        return (*names, "water")
    return names


def _instrument(name: str, station_id: str) -> Instrument:
    kind = kinds()[name]
    return Instrument(
        id=f"{name}1",
        network=kind.network,
        cadence_s=kind.cadence_s,
        parameters=kind.parameters,
        model="simulated",
        serial=f"{station_id}-{name}1",
    )


def _scattered(city: SimulatedCity, distance_km: tuple[float, float], rng: np.random.Generator) -> tuple[float, float]:
    distance = rng.uniform(*distance_km)
    east, north = rng.standard_normal(2)
    length = max(float((east**2 + north**2) ** 0.5), 1e-6)
    lon, lat = moved(city.lon, city.lat, east_km=distance * east / length, north_km=distance * north / length)
    return round(float(lon), 5), round(float(lat), 5)
