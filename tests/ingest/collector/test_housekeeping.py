"""Whatever a step of the surveyor raises costs that step, is reported, and ends neither the others nor the process."""

from __future__ import annotations

import threading
from multiprocessing import Pipe
from typing import TYPE_CHECKING

import pytest

import ingest.collector.housekeeping
import ingest.completeness.reconciliation
from ingest.backlog.dual_cursor import CURSOR
from ingest.collector.housekeeping import housekeep_once, housekeeping
from ingest.pipeline import Pipeline
from ingest.process.complaint import complaint
from ingest.process.report import send
from ingest.process.settings import CollectorSettings
from ingest.writer import Writer
from schemas.message import RawMessage
from store.error import StateError
from store.rawlog import RawLog
from store.state import FindingKind, StateStore
from tests.ingest.conftest import payload, wait_for
from tests.ingest.process.test_guard import poisoned

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from store.influx.store import InfluxStore

STEPS = ("_reconcile", "expire", "prune_state", "prune_contenders", "prune")


def fail(*_: object, **__: object) -> None:
    raise ArithmeticError(7)


@pytest.mark.integration
@pytest.mark.parametrize("step", STEPS)
def test_a_step_that_raises_is_reported_and_the_others_are_done(
    collector_settings: CollectorSettings,
    store: InfluxStore,
    state: StateStore,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
) -> None:
    done: list[str] = []

    def noted(name: str, original: Callable[..., object]) -> Callable[..., object]:
        def work(*arguments: object) -> object:
            done.append(name)
            return original(*arguments)

        return work

    for name in STEPS:
        monkeypatch.setattr(
            ingest.collector.housekeeping,
            name,
            fail if name == step else noted(name, getattr(ingest.collector.housekeeping, name)),
        )
    words = housekeep_once(collector_settings, threading.Event())
    assert "ArithmeticError: 7 (tests/ingest/collector/test_housekeeping.py:" in words
    # the two prunings of the state database are one step
    assert set(STEPS) - set(done) <= {step, *(["prune_contenders"] if step == "prune_state" else [])}
    (finding,) = state.findings.list(kind=FindingKind.INTERNAL_ERROR)
    assert finding.facts["process"] == collector_settings.process_name
    assert "survey" in finding.facts["detail"]


@pytest.mark.integration
def test_a_message_that_makes_the_settlement_raise_is_left_out_and_reported(
    collector_settings: CollectorSettings,
    store: InfluxStore,
    state: StateStore,
    monkeypatch: pytest.MonkeyPatch,
    hour: datetime,
) -> None:
    log, stop = RawLog(collector_settings.rawlog_dir), threading.Event()
    for instrument in ("gc1", "poison", "gas1"):
        log.append([RawMessage(f"obs/v1/voc/st-1/{instrument}/json", payload(hour, {"benzene": 1.0}), hour)])
    work = Pipeline(collector_settings, log, writer=Writer(store, stop), state=state)
    batch = work.decode_next()
    assert batch is not None
    work.store(batch)
    monkeypatch.setattr(
        ingest.completeness.reconciliation,
        "rows_of",
        poisoned(ingest.completeness.reconciliation.rows_of, ArithmeticError(7)),
    )
    assert housekeep_once(collector_settings, stop) == ""
    assert log.cursor(ingest.completeness.reconciliation.CURSOR) == log.cursor(CURSOR) == log.end()
    (finding,) = state.findings.list(kind=FindingKind.INTERNAL_ERROR)
    assert "obs/v1/voc/st-1/poison/json: ArithmeticError: 7" in finding.facts["detail"]
    log.close()


def test_rounds_that_fail_in_a_row_are_complained_about_until_one_succeeds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:

    outcomes = iter(["away", "away", "", "away"])
    rounds: list[str] = []

    def once(*_: object) -> str:
        rounds.append(next(outcomes, "away"))
        return rounds[-1]

    monkeypatch.setattr(ingest.collector.housekeeping, "housekeep_once", once)
    monkeypatch.setattr(
        ingest.collector.housekeeping, "seconds_until_next", lambda *_: 0.01 if len(rounds) < 4 else 60.0
    )
    monkeypatch.setattr(ingest.collector.housekeeping.os, "nice", lambda _: None)
    ours, theirs = Pipe()
    worker = threading.Thread(target=housekeeping, args=(CollectorSettings(), theirs))
    worker.start()
    said = [ours.recv() for _ in range(4)]
    send(ours, None)
    wait_for(lambda: not worker.is_alive(), "the end")
    assert said == ["", complaint("housekeeping", "failed", times=2, why="away"), "", ""]


@pytest.mark.integration
def test_a_state_database_that_is_away_is_no_error_of_ours(
    collector_settings: CollectorSettings, store: InfluxStore, state: StateStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        msg = "locked"
        raise StateError(msg)

    monkeypatch.setattr(ingest.collector.housekeeping, "expire", away)
    assert housekeep_once(collector_settings, threading.Event()) == "expired: locked"
    assert state.findings.list(kind=FindingKind.INTERNAL_ERROR) == []
