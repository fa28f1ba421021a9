from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from store.error import StateError
from store.state import RunState, StateStore
from store.state.table import metadata

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)


def test_runs_are_noted_from_start_to_end(store: StateStore) -> None:
    run_id = store.runs.start("qc", "gas", NOW, NOW + timedelta(hours=1), "1.0")
    assert store.runs.list()[0].state is RunState.RUNNING
    store.runs.finish(run_id, RunState.DONE, {"hours": 3})
    (run,) = store.runs.list(kind="qc", network="gas")
    assert (run.state, run.counts, run.start) == (RunState.DONE, {"hours": 3}, NOW)
    assert store.runs.list(kind="gate") == []


def test_a_run_ends_with_its_block(store: StateStore) -> None:
    with store.runs.open("qc", "gas", NOW, NOW, "1.0") as current:
        current.counts = {"hours": 3}
    (run,) = store.runs.list()
    assert (run.state, run.counts) == (RunState.DONE, {"hours": 3})


def test_a_run_whose_block_raises_is_failed_with_the_error(store: StateStore) -> None:
    with pytest.raises(KeyError), store.runs.open("qc", "gas", NOW, NOW, "1.0"):
        {}["hour"]
    (run,) = store.runs.list()
    assert (run.state, run.counts) == (RunState.FAILED, {"error": "KeyError: 'hour'"})


def test_a_run_that_cannot_be_recorded_is_failed(store: StateStore) -> None:
    with (
        pytest.raises((TypeError, sa.exc.StatementError), match="JSON"),
        store.runs.open("qc", "gas", NOW, NOW, "1.0") as current,
    ):
        current.counts = {"moment": NOW}
    assert store.runs.list()[0].state is RunState.FAILED


@pytest.mark.slow
def test_a_run_of_a_killed_process_is_lost_when_the_next_starts(url: str, store: StateStore) -> None:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        killed = pool.submit(_start_run, url).result()
    here = store.runs.start("gate", "gas", NOW, NOW, "1.0")
    states = {run.id: run.state for run in store.runs.list()}
    assert states == {killed: RunState.LOST, here: RunState.RUNNING}
    store.runs.start("gate", "gas", NOW, NOW, "1.0")
    assert {run.id: run.state for run in store.runs.list()}[here] is RunState.RUNNING


def test_a_run_on_another_host_is_lost_after_two_days_unless_it_ends(store: StateStore) -> None:
    far = store.runs.start("reprocess", None, NOW, NOW, "1.0")
    for days, state in ((1, RunState.RUNNING), (3, RunState.LOST)):
        with store.database.writing() as connection:
            began = datetime.now(UTC) - timedelta(days=days)
            connection.execute(sa.update(metadata.tables["run"]).values(process="far/1/x", started_at=began))
        store.runs.start("qc", "gas", NOW, NOW, "1.0")
        assert {run.id: run.state for run in store.runs.list()}[far] is state
    store.runs.finish(far, RunState.DONE, {})
    assert {run.id: run.state for run in store.runs.list()}[far] is RunState.DONE


def _start_run(url: str) -> str:
    with StateStore(url) as opened:
        return opened.runs.start("qc", "gas", NOW, NOW, "1.0")


def test_a_run_that_never_started_cannot_finish(store: StateStore) -> None:
    with pytest.raises(StateError, match="never started"):
        store.runs.finish("nobody", RunState.DONE, {})
