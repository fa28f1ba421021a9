"""Four figures of the ingest on real servers: latency, memory, catching up, and two collectors instead of one.

Each prints one line of JSON. Smaller runs by options; the workload says what was really done.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from bench.ingest.field import CODES, START, CollectorProcess, Field, FieldError, Load, backlog, kept
from bench.ingest.quota import quota
from bench.memory import resident_bytes
from ingest.backlog.dual_cursor import CURSOR
from store.rawlog import RawLog

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.ingest.field import Load as RunningLoad

VALUES = len(CODES)
_STATIONS = [f"st-{number:02d}" for number in range(50)]
_PATIENCE_S = 300.0
_POLL_S = 0.02
_LIVE_AFTER_S = 2.0
_SHARE_CORES = 0.4
"""Of a core for each of two collectors: with broker and database they then fit on two."""


def main() -> None:
    """Run the figures that ``--only`` names, each on fresh servers."""
    parser = argparse.ArgumentParser(prog="bench.ingest.load")
    parser.add_argument("--only", choices=sorted(_FIGURES), nargs="*", default=sorted(_FIGURES))
    parser.add_argument("--latency-s", type=int, default=60, help="seconds of load at 500 messages/s")
    parser.add_argument("--memory-messages", type=int, default=500_000)
    parser.add_argument("--outage-s", type=int, default=600, help="seconds of outage at 300 messages/s")
    parser.add_argument("--scale-messages", type=int, default=20_000)
    options = parser.parse_args()
    for name in options.only:
        with tempfile.TemporaryDirectory() as directory, Field(Path(directory), _STATIONS) as field:
            figures = _FIGURES[name](field, options)
        print(json.dumps(figures | {"load_1min": round(os.getloadavg()[0], 2), "cpus": os.cpu_count()}), flush=True)


def latency(field: Field, options: argparse.Namespace) -> dict[str, object]:
    """From just before publish to the value in an answer of the database; every message of one station of fifty."""
    field.collector().start()
    delays: list[float] = []
    with Load(field, field.stations, 500.0, field.codes) as load:
        ends = time.monotonic() + options.latency_s
        while time.monotonic() < ends:
            _add_visible(field, load, delays)
    deadline = time.monotonic() + _PATIENCE_S
    while len(delays) < len(load.published_at) and time.monotonic() < deadline:
        _add_visible(field, load, delays)
    found = sorted(delays)
    p50, p99 = found[len(found) // 2], found[min(len(found) - 1, int(len(found) * 0.99))]
    return {
        "name": "ingest.latency",
        "value": round(p50, 3),
        "unit": "s",
        "vs": "must reach p50 0.5 s and p99 1.5 s; aim 0.2 s and 0.6 s",
        "ratio": round(p50 / 0.5, 3),
        "workload": f"{load.count} QoS 1 messages of {VALUES} values at 500/s for {options.latency_s} s, publish to queryable",
        "p99_s": round(p99, 3),
        "max_s": round(found[-1], 3),
        "samples": len(found),
        "missing": len(load.published_at) - len(found),
    }


def _add_visible(field: Field, load: RunningLoad, delays: list[float], *, first: int = 0) -> None:
    """Note what of the first station has become visible since the last look, from its minute ``first`` on."""
    start = START + timedelta(minutes=first + len(delays))
    frame = field.store.read_native(
        "voc", field.stations[0], "gc1", start, START + timedelta(days=60), [field.codes[0]]
    )
    now = time.monotonic()
    delays.extend(now - load.published_at[number] for number in range(len(delays), len(delays) + len(frame)))
    time.sleep(_POLL_S)


def _memory_mb(pids: tuple[int, int]) -> tuple[float, float]:
    return resident_bytes(pids[0]) / 1e6, resident_bytes(pids[1]) / 1e6


def memory(field: Field, options: argparse.Namespace) -> dict[str, object]:
    """Resident memory of both processes while the database is away and messages come as fast as they can."""
    field.influx.stop()
    collector = field.collector()
    collector.start()
    pids = (collector.pid, collector.drain_pid)
    series: list[tuple[float, float]] = []
    with field.publisher() as publisher:
        for number, (topic, payload) in enumerate(backlog(field, options.memory_messages)):
            publisher.publish(topic, payload)
            if number % max(1, options.memory_messages // 100) == 0:
                series.append(_memory_mb(pids))
        publisher.flush()
    _wait(lambda: kept(collector) >= options.memory_messages, "the raw log")
    series.append(_memory_mb(pids))
    peaks = [max(item) for item in zip(*series, strict=True)]
    tenth = max(series[len(series) // 10])
    return {
        "name": "ingest.memory",
        "value": round(max(peaks), 1),
        "unit": "MB",
        "vs": "must stay below 200 MB; aim 120 MB",
        "ratio": round(max(peaks) / 200, 3),
        "workload": f"{options.memory_messages} QoS 1 messages of {VALUES} values while InfluxDB is down",
        "peak_intake_mb": round(peaks[0], 1),
        "peak_drain_mb": round(peaks[1], 1),
        "end_over_tenth": round(max(series[-1]) / tenth, 3),
        "raw_log_mb": round(_raw_log_mb(collector), 1),
    }


def catchup(field: Field, options: argparse.Namespace) -> dict[str, object]:
    """How fast an outage is made up for while the same load goes on; the outage itself is published as fast as it can be."""
    field.influx.stop()
    collector = field.collector()
    # the outage is published within seconds, so its messages never wait for the minute after which live ones go ahead
    collector.settings = collector.settings.model_copy(update={"drain_live_after_s": _LIVE_AFTER_S})
    collector.start()
    count = 300 * options.outage_s
    with field.publisher() as publisher:
        for topic, payload in backlog(field, count):
            publisher.publish(topic, payload)
        publisher.flush()
    _wait(lambda: kept(collector) >= count, "the raw log")
    with Load(field, field.stations, 300.0, field.codes, first=count) as load:
        field.influx.start()
        began = time.perf_counter()
        delays: list[float] = []
        while _lag(collector) >= 300:
            _add_visible(field, load, delays, first=count // len(field.stations))
            if time.perf_counter() - began > _PATIENCE_S:
                msg = f"waited {_PATIENCE_S:.0f} s for the end of the backlog"
                raise FieldError(msg)
        took_s = time.perf_counter() - began
    total = count + load.count
    _wait(lambda: field.values() == total * VALUES, "every value")
    return {
        "name": "ingest.catchup",
        "value": round(options.outage_s / took_s, 1),
        "unit": "x real time",
        "vs": "must reach 5 x; aim 20 x",
        "ratio": round(options.outage_s / took_s / 5, 2),
        "workload": f"{options.outage_s} s of outage at 300 messages/s of {VALUES} values, 300 messages/s going on; live "
        f"messages go ahead of what has waited {_LIVE_AFTER_S:.0f} s",
        "backlog_messages": count,
        "caught_up_after_s": round(took_s, 1),
        "messages_per_s": round((count + 300 * took_s) / took_s, 1),
        "live_delay_p50_s": round(sorted(delays)[len(delays) // 2], 2) if delays else None,
        "live_delay_max_s": round(max(delays), 2) if delays else None,
    }


def scale(field: Field, options: argparse.Namespace) -> dict[str, object]:
    """A backlog in the sessions of a share group, emptied by one collector and then by two; each with a part of a core, and without limit."""
    with quota("a", _SHARE_CORES) as first, quota("b", _SHARE_CORES) as second:
        groups = [first, second]
        limited = [] if None in groups else _rates(field, "limited", groups, options.scale_messages)
    free = _rates(field, "free", [None, None], options.scale_messages, first=2 * options.scale_messages * bool(limited))
    rates = limited or free
    ratio = round(rates[1] / rates[0], 3)
    condition = f"each held to {_SHARE_CORES} of a core" if limited else "no limit: control groups are not to be had"
    return {
        "name": "ingest.scale",
        "value": ratio,
        "unit": "x",
        "vs": f"one collector, {rates[0]:.0f} messages/s; must reach 1.5 x, aim 1.9 x",
        "ratio": ratio,
        "workload": f"{options.scale_messages} QoS 1 messages of {VALUES} values queued for a share group, until all are "
        f"queryable; {condition}",
        "one_messages_per_s": round(rates[0], 1),
        "two_messages_per_s": round(rates[1], 1),
        "without_limit_x": round(free[1] / free[0], 3),
        "without_limit_one_messages_per_s": round(free[0], 1),
    }


def _rates(field: Field, name: str, groups: Sequence[Path | None], count: int, *, first: int = 0) -> list[float]:
    """Messages a second of one collector, and of two [1/s]."""
    rates = []
    for members in (1, 2):
        collectors = [field.collector(f"{name}-{members}-{number}", f"{name}-{members}") for number in range(members)]
        for collector in collectors:
            collector.start()
        for collector in collectors:
            collector.stop()
        with field.publisher() as publisher:
            for topic, payload in backlog(field, count, first=first):
                publisher.publish(topic, payload)
            publisher.flush()
        for collector, group in zip(collectors, groups, strict=False):
            collector.group = group
            collector.start(wait=False)
        first += count
        _wait(lambda: field.values() == first * VALUES, "every value", poll_s=0.1)  # noqa: B023 - called before the next round
        took_s = (datetime.now(UTC) - min(_connected_at(collector) for collector in collectors)).total_seconds()
        rates.append(count / took_s)
        for collector in collectors:
            collector.stop()
    return rates


def _connected_at(collector: CollectorProcess) -> datetime:
    """Moment of the latest connection, by the collector's own log."""
    lines = [json.loads(line) for line in collector.log.read_text().splitlines() if '"connected"' in line]
    if not lines:
        msg = "the collector has not connected"
        raise FieldError(msg)
    return datetime.fromisoformat(lines[-1]["timestamp"])


def _lag(collector: CollectorProcess) -> int:
    log = RawLog(collector.settings.rawlog_dir)
    try:
        return log.count_after(log.cursor(CURSOR))
    finally:
        log.close()


def _raw_log_mb(collector: CollectorProcess) -> float:
    log = RawLog(collector.settings.rawlog_dir)
    try:
        return log.disk_usage() / 1e6
    finally:
        log.close()


def _wait(condition: Callable[[], bool], what: str, *, poll_s: float = 0.5) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            msg = f"waited {_PATIENCE_S:.0f} s for {what}"
            raise FieldError(msg)
        time.sleep(poll_s)


_FIGURES: dict[str, Callable[[Field, argparse.Namespace], dict[str, object]]] = {
    "latency": latency,
    "memory": memory,
    "catchup": catchup,
    "scale": scale,
}


if __name__ == "__main__":
    main()
