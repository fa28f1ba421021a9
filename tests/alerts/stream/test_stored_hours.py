"""The pass over stored hours next to the stream and the rounds: it delays no mail and undoes nothing."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

import alerts.run.evaluation
import alerts.run.round
import store.state.alerts.alert
from alerts.rules.baseline import Baselines
from alerts.rules.table import find_transitions
from alerts.run.evaluation import EvaluationError, evaluate
from alerts.run.round import Round
from alerts.stream import stored_hours
from alerts.stream.configuration import Configuration
from alerts.stream.stored_hours import StoredHoursThread
from alerts.stream.watch import run
from schemas.alert import AlertState, EndReason
from schemas.words import sentences
from store.error import StoreError
from store.state import AlertProgress
from tests.alerts.run.test_job import changed, mails
from tests.alerts.stream.feed import COMMON
from tests.alerts.stream.test_core import HOURLY
from tests.alerts.stream.test_watch import MINUTE, log, message, streamed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from alerts.settings import AlertSettings
    from store.influx.store import InfluxStore
    from store.rawlog import RawLog
    from store.state import AlertStatus, StateStore

pytestmark = pytest.mark.integration
__all__ = ["log", "streamed"]
KEY = "r0/t-01/pm25"


@pytest.fixture(autouse=True)
def cold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_hours, "warm_up", lambda *_: None)


@pytest.fixture
def hourly(streamed: AlertSettings) -> AlertSettings:
    streamed.rules.write_text(COMMON.format(name="r0") + HOURLY, encoding="utf-8")
    return streamed


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Do something when a pass has evaluated, and before it stores."""

    def after(work: Callable[[], object]) -> None:
        def evaluated(*given: object, **named: object) -> object:
            found = find_transitions(*given, **named)  # type: ignore[arg-type]  # passed through
            work()
            return found

        monkeypatch.setattr(alerts.run.evaluation, "find_transitions", evaluated)

    return after


def window(now: datetime) -> tuple[datetime, datetime, datetime]:
    return now - timedelta(days=2), now, now


def present(state: StateStore) -> AlertStatus:
    return state.alerts.get_states()[KEY]


def test_a_mail_does_not_wait_for_the_pass_nor_does_the_end_of_the_watch(
    streamed: AlertSettings, log: RawLog, maildir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, ended = threading.Event(), threading.Event()

    def hang(*_: object, **__: object) -> int:
        begun.set()
        ended.wait(180)
        return 0

    for module in (alerts.run.round, stored_hours):
        monkeypatch.setattr(module, "evaluate", hang)
    monkeypatch.setattr("alerts.stream.background.JOIN_S", 0.2)
    stop, rounds = threading.Event(), list[Round]()
    watcher = threading.Thread(target=run, args=(changed(streamed, watch_interval_s=5.0), stop, rounds.append))
    watcher.start()
    try:
        assert begun.wait(60)
        log.append([message(datetime.now(UTC) - MINUTE, 190.0)])
        written = time.monotonic()
        while not mails(maildir) and time.monotonic() - written < 60:
            time.sleep(0.1)
        assert len(mails(maildir)) == 1
        stop.set()
        watcher.join(60)
        assert not watcher.is_alive()
        assert not ended.is_set()
    finally:
        stop.set()
        ended.set()
        watcher.join(15)


def test_a_pass_that_began_before_a_transition_of_the_stream_does_not_undo_it(
    hourly: AlertSettings,
    state: StateStore,
    write_hours: Callable[..., None],
    now: datetime,
    meanwhile: Callable[[Callable[[], object]], None],
) -> None:
    write_hours("t-01", [20.0, 190.5])
    assert evaluate(hourly, *window(now)) == 1
    write_hours("t-01", [20.0, 190.5], flag=4)

    def of_the_stream() -> None:
        first = present(state)
        over = msgspec.structs.replace(
            first.transition, from_state=AlertState.FIRING, to_state=AlertState.OK, at=now, reason=EndReason.VALUE_BACK
        )
        ended = state.alerts.follow(over, first.transition_id)
        again = msgspec.structs.replace(first.transition, at=now + MINUTE, since=now)
        assert state.alerts.follow(again, ended) is not None

    meanwhile(of_the_stream)
    assert evaluate(hourly, *window(now)) == 0
    assert present(state).state is AlertState.FIRING
    assert present(state).transition.since == now
    assert len(state.alerts.list(alert_key=KEY)) == 3


def test_a_pass_does_not_put_back_the_newest_value_that_the_stream_has_noted(
    hourly: AlertSettings,
    state: StateStore,
    write_hours: Callable[..., None],
    now: datetime,
    meanwhile: Callable[[Callable[[], object]], None],
) -> None:
    write_hours("t-01", [20.0, 190.5])
    evaluate(hourly, *window(now))
    write_hours("t-01", [20.0, 190.5, 180.0])
    newer = AlertProgress(extreme=210.0, extreme_at=now, latest=210.0, latest_at=now + MINUTE)
    meanwhile(lambda: state.alerts.note_progress({present(state).transition_id: newer}))
    evaluate(hourly, *window(now))
    assert present(state).progress == newer


def test_what_a_pass_found_by_rules_that_have_changed_since_is_dropped_and_it_is_done_again(
    hourly: AlertSettings,
    state: StateStore,
    write_hours: Callable[..., None],
    now: datetime,
    meanwhile: Callable[[Callable[[], object]], None],
) -> None:
    write_hours("t-01", [20.0, 190.5])
    current, stored = Configuration(hourly), list[int]()
    thread = StoredHoursThread(current, threading.Event(), Baselines(), stored.append)
    text = hourly.rules.read_text(encoding="utf-8")

    def change() -> None:
        hourly.rules.write_text(text.replace("above = 150", "above = 200"), encoding="utf-8")
        assert current.refresh() is None

    meanwhile(change)
    thread.look()
    assert state.alerts.get_states() == {}
    meanwhile(lambda: None)
    hourly.rules.write_text(text, encoding="utf-8")
    assert current.refresh() is None
    thread.look()
    assert stored == [1]
    assert present(state).state is AlertState.FIRING


def test_errors_of_the_pass_are_kept_tried_again_and_what_was_stored_wakes_the_round(
    hourly: AlertSettings, influx: InfluxStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[Exception | int] = [StoreError("away"), EvaluationError(["rule r0"], stored=3), 2]

    def answer(*_: object, **__: object) -> int:
        found = answers.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr(stored_hours, "evaluate", answer)
    monkeypatch.setattr(stored_hours, "RETRY_S", 0.0)
    monkeypatch.setattr(stored_hours, "CONFIRM_S", 0.0)
    stored, errors = list[int](), []
    thread = StoredHoursThread(Configuration(hourly), threading.Event(), Baselines(), stored.append)
    while answers:
        thread.look()
        errors.append(thread.errors.get("evaluate"))
    assert errors == ["StoreError: away", "rule r0", None]
    assert stored == [3, 2]


def test_a_pass_that_hangs_is_complained_about(hourly: AlertSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    thread = StoredHoursThread(Configuration(hourly), threading.Event(), Baselines(), lambda _: None)
    monkeypatch.setattr(stored_hours, "LONGEST_S", -1.0)
    said = []
    monkeypatch.setattr(stored_hours, "evaluate", lambda *_, **__: said.append(thread.complaint()) or 0)
    thread.look()
    assert sentences(said[0], "en") == "what is done with stored hours has been under way for 0 min"
    monkeypatch.setattr(stored_hours, "LONGEST_S", 1.0)
    assert not thread.complaint()


def test_a_pass_that_is_asked_for_is_done_within_seconds_and_not_again_at_once(
    hourly: AlertSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = []
    monkeypatch.setattr(stored_hours, "evaluate", lambda *_, **__: done.append(1) or 0)
    monkeypatch.setattr(stored_hours, "SETTLE_S", 0.0)
    monkeypatch.setattr(stored_hours, "ASKED_S", 0.3)
    thread = StoredHoursThread(Configuration(hourly), threading.Event(), Baselines(), lambda _: None)
    assert not thread.has_passed
    thread.look()
    assert thread.has_passed
    thread.ask()
    thread.look()
    assert len(done) == 1
    time.sleep(0.3)
    thread.look()
    thread.look()
    assert len(done) == 2


def test_the_stream_waits_for_the_pass_at_the_end_of_a_backlog_but_not_for_ever(
    hourly: AlertSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = []
    monkeypatch.setattr(stored_hours, "evaluate", lambda *_, **__: done.append(1) or 0)
    monkeypatch.setattr(stored_hours, "SETTLE_S", 0.0)
    monkeypatch.setattr(stored_hours, "LOOK_S", 0.05)
    monkeypatch.setattr(stored_hours, "BACKLOG_S", 30.0)
    stop = threading.Event()
    thread = StoredHoursThread(Configuration(hourly), stop, Baselines(), lambda _: None)
    thread.start()
    begun = time.monotonic()
    thread.evaluate_backlog()
    assert done
    assert time.monotonic() - begun < 30
    stop.set()
    thread.join()
    monkeypatch.setattr(stored_hours, "BACKLOG_S", 0.1)
    thread.evaluate_backlog()


def test_what_a_pass_finds_is_seen_as_a_whole(
    hourly: AlertSettings,
    state: StateStore,
    write_hours: Callable[..., None],
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write_hours("t-01", [20.0, 190.5, 20.0, 20.0])
    seen = []
    save = store.state.alerts.alert._save

    def spied(*given: object) -> int:
        seen.append(len(state.alerts.list(alert_key=KEY)))
        return save(*given)  # type: ignore[arg-type]  # passed through

    monkeypatch.setattr(store.state.alerts.alert, "_save", spied)
    assert evaluate(hourly, *window(now)) == 2
    assert seen == [0, 0]


def test_grounds_are_not_gone_while_the_stream_knows_a_later_value_beyond_the_limit(
    hourly: AlertSettings, state: StateStore, write_hours: Callable[..., None], now: datetime
) -> None:
    write_hours("t-01", [20.0, 190.5])
    evaluate(hourly, *window(now))
    write_hours("t-01", [20.0, 190.5], flag=4)
    later = AlertProgress(extreme=190.5, extreme_at=now, latest=180.0, latest_at=now)
    state.alerts.note_progress({present(state).transition_id: later})
    assert evaluate(hourly, *window(now)) == 0
