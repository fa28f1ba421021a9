"""From a reading's publication to the first mail of its case, on real servers, with 500 messages/s in the background.

Mosquitto, InfluxDB, a mail server, ``skyground collect`` and ``skyground watch`` run in processes of their own. 73 stations send in the
background; at intervals one more station, with a month of stored hours and ten minutes of readings, publishes a reading of the present
minute beyond its limit. The moments at which its alert was recorded and at which the mail server took the first mail of its case that has
a case file are compared with the moment before the publication: a mail without a case file is not in time, however early it comes.
``idle_cpu`` is the processor time of the watch before the load, in cores. Prints one line of JSON.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from statistics import quantiles

import msgspec
import numpy as np
import pandas as pd

from bench.ingest.field import CODES, Field, FieldError, Load
from schemas.interval import floor_hour
from schemas.words import words
from store.state import StateStore
from tests import servers

ALARMS = int(os.environ.get("BENCH_ALARMS", "60"))
IDLE_S = 30.0
SETTLE_S = 30.0
"""Until the watch is warm and has evaluated the stored hours."""
EVERY_S = float(os.environ.get("BENCH_EVERY_S", "0.5"))
WAITED_S = 90.0
"""After the last alarm; a mail that has not come by then counts as this late."""
HISTORY = timedelta(days=32)
MINUTES = 10
_CODES = CODES[:10]
_MINUTE = timedelta(minutes=1)
_BACKGROUND = [f"st-{n:02d}" for n in range(73)]
_ALARMED = [f"al-{n:03d}" for n in range(ALARMS)]
_RULE = """
[[rule]]
name = "limit"
kind = "threshold"
title_zh = "t"
title_en = "t"
advice_zh = "a"
advice_en = "a"
severity = "critical"
source = "bench"
verified = false
network = "voc"
parameter = "{code}"
unit = "{unit}"
averaging = "native"
above = {limit}
for_h = 0
stations = ["al-*"]
"""
_LIMIT = 300.0


def main() -> None:
    """Run the servers and the load and print the figures."""
    example = Path("deploy/rules.example.toml").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as name, ExitStack() as ends:
        directory = Path(name)
        rules = directory / "rules.toml"
        from schemas.parameter import parameter

        rules.write_text(
            example + _RULE.format(code=CODES[1], unit=parameter(CODES[1]).unit, limit=_LIMIT), encoding="utf-8"
        )
        field = ends.enter_context(Field(directory, [*_BACKGROUND, *_ALARMED], late_windows={"al-": 72}))
        _store_hours(field)
        smtp = ends.enter_context(servers.running(servers.smtp_sink(directory / "smtp")))
        collector = field.collector()
        collector.start()
        watch = _start_watch(field, rules, smtp.url)
        ends.callback(_stop, watch)
        state = ends.enter_context(StateStore(collector.settings.state_url))
        _publish_minutes(field)
        time.sleep(SETTLE_S)
        before = _cpu_s(watch.pid)
        time.sleep(IDLE_S)
        idle = (_cpu_s(watch.pid) - before) / IDLE_S
        before, begun = _cpu_s(watch.pid), time.monotonic()
        with Load(field, _BACKGROUND, 500.0, field.codes):
            delays, mailed = _alarm(field, state, directory / "smtp" / "maildir")
        loaded = (_cpu_s(watch.pid) - before) / (time.monotonic() - begun)
    stored, cuts = quantiles(delays, n=100), quantiles(mailed, n=100)
    print(
        json.dumps(
            {
                "name": "watch.latency",
                "value": round(cuts[49], 3),
                "unit": "s",
                "until": "mail accepted by the SMTP server",
                "mails": len(mailed),
                "without_case_file": sum(item >= WAITED_S for item in mailed),
                "p95": round(cuts[94], 3),
                "p99": round(cuts[98], 3),
                "stored": {"p50": round(stored[49], 3), "p95": round(stored[94], 3)},
                "vs": "must reach p95 5 s, aim 2 s (to SMTP accepted)",
                "workload": f"{len(delays)} alarms, one every {EVERY_S:g} s, each with a month of hours of {len(_CODES)} parameters, 500 messages/s of {len(_BACKGROUND)} stations in the background",
                "idle_cpu": round(idle, 4),
                "loaded_cpu": round(loaded, 3),
                "load_1min": os.getloadavg()[0],
            }
        )
    )


def _start_watch(field: Field, rules: Path, smtp_url: str) -> subprocess.Popen[bytes]:
    settings = field.collectors[0].settings
    chosen = {
        "SKYGROUND_RUN_DIR": str(settings.run_dir),
        "SKYGROUND_NETWORK": str(field.network),
        "SKYGROUND_INFLUX_URL": settings.influx_url,
        "SKYGROUND_RULES": str(rules),
        "SKYGROUND_SMTP_URL": smtp_url,
        "SKYGROUND_WATCH_METRICS_PORT": "0",
        "SKYGROUND_MAILS_PER_H": "1000",
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SKYGROUND_")}
    with (field.directory / "watch.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "console.cli", "watch"], env=kept | chosen, stdout=log, stderr=log
        )


def _stop(watch: subprocess.Popen[bytes]) -> None:
    watch.send_signal(signal.SIGTERM)
    watch.wait(60)


def _alarm(field: Field, state: StateStore, maildir: Path) -> tuple[list[float], list[float]]:
    """Publish an exceedance of one station after the other; seconds from each publication to its record, and to the first mail of its case."""
    published: dict[str, datetime] = {}
    with field.publisher() as publisher:
        for station in _ALARMED:
            published[station] = now = datetime.now(UTC)
            publisher.publish(*_reading(station, _minute_of(now) - _MINUTE, 2 * _LIMIT))
            publisher.flush()
            time.sleep(EVERY_S)
    deadline = time.monotonic() + WAITED_S
    while True:
        found = {item.transition.station_id: item.recorded_at for item in state.alerts.get_states().values()}
        cases = [case for item in state.cases.list() if (case := state.cases.get(item.id)) is not None]
        mails = _arrived(maildir)
        is_over = time.monotonic() > deadline
        if is_over or (published.keys() <= found.keys() and all(case.id in mails for case in cases)):
            break
        time.sleep(0.5)
    if missing := published.keys() - found.keys():
        msg = f"{len(missing)} of {len(published)} alarms were not stored"
        raise FieldError(msg)
    began = [(case.id, published.get(case.steps[0].alerts[0].station_id)) for case in cases]
    mailed = [
        (mails[case_id] - at).total_seconds() if case_id in mails else WAITED_S
        for case_id, at in began
        if at is not None
    ]
    return [(found[name] - at).total_seconds() for name, at in published.items()], mailed


def _store_hours(field: Field) -> None:
    """A month of hours up to the last whole one at the stations that will raise alarms."""
    end = floor_hour(datetime.now(UTC))
    index = pd.date_range(end - HISTORY, end - timedelta(hours=1), freq="h", name="start")
    chance = np.random.default_rng(56_400)
    for station in _ALARMED:
        columns: dict[str, object] = {}
        for code in _CODES:
            columns[code] = chance.lognormal(1.0, 0.5, len(index))
            columns[f"{code}__n"] = np.full(len(index), 60.0)
            columns[f"{code}__flag"] = np.ones(len(index), dtype=np.int8)
        result = field.store.write_hourly("voc", station, pd.DataFrame(columns, index=index))
        if result.rejected or result.retry:
            msg = f"{station}: hours were not stored"
            raise FieldError(msg)


def _publish_minutes(field: Field) -> None:
    """Readings of the minutes before the alarms, rising towards the limit."""
    first = _minute_of(datetime.now(UTC)) - (MINUTES + 1) * _MINUTE
    with field.publisher() as publisher:
        for number in range(MINUTES):
            for station in _ALARMED:
                publisher.publish(*_reading(station, first + number * _MINUTE, _LIMIT * (number + 1) / (MINUTES + 2)))
        publisher.flush()


def _reading(station: str, start: datetime, value: float) -> tuple[str, bytes]:
    body = {
        "start": start.isoformat(),
        "end": (start + _MINUTE).isoformat(),
        "values": {CODES[1]: value} | {code: value / 10 for code in _CODES if code != CODES[1]},
    }
    return f"obs/v1/voc/{station}/gc1/json", msgspec.json.encode(body)


def _minute_of(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _arrived(maildir: Path) -> dict[str, datetime]:
    """When the first mail of each case that has a case file was accepted, by the id of the case."""
    heading = words("zh", "mail")("evidence.file")
    found: dict[str, datetime] = {}
    for path in maildir.glob("new/*"):
        message = message_from_bytes(path.read_bytes(), policy=default)
        part = message.get_body(("plain",)) if isinstance(message, EmailMessage) else None
        text = str(part.get_content()) if part is not None else ""
        named = re.search(r"/cases/(\d{8}-\d{4}-[0-9a-f]{6})", text)
        if named is not None and heading in text.splitlines():
            at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            found[named[1]] = min(at, found.get(named[1], at))
    return found


def _cpu_s(pid: int) -> float:
    """Processor time of a process so far [s]."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
