"""CSV answers of InfluxQL to the frames of `schemas.frames`.

Column types are stated, never guessed: a parameter that happens to hold whole numbers stays a float.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from schemas.flag import Flag
from schemas.frames import (
    FLAG_COLUMNS,
    FLAG_END,
    STATUS,
    TAKEN_BACK,
    TELLING_TESTS,
    empty_flags,
)
from store.error import QueryError
from store.influx.arrow import LEFT_OUT, NUMBERS, TAGS, empty_values, has_status, index_of, parse_csv
from store.influx.line_frame import SPAN_FIELD, VOID_FIELD
from store.old_reason import upgraded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa


_RENAMED = {"station": "station_id", "instrument": "instrument_id"}


def native_frame(body: bytes, parameters: Sequence[str] | None) -> pd.DataFrame:
    """Native frame of one instrument; status columns only where any is given, parameters without a value left out unless named."""
    table = parse_csv(body, lambda name: name.endswith(STATUS))
    return empty_values(parameters or ()) if table is None else _native_frame(table, parameters)


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
    index = index_of(table)
    columns = {name: table[name] for name in table.column_names if name not in TAGS and name != "time"}
    wanted = set(parameters or ())
    kept: dict[str, object] = {}
    for name, column in columns.items():
        if name.endswith(STATUS):
            if column.null_count < len(column):
                kept[name] = column.to_numpy(zero_copy_only=False)
        elif name in wanted or column.null_count < len(column):
            kept[name] = column.to_numpy(zero_copy_only=False)
        elif column.null_count == len(column) and has_status(columns, name):
            kept[name] = np.full(len(column), np.nan)
    frame = pd.DataFrame(kept, index=index)
    for name in [name for name in parameters or () if name not in frame]:
        frame[name] = np.nan
    return frame


def flags_frame(body: bytes) -> pd.DataFrame:
    """Flags frame; a flag that a later run has reset to PASS is left out."""
    table = parse_csv(body, lambda name: name == "reason")
    if table is None:
        return empty_flags()
    values = {name: table[name].to_pandas() for name in table.column_names if name not in LEFT_OUT}
    frame = pd.DataFrame(values).rename(columns=_RENAMED)
    frame["start"] = index_of(table)
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
    table = parse_csv(body, lambda name: name != "time" and types.get(name) not in NUMBERS)
    if table is None:
        return empty_values(()).assign(station_id=pd.Series(dtype=object))
    values = {
        _RENAMED.get(name, name): table[name].to_pandas().to_numpy()
        for name in table.column_names
        if name not in LEFT_OUT and name != VOID_FIELD
    }
    frame = pd.DataFrame(values, index=index_of(table))
    if VOID_FIELD in table.column_names:
        frame = _without_void(frame, table[VOID_FIELD], [name for name in types if types[name] in NUMBERS])
    texts = frame.select_dtypes(include=["object", "str"]).columns
    frame[texts] = frame[texts].astype(object).where(frame[texts].notna(), None)
    return frame[["station_id", *[name for name in frame if name != "station_id"]]]


def _without_void(frame: pd.DataFrame, void: pa.ChunkedArray, numbers: Sequence[str]) -> pd.DataFrame:
    """Rows without the numbers that a later write withdrew; a row of which nothing is left is dropped."""
    voids = void.to_pandas().fillna("")
    # few different texts, so each is looked at once
    for text in voids[voids != ""].unique():
        names = [name for name in text.split(",") if name in frame]
        frame.loc[(voids == text).to_numpy(), names] = np.nan
    there = [name for name in numbers if name in frame]
    texts = [name for name in frame if name not in there and name != "station_id"]
    empty = frame[there].isna().all(axis=1) & (voids != "").to_numpy()
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
    frame = pd.DataFrame(owners, columns=["station_id", "instrument_id"]).assign(start=index_of(table))
    return frame.sort_values(["station_id", "instrument_id"], ignore_index=True)
