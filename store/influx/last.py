"""The latest reading of every instrument, by questions with a bound in time that widens only for what was not found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from store.influx.influxql import STEPS, newest
from store.influx.read import last_frame

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime

Pair = tuple[str, str]
"""Station and instrument id."""


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


def _pairs(frame: pd.DataFrame) -> list[Pair]:
    return list(zip(frame["station_id"].tolist(), frame["instrument_id"].tolist(), strict=True))
