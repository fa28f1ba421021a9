"""The loop of ``skyground watch``: readings are evaluated as they arrive, and what they raise is delivered at once.

A thread follows the raw log (`alerts.stream.thread`), another one evaluates all rules over the stored hours of two days every few minutes,
which confirms, amends or withdraws (`alerts.stream.stored_hours`). The rounds of this module deliver what they stored, and evaluate what the
parts report of themselves. A machine is rebuilt from its last transition, so the watch may be killed at any time. Changed rules and network
files are taken up in the next round; invalid ones are logged, and the loop continues with the previous ones.
"""

from __future__ import annotations

import socket
import threading
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

import msgspec
import structlog

from alerts.run.case_assignment import evidence_of
from alerts.run.evaluation import evaluate_reports
from alerts.run.round import RoundInput, run_round
from alerts.settings import alert_settings
from alerts.stream.background import DeadmanThread, ReplyThread
from alerts.stream.configuration import Configuration
from alerts.stream.failing import Failing
from alerts.stream.stored_hours import StoredHoursThread
from alerts.stream.thread import StreamThread
from ingest.process.complaint import complaint
from ingest.process.guard import describe, say
from ingest.process.heartbeat_thread import HeartbeatThread
from ingest.process.shutdown import shutdown_on_signals as end_on_signals
from schemas.struct_use import prepare_structs
from store.error import StateSchemaError, StoreError
from store.influx.store import InfluxStore
from store.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alerts.run.case import CaseEvidence
    from alerts.run.round import Round
    from alerts.stream.background import BackgroundThread
    from store.settings import SharedSettings

LONGEST_PAUSE_S = 60.0
LONGEST_ROUND_S = 600.0
"""A round that takes longer is complained about. Project's choice."""
LONGEST_UNSETTLED_S = 120.0
"""So long after the start reminders and escalations wait at most for the first pass over stored values. Project's choice."""
_POLL_S = 0.5
STOP_S = 30.0
"""A round that waits for a dead database is ended by force so long after the signal [s]; it may be killed at any time."""
_log = structlog.get_logger(__name__)


def run(settings: SharedSettings, stop: threading.Event, report: Callable[[Round], None]) -> None:
    """Evaluate and deliver until ``stop`` is set.

    A failing step is reported and retried after a pause that doubles up to a minute; continued failure raises an alarm. An
    error at one rule or station skips that one, and is reported without a pause. An invalid setting, rules file or network
    file is raised at the start.

    Parameters
    ----------
    stop : threading.Event
    report : callable
        Called with every round.
    """
    current = Configuration(alert_settings(settings))
    import qc.run.verdict  # noqa: F401 - the first round needs it, and so may others at the same time

    prepare_structs()
    with StateStore(current.settings.state_url) as state:
        try:
            state.migrate()
        except StateSchemaError:
            raise
        except StoreError:
            pass  # the first round does
    pace = RoundTimer()

    def on_round(done: Round) -> None:
        pace.ended()
        report(done)

    arrivals = Arrivals()
    stream = StreamThread(current, stop, arrivals.add)
    hours = StoredHoursThread(current, stop, stream.baselines, arrivals.add)
    stream.on_left, stream.on_caught_up = hours.ask, hours.evaluate_backlog
    replies = ReplyThread(current, stop, lambda: arrivals.add(0))
    complaints = [pace.complaint, hours.complaint]
    with HeartbeatThread(f"watch/{socket.gethostname()}", current.settings.state_url, complaints):
        DeadmanThread(current.settings.deadman_url, stop, pace.complaint).start()
        for thread in (stream, hours, replies):
            thread.start()
        try:
            rounds = _Rounds(current, arrivals, (stream, hours, replies), lambda: hours.has_passed)
            with closing(rounds):
                rounds.go(stop, on_round)
        finally:
            for thread in (stream, hours, replies):
                thread.join()


class Arrivals:
    """Transitions that the threads stored and no round has delivered yet."""

    def __init__(self) -> None:
        self._count = 0
        self._lock = threading.Lock()
        self._event = threading.Event()

    def add(self, stored: int) -> None:
        """Note so many stored transitions; the next round begins at once."""
        with self._lock:
            self._count += stored
        self._event.set()

    def take(self) -> int:
        """How many have come since the last call."""
        with self._lock:
            count, self._count = self._count, 0
            self._event.clear()
        return count

    def wait(self, seconds: float, stop: threading.Event) -> None:
        """Wait so long, or until something comes or ``stop`` is set."""
        until = monotonic() + seconds
        while not stop.is_set() and monotonic() < until:
            if self._event.wait(min(_POLL_S, max(0.0, until - monotonic()))):
                return


class RoundTimer:
    """Time since the last round, for the heartbeat thread, which continues when a round hangs."""

    def __init__(self) -> None:
        self._ended_at = monotonic()

    def ended(self) -> None:
        """Note the end of a round."""
        self._ended_at = monotonic()

    def complaint(self) -> str:
        """That no round has ended for long; empty where all is well."""
        passed_s = monotonic() - self._ended_at
        return complaint("watch", "no_round", lasts_s=passed_s) if passed_s > LONGEST_ROUND_S else ""


class _Rounds:
    """The rounds of a watch, and what is due in the next one."""

    def __init__(
        self,
        current: Configuration,
        arrivals: Arrivals,
        others: Sequence[StreamThread | BackgroundThread],
        has_passed: Callable[[], bool],
    ) -> None:
        self._current, self._arrivals, self._others, self._has_passed = current, arrivals, others, has_passed
        self._begun_at = monotonic()
        self._failing = Failing()
        self._generation = current.generation
        self._influx: InfluxStore | None = None
        self._evidence: CaseEvidence | None = None

    def go(self, stop: threading.Event, report: Callable[[Round], None]) -> None:
        """Go round until stopped."""
        pause_s = self._current.settings.watch_interval_s
        while not stop.is_set():
            done, is_sound = self._round(datetime.now(UTC))
            report(done)
            pause_s = self._current.settings.watch_interval_s if is_sound else min(2 * pause_s, LONGEST_PAUSE_S)
            self._arrivals.wait(pause_s, stop)

    def _round(self, now: datetime) -> tuple[Round, bool]:
        """A round with the errors of all threads, and whether its own steps went well."""
        current, arrived = self._current, self._arrivals.take()
        problem = _refresh(current)
        is_changed, self._generation = self._generation != current.generation, current.generation
        evidence = self._evidence_now(is_changed=is_changed)
        settings, rules = current.settings, current.rules
        is_settled = self._has_passed() or monotonic() - self._begun_at > LONGEST_UNSETTLED_S
        given = RoundInput(rules=rules, people=current.people, evidence=evidence, is_settled=is_settled)
        done = run_round(settings, now, given, partial(evaluate_reports, settings, now, rules))
        is_sound = done.is_partial or not done.errors
        errors = {} if problem is None else {"configuration": problem}
        errors |= done.errors
        for thread in self._others:
            errors |= thread.errors
        if errors != done.errors:
            done = msgspec.structs.replace(done, errors=errors, error="; ".join(errors.values()), is_partial=False)
        try:
            self._failing.note(settings, rules, done.errors, now)
        except Exception as error:  # noqa: BLE001 - an alarm that cannot be raised is tried again in the next round
            say("watch_alarm_failed", error)
        return msgspec.structs.replace(done, transitions=done.transitions + arrived), is_sound

    def close(self) -> None:
        """Close what is kept between rounds."""
        if self._influx is not None:
            self._influx.close()

    def _evidence_now(self, *, is_changed: bool) -> CaseEvidence | None:
        """Evidence of the stored hours, kept between rounds until the configuration changes; None where the database cannot be opened."""
        if is_changed or self._influx is None:
            try:
                self.close()
                self._influx = InfluxStore(self._current.settings)
            except StoreError as error:
                _log.warning("watch_step_failed", step="cases", detail=str(error))
                self._influx = None
                return None
            self._evidence = evidence_of(self._current.settings, self._influx)
        return self._evidence


def _refresh(current: Configuration) -> str | None:
    try:
        problem = current.refresh()
    except Exception as error:  # noqa: BLE001 - the loop continues with the present rules
        say("watch_step_failed", error, step="configuration")
        problem = describe(error)
    try:
        current.roster.report(current.settings, current.rules, current.people, datetime.now(UTC))
    except Exception as error:  # noqa: BLE001 - reported again in the next round
        say("roster_not_reported", error)
    return problem


def shutdown_on_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set; the round under way is finished first, within `STOP_S`."""
    stop = threading.Event()
    end_on_signals(stop, within_s=STOP_S)
    return stop
