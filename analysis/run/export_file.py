"""Hourly CSV of ``skyground export``, read back: what was exported can be analysed again without the store."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import pandas as pd

from schemas.frames import parameters_in, valid_values
from schemas.parameter import load_parameters
from sensors.datasets import DatasetError

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

_UNIT: Final = "# unit "
_IDS: Final = ("start", "station_id", "network", "instrument_id")


def add_export(path: Path, found: dict[str, dict[datetime, dict[str, float]]]) -> None:
    """Add the hours of a file by station; values with the flag FAIL or MISSING are left out.

    Parameters
    ----------
    path : Path
        CSV with ``#`` lines, then a header with ``start`` (ISO 8601, UTC), ``station_id`` and parameters of the registry in their units.
    found : dict
        By station and start of the hour; files of several networks fill the same hours.

    Raises
    ------
    DatasetError
        Another file, an hour that is there twice, or a unit other than the registry's.
    """
    _check_units(path)
    try:
        table = pd.read_csv(path, comment="#")
    except (OSError, ValueError) as error:
        msg = f"{path}: {error}"
        raise DatasetError(msg) from error
    if lacking := {"start", "station_id"} - set(table):
        msg = f"{path}: no column {', '.join(sorted(lacking))}, expected an hourly CSV of skyground export"
        raise DatasetError(msg)
    if unknown := [name for name in parameters_in(table) if name not in {*_IDS, *load_parameters()}]:
        msg = f"{path}: column {unknown[0]!r} is no parameter of the registry"
        raise DatasetError(msg)
    table["start"] = _starts(path, table)
    table = table.drop(columns=[name for name in ("network", "instrument_id") if name in table])
    for station_id, rows in table.groupby("station_id"):
        frame = rows.drop(columns="station_id").set_index("start").sort_index()
        if frame.index.has_duplicates:
            first = frame.index[frame.index.duplicated()][0]
            msg = f"{path}: {first:%Y-%m-%dT%H:%MZ} of {station_id} is there twice"
            raise DatasetError(msg)
        values = pd.DataFrame({name: valid_values(frame, name) for name in parameters_in(frame)}, index=frame.index)
        hours = found.setdefault(str(station_id), {})
        for start, row in zip(values.index, values.to_dict("records"), strict=True):
            measured = {str(name): value for name, value in row.items() if not math.isnan(value)}
            hour = hours.setdefault(start.to_pydatetime(), {})
            if twice := hour.keys() & measured:
                msg = f"{path}: {min(twice)} of {station_id} at {start:%Y-%m-%dT%H:%MZ} came before, expected each hour once"
                raise DatasetError(msg)
            hour.update(measured)


def _starts(path: Path, table: pd.DataFrame) -> pd.Series:
    starts = pd.to_datetime(table["start"], utc=True, errors="coerce", format="ISO8601")
    wrong = starts.isna() | (starts != starts.dt.floor("h"))
    if wrong.any():
        row = int(wrong.to_numpy().argmax())
        msg = f"{path}: start {table['start'].iloc[row]!r} in row {row + 1}, expected the start of an hour as 2026-11-22T08:00:00Z"
        raise DatasetError(msg)
    return starts


def _check_units(path: Path) -> None:
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        for line in file:
            if not line.startswith("#"):
                return
            name, _, unit = line.removeprefix(_UNIT).strip().partition(": ")
            known = load_parameters().get(name)
            if line.startswith(_UNIT) and known is not None and unit != known.unit:
                msg = f"{path}: {name} in {unit}, expected {known.unit}"
                raise DatasetError(msg)
