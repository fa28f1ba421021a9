"""The database's CSV as an Arrow table, and its columns as arrays."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv as pa_csv

from schemas.frames import (
    STATUS,
)
from store.error import QueryError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


#: Tags, always text.
TAGS = frozenset({"name", "tags", "station", "instrument", "parameter", "test"})
NUMBERS = ("float", "integer")
_THREADS_FROM_BYTES = 1 << 20
FIRST_COLUMNS = ("name", "tags", "time")
LEFT_OUT = frozenset(FIRST_COLUMNS)
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
    if tuple(columns[: len(FIRST_COLUMNS)]) == FIRST_COLUMNS and rest.strip():
        return columns
    words = rest if columns == ["error"] else body
    msg = f"the database's answer is no table of rows with a time: {words[:_SHOWN].decode(errors='replace').strip()!r}"
    raise QueryError(msg)


def floats(column: pa.ChunkedArray | None, length: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """A column as numbers; NaN where there is none."""
    if column is None:
        return np.full(length, np.nan)
    values: np.ndarray[tuple[int], np.dtype[np.float64]] = column.to_numpy(zero_copy_only=False)
    return values


def has_status(columns: Mapping[str, pa.ChunkedArray], name: str) -> bool:
    """Whether a parameter has any status letter."""
    status = columns.get(name + STATUS)
    return status is not None and status.null_count < len(status)


def _time_type(body: bytes) -> pa.DataType:
    end = body.find(b"\n", at := body.find(b"\n") + 1)
    line = body[at : end if end >= 0 else len(body)].decode(errors="replace")
    first = next(csv.reader([line]), [])
    text = first[FIRST_COLUMNS.index("time")] if len(first) >= len(FIRST_COLUMNS) else ""
    # InfluxDB 3 may answer with RFC 3339 instead of the nanoseconds that were requested
    return pa.timestamp("ns", tz="UTC") if "T" in text else pa.int64()


def index_of(table: pa.Table) -> pd.DatetimeIndex:
    """Times of a table, UTC."""
    stamps = table["time"].cast(pa.int64()).to_numpy()
    # microseconds: pandas' own default, and the resolution of readings
    return pd.DatetimeIndex((stamps // 1_000).astype("datetime64[us]"), name="start").tz_localize("UTC")


def empty_values(parameters: Sequence[str]) -> pd.DataFrame:
    """A frame of parameters without a row."""
    index = pd.DatetimeIndex([], dtype="datetime64[us, UTC]", name="start")
    return pd.DataFrame({name: pd.Series(dtype=np.float64) for name in parameters}, index=index)
