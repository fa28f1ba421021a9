"""Exports: frames of several stations to CSV, Parquet and NetCDF-CF, with where they come from written into the file.

NetCDF follows CF-1.8: discrete sampling geometry ``timeSeries`` in its orthogonal multidimensional form (section H.2.1),
``flag_values`` and ``flag_meanings`` (section 3.5), ``ancillary_variables`` (section 3.4).
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from itertools import chain
from typing import TYPE_CHECKING

import msgspec
import pandas as pd

from schemas.flag import Flag
from schemas.frames import (
    COMPLETENESS,
    COUNT,
    FLAG,
    HOURLY_COUNTS,
    HOURLY_FLOATS,
    REVIEW,
    REVISION,
    SEPARATOR,
    STATUS,
    STD,
    UNCERTAINTY,
)
from schemas.parameter import UnknownParameterError, parameter
from schemas.review import ReviewCode
from store.archive.option import Level

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    import pyarrow as pa
    import xarray as xr

    from schemas.network import Station

_NO_NUMBER = float("nan")
_COMPANIONS = (*HOURLY_COUNTS, *HOURLY_FLOATS)
_COUNTED = {COUNT: "valid native values in the mean of", REVISION: "revisions of the hour of"}
_SPREADS = {STD: "standard deviation", COMPLETENESS: "completeness", UNCERTAINTY: "standard uncertainty"}
_FLAG_MEANINGS = " ".join(flag.name.lower() for flag in Flag)
_LEVELS = {
    Level.HOURLY: "L1.5 hourly, automatically checked",
    Level.NATIVE: "L1 native, as decoded, with the flags of automatic quality control; 2: not evaluated",
    Level.REVIEWED: "L2 hourly, reviewed by people; columns __review: 0 none, 1 proposed, 2 confirmed, 3 signed, 8 stale",
}
#: CF units where they are written otherwise than in the registry.
_CF_UNITS = {
    "ug/m3": "ug m-3",
    "mg/m3": "mg m-3",
    "ng/m3": "ng m-3",
    "degC": "degC",
    "m/s": "m s-1",
    "W/m2": "W m-2",
    "deg": "degree",
    "%": "percent",
}


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """Where an export comes from; written into every file.

    Attributes
    ----------
    network : str
        Whose instruments the values are of; empty where it is not stated.
    note : str
        What a reader has to know of these values, such as hours to which two instruments contribute; empty: nothing.
    """

    query: str
    created: str
    software: str
    level: str
    licence: str
    network: str = ""
    note: str = ""

    def lines(self) -> list[str]:
        """One ``key: value`` a line, without what is empty."""
        return [f"{name}: {getattr(self, name)}" for name in self.__struct_fields__ if getattr(self, name)]


def provenance(*, query: str, level: Level, now: datetime, network: str = "", note: str = "") -> Provenance:
    """Provenance of an export made at ``now`` (aware)."""
    try:
        number = version("skyground")
    except PackageNotFoundError:
        number = "unknown"
    licence = "The stations' operators decide on the use of these data; data of others keep their own licence and must be cited."
    return Provenance(
        query=query,
        created=now.isoformat(timespec="seconds"),
        software=f"skyground {number}",
        level=_LEVELS[level],
        licence=licence,
        network=network,
        note=note,
    )


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


def write_csv(path: Path, tables: Iterable[pd.DataFrame], origin: Provenance) -> None:
    """CSV, UTF-8: provenance and units as ``#`` lines, then a header; times in ISO 8601 UTC, missing values empty.

    Parameters
    ----------
    tables : iterable of DataFrame
        Of `long_table`, one below the other; all with the same columns (`store.archive.spool`).
    """
    with path.open("w", encoding="utf-8", newline="") as file:
        for number, table in enumerate(tables):
            if number == 0:
                head = [*origin.lines(), *(f"unit {name}: {unit}" for name, unit in _units(table).items())]
                file.writelines(f"# {line}\n" for line in head)
            starts = table["start"].dt.strftime("%Y-%m-%dT%H:%M:%S.%fZ").str.replace(".000000Z", "Z", regex=False)
            table.assign(start=starts).to_csv(file, index=False, lineterminator="\n", header=number == 0)


def write_parquet(path: Path, tables: Iterable[pd.DataFrame], origin: Provenance) -> None:
    """Parquet (zstd); provenance in the file's metadata, each column's unit in the field's. Tables as for `write_csv`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    left = iter(tables)
    first = next(left)
    schema = _arrow_schema(first, origin)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for table in chain([first], left):
            writer.write_table(pa.Table.from_pandas(table, schema=schema, preserve_index=False))


def _arrow_schema(table: pd.DataFrame, origin: Provenance) -> pa.Schema:
    """Types, units and provenance; a column without any value in this table is text, as only letters of status are."""
    import pyarrow as pa

    inferred = pa.Schema.from_pandas(table, preserve_index=False)
    units = _units(table)
    fields = [field.with_type(pa.string()) if pa.types.is_null(field.type) else field for field in inferred]
    fields = [field.with_metadata({"unit": units[field.name]}) if field.name in units else field for field in fields]
    given = {f"skyground_{name}": str(value) for name, value in msgspec.structs.asdict(origin).items()}
    return pa.schema(fields, metadata={**(inferred.metadata or {}), **given})


def write_netcdf(
    path: Path, frames: Mapping[tuple[str, str], pd.DataFrame], stations: Mapping[str, Station], origin: Provenance
) -> None:
    """NetCDF-4 after CF-1.8; raises `ValueError` for an export without any value, which the format cannot hold."""
    if not any(len(frame) for frame in frames.values()):
        msg = "nothing to export in this interval"
        raise ValueError(msg)
    dataset = to_dataset(frames, stations, origin)
    encoding = {
        name: {"zlib": True}
        for name in dataset.data_vars
        if dataset[name].dtype.kind in "fi" and dataset[name].dims == ("series", "time")
    }
    dataset.to_netcdf(path, engine="h5netcdf", encoding=encoding)


def to_dataset(
    frames: Mapping[tuple[str, str], pd.DataFrame], stations: Mapping[str, Station], origin: Provenance
) -> xr.Dataset:
    """Dataset with dimensions ``series`` (station and instrument) and ``time``; times are interval starts, UTC."""
    import xarray as xr

    keys = sorted(frames)
    index = _all_times(frames)
    columns = list(dict.fromkeys(name for key in keys for name in map(str, frames[key].columns)))
    variables = {
        name.replace(SEPARATOR, "_"): _variable(name, [frames[key] for key in keys], index) for name in columns
    }
    places = [stations.get(station_id) for station_id, _ in keys]
    names = ["/".join(filter(None, (origin.network, *key))) for key in keys]
    coordinates = {
        "time": (
            "time",
            index.tz_localize(None).to_numpy(),
            {"standard_name": "time", "long_name": "start of the interval, UTC"},
        ),
        "series_id": (
            "series",
            names,
            {"cf_role": "timeseries_id", "long_name": "network, station, and instrument where any"},
        ),
        "lon": (
            "series",
            [_number(place.lon if place else None) for place in places],
            {"standard_name": "longitude", "units": "degrees_east"},
        ),
        "lat": (
            "series",
            [_number(place.lat if place else None) for place in places],
            {"standard_name": "latitude", "units": "degrees_north"},
        ),
        "alt": (
            "series",
            [_number(place.altitude_m if place else None) for place in places],
            {"standard_name": "altitude", "units": "m", "positive": "up", "axis": "Z"},
        ),
    }
    history = f"{origin.created} {origin.software}: {origin.query}"
    attributes = {
        "Conventions": "CF-1.8",
        "featureType": "timeSeries",
        "history": history,
        "license": origin.licence,
        "processing_level": origin.level,
        **{name: text for name, text in (("network", origin.network), ("comment", origin.note)) if text},
    }
    return xr.Dataset(variables, coordinates, attributes)


def _all_times(frames: Mapping[tuple[str, str], pd.DataFrame]) -> pd.DatetimeIndex:
    indexes = [frame.index for frame in frames.values() if len(frame)]
    joined = indexes[0]
    for index in indexes[1:]:
        joined = joined.union(index)
    return pd.DatetimeIndex(joined)


def _variable(
    name: str, frames: list[pd.DataFrame], index: pd.DatetimeIndex
) -> tuple[tuple[str, str], object, dict[str, object]]:
    import numpy as np

    code, _, kind = name.partition(SEPARATOR)
    columns = [frame[name].reindex(index) if name in frame else pd.Series(np.nan, index=index) for frame in frames]
    attributes: dict[str, object] = {"coordinates": "lon lat alt series_id"}
    if name.endswith(STATUS):
        texts = [[value if isinstance(value, str) else "N" for value in column] for column in columns]
        return (
            ("series", "time"),
            np.array(texts, dtype=object),
            {"long_name": f"instrument status of {code}, letters of HJ 212-2017", **attributes},
        )
    if name.endswith(FLAG):
        values = np.stack([column.fillna(Flag.MISSING).to_numpy(dtype=np.int8) for column in columns])
        described = {
            "flag_values": np.array([int(flag) for flag in Flag], dtype=np.int8),
            "flag_meanings": _FLAG_MEANINGS,
        }
        return (
            ("series", "time"),
            values,
            {"long_name": f"QARTOD flag of {code}", "standard_name": "quality_flag", **described, **attributes},
        )
    if name.endswith(REVIEW):
        reach = np.stack([column.fillna(0).to_numpy(dtype=np.int8) for column in columns])
        described = {
            "flag_values": np.array([int(one) for one in ReviewCode], dtype=np.int8),
            "flag_meanings": " ".join(one.name.lower() for one in ReviewCode),
        }
        return ("series", "time"), reach, {"long_name": f"state of review of {code}", **described, **attributes}
    if name.endswith(tuple(_SPREADS)):
        spread = np.stack([column.to_numpy(dtype=np.float64) for column in columns])
        return ("series", "time"), spread, _spread_attributes(code, kind) | attributes
    if name.endswith((COUNT, REVISION)):
        counts = np.stack([column.fillna(0).to_numpy(dtype=np.int32) for column in columns])
        return (
            ("series", "time"),
            counts,
            {"long_name": f"{_COUNTED[SEPARATOR + kind]} {code}", "units": "1", **attributes},
        )
    assert not kind
    stacked = np.stack([column.to_numpy(dtype=np.float64) for column in columns])
    return ("series", "time"), stacked, _described(code, frames) | attributes


def _spread_attributes(code: str, kind: str) -> dict[str, object]:
    known, words = parameter(code), _SPREADS[SEPARATOR + kind]
    unit = "1" if SEPARATOR + kind == COMPLETENESS else _CF_UNITS.get(known.unit, known.unit)
    return {"long_name": f"{words} of {code}", "units": unit}


def _described(code: str, frames: list[pd.DataFrame]) -> dict[str, object]:
    known = parameter(code)
    attributes: dict[str, object] = {"long_name": known.name_en, "units": _CF_UNITS.get(known.unit, known.unit)}
    if known.cf_standard_name:
        attributes["standard_name"] = known.cf_standard_name
    suffixes = (*_COMPANIONS, STATUS, REVIEW)
    companions = [code + suffix for suffix in suffixes if any(code + suffix in frame for frame in frames)]
    if companions:
        attributes["ancillary_variables"] = " ".join(name.replace(SEPARATOR, "_") for name in companions)
    return attributes


def _units(table: pd.DataFrame) -> dict[str, str]:
    found = {}
    for name in map(str, table.columns):
        try:
            found[name] = parameter(name).unit
        except UnknownParameterError:
            continue
    return found


def _number(value: float | None) -> float:
    return _NO_NUMBER if value is None else value
