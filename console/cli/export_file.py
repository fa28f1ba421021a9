"""Writes the file of an export out of parts of time, so that its length is not bounded by memory (but for NetCDF)."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pandas as pd

from store.archive.archive import long_table, write_csv, write_parquet
from store.archive.netcdf import write_netcdf
from store.archive.option import ExportFormat
from store.archive.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from schemas.network import Station
    from store.archive.provenance import Provenance

    Frames = Mapping[tuple[str, str], pd.DataFrame]

MOST_NETCDF = 50_000_000
"""Values of one NetCDF file, which is put together in memory."""


class TooLongError(ValueError):
    """More values than a file of this format may hold."""


def write_file(
    output: Path, form: ExportFormat, read: Iterable[Frames], stations: Mapping[str, Station], origin: Provenance
) -> tuple[int, int]:
    """Write one file; returns its rows and series. Without any row no file is written.

    Parameters
    ----------
    read : iterable of mapping of (station id, instrument id) to DataFrame
        Hourly or native frames of parts of time, in their order.

    Raises
    ------
    TooLongError, OSError, store.error.StoreError
    """
    if form is ExportFormat.NETCDF:
        return _write_netcdf(output, read, stations, origin)
    rows, series = 0, set[tuple[str, str]]()
    with TemporaryDirectory(dir=output.parent, prefix=".skyground-export-") as directory:
        spool = Spool(Path(directory))
        for frames in read:
            if frames:
                spool.add(long_table(frames, origin.network))
            rows += sum(map(len, frames.values()))
            series |= set(frames)
        if rows:
            write = write_csv if form is ExportFormat.CSV else write_parquet
            write(output, spool.tables(), origin)
    return rows, len(series)


def _write_netcdf(
    output: Path, read: Iterable[Frames], stations: Mapping[str, Station], origin: Provenance
) -> tuple[int, int]:
    parts: dict[tuple[str, str], list[pd.DataFrame]] = {}
    count = 0
    for frames in read:
        for key, frame in frames.items():
            parts.setdefault(key, []).append(frame)
            count += frame.size
        if count > MOST_NETCDF:
            msg = f"more than {MOST_NETCDF:,} values: expected a shorter interval, fewer stations, or csv or parquet"
            raise TooLongError(msg)
    joined = {key: pd.concat(found) if len(found) > 1 else found[0] for key, found in parts.items()}
    if joined:
        write_netcdf(output, joined, stations, origin)
    return sum(map(len, joined.values())), len(joined)
