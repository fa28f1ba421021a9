"""CSV answers of InfluxQL to the frames of `schemas.frames`.

Column types are stated, never guessed: a parameter that happens to hold whole numbers stays a float.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as pa_csv

from schemas.flag import Flag
from schemas.frames import (
    COMPLETENESS,
    COUNT,
    FLAG,
    FLAG_COLUMNS,
    FLAG_END,
    REVISION,
    SEPARATOR,
    STATUS,
    STD,
    TAKEN_BACK,
    TELLING_TESTS,
    UNCERTAINTY,
    empty_flags,
)
from store.error import QueryError
from store.influx.line_frame import SPAN_FIELD, VOID_FIELD
from store.old_reason import upgraded

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

#: Tags, always text.
TAGS = frozenset({"name", "tags", "station", "instrument", "parameter", "test"})
_RENAMED = {"station": "station_id", "instrument": "instrument_id"}
_NUMBERS = ("float", "integer")
_THREADS_FROM_BYTES = 1 << 20
_FIRST_COLUMNS = ("name", "tags", "time")
_LEFT_OUT = frozenset(_FIRST_COLUMNS)
_SHOWN = 120
"""Bytes of an unexpected answer that an error quotes."""


def parse_csv(body: bytes, is_text: Callable[[str], bool]) -> pa.Table | None:
    """Table of an InfluxQL answer in CSV, None when it holds no rows.

    Parameters
    ----------
    body : bytes
        One statement's answer: header, then rows.
    is_text : callable
        Whether a column holds text; all others but ``time`` are floats.

    Raises
    ------
    QueryError
        The answer is not what InfluxDB writes.
    """
    if not body.strip():
        return None
    header = header_of(body)
    types = {name: pa.string() if name in TAGS or is_text(name) else pa.float64() for name in header}
    types["time"] = _time_type(body)
    has_text = any(is_text(name) for name in header)
    try:
        table = pa_csv.read_csv(
            pa.py_buffer(body),
            # small answers are not worth the pool of threads
            read_options=pa_csv.ReadOptions(use_threads=len(body) > _THREADS_FROM_BYTES),
            # line breaks inside quoted text need the slower parser
            parse_options=pa_csv.ParseOptions(newlines_in_values=has_text),
            convert_options=pa_csv.ConvertOptions(
                column_types=types, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=True
            ),
        )
    except pa.ArrowException as error:
        msg = f"the database's answer cannot be read: {error}"
        raise QueryError(msg) from error
    if table["time"].null_count:
        msg = "the database's answer cannot be read: a row without a time"
        raise QueryError(msg)
    return table


def header_of(body: bytes) -> list[str]:
    """Column names of an answer, ``name, tags, time`` first; raises `QueryError` where it has none or no row."""
    head, _, rest = body.partition(b"\n")
    try:
        columns = next(csv.reader([head.decode()]), [])
    except (UnicodeDecodeError, csv.Error):
        columns = []
    if tuple(columns[: len(_FIRST_COLUMNS)]) == _FIRST_COLUMNS and rest.strip():
        return columns
    words = rest if columns == ["error"] else body
    msg = f"the database's answer is no table of rows with a time: {words[:_SHOWN].decode(errors='replace').strip()!r}"
    raise QueryError(msg)


def native_frame(body: bytes, parameters: Sequence[str] | None) -> pd.DataFrame:
    """Native frame of one instrument; status columns only where any is given, parameters without a value left out unless asked for."""
    table = parse_csv(body, lambda name: name.endswith(STATUS))
    return _empty_values(parameters or ()) if table is None else _native_frame(table, parameters)


def native_frames(body: bytes) -> dict[tuple[str, str], pd.DataFrame]:
    """Native frames by (station id, instrument id) of an answer grouped by these tags."""
    table = parse_csv(body, lambda name: name.endswith(STATUS))
    if table is None:
        return {}
    tags = table["tags"].to_numpy(zero_copy_only=False)
    first = np.flatnonzero(np.append(True, tags[1:] != tags[:-1]))
    frames: dict[tuple[str, str], pd.DataFrame] = {}
    for begin, end in zip(first, np.append(first[1:], len(tags)), strict=True):
        frames[_owner(str(tags[begin]))] = _native_frame(table.slice(begin, end - begin), None)
    return frames


def _owner(tags: str) -> tuple[str, str]:
    """Station and instrument id out of the tags of a group, ``station=...,instrument=...``."""
    found = dict(item.split("=", 1) for item in tags.split(",") if "=" in item)
    try:
        return found["station"], found["instrument"]
    except KeyError as error:
        msg = f"the database's answer cannot be read: no {error} among the tags {tags!r}"
        raise QueryError(msg) from error


def _native_frame(table: pa.Table, parameters: Sequence[str] | None) -> pd.DataFrame:
    index = _index(table)
    columns = {name: table[name] for name in table.column_names if name not in TAGS and name != "time"}
    wanted = set(parameters or ())
    kept: dict[str, object] = {}
    for name, column in columns.items():
        if name.endswith(STATUS):
            if column.null_count < len(column):
                kept[name] = column.to_numpy(zero_copy_only=False)
        elif name in wanted or column.null_count < len(column):
            kept[name] = column.to_numpy(zero_copy_only=False)
        elif column.null_count == len(column) and _has_status(columns, name):
            kept[name] = np.full(len(column), np.nan)
    frame = pd.DataFrame(kept, index=index)
    for name in [name for name in parameters or () if name not in frame]:
        frame[name] = np.nan
    return frame


def hourly_frames(body: bytes, parameters: Sequence[str] | None) -> dict[str, pd.DataFrame]:
    """Hourly frames by station id; a parameter a station has never had is left out unless asked for."""
    table = parse_csv(body, lambda _name: False)
    if table is None:
        return {}
    stations = table["station"].to_pandas()
    ids = sorted(stations.dropna().unique())
    if len(ids) == 1 and stations.notna().all():
        return {ids[0]: _hourly_frame(table, parameters)}
    encoded = table["station"]
    return {station_id: _hourly_frame(table.filter(pc.equal(encoded, station_id)), parameters) for station_id in ids}


def count_frames(body: bytes) -> dict[str, pd.DataFrame]:
    """Counts and completeness of hours by station id, out of an answer of these columns alone."""
    table = parse_csv(body, lambda _name: False)
    if table is None:
        return {}
    names = [name for name in table.column_names if name.endswith((COUNT, COMPLETENESS))]
    figures = np.stack([_floats(table[name], len(table)) for name in names], axis=1) if names else np.zeros((0, 0))
    # a completeness that was taken back is stored below zero
    figures = np.where(figures >= 0, figures, np.nan)
    frame = pd.DataFrame(figures, columns=names, index=_index(table))
    return {str(name): part for name, part in frame.groupby(table["station"].to_numpy(zero_copy_only=False))}


def hourly_table(body: bytes) -> pd.DataFrame:
    """Hours of all stations in one hourly frame, index (``station_id``, ``start``); a parameter a station never had is missing there."""
    table = parse_csv(body, lambda _name: False)
    if table is None:
        index = pd.DatetimeIndex([], dtype="datetime64[us, UTC]")
        return pd.DataFrame(index=pd.MultiIndex.from_arrays([[], index], names=["station_id", "start"]))
    frame = _hourly_frame(table, None)
    owners = table["station"].to_numpy(zero_copy_only=False)
    return frame.set_index(pd.MultiIndex.from_arrays([owners, frame.index], names=["station_id", "start"]))


def empty_hourly(parameters: Sequence[str] | None) -> pd.DataFrame:
    """An hourly frame without rows, with the columns of the parameters asked for."""
    empty = {"": np.float64, COUNT: np.int64, FLAG: np.int8}
    columns = {name + suffix: np.empty(0, kind) for name in parameters or () for suffix, kind in empty.items()}
    return pd.DataFrame(columns, index=_empty_values(()).index)


def flags_frame(body: bytes) -> pd.DataFrame:
    """Flags frame; a verdict that a later run has turned into PASS is left out."""
    table = parse_csv(body, lambda name: name == "reason")
    if table is None:
        return empty_flags()
    values = {name: table[name].to_pandas() for name in table.column_names if name not in _LEFT_OUT}
    frame = pd.DataFrame(values).rename(columns=_RENAMED)
    frame["start"] = _index(table)
    for name in [name for name in FLAG_COLUMNS if name not in frame]:
        frame[name] = None
    frame["reason"] = _upgraded(frame["test"], frame["reason"].fillna(""))
    telling = frame["test"].isin(list(TELLING_TESTS)) & (frame["reason"] != TAKEN_BACK)
    frame = frame[frame["flag"].notna() & ((frame["flag"] != Flag.PASS) | telling)]
    instruments = frame["instrument_id"].astype(object)
    frame = frame.assign(
        flag=frame["flag"].astype(np.int8),
        instrument_id=instruments.where(instruments.notna(), None),
    )
    return _with_end(frame).reset_index(drop=True) if len(frame) else empty_flags()


def _upgraded(tests: pd.Series, reasons: pd.Series) -> pd.Series:
    """Stored reasons; sentences of an earlier version are recognised."""
    old = ~reasons.str.startswith("{").to_numpy(dtype=np.bool_)
    if not old.any():
        return reasons
    found = [upgraded(test, text) for test, text in zip(tests[old].astype(str), reasons[old], strict=True)]
    return reasons.where(~old, pd.Series(found, index=reasons.index[old]).reindex(reasons.index))


def _with_end(frame: pd.DataFrame) -> pd.DataFrame:
    """Columns of a flags frame, and ``end`` where any record states how long it covers."""
    if SPAN_FIELD not in frame or not frame[SPAN_FIELD].notna().any():
        return frame[list(FLAG_COLUMNS)]
    span = pd.to_timedelta(frame[SPAN_FIELD].round(6), unit="s").dt.as_unit("us")
    return frame.assign(**{FLAG_END: frame["start"] + span})[[*FLAG_COLUMNS, FLAG_END]]


def product_frame(body: bytes, types: Mapping[str, str]) -> pd.DataFrame:
    """Product frame: index ``start``, column ``station_id``, further tags and the fields.

    Parameters
    ----------
    types : mapping of str to str
        InfluxDB's field types; what is not in it is a tag, thus text.
    """
    table = parse_csv(body, lambda name: name != "time" and types.get(name) not in _NUMBERS)
    if table is None:
        return _empty_values(()).assign(station_id=pd.Series(dtype=object))
    values = {
        _RENAMED.get(name, name): table[name].to_pandas().to_numpy()
        for name in table.column_names
        if name not in _LEFT_OUT and name != VOID_FIELD
    }
    frame = pd.DataFrame(values, index=_index(table))
    if VOID_FIELD in table.column_names:
        frame = _without_void(frame, table[VOID_FIELD], [name for name in types if types[name] in _NUMBERS])
    texts = frame.select_dtypes(include=["object", "str"]).columns
    frame[texts] = frame[texts].astype(object).where(frame[texts].notna(), None)
    return frame[["station_id", *[name for name in frame if name != "station_id"]]]


def _without_void(frame: pd.DataFrame, void: pa.ChunkedArray, numbers: Sequence[str]) -> pd.DataFrame:
    """Without the numbers that a later write found to be none; a row of which nothing is left goes."""
    told = void.to_pandas().fillna("")
    # few different texts, so each is looked at once
    for text in told[told != ""].unique():
        names = [name for name in text.split(",") if name in frame]
        frame.loc[(told == text).to_numpy(), names] = np.nan
    there = [name for name in numbers if name in frame]
    texts = [name for name in frame if name not in there and name != "station_id"]
    empty = frame[there].isna().all(axis=1) & (told != "").to_numpy()
    return frame if texts else frame[~empty]


def last_frame(body: bytes) -> pd.DataFrame:
    """Columns ``station_id``, ``instrument_id``, ``start`` of an answer grouped by these tags, one row a series."""
    table = parse_csv(body, lambda name: name.endswith(STATUS))
    if table is None:
        return pd.DataFrame(
            {
                "station_id": pd.Series(dtype=object),
                "instrument_id": pd.Series(dtype=object),
                "start": pd.Series(dtype="datetime64[us, UTC]"),
            }
        )
    owners = [_owner(str(tags)) for tags in table["tags"].to_pylist()]
    frame = pd.DataFrame(owners, columns=["station_id", "instrument_id"]).assign(start=_index(table))
    return frame.sort_values(["station_id", "instrument_id"], ignore_index=True)


def _hourly_frame(table: pa.Table, parameters: Sequence[str] | None) -> pd.DataFrame:
    columns = {name: table[name] for name in table.column_names if name not in TAGS and name != "time"}
    names = [name for name in columns if SEPARATOR not in name]
    names += [
        name.removesuffix(COUNT) for name in columns if name.endswith(COUNT) and name.removesuffix(COUNT) not in columns
    ]
    frame: dict[str, object] = {}
    for name in dict.fromkeys([*(parameters or ()), *names]):
        parts = [columns.get(name), columns.get(name + COUNT), columns.get(name + FLAG)]
        if name not in (parameters or ()) and all(part is None or part.null_count == len(part) for part in parts):
            continue
        mean, count, flag = (_floats(part, len(table)) for part in parts)
        count = np.nan_to_num(np.where(np.isnan(count) & ~np.isnan(mean), 1, count), nan=0).astype(np.int64)
        flags = np.nan_to_num(flag, nan=Flag.MISSING).astype(np.int8)
        frame[name] = np.where(count == 0, np.nan, mean)
        frame[name + COUNT] = count
        frame[name + FLAG] = flags
        frame |= _companions(name, columns, count)
    return pd.DataFrame(frame, index=_index(table))


def _companions(
    name: str, columns: Mapping[str, pa.ChunkedArray], count: np.ndarray[tuple[int], np.dtype[Any]]
) -> dict[str, object]:
    """What stands beside a mean, where any row has it; one of an earlier, fuller hour, or that was taken back, does not shine through."""
    least = {STD: 2, COMPLETENESS: 0, UNCERTAINTY: 1}
    found: dict[str, object] = {}
    for suffix, needed in least.items():
        column = columns.get(name + suffix)
        if column is not None and column.null_count < len(column):
            figures = _floats(column, len(column))
            found[name + suffix] = np.where((count >= needed) & (figures >= 0), figures, np.nan)
    column = columns.get(name + REVISION)
    if column is not None and column.null_count < len(column):
        found[name + REVISION] = np.nan_to_num(_floats(column, len(column)), nan=0).astype(np.int64)
    return found


def _floats(column: pa.ChunkedArray | None, length: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    if column is None:
        return np.full(length, np.nan)
    values: np.ndarray[tuple[int], np.dtype[np.float64]] = column.to_numpy(zero_copy_only=False)
    return values


def _has_status(columns: Mapping[str, pa.ChunkedArray], name: str) -> bool:
    status = columns.get(name + STATUS)
    return status is not None and status.null_count < len(status)


def _time_type(body: bytes) -> pa.DataType:
    end = body.find(b"\n", at := body.find(b"\n") + 1)
    line = body[at : end if end >= 0 else len(body)].decode(errors="replace")
    first = next(csv.reader([line]), [])
    text = first[_FIRST_COLUMNS.index("time")] if len(first) >= len(_FIRST_COLUMNS) else ""
    # InfluxDB 3 may answer with RFC 3339 instead of the nanoseconds asked for
    return pa.timestamp("ns", tz="UTC") if "T" in text else pa.int64()


def _index(table: pa.Table) -> pd.DatetimeIndex:
    stamps = table["time"].cast(pa.int64()).to_numpy()
    # microseconds: pandas' own default, and the resolution of readings
    return pd.DatetimeIndex((stamps // 1_000).astype("datetime64[us]"), name="start").tz_localize("UTC")


def _empty_values(parameters: Sequence[str]) -> pd.DataFrame:
    index = pd.DatetimeIndex([], dtype="datetime64[us, UTC]", name="start")
    return pd.DataFrame({name: pd.Series(dtype=np.float64) for name in parameters}, index=index)
