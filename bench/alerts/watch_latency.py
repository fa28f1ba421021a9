"""From a reading's publication to the first mail of its case, on real servers, with 500 messages/s in the background.

Mosquitto, InfluxDB, a mail server, ``skyground collect`` and ``skyground watch`` run in processes of their own. 73 stations send in the
background; every half second one more station publishes a reading beyond its limit, and the moment at which its alert was recorded
is compared with the moment before the publication. ``idle_cpu`` is the processor time of the watch before the load, in cores. Prints one line of JSON.
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

from bench.ingest.field import CODES, START, Field, FieldError, Load
from store.state import StateStore
from tests import servers

ALARMS = int(os.environ.get("BENCH_ALARMS", "60"))
IDLE_S = 30.0
_EVERY_S = 0.5
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
        field = ends.enter_context(Field(directory, [*_BACKGROUND, *_ALARMED]))
        smtp = ends.enter_context(servers.running(servers.smtp_sink(directory / "smtp")))
        collector = field.collector()
        collector.start()
        watch = _start_watch(field, rules, smtp.url)
        ends.callback(_stop, watch)
        state = ends.enter_context(StateStore(collector.settings.state_url))
        time.sleep(10.0)
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
                "p95": round(cuts[94], 3),
                "p99": round(cuts[98], 3),
                "stored": {"p50": round(stored[49], 3), "p95": round(stored[94], 3)},
                "vs": "must reach p95 5 s, aim 2 s (to SMTP accepted)",
                "workload": f"{len(delays)} alarms, 500 messages/s of {len(_BACKGROUND)} stations in the background",
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
            body = {
                "start": START.isoformat(),
                "end": (START + timedelta(minutes=1)).isoformat(),
                "values": {CODES[1]: 2 * _LIMIT},
            }
            published[station] = datetime.now(UTC)
            publisher.publish(f"obs/v1/voc/{station}/gc1/json", msgspec.json.encode(body))
            publisher.flush()
            time.sleep(_EVERY_S)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = {item.transition.station_id: item.recorded_at for item in state.alerts.get_states().values()}
        cases = [state.cases.get(item.id) for item in state.cases.list()]
        mails = _arrived(maildir)
        if published.keys() <= found.keys() and all(case is not None and case.id in mails for case in cases):
            mailed = [
                (mails[case.id] - published[case.steps[0].alerts[0].station_id]).total_seconds()
                for case in cases
                if case is not None and case.steps[0].alerts[0].station_id in published
            ]
            return [(found[name] - at).total_seconds() for name, at in published.items()], mailed
        time.sleep(0.5)
    msg = f"{len(published.keys() - found.keys())} of {len(published)} alarms were not stored"
    raise FieldError(msg)


def _arrived(maildir: Path) -> dict[str, datetime]:
    """When the first mail of each case was accepted, by the id of the case."""
    found: dict[str, datetime] = {}
    for path in maildir.glob("new/*"):
        message = message_from_bytes(path.read_bytes(), policy=default)
        part = message.get_body(("plain",)) if isinstance(message, EmailMessage) else None
        named = re.search(r"/cases/(\d{8}-\d{4}-[0-9a-f]{6})", str(part.get_content()) if part is not None else "")
        if named is not None:
            at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            found[named[1]] = min(at, found.get(named[1], at))
    return found


def _cpu_s(pid: int) -> float:
    """Processor time of a process so far [s]."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
