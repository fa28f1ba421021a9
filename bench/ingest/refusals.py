"""How long sound readings wait behind readings of one station that the database refuses. Prints one line of JSON.

The bucket keeps a day, in shards of an hour. One station's readings are ten days old, those of the others are of today; both
come in turn as fast as they can be published. Printed by kind: beyond the retention (the value), and a field of another type.
"""

from __future__ import annotations

import json
import os
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.ingest.field import CODES, Field, FieldError, message
from store.influx.line import to_nanoseconds
from store.influx.store import Bucket, require_accepted

COUNT = 10_000
_SOUND = [f"st-{number:02d}" for number in range(50)]
_BAD = "st-bad"
_ODD = CODES[-1]
"""Field that only that station has."""
_PATIENCE_S = 300.0


def main() -> None:
    """Measure both kinds on fresh servers."""
    found = {kind: _delays(kind) for kind in ("age", "conflict")}
    p50, p99, most = _percentiles(found["age"])
    print(
        json.dumps(
            {
                "name": "ingest.refusals",
                "value": round(p99, 3),
                "unit": "s",
                "vs": "must reach 5 s; aim 1 s",
                "ratio": round(p99 / 5.0, 3),
                "workload": f"{COUNT} readings of one station beyond the retention among {COUNT} sound ones of {len(_SOUND)} "
                "others, as fast as they can be published: publish to queryable of the sound ones, p99",
                "p50": round(p50, 3),
                "p99": round(p99, 3),
                "max": round(most, 3),
                "conflict_p99": round(_percentiles(found["conflict"])[1], 3),
                "load_1min": round(os.getloadavg()[0], 2),
                "cpus": os.cpu_count(),
            }
        )
    )


def _delays(kind: str) -> list[float]:
    """Seconds from publish to queryable of each sound reading, ascending [s]."""
    with tempfile.TemporaryDirectory() as name, Field(Path(name), [*_SOUND, _BAD]) as field:
        start = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(hours=6)
        bad_start = start - timedelta(days=10)
        _prepare(field, kind, bad_start)
        field.collector().start()
        published: list[float] = []
        thread = threading.Thread(target=_publish, args=(field, start, bad_start, published))
        thread.start()
        delays = _watch(field, start, published)
        thread.join()
    return sorted(delays)


def _prepare(field: Field, kind: str, bad_start: datetime) -> None:
    database = field.store._http.database  # noqa: SLF001 - an administrator's statement
    if kind == "age":
        field.store._http.query_json(  # noqa: SLF001
            f'ALTER RETENTION POLICY native ON "{database}" DURATION 1d SHARD DURATION 1h'
        )
        return
    days = [bad_start + timedelta(days=number) for number in range(9)]
    lines = [f'voc,station=other {_ODD}="text" {to_nanoseconds(day)}'.encode() for day in days]
    require_accepted(field.store.write_lines(Bucket.NATIVE, lines), "the field of another type")


def _publish(field: Field, start: datetime, bad_start: datetime, published: list[float]) -> None:
    sound_codes = [code for code in field.codes if code != _ODD]
    with field.publisher() as publisher:
        for number in range(COUNT):
            publisher.publish(*message(number, [_BAD], field.codes, bad_start))
            published.append(time.monotonic())
            publisher.publish(*message(number, _SOUND, sound_codes, start))
        publisher.flush()


def _watch(field: Field, start: datetime, published: list[float]) -> list[float]:
    """Delays by how many of the sound readings have become visible, which they do in the order of their publication."""
    values, delays = len(field.codes) - 1, list[float]()
    deadline = time.monotonic() + _PATIENCE_S
    while len(delays) < COUNT:
        visible = field.store.count_values("voc", start, start + timedelta(hours=6)) // values
        now = time.monotonic()
        delays.extend(now - published[number] for number in range(len(delays), visible))
        if now > deadline:
            msg = f"{len(delays)} of {COUNT} sound readings after {_PATIENCE_S:.0f} s"
            raise FieldError(msg)
        time.sleep(0.05)
    return delays


def _percentiles(ordered: list[float]) -> tuple[float, float, float]:
    return ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)], ordered[-1]


if __name__ == "__main__":
    main()
