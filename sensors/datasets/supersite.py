"""Taiwan supersite, hourly, February and March 2021: the default data of AeroViz.

``AeroViz/data/DEFAULT_DATA.csv`` of the wheel ``AeroViz==0.5.1``. The file names no units and no place. Units were found by
what the file's own derived columns need, or by order of magnitude; ``docs/datasets.md`` says which. Times are taken for the
start of the hour in Taiwan's civil time.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

from schemas.message import NetworkCode
from schemas.network import Station
from sensors.datasets.table import (
    DatasetColumn,
    Numbering,
    Row,
    files_at,
    instrument_for,
    interval_of,
    read_table,
    readings_of,
    values_of,
)

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
_HOUR = timedelta(hours=1)
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
    DatasetColumn("SO2", "gas1", "so2", "ppb"),
    DatasetColumn("NO", "gas1", "no", "ppb"),
    DatasetColumn("NOx", "gas1", "nox", "ppb"),
    DatasetColumn("NO2", "gas1", "no2", "ppb"),
    DatasetColumn("CO", "gas1", "co", "ppm"),
    DatasetColumn("O3", "gas1", "o3", "ppb"),
    DatasetColumn("PM10", "gas1", "pm10", "ug/m3"),
    DatasetColumn("PM2.5", "gas1", "pm25", "ug/m3"),
    DatasetColumn("THC", "thc1", "total_hydrocarbons", "ppmC"),
    DatasetColumn("CH4", "thc1", "ch4", "ppm"),
    DatasetColumn("NMHC", "thc1", "tnmhc", "ppmC"),
    DatasetColumn("WS", "met1", "wind_speed", "m/s"),
    DatasetColumn("WD", "met1", "wind_direction", "deg"),
    DatasetColumn("AT", "met1", "temperature", "degC"),
    DatasetColumn("RH", "met1", "relative_humidity", "%"),
    DatasetColumn("PBLH", "met1", "boundary_layer_height", "m"),
    DatasetColumn("Benzene", "gc1", "benzene", "ppb"),
    DatasetColumn("Toluene", "gc1", "toluene", "ppb"),
    DatasetColumn("EthylBenzene", "gc1", "ethylbenzene", "ppb"),
    DatasetColumn("m/p-Xylene", "gc1", "m_p_xylene", "ppb"),
    DatasetColumn("o-Xylene", "gc1", "o_xylene", "ppb"),
    *(DatasetColumn(name, "xrf1", code, "ug/m3") for name, code in _ELEMENTS.items()),
    *(DatasetColumn(name, "ions1", code, "ug/m3") for name, code in _IONS.items()),
    DatasetColumn("O_OC", "ocec1", "oc", "ug/m3"),
    DatasetColumn("O_EC", "ocec1", "ec", "ug/m3"),
    DatasetColumn("BC", "bc1", "bc", "ng/m3"),
)
_THERMAL_COLUMNS = (DatasetColumn("T_OC", "ocec1", "oc", "ug/m3"), DatasetColumn("T_EC", "ocec1", "ec", "ug/m3"))
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
    Station(
        id="tw-supersite",
        name_zh="台湾超级站",
        name_en="Taiwan supersite",
        late_window_h=0,
        instruments=tuple(instrument_for(_COLUMNS, name, network, 3600) for name, network in _NETWORKS.items()),
    ),
    # The same place; a station of its own because the hourly level holds one OC and one EC for a station.
    Station(
        id="tw-supersite-thermal",
        name_zh="台湾超级站（热学法碳组分）",
        name_en="Taiwan supersite, thermal OC and EC",
        late_window_h=0,
        instruments=(instrument_for(_THERMAL_COLUMNS, "ocec1", NetworkCode.PM, 3600),),
    ),
)


def read(path: Path) -> Iterator[Reading]:
    """Readings of the measured columns, in the order of the file.

    Parameters
    ----------
    path : Path
        The CSV file, or a folder with it.

    Yields
    ------
    Reading
        Canonical units; a blank cell is no value.

    Raises
    ------
    DatasetError
        At the first line that is not as expected.
    """
    numbering = Numbering()
    plans = tuple(zip(STATIONS, (_COLUMNS, _THERMAL_COLUMNS), strict=True))
    names = [column.name for column in (*_COLUMNS, *_THERMAL_COLUMNS)]
    for file in files_at(path, "DEFAULT_DATA.csv"):
        for row in read_table(file, ["Time", *names]):
            start = _start(row)
            interval = interval_of(row, "Time", start, _HOUR)
            for station, columns in plans:
                values = values_of(row, columns, _MISSING)
                yield from readings_of(station, interval, values, numbering)


def _start(row: Row) -> datetime:
    try:
        civil = datetime.strptime(row.cells["Time"], "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 - the zone follows
        return civil.replace(tzinfo=ZONE).astimezone(UTC)
    except (ValueError, OverflowError):
        row.fail("Time", "a time as 2021-02-01 00:00:00")
