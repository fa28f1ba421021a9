"""Half-hourly fluxes and weather of the ICOS ecosystem station Hyltemossa (Sweden), 2016 and 2017.

Times are the **end** of the half hour in Central European Time without summer time. The file does not say so; it follows
from the figures: the first row of a year is 00:30 and the last 00:00 of the next year, and the centre of gravity of
the mean solar radiation, March to October, lies at 12:19 (2016) and 12:24 (2017) by the file's times, fifteen minutes after
the 12:06 of the solar noon at 13.42 degrees east in CET, as expected where half hours are named by their ends. ``-9999`` is no value. The second line of the file holds the units.
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

ZONE = timezone(timedelta(hours=1))

_HALF_HOUR = timedelta(minutes=30)
_MISSING = frozenset({"", "-9999", "-9999.0", "-9999.000000", "NaN"})
_UNITS_DATE = "dd/mm/yyyy"
_COLUMNS = (
    table.DatasetColumn("H_PI_1_1_1", "flux1", "sensible_heat_flux", "W/m2"),
    table.DatasetColumn("LE_PI_1_1_1", "flux1", "latent_heat_flux", "W/m2"),
    table.DatasetColumn("FC_PI_1_1_1", "flux1", "co2_flux", "umol/m2/s"),
    table.DatasetColumn("USTAR_1_1_1", "flux1", "friction_velocity", "m/s"),
    table.DatasetColumn("WS_1_1_1", "flux1", "wind_speed", "m/s"),
    table.DatasetColumn("WD_1_1_1", "flux1", "wind_direction", "deg"),
    table.DatasetColumn("MO_LENGTH_1_1_1", "flux1", "obukhov_length", "m"),
    table.DatasetColumn("V_SIGMA_1_1_1", "flux1", "v_sigma", "m/s"),
    table.DatasetColumn("SW_IN_1_1_1", "met1", "global_radiation", "W/m2"),
    table.DatasetColumn("VPD_PI_1_1_1", "met1", "vapour_pressure_deficit", "hPa"),
    table.DatasetColumn("TA_1_1_1", "met1", "temperature", "degC"),
    table.DatasetColumn("TS_1_1_1", "met1", "soil_temperature", "degC"),
    table.DatasetColumn("RECO_PI_1_1_1", "model1", "ecosystem_respiration", "umol/m2/s"),
    table.DatasetColumn("GPP_PI_1_1_1", "model1", "gross_primary_production", "umol/m2/s"),
)
_INSTRUMENTS = tuple(
    table.instrument_for(_COLUMNS, name, NetworkCode.ECO, 1800) for name in ("flux1", "met1", "model1")
)

STATIONS = (table.station_for("icos-se-htm", "许尔特莫萨", "Hyltemossa", _INSTRUMENTS),)


def read(path: Path) -> Iterator[Reading]:
    """Readings of one year's file, or of all such files of a folder by name; raises `DatasetError`.

    The gap-filled columns (``_f_``) are left out: they are not measured.
    """
    return table.read_dataset(path, "SE-Htm_*.csv*", _rows, _observed)


def _rows(file: Path) -> Iterator[table.Row]:
    return table.read_table(file, ["date", "time", *(column.name for column in _COLUMNS)], "latin-1")


def _observed(row: table.Row) -> Iterator[table.Observed]:
    if row.cells["date"] == _UNITS_DATE:
        return
    end = row.moment("date", "a date as 01/01/2016 and a time as 00:30", lambda: _end(row))
    values = table.values_of(row, _COLUMNS, _MISSING)
    yield table.Observed(STATIONS[0], table.interval_of(row, "date", end, -_HALF_HOUR), values)


def _end(row: table.Row) -> datetime:
    return datetime.strptime(f"{row.cells['date']} {row.cells['time'][:5]}", "%d/%m/%Y %H:%M").replace(tzinfo=ZONE)
