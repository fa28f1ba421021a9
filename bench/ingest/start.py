"""How long the collector takes from its start to the broker and to the first stored reading.

A reading waits in its session, as after a kill; the process is started, and the database asked every 10 ms. The same for a
collector that has never run: its run directory, state database and session are new, and the reading comes as soon as it
has subscribed. Prints one line of JSON.
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from bench.ingest.field import START, Field, FieldError, message

if TYPE_CHECKING:
    from bench.ingest.field import CollectorProcess

RUNS = 7
_STATIONS = [f"st-{number:02d}" for number in range(50)]
_PATIENCE_S = 60.0


def main() -> None:
    """Start again and again, and print the medians."""
    with tempfile.TemporaryDirectory() as directory, Field(Path(directory), _STATIONS) as field:
        collector = field.collector()
        collector.start()
        collector.stop()
        again = [_start_again(field, collector, number) for number in range(RUNS)]
        fresh = [_start_fresh(field, RUNS + number) for number in range(3)]
    connected, stored = (statistics.median(part) for part in zip(*again, strict=True))
    figures = {
        "name": "ingest.start",
        "value": round(connected, 3),
        "unit": "s",
        "vs": "must reach 1.0 s connected and 2.0 s stored; aim 0.3 s and 1.0 s",
        "ratio": round(connected / 1.0, 3),
        "workload": f"process start to connected, and to the first stored reading, which waits in the session; "
        f"{len(_STATIONS)} stations, median of {RUNS}",
        "stored": round(stored, 3),
        "stored_max": round(max(part[1] for part in again), 3),
        "fresh_connected": round(statistics.median(part[0] for part in fresh), 3),
        "fresh_stored": round(statistics.median(part[1] for part in fresh), 3),
        "load_1min": round(os.getloadavg()[0], 2),
        "cpus": os.cpu_count(),
    }
    print(json.dumps(figures))


def _start_again(field: Field, collector: CollectorProcess, number: int) -> tuple[float, float]:
    with field.publisher() as publisher:
        publisher.publish(*message(number * len(_STATIONS), _STATIONS, field.codes))
        publisher.flush()
    began, seen = datetime.now(UTC), collector.log.stat().st_size
    collector.start(wait=False)
    stored_s = _stored_after(field, number, began)
    connected_s = _said_after(collector, "connected", began, seen)
    collector.stop()
    return connected_s, stored_s


def _start_fresh(field: Field, number: int) -> tuple[float, float]:
    collector = field.collector(f"fresh-{number}")
    with field.publisher() as publisher:
        began = datetime.now(UTC)
        collector.start()
        publisher.publish(*message(number * len(_STATIONS), _STATIONS, field.codes))
        stored_s = _stored_after(field, number, began)
    connected_s = _said_after(collector, "connected", began, 0)
    collector.stop()
    return connected_s, stored_s


def _stored_after(field: Field, minute: int, began: datetime) -> float:
    """Seconds until the first station's reading of a minute can be queried."""
    start = START + timedelta(minutes=minute)
    deadline = time.monotonic() + _PATIENCE_S
    while field.store.count_values("voc", start, start + timedelta(minutes=1)) == 0:
        if time.monotonic() > deadline:
            msg = f"waited {_PATIENCE_S:.0f} s for the first reading"
            raise FieldError(msg)
        time.sleep(0.01)
    return (datetime.now(UTC) - began).total_seconds()


def _said_after(collector: CollectorProcess, event: str, began: datetime, seen: int) -> float:
    """Seconds until the collector's log says so, by its own time."""
    for line in collector.log.read_bytes()[seen:].decode().splitlines():
        found = json.loads(line)
        if found["event"] == event:
            return (datetime.fromisoformat(found["timestamp"]) - began).total_seconds()
    msg = f"the collector has not said {event}"
    raise FieldError(msg)


if __name__ == "__main__":
    main()
