"""Taiwan supersite, hourly, February and March 2021: the default data of AeroViz.

``AeroViz/data/DEFAULT_DATA.csv`` of the wheel ``AeroViz==0.5.1``. The file names no units and no place. Units were found by
what the file's own derived columns need, or by order of magnitude; ``docs/datasets.md`` says which. Times are taken for the
start of the hour in Taiwan's civil time.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from schemas.message import NetworkCode
from sensors.datasets import table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from schemas.reading import Reading

PACKAGE = "AeroViz==0.5.1"
MEMBER = "AeroViz/data/DEFAULT_DATA.csv"
SHA256 = "79e7b27a1f2f48b2a4139b401744d89d434ec90207f7c540e356c96803f6d386"
"""Of the file that was examined."""
ZONE = timezone(timedelta(hours=8))

_MISSING = frozenset({""})
_AROMATICS = {
    "Benzene": "benzene", "Toluene": "toluene", "EthylBenzene": "ethylbenzene", "m/p-Xylene": "m_p_xylene",
    "o-Xylene": "o_xylene",
}  # fmt: skip
_ELEMENTS = {
    "Si": "silicon", "Ti": "titanium", "V": "vanadium", "Cr": "chromium", "Mn": "manganese", "Fe": "iron",
    "Co": "cobalt", "Ni": "nickel", "Cu": "copper", "Zn": "zinc", "Ga": "gallium", "As": "arsenic", "Se": "selenium",
    "Br": "bromine", "Sr": "strontium", "Ag": "silver", "Cd": "cadmium", "Sn": "tin", "Sb": "antimony",
    "Ba": "barium", "Hg": "mercury", "Tl": "thallium", "Pb": "lead",
}  # fmt: skip
_IONS = {
    "Na+": "sodium_ion", "NH4+": "ammonium", "K+": "potassium_ion", "Mg2+": "magnesium_ion", "Ca2+": "calcium_ion",
    "F-": "fluoride", "Cl-": "chloride", "NO2-": "nitrite", "NO3-": "nitrate", "PO43-": "phosphate", "SO42-": "sulfate",
    "NH3": "ammonia", "HF": "hydrogen_fluoride", "HCl": "hydrogen_chloride", "HNO2": "nitrous_acid", "HNO3": "nitric_acid",
}  # fmt: skip
_COLUMNS = (
    *table.columns_of("gas1", "ppb", {"SO2": "so2", "NO": "no", "NOx": "nox", "NO2": "no2"}),
    table.DatasetColumn("CO", "gas1", "co", "ppm"),
    table.DatasetColumn("O3", "gas1", "o3", "ppb"),
    *table.columns_of("gas1", "ug/m3", {"PM10": "pm10", "PM2.5": "pm25"}),
    table.DatasetColumn("THC", "thc1", "total_hydrocarbons", "ppmC"),
    table.DatasetColumn("CH4", "thc1", "ch4", "ppm"),
    table.DatasetColumn("NMHC", "thc1", "tnmhc", "ppmC"),
    table.DatasetColumn("WS", "met1", "wind_speed", "m/s"),
    table.DatasetColumn("WD", "met1", "wind_direction", "deg"),
    table.DatasetColumn("AT", "met1", "temperature", "degC"),
    table.DatasetColumn("RH", "met1", "relative_humidity", "%"),
    table.DatasetColumn("PBLH", "met1", "boundary_layer_height", "m"),
    *table.columns_of("gc1", "ppb", _AROMATICS),
    *table.columns_of("xrf1", "ug/m3", _ELEMENTS),
    *table.columns_of("ions1", "ug/m3", _IONS),
    table.DatasetColumn("O_OC", "ocec1", "oc", "ug/m3"),
    table.DatasetColumn("O_EC", "ocec1", "ec", "ug/m3"),
    table.DatasetColumn("BC", "bc1", "bc", "ng/m3"),
)
_THERMAL_COLUMNS = table.columns_of("ocec1", "ug/m3", {"T_OC": "oc", "T_EC": "ec"})
_NETWORKS = {
    "gas1": NetworkCode.GAS,
    "thc1": NetworkCode.GAS,
    "met1": NetworkCode.MET,
    "gc1": NetworkCode.VOC,
    "xrf1": NetworkCode.PM,
    "ions1": NetworkCode.PM,
    "ocec1": NetworkCode.PM,
    "bc1": NetworkCode.PM,
}

STATIONS = (
    table.station_for(
        "tw-supersite",
        "台湾超级站",
        "Taiwan supersite",
        (table.instrument_for(_COLUMNS, name, network, 3600) for name, network in _NETWORKS.items()),
    ),
    # The same place; a station of its own because the hourly level holds one OC and one EC for a station.
    table.station_for(
        "tw-supersite-thermal",
        "台湾超级站（热学法碳组分）",
        "Taiwan supersite, thermal OC and EC",
        (table.instrument_for(_THERMAL_COLUMNS, "ocec1", NetworkCode.PM, 3600),),
    ),
)


def read(path: Path) -> Iterator[Reading]:
    """Readings of the measured columns, in the order of the file; a blank cell is no value. Raises `DatasetError`."""
    return table.read_dataset(path, "DEFAULT_DATA.csv", _rows, _observed)


def _rows(file: Path) -> Iterator[table.Row]:
    return table.read_table(file, ["Time", *(column.name for column in (*_COLUMNS, *_THERMAL_COLUMNS))])


def _observed(row: table.Row) -> Iterator[table.Observed]:
    start = row.moment("Time", "a time as 2021-02-01 00:00:00", lambda: _start(row.cells["Time"]))
    interval = table.interval_of(row, "Time", start, table.HOUR)
    for station, columns in zip(STATIONS, (_COLUMNS, _THERMAL_COLUMNS), strict=True):
        yield table.Observed(station, interval, table.values_of(row, columns, _MISSING))


def _start(cell: str) -> datetime:
    return datetime.strptime(cell, "%Y-%m-%d %H:%M:%S").replace(tzinfo=ZONE)
