"""The latest reading of every instrument, by questions with a bound in time that widens only for what was not found."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pandas as pd

from store.influx_read import last_frame
from store.influxql import quote_identifier, quote_literal
from store.line import to_nanoseconds

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

Pair = tuple[str, str]
"""Station and instrument id."""
STEPS = (timedelta(hours=3), timedelta(days=2), timedelta(days=60), None)
"""How far back is looked, in turn; None: to the beginning, and only for the stations of instruments still not found."""


def read_lasts(
    ask: Callable[[str], bytes], networks: Sequence[str], wanted: Collection[Pair], now: datetime
) -> pd.DataFrame:
    """Columns ``station_id, instrument_id, start``: latest native readings.

    Parameters
    ----------
    ask : callable
        Answers InfluxQL in CSV, of the native bucket.
    networks : sequence of str
        At least one.
    wanted : collection of (station id, instrument id)
        Instruments that are looked for as far back as need be; of others only recent readings are found.
    now : datetime
        Aware.
    """
    missing, parts = set(wanted), list[pd.DataFrame]()
    for step in STEPS:
        stations = () if step is STEPS[0] else sorted({station for station, _ in missing})
        frame = last_frame(ask(newest(networks, None if step is None else now - step, stations)))
        known = {pair for part in parts for pair in _pairs(part)}
        parts.append(frame[[pair not in known for pair in _pairs(frame)]] if len(frame) else frame)
        missing -= set(_pairs(frame))
        if not missing:
            break
    found = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    return found.sort_values(["station_id", "instrument_id"], ignore_index=True)


def newest(networks: Sequence[str], since: datetime | None, stations: Iterable[str] = ()) -> str:
    """Statement for the newest point of every instrument; ``stations`` empty: all."""
    sources = ", ".join(map(quote_identifier, networks))
    bounds = [] if since is None else [f"time >= {to_nanoseconds(since)}"]
    chosen = " OR ".join(f'"station" = {quote_literal(station)}' for station in stations)
    where = " AND ".join([*bounds, *([f"({chosen})"] if chosen else [])])
    head = f"SELECT * FROM {sources}{f' WHERE {where}' if where else ''}"  # noqa: S608 - every part is quoted
    return f"{head} GROUP BY station, instrument ORDER BY time DESC LIMIT 1"


def _pairs(frame: pd.DataFrame) -> list[Pair]:
    return list(zip(frame["station_id"].tolist(), frame["instrument_id"].tolist(), strict=True))
