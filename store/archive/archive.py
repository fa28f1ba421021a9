"""Exports: frames of several stations to CSV, Parquet and NetCDF-CF, with where they come from written into the file.

NetCDF follows CF-1.8: discrete sampling geometry ``timeSeries`` in its orthogonal multidimensional form (section H.2.1),
``flag_values`` and ``flag_meanings`` (section 3.5), ``ancillary_variables`` (section 3.4).
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import msgspec
import pandas as pd

from schemas.flag import Flag
from schemas.frames import (
    FLAG,
    HOURLY_COUNTS,
    REVIEW,
)
from schemas.parameter import UnknownParameterError, parameter

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import pyarrow as pa

    from store.archive.provenance import Provenance


def long_table(frames: Mapping[tuple[str, str], pd.DataFrame], network: str = "") -> pd.DataFrame:
    """Frames of several series below each other.

    Parameters
    ----------
    frames : mapping of (station id, instrument id) to DataFrame
        Hourly or native frames (`schemas.frames`); the instrument id is empty for hourly ones.
    network : str
        Whose frames they are; empty: not written.

    Returns
    -------
    DataFrame
        Columns ``start`` (UTC), ``station_id``, ``network`` and ``instrument_id`` (each only when any), then the frames' columns,
        missing ones NaN.
    """
    parts = []
    for (station_id, instrument_id), frame in frames.items():
        part = frame.rename_axis("start").reset_index()
        part.insert(1, "station_id", station_id)
        part.insert(2, "network", network)
        part.insert(3, "instrument_id", instrument_id)
        parts.append(part)
    if not parts:
        return pd.DataFrame({"start": pd.DatetimeIndex([], tz="UTC"), "station_id": pd.Series(dtype=str)})
    table = pd.concat(parts, ignore_index=True)
    counts = [name for name in map(str, table) if name.endswith((*HOURLY_COUNTS, REVIEW))]
    missing = {name: int(Flag.MISSING) if name.endswith(FLAG) else 0 for name in counts}
    table = table.fillna(missing).astype(
        {name: "int8" if name.endswith((FLAG, REVIEW)) else "int64" for name in counts}
    )
    return table.drop(columns=[name for name in ("network", "instrument_id") if not (table[name] != "").any()])


def write_csv(
    path: Path, tables: Iterable[pd.DataFrame], origin: Provenance, units: Mapping[str, str] | None = None
) -> None:
    """CSV, UTF-8: provenance and units as ``#`` lines, then a header; times in ISO 8601 UTC, missing values empty.

    Parameters
    ----------
    tables : iterable of DataFrame
        Of `long_table`, one below the other; all with the same columns (`store.archive.spool`).
    units : mapping of str to str or None
        Of columns that are no parameters.
    """
    with path.open("w", encoding="utf-8", newline="") as file:
        for number, table in enumerate(tables):
            if number == 0:
                head = [*origin.lines(), *(f"unit {name}: {unit}" for name, unit in _units(table, units).items())]
                file.writelines(f"# {line}\n" for line in head)
            starts = table["start"].dt.strftime("%Y-%m-%dT%H:%M:%S.%fZ").str.replace(".000000Z", "Z", regex=False)
            table.assign(start=starts).to_csv(file, index=False, lineterminator="\n", header=number == 0)


def write_parquet(
    path: Path, tables: Iterable[pd.DataFrame], origin: Provenance, units: Mapping[str, str] | None = None
) -> None:
    """Parquet (zstd); provenance in the file's metadata, each column's unit in the field's. Arguments as of `write_csv`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    left = iter(tables)
    first = next(left)
    schema = _arrow_schema(first, origin, units)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for table in chain([first], left):
            writer.write_table(pa.Table.from_pandas(table, schema=schema, preserve_index=False))


def _arrow_schema(table: pd.DataFrame, origin: Provenance, given_units: Mapping[str, str] | None) -> pa.Schema:
    """Types, units and provenance; a column without any value in this table is text, as only letters of status are."""
    import pyarrow as pa

    inferred = pa.Schema.from_pandas(table, preserve_index=False)
    units = _units(table, given_units)
    fields = [field.with_type(pa.string()) if pa.types.is_null(field.type) else field for field in inferred]
    fields = [field.with_metadata({"unit": units[field.name]}) if field.name in units else field for field in fields]
    given = {f"skyground_{name}": str(value) for name, value in msgspec.structs.asdict(origin).items()}
    return pa.schema(fields, metadata={**(inferred.metadata or {}), **given})


def _units(table: pd.DataFrame, given: Mapping[str, str] | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in map(str, table.columns):
        if given is not None:
            found |= {name: given[name]} if name in given else {}
            continue
        try:
            found[name] = parameter(name).unit
        except UnknownParameterError:
            continue
    return found
