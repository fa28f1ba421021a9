"""Hourly tables out of the database's answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from schemas.flag import Flag
from schemas.frames import (
    COMPLETENESS,
    COUNT,
    FLAG,
    REVISION,
    SEPARATOR,
    STD,
    UNCERTAINTY,
)
from store.influx.arrow import TAGS, empty_values, floats, index_of, parse_csv

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def hourly_frames(body: bytes, parameters: Sequence[str] | None) -> dict[str, pd.DataFrame]:
    """Hourly frames by station id; a parameter that a station never had is left out unless it is named."""
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
    figures = np.stack([floats(table[name], len(table)) for name in names], axis=1) if names else np.zeros((0, 0))
    # a completeness that was taken back is stored below zero
    figures = np.where(figures >= 0, figures, np.nan)
    frame = pd.DataFrame(figures, columns=names, index=index_of(table))
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
    """An hourly frame without rows, with the columns of the named parameters."""
    empty = {"": np.float64, COUNT: np.int64, FLAG: np.int8}
    columns = {name + suffix: np.empty(0, kind) for name in parameters or () for suffix, kind in empty.items()}
    return pd.DataFrame(columns, index=empty_values(()).index)


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
        mean, count, flag = (floats(part, len(table)) for part in parts)
        count = np.nan_to_num(np.where(np.isnan(count) & ~np.isnan(mean), 1, count), nan=0).astype(np.int64)
        flags = np.nan_to_num(flag, nan=Flag.MISSING).astype(np.int8)
        frame[name] = np.where(count == 0, np.nan, mean)
        frame[name + COUNT] = count
        frame[name + FLAG] = flags
        frame |= _companions(name, columns, count)
    return pd.DataFrame(frame, index=index_of(table))


def _companions(
    name: str, columns: Mapping[str, pa.ChunkedArray], count: np.ndarray[tuple[int], np.dtype[Any]]
) -> dict[str, object]:
    """Companions of a mean, where any row has them; those of an earlier version of the hour are masked."""
    least = {STD: 2, COMPLETENESS: 0, UNCERTAINTY: 1}
    found: dict[str, object] = {}
    for suffix, needed in least.items():
        column = columns.get(name + suffix)
        if column is not None and column.null_count < len(column):
            figures = floats(column, len(column))
            found[name + suffix] = np.where((count >= needed) & (figures >= 0), figures, np.nan)
    column = columns.get(name + REVISION)
    if column is not None and column.null_count < len(column):
        found[name + REVISION] = np.nan_to_num(floats(column, len(column)), nan=0).astype(np.int64)
    return found
