"""Figure ``alerts.crash``: mails lost when the sender is killed (SIGKILL) ten times, with a mail server that drops every third connection after DATA.

A real process delivers; the mail server takes each mail and, of every third, closes the connection in place of its answer. Five cases are
opened before each kill, which comes at a random moment (seed 56,200). A mail that arrives again must have the same Message-ID.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiosmtpd.controller import Controller

from alerts.run.delivery import deliver
from alerts.settings import AlertSettings
from console.local.settings import free_ports
from schemas.alert import Severity
from schemas.alert_case import AlertCase, Audience, CaseAlert, CaseKind, CaseState, CaseStep, StepKind
from store.state import CaseChange, StateStore

if TYPE_CHECKING:
    from aiosmtpd.smtp import SMTP, Envelope, Session

KILLS, CASES_A_KILL, DROPPED_OF = 10, 5, 3
SEED = 56_200
LONGEST_S = 6.0
BEGIN = datetime(2026, 11, 29, 12, tzinfo=UTC)
STEP = timedelta(minutes=70)
"""Time that passes between two rounds, so that claims of a dead sender and pauses are over."""
_ID = re.compile(rb"(?im)^Message-ID:\s*(<[^>]+>)")


class DroppingServer:
    """Takes every mail, and answers two of three."""

    def __init__(self) -> None:
        self.received: list[str] = []
        self.dropped = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep the Message-ID."""
        del session
        found = _ID.search(envelope.content if isinstance(envelope.content, bytes) else b"")
        self.received.append(found[1].decode() if found else "")
        if len(self.received) % DROPPED_OF == 0:
            self.dropped += 1
            if isinstance(server.transport, asyncio.WriteTransport):
                server.transport.abort()
        return "250 taken"


def main() -> None:
    """Print one line of JSON."""
    if len(sys.argv) > 1 and sys.argv[1] == "send":
        send(sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
        return
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as directory:
        figures = run(directory)
    print(
        json.dumps(
            {
                "name": "alerts.crash",
                "unit": "mails",
                **figures,
                "seconds": round(time.perf_counter() - began, 1),
                "vs": "must be 0; a mail that arrives again has the same Message-ID",
                "workload": f"{KILLS} kills of the sender, {KILLS * CASES_A_KILL} cases, every third answer to DATA lost",
            }
        )
    )


def run(directory: str) -> dict[str, Any]:
    """The figures: ``value`` notices without a mail, ``again`` mails that arrived again, ``other_id`` of these under another Message-ID."""
    handler, (port,) = DroppingServer(), free_ports(1)
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    chance = random.Random(SEED)
    killed = 0
    try:
        with StateStore(settings_of(directory, port).state_url) as state:
            state.migrate()
            for number in range(KILLS):
                open_cases(state, number)
                killed += kill_a_sender(directory, port, number, chance.uniform(1.5, LONGEST_S))
            send(directory, port, float(2 * KILLS))
            notices = state.notices.waiting()
            known = {item.id: item for case in state.cases.list() for item in state.notices.of_cases([case.id])}
    finally:
        controller.stop()
    arrived = Counter(handler.received)
    ids: dict[int, set[str]] = {}
    for text in arrived:
        ids.setdefault(int(text.split(".")[1]), set()).add(text)
    return {
        "value": sum(number not in ids for number in known) + len(notices),
        "sent": len(handler.received),
        "again": sum(arrived.values()) - len(arrived),
        "other_id": sum(len(found) - 1 for found in ids.values()),
        "answers_lost": handler.dropped,
        "killed": killed,
    }


def kill_a_sender(directory: str, port: int, number: int, after_s: float) -> int:
    """Start a sender and kill it after so long; 1 where it still ran."""
    words = [sys.executable, "-m", "bench.alerts.crash", "send", directory, str(port), str(2 * number)]
    sender = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        sender.wait(after_s)
    except subprocess.TimeoutExpired:
        sender.send_signal(signal.SIGKILL)
        sender.wait()
        return 1
    return 0


def settings_of(directory: str, port: int) -> AlertSettings:
    """Settings of the sender: no InfluxDB, one recipient, no limit that would merge."""
    (influx,) = free_ports(1)
    return AlertSettings(
        run_dir=Path(directory),
        influx_url=f"http://127.0.0.1:{influx}",
        influx_timeout_s=1.0,
        smtp_url=f"smtp://127.0.0.1:{port}",
        smtp_timeout_s=5.0,
        mail_to=("duty@example.org",),
        mail_from="sky@example.org",
        mails_per_h=1000,
    )


def send(directory: str, port: int, first: float) -> None:
    """Deliver round after round until nothing waits, each `STEP` later."""
    settings = settings_of(directory, port)
    for number in range(20):
        now = BEGIN + (first + number / 20) * 20 * STEP
        deliver(settings, now)
        with StateStore(settings.state_url) as state:
            if not state.notices.waiting():
                return


def open_cases(state: StateStore, number: int) -> None:
    """Cases of single stations, each with a notice."""
    for place in range(CASES_A_KILL):
        alert = CaseAlert(
            alert_key=f"high/ln-sy-01/pm25/{number}/{place}",
            begin_id=number * CASES_A_KILL + place + 1,
            rule="pm25-heavy",
            severity=Severity.WARNING,
            station_id="ln-sy-01",
            since=BEGIN,
            parameter="pm25",
            network="gas",
            extreme=190.0,
            threshold=150.0,
            unit="ug/m3",
        )
        name = f"case-{number}-{place}"
        step = CaseStep(case_id=name, number=1, kind=StepKind.OPENED, at=BEGIN, recorded_at=BEGIN, alerts=(alert,))
        case = AlertCase(
            id=name,
            kind=CaseKind.POLLUTION,
            audience=Audience.DUTY,
            audiences=(Audience.DUTY,),
            state=CaseState.OPEN,
            severity=Severity.WARNING,
            since=BEGIN,
            opened_at=BEGIN,
            version=1,
            stations=("ln-sy-01",),
            parameters=("pm25",),
            networks=("gas",),
            alerts=(alert,),
            steps=(step,),
        )
        state.cases.append([CaseChange(case=case)])
        state.notices.want(name, "duty@example.org", "mail", version=1, due_at=BEGIN)


if __name__ == "__main__":
    main()
