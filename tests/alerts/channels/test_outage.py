"""A dead mail server is logged, counted, stored for the pages, and told by another way; so is a watch that fails."""

from __future__ import annotations

import json
import sys
import threading
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client import generate_latest
from pydantic import ValidationError
from structlog.testing import capture_logs

import alerts.run.round
from alerts.channels.email import ATTEMPTS
from alerts.people.file import people_of
from alerts.people.person import MAIL
from alerts.rules.rules import RulesFileError, load_rules
from alerts.run.case_assignment import assign
from alerts.run.delivery import deliver, read_mail_state
from alerts.run.evaluation import evaluate
from alerts.run.operation import raise_operation
from alerts.run.round import Round, hand_out, run_once
from alerts.settings import AlertSettings
from alerts.stream import stored_hours, watch
from alerts.stream.configuration import Configuration
from alerts.stream.failing import Failing
from alerts.stream.metrics import WatchMetrics
from alerts.stream.watch import run
from console.local.settings import free_ports
from schemas.alert import AlertState, Severity
from store.error import StoreError
from tests import servers
from tests.alerts.channels.test_email import talking
from tests.alerts.conftest import EXAMPLE, NETWORK
from tests.alerts.rules.test_rules import RULE
from tests.alerts.run.test_job import DAY, changed, mails

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from store.influx.store import InfluxStore
    from store.state import StateStore

pytestmark = pytest.mark.integration
MINUTE = timedelta(minutes=1)


class Robot:
    """A server that keeps what is posted to it and answers with ``status``."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.status = 200
        robot = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                robot.told.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                self.send_response(robot.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/robot?key=secret"


@pytest.fixture
def robot() -> Iterator[Robot]:
    found = Robot()
    thread = threading.Thread(target=found.server.serve_forever)
    thread.start()
    yield found
    found.server.shutdown()
    thread.join()
    found.server.server_close()


@pytest.fixture
def dead(own: AlertSettings, write_hours: Callable[..., None], now: datetime) -> AlertSettings:
    """Settings with a mail server that is not there, and an alert that waits for it."""
    write_hours("t-01", [30, 190])
    evaluate(own, now - DAY, now, now)
    assign(own, now, people=people_of(own))
    (port,) = free_ports(1)
    return changed(own, smtp_url=f"smtp://127.0.0.1:{port}")


def test_an_outage_is_logged_once_counted_and_kept_for_the_pages(dead: AlertSettings, now: datetime) -> None:
    with capture_logs() as logs:
        assert [deliver(dead, now + step * MINUTE / 2) for step in range(3)] == [0, 0, 0]
    assert [item["event"] for item in logs].count("mail_server_dead") == 1
    state = read_mail_state(dead, now + 2 * MINUTE)
    assert (state.ok, state.since, state.failures, state.waiting) == (False, now, 3, 1)
    assert "refused" in state.detail
    assert state.is_troubled


def test_an_outage_and_its_end_are_reported_by_the_second_way_with_what_waits(
    dead: AlertSettings, own: AlertSettings, robot: Robot, now: datetime
) -> None:
    dead = changed(dead, alarm_to=robot.url)
    for minutes in (0, 1, 3, 4, 62, 64):
        deliver(dead, now + minutes * MINUTE)
    assert [item["event"] for item in robot.told] == ["mail_down", "mail_down"]  # after 2 min, and an hour later
    first = robot.told[0]
    assert first["msgtype"] == "text"
    assert first["waiting"] == 1
    line = first["text"]["content"].splitlines()[1]
    assert line.startswith("[严重] 20")
    assert "pm25-heavy/t-01/pm25 190 ug/m3" in line
    assert deliver(changed(own, alarm_to=robot.url), now + 65 * MINUTE) > 0
    assert robot.told[-1]["event"] == "mail_up"


def test_a_second_way_that_fails_is_logged_and_tried_again(dead: AlertSettings, robot: Robot, now: datetime) -> None:
    dead = changed(dead, alarm_to=robot.url)
    robot.status = 500
    with capture_logs() as logs:
        for minutes in (0, 3, 4):
            deliver(dead, now + minutes * MINUTE)
    (first, _) = [item for item in logs if item["event"] == "standby_dead"]
    assert "HTTP 500" in first["detail"]
    assert "secret" not in str(logs)
    robot.status = 200
    deliver(dead, now + 5 * MINUTE)
    assert len(robot.told) == 3
    deliver(dead, now + 6 * MINUTE)
    assert len(robot.told) == 3


def test_the_second_way_may_be_a_command(dead: AlertSettings, now: datetime, tmp_path: Path) -> None:
    kept = tmp_path / "told.json"
    code = f"import sys; open({str(kept)!r}, 'w').write(sys.stdin.read())"
    dead = changed(dead, alarm_to=f'{sys.executable} -c "{code}"')
    for minutes in (0, 3):
        deliver(dead, now + minutes * MINUTE)
    assert json.loads(kept.read_text())["event"] == "mail_down"


@pytest.mark.parametrize("way", ["no-such-program --now", 'echo "', "ftp://x"])
def test_a_second_way_that_cannot_be_used_stops_the_start(way: str) -> None:
    with pytest.raises(ValidationError, match=r"command that exists|quotes do not match"):
        AlertSettings(alarm_to=way)


def test_the_mail_server_is_greeted_also_while_nothing_waits(own: AlertSettings, now: datetime) -> None:
    assert deliver(own, now) == 0
    assert read_mail_state(own, now).ok is True
    (port,) = free_ports(1)
    dead = changed(own, smtp_url=f"smtp://127.0.0.1:{port}")
    deliver(dead, now + MINUTE)
    assert read_mail_state(own, now).ok is True  # looked at a minute ago
    deliver(dead, now + 6 * MINUTE)
    assert read_mail_state(own, now).ok is False


def test_mails_that_no_watch_sends_are_stuck_whatever_the_server_does(
    own: AlertSettings, write_hours: Callable[..., None], now: datetime
) -> None:
    write_hours("t-01", [30, 190])
    evaluate(own, now - DAY, now, now)
    assign(own, now, people=people_of(own))
    assert not read_mail_state(own, now + 10 * MINUTE).is_troubled
    assert read_mail_state(own, now + 20 * MINUTE).is_stuck


def test_the_counters_of_the_watch_show_the_outage(dead: AlertSettings, now: datetime) -> None:
    metrics = WatchMetrics()
    for minutes in (0, 1):
        metrics.round(run_once(dead, now + minutes * MINUTE))
    page = generate_latest(metrics.registry).decode()
    for line in ("alerts_mail_up 0.0", "alerts_waiting_mails 1.0", "alerts_mail_failures_total 1.0"):
        assert f"\n{line}\n" in page


def two_rounds(own: AlertSettings) -> list[Round]:
    stop, rounds = threading.Event(), list[Round]()

    def report(done: Round) -> None:
        rounds.append(done)
        if len(rounds) == 2:
            stop.set()

    run(changed(own, watch_interval_s=0.05), stop, report)
    return rounds


@pytest.mark.parametrize("step", ["evaluate_reports", "deliver"])
def test_a_step_that_raises_anything_does_not_end_the_watch_nor_the_other_step(
    own: AlertSettings, influx: InfluxStore, monkeypatch: pytest.MonkeyPatch, now: datetime, step: str
) -> None:
    calls: list[str] = []

    def fail(*_: object, **__: object) -> int:
        raise OverflowError(step)

    for owner, name in ((watch, "evaluate_reports"), (alerts.run.round, "deliver")):
        monkeypatch.setattr(owner, name, fail if name == step else lambda *_, mine=name, **__: calls.append(mine) or 7)
    rounds = two_rounds(own)
    assert [list(done.errors) for done in rounds] == [[step.partition("_")[0]]] * 2
    assert str(rounds[0].error).startswith(f"OverflowError: {step} (tests/alerts/channels/test_outage.py:")
    assert len(calls) >= 2


def test_an_error_of_the_pass_over_stored_hours_is_reported_by_every_round_until_it_is_over(
    own: AlertSettings, influx: InfluxStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    passes = iter([StoreError("away"), 0])
    ended = threading.Event()

    def answer(*_: object, **__: object) -> int:
        found = next(passes, 0)
        if isinstance(found, StoreError):
            raise found
        ended.set()
        return found

    monkeypatch.setattr(stored_hours, "warm_up", lambda *_: None)
    monkeypatch.setattr(stored_hours, "evaluate", answer)
    monkeypatch.setattr(stored_hours, "RETRY_S", 0.5)
    stop, errors = threading.Event(), list[dict[str, str]]()

    def report(done: Round) -> None:
        errors.append(done.errors)
        if len(errors) > 200 or (ended.is_set() and not done.errors):
            stop.set()

    run(changed(own, watch_interval_s=0.05), stop, report)
    assert {"evaluate": "StoreError: away"} in errors
    assert errors[-1] == {}


@pytest.mark.parametrize(
    ("owner", "step"), [(Configuration, "refresh"), (Failing, "note"), (alerts.run.round, "read_mail_state")]
)
def test_nothing_that_raises_about_the_watch_itself_ends_it(  # noqa: PLR0917 - fixtures
    own: AlertSettings, influx: InfluxStore, monkeypatch: pytest.MonkeyPatch, now: datetime, owner: object, step: str
) -> None:
    def fail(*_: object) -> None:
        raise OverflowError(step)

    monkeypatch.setattr(owner, step, fail)
    rounds = two_rounds(own)
    assert [list(done.errors) for done in rounds] == [["configuration"] if step == "refresh" else []] * 2


def test_a_step_that_goes_on_failing_becomes_an_alert_that_ends_with_it(
    own: AlertSettings, influx: InfluxStore, state: StateStore, now: datetime, maildir: Path
) -> None:
    failing, rules = Failing(), load_rules(own.rules)
    failing.note(own, rules, {"evaluate": "StoreError: away"}, now)
    assert state.alerts.get_states() == {}
    failing.note(own, rules, {"evaluate": "StoreError: away"}, now + 6 * MINUTE)
    key = "operation/watch/evaluate"
    assert state.alerts.get_states()[key].state is AlertState.FIRING
    hand_out(own, now + 6 * MINUTE)
    failing.note(own, rules, {}, now + 7 * MINUTE)
    assert state.alerts.get_states()[key].state is AlertState.OK
    hand_out(own, now + 7 * MINUTE)
    first, second = (item["Subject"] for item in mails(maildir))
    assert first.startswith("[严重·系统] 告警值守无法判定告警")
    assert second.startswith("[已结束] 告警值守无法判定告警")


def test_a_watch_that_cannot_reach_its_state_reports_by_the_second_way(
    own: AlertSettings, robot: Robot, now: datetime, tmp_path: Path
) -> None:
    broken = changed(own, alarm_to=robot.url, state_url=f"sqlite:///{tmp_path}")  # a directory
    failing, rules = Failing(), load_rules(own.rules)
    for minutes in (0, 6, 7):
        failing.note(
            broken, rules, {"evaluate": "StateError: away", "deliver": "StateError: away"}, now + minutes * MINUTE
        )
    assert [(item["event"], item["step"]) for item in robot.told] == [
        ("watch_failing", "evaluate"),
        ("watch_failing", "deliver"),
    ]


def test_changed_rules_and_network_are_taken_up_and_broken_ones_are_not(own: AlertSettings, tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    current = Configuration(changed(own, rules=path))
    assert len(current.settings.stations.stations) == 8
    path.write_text(RULE + "above_all = 1\n", encoding="utf-8")
    assert "above_all: unknown" in str(current.refresh())
    assert "above_all: unknown" in str(current.refresh())  # until it is corrected
    assert len(current.rules.items) == len(load_rules(EXAMPLE).items)
    path.write_text(RULE, encoding="utf-8")
    assert current.refresh() is None
    assert len(current.rules.items) == 1
    own.network.write_text(NETWORK.partition('[[station]]\nid = "t-02"')[0], encoding="utf-8")
    assert current.refresh() is None
    assert list(current.settings.stations.stations) == ["t-01"]
    path.unlink()
    assert "cannot be read" in str(current.refresh())
    with pytest.raises(RulesFileError):
        Configuration(changed(own, rules=path))


def test_a_mail_server_that_comes_back_is_logged(own: AlertSettings, now: datetime, tmp_path: Path) -> None:
    server = servers.smtp_sink(tmp_path / "sink")
    own = changed(own, smtp_url=server.url)
    deliver(own, now)
    with servers.running(server), capture_logs() as logs:
        deliver(own, now + MINUTE)
    assert [item["event"] for item in logs] == ["mail_server_back"]


def test_a_server_that_dies_at_each_mail_is_left_after_two_and_costs_the_others_no_attempt(
    own: AlertSettings, state: StateStore, now: datetime
) -> None:
    for number in range(6):
        raise_operation(
            own,
            key=f"dag/{number}",
            titles=("任务失败", "Task failed"),
            detail="x",
            severity=Severity.CRITICAL,
            now=now,
        )
    bodies: list[bytes] = []

    def talk(connection: socket.socket) -> None:
        with connection.makefile("rb") as lines:
            connection.sendall(b"220 here\r\n")
            for line in lines:
                is_data = line.upper().startswith(b"DATA")
                connection.sendall(b"354 go on\r\n" if is_data else b"250 well\r\n")
                if is_data:
                    bodies.append(lines.readline())
                    return

    assign(own, now, people=people_of(own))
    with talking(talk) as server:
        assert deliver(changed(own, smtp_url=server.smtp_url, smtp_timeout_s=0.5), now) == 0
    assert len(bodies) == 2 * ATTEMPTS
    backlog = state.notices.backlog(MAIL, now=now + MINUTE, failed_since=now)
    assert (backlog.waiting, backlog.failed) == (6, 0)
    assert sorted(item.attempts for item in state.notices.waiting(MAIL)) == [0, 0, 0, 0, 1, 1]
