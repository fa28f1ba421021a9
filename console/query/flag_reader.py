"""Verdicts of any interval, read in pieces whose length follows how many there are, so that memory is bounded."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pandas as pd

from console.view.part import QueryPart, cut
from schemas.flagged import with_ends
from schemas.frames import concat_flags
from schemas.message import NetworkCode
from store.archive.option import Level
from store.influx.store import Bucket

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from concurrent.futures import Executor
    from datetime import datetime

    from console.view.query import SeriesQuery
    from store.influx.store import InfluxStore

PIECE_ROWS = 20_000
"""Target size of a piece [1]."""
_FIRST = {
    Level.NATIVE: timedelta(hours=1),
    Level.HOURLY: timedelta(days=1),
    Level.REVIEWED: timedelta(days=1),
}
_SHORTEST, _LONGEST = timedelta(hours=1), timedelta(days=366)
_FASTEST = 8.0
_SECOND = timedelta(seconds=1)


class FlagReader:
    """Reads flag records of all networks; networks and stations in parallel threads of an executor."""

    def __init__(self, influx: InfluxStore, threads: Executor) -> None:
        self._influx = influx
        self._threads = threads

    def pieces(self, query: SeriesQuery) -> Iterator[tuple[datetime, pd.DataFrame]]:
        """The end of each piece and its verdicts, in the order of time; raises `store.error.StoreError`."""
        start, step = query.start, _FIRST[query.level]
        while start < query.end:
            end = min(start + step, query.end)
            frame = self.read(query, start, end)
            yield end, frame
            growth = min(_FASTEST, max(1 / _FASTEST, PIECE_ROWS / max(1, len(frame))))
            start, step = end, min(_LONGEST, max(_SHORTEST, step * growth))

    def first(self, query: SeriesQuery, limit: int) -> tuple[QueryPart, pd.DataFrame]:
        """The part of a query whose verdicts are ``limit`` at most, and these; those of one second are never parted."""
        frames, count, end = list[pd.DataFrame](), 0, query.start
        for piece_end, frame in self.pieces(query):
            end = piece_end
            frames.append(frame)
            count += len(frame)
            if count >= limit:
                break
        found = concat_flags(frames)
        if count > limit:
            starts = pd.DatetimeIndex(found["start"])
            at = max(starts[limit].floor("s"), starts[0].floor("s") + pd.Timedelta(_SECOND))
            end = at.to_pydatetime()
            found = found[starts < at]
        return cut(query, end), found

    def read(self, query: SeriesQuery, start: datetime, end: datetime) -> pd.DataFrame:
        """Flags frame of a query's stations (all if none are named) and parameters (all if none) in ``[start, end)``, by time."""
        bucket = Bucket.NATIVE if query.level is Level.NATIVE else Bucket.HOURLY
        stations: Sequence[str | None] = query.stations or (None,)
        asked = [(str(code), station) for code in NetworkCode for station in stations]
        frames = self._threads.map(
            lambda pair: self._influx.read_flags(bucket, pair[0], start, end, station_id=pair[1]), asked
        )
        found = concat_flags([frame.assign(network=code) for frame, (code, _) in zip(frames, asked, strict=True)])
        if query.parameters and len(found):
            found = found[found["parameter"].isin(query.parameters)]
        found = with_ends(found, hourly=bucket is Bucket.HOURLY)
        return found.sort_values(["start", "station_id", "parameter"]) if len(found) else found
