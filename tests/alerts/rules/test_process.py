"""A process that is gone or fails is mailed once, and its end is mailed when it is back."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

import alerts.rules.silence
import alerts.rules.threshold.hourly
import alerts.stream.watch
from alerts.run.evaluation import EvaluationError, evaluate
from alerts.run.round import hand_out as deliver
from alerts.run.round import run_once
from alerts.stream.watch import RoundTimer, run
from ingest.process.complaint import complaint as problem
from schemas.alert import AlertState
from schemas.interval import Interval
from schemas.reading import Reading
from schemas.words import sentences
from store.state import FindingKind, Process, ProcessState, StateStore
from tests.alerts.run.test_job import changed, mails

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path
    from types import ModuleType

    from alerts.settings import AlertSettings
    from store.influx.store import InfluxStore

DAY = timedelta(days=1)
NAME = "collector/skyground-collector"


def beat(at: datetime, complaint: str = "", restarts: int = 0) -> Process:
    return Process(
        name=NAME,
        host="host-1",
        pid=4711,
        started_at=at,
        beat_at=at,
        every_s=15.0,
        restarts=restarts,
        complaint=complaint,
    )


def one_round(own: AlertSettings, now: datetime) -> None:
    evaluate(own, now - DAY, now, now)
    deliver(own, now)


def test_a_process_is_gone_after_four_beats_without_one(now: datetime) -> None:
    assert beat(now).state(now + timedelta(seconds=60)) is ProcessState.WELL
    assert beat(now).state(now + timedelta(seconds=61)) is ProcessState.GONE
    assert beat(now, "drain ended 3 times").state(now) is ProcessState.FAILING


def test_a_beat_of_the_future_is_of_a_clock_that_was_ahead_and_proves_nothing(now: datetime) -> None:
    assert beat(now).state(now - timedelta(minutes=10)) is ProcessState.WELL
    assert beat(now).state(now - timedelta(minutes=11)) is ProcessState.GONE


@pytest.mark.integration
@pytest.mark.parametrize(
    "complaint",
    [
        "",
        "drain ended 3 times in a row, last: exit status -11",  # of a version that stored sentences
        problem("worker", "restarts", name="drain", times=3, why="exit status -11"),
    ],
)
def test_what_is_gone_or_fails_is_mailed_once_until_it_is_back(  # noqa: PLR0917 - fixtures
    own: AlertSettings, state: StateStore, influx: InfluxStore, now: datetime, maildir: Path, complaint: str
) -> None:
    state.processes.note(beat(now, complaint))
    later = now if complaint else now + timedelta(minutes=5)
    for seconds in range(3):
        one_round(own, later + timedelta(seconds=seconds))
    (mail,) = mails(maildir)
    body = str(mail.get_body(preferencelist=("plain",)).get_content())  # type: ignore[union-attr]  # it has one
    assert NAME in body
    assert sentences(complaint, "zh") in body
    back = later + timedelta(minutes=10)
    state.processes.note(beat(back))
    one_round(own, back)
    assert len(mails(maildir)) == 2
    assert not state.findings.list(kind=FindingKind.PROCESS)


@pytest.mark.integration
def test_a_process_that_was_stopped_is_not_missed(
    own: AlertSettings, state: StateStore, influx: InfluxStore, now: datetime, maildir: Path
) -> None:
    state.processes.note(beat(now))
    assert state.processes.end(NAME)
    one_round(own, now + timedelta(hours=1))
    assert mails(maildir) == []


@pytest.mark.integration
def test_an_alarm_of_a_process_holds_for_as_long_as_it_is_gone(
    own: AlertSettings, state: StateStore, influx: InfluxStore, now: datetime
) -> None:
    state.processes.note(beat(now))
    for hours in (1, 30, 60):
        one_round(own, now + timedelta(hours=hours))
        (alert,) = [item for key, item in state.alerts.get_states().items() if NAME in key]
        assert alert.state is AlertState.FIRING


@pytest.mark.integration
def test_a_start_after_an_unrequested_end_is_counted(state: StateStore, now: datetime) -> None:
    for minutes in range(3):
        start = now + timedelta(minutes=minutes)
        state.processes.note(beat(start))
        state.processes.note(msgspec.structs.replace(beat(start), beat_at=start + timedelta(seconds=15)))
        assert [item.restarts for item in state.processes.list()] == [minutes]
    assert state.processes.end(NAME)
    state.processes.note(beat(now))
    assert [item.restarts for item in state.processes.list()] == [0]


@pytest.mark.integration
@pytest.mark.parametrize(
    ("module", "step"), [(alerts.rules.threshold.hourly, "_hours_of"), (alerts.rules.silence, "_silence_of")]
)
def test_a_rule_or_station_that_raises_is_reported_and_the_others_are_evaluated(  # noqa: PLR0917 - fixtures
    own: AlertSettings,
    influx: InfluxStore,
    write_hours: Callable[..., None],
    now: datetime,
    maildir: Path,
    monkeypatch: pytest.MonkeyPatch,
    module: ModuleType,
    step: str,
) -> None:
    for station in ("t-01", "t-02"):
        write_hours(station, [30, 30, 30, 190])
        influx.write_readings([Reading("gas", station, "gas1", Interval(now - DAY, now - DAY), {"so2": 1.0})])
    original = getattr(module, step)

    def poisoned(*arguments: object, **named: object) -> object:
        if "t-02" in str(arguments[2]):
            raise ArithmeticError(7)
        return original(*arguments, **named)

    monkeypatch.setattr(module, step, poisoned)
    with pytest.raises(EvaluationError, match=r"t-02: ArithmeticError: 7 \(tests/alerts/rules/test_process.py:"):
        evaluate(own, now - 2 * DAY, now, now)
    done = run_once(own, now)
    run_once(own, now + timedelta(minutes=6))
    assert "t-02" in str(done.error)
    assert any("t-01" in str(mail["Subject"]) or "测试1号" in str(mail["Subject"]) for mail in mails(maildir))


@pytest.mark.integration
def test_a_watch_whose_round_hangs_is_not_ok(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts.stream.watch, "LONGEST_ROUND_S", 0.2)
    pace = RoundTimer()
    assert not pace.complaint()
    time.sleep(0.3)
    assert sentences(pace.complaint(), "en") == "no round has ended for 0 min"
    pace.ended()
    assert not pace.complaint()


def test_the_watch_says_that_it_is_there_and_forgets_it_at_an_orderly_end(
    own: AlertSettings, state: StateStore, influx: InfluxStore
) -> None:
    stop = threading.Event()
    seen: list[str] = []

    def report(_: object) -> None:
        seen.extend(item.name for item in state.processes.list())
        if seen:
            stop.set()

    run(changed(own, watch_interval_s=0.05), stop, report)
    assert seen[0].startswith("watch/")
    assert state.processes.list() == []
