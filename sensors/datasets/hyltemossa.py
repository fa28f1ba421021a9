"""Half-hourly fluxes and weather of the ICOS ecosystem station Hyltemossa (Sweden), 2016 and 2017.

Times are the **end** of the half hour in Central European Time without summer time. The file does not say so; it follows
from the figures: the first row of a year is 00:30 and the last 00:00 of the next year, and the centre of gravity of
the mean solar radiation, March to October, lies at 12:19 (2016) and 12:24 (2017) by the file's times, fifteen minutes after
the 12:06 at which the sun stands highest over 13.42 degrees east in CET, as it must where half hours are named by their
ends. ``-9999`` is no value. The second line of the file holds the units.
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

ZONE = timezone(timedelta(hours=1))

_HALF_HOUR = timedelta(minutes=30)
_MISSING = frozenset({"", "-9999", "-9999.0", "-9999.000000", "NaN"})
_UNITS_DATE = "dd/mm/yyyy"
_COLUMNS = (
    DatasetColumn("H_PI_1_1_1", "flux1", "sensible_heat_flux", "W/m2"),
    DatasetColumn("LE_PI_1_1_1", "flux1", "latent_heat_flux", "W/m2"),
    DatasetColumn("FC_PI_1_1_1", "flux1", "co2_flux", "umol/m2/s"),
    DatasetColumn("USTAR_1_1_1", "flux1", "friction_velocity", "m/s"),
    DatasetColumn("WS_1_1_1", "flux1", "wind_speed", "m/s"),
    DatasetColumn("WD_1_1_1", "flux1", "wind_direction", "deg"),
    DatasetColumn("MO_LENGTH_1_1_1", "flux1", "obukhov_length", "m"),
    DatasetColumn("V_SIGMA_1_1_1", "flux1", "v_sigma", "m/s"),
    DatasetColumn("SW_IN_1_1_1", "met1", "global_radiation", "W/m2"),
    DatasetColumn("VPD_PI_1_1_1", "met1", "vapour_pressure_deficit", "hPa"),
    DatasetColumn("TA_1_1_1", "met1", "temperature", "degC"),
    DatasetColumn("TS_1_1_1", "met1", "soil_temperature", "degC"),
    DatasetColumn("RECO_PI_1_1_1", "model1", "ecosystem_respiration", "umol/m2/s"),
    DatasetColumn("GPP_PI_1_1_1", "model1", "gross_primary_production", "umol/m2/s"),
)

STATIONS = (
    Station(
        id="icos-se-htm",
        name_zh="许尔特莫萨",
        name_en="Hyltemossa",
        late_window_h=0,
        instruments=tuple(
            instrument_for(_COLUMNS, name, NetworkCode.ECO, 1800) for name in ("flux1", "met1", "model1")
        ),
    ),
)


def read(path: Path) -> Iterator[Reading]:
    """Readings of one year's file, or of all such files of a folder by name.

    The gap-filled columns (``_f_``) are left out: they are not measured.

    Raises
    ------
    DatasetError
        At the first line that is not as expected.
    """
    numbering = Numbering()
    columns = ["date", "time", *(column.name for column in _COLUMNS)]
    for file in files_at(path, "SE-Htm_*.csv*"):
        for row in read_table(file, columns, "latin-1"):
            if row.cells["date"] == _UNITS_DATE:
                continue
            end = _end(row)
            values = values_of(row, _COLUMNS, _MISSING)
            yield from readings_of(STATIONS[0], interval_of(row, "date", end, -_HALF_HOUR), values, numbering)


def _end(row: Row) -> datetime:
    text = f"{row.cells['date']} {row.cells['time'][:5]}"
    try:
        return datetime.strptime(text, "%d/%m/%Y %H:%M").replace(tzinfo=ZONE).astimezone(UTC)
    except (ValueError, OverflowError):
        row.fail("date", "a date as 01/01/2016 and a time as 00:30")
