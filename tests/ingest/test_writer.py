from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from console.local.settings import free_ports
from ingest.writer import Writer
from schemas.interval import Interval
from schemas.reading import Reading
from store.influx.store import Bucket, InfluxStore

if TYPE_CHECKING:
    from store.settings import SharedSettings

START = datetime(2026, 11, 22, tzinfo=UTC)


def reading(minute: int) -> Reading:
    start = START + timedelta(minutes=minute)
    return Reading("gas", "st-1", "gas1", Interval(start, start), {"so2": 1.0, "o3": 2.0})


def test_stop_ends_waiting_for_a_dead_database(settings: SharedSettings) -> None:
    dead = settings.model_copy(update={"influx_url": f"http://127.0.0.1:{free_ports(1)[0]}"})
    stop = threading.Event()
    threading.Timer(0.5, stop.set).start()
    store = InfluxStore(dead)
    started = time.monotonic()
    assert Writer(store, stop).write([reading(0)]) is None
    assert time.monotonic() - started < 10
    store.close()


@pytest.mark.integration
def test_line_the_database_refuses_does_not_cost_the_others(settings: SharedSettings) -> None:
    store = InfluxStore(settings)
    store.ensure()
    # a field has one type in a shard, so the text must lie in the same week
    nanoseconds = int(START.timestamp()) * 1_000_000_000
    store.write_lines(Bucket.NATIVE, [f'gas,station=st-2 no="text" {nanoseconds}'.encode()])
    bad = Reading("gas", "st-1", "gas1", Interval(START, START), {"no": 1.0})
    written = Writer(store, threading.Event()).write([reading(1), bad, reading(2)])
    assert written is not None
    assert [item.index for item in written.refused] == [1]
    assert "no" in written.refused[0].detail
    assert (written.readings, written.values, store.count_values("gas", START, START + timedelta(hours=1))) == (2, 4, 5)
    store.close()
