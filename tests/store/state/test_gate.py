"""Results of the gate and decisions on held batches, on real SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from store.error import StateError
from store.state import GateDecision, GateOutcome, GateResult, GateRuling, StateStore

NOW = datetime(2026, 6, 3, 1, tzinfo=UTC)
START = datetime(2026, 6, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def hold(store: StateStore, first: int = 0, last: int = 24, outcome: GateOutcome = GateOutcome.HOLD) -> int:
    result = GateResult(network="gas", start=START + first * HOUR, end=START + last * HOUR, outcome=outcome)
    return store.gate.add_result(result)


def decision(result_id: int, ruling: GateRuling = GateRuling.RELEASE, **change: Any) -> GateDecision:
    return GateDecision(**{"result_id": result_id, "ruling": ruling, "who": "li", "note": "storm", "at": NOW, **change})


def test_gate_results_stay_and_the_newest_comes_first(store: StateStore) -> None:
    for outcome in (GateOutcome.HOLD, GateOutcome.PASS):
        store.gate.add_result(GateResult(network="gas", start=NOW, end=NOW, outcome=outcome, detail={"failed": 2}))
    assert [item.outcome for item in store.gate.list_results("gas", NOW)] == [GateOutcome.PASS, GateOutcome.HOLD]
    assert store.gate.list_results("gas", end=NOW) == []


def test_a_held_batch_blocks_until_it_is_released(store: StateStore) -> None:
    held = hold(store)
    hold(store, 24, 48, GateOutcome.WARN)
    assert [item.id for item in store.gate.list_held("gas", only_blocking=True)] == [held]
    store.gate.decide(decision(held, GateRuling.REJECT))
    assert store.gate.list_held("gas", only_blocking=True)[0].ruling is GateRuling.REJECT
    store.gate.decide(decision(held))
    assert store.gate.list_held("gas", only_blocking=True) == []
    (kept,) = store.gate.list_held()
    assert [item.ruling for item in kept.decisions] == [GateRuling.REJECT, GateRuling.RELEASE]


def test_a_later_pass_of_all_of_its_hours_lets_a_batch_through(store: StateStore) -> None:
    held = hold(store)
    hold(store, 0, 12, GateOutcome.PASS)
    assert store.gate.list_held(only_blocking=True)
    hold(store, 0, 24, GateOutcome.PASS)
    assert store.gate.list_held(only_blocking=True) == []
    with pytest.raises(StateError, match="evaluated again and passed"):
        store.gate.decide(decision(held))


@pytest.mark.parametrize(
    ("change", "words"),
    [({"result_id": 99}, "no held batch"), ({"who": ""}, "needs a name"), ({"note": " "}, "a note")],
)
def test_a_decision_without_batch_name_or_note_is_refused(
    store: StateStore, change: dict[str, Any], words: str
) -> None:
    held = hold(store)
    with pytest.raises(StateError, match=words):
        store.gate.decide(decision(**{"result_id": held, **change}))


def test_held_batches_are_found_by_the_hours_they_touch(store: StateStore) -> None:
    hold(store, 0, 24)
    assert store.gate.list_held("gas", START + 23 * HOUR, START + 30 * HOUR)
    assert not store.gate.list_held("gas", START + 24 * HOUR, START + 30 * HOUR)
    assert not store.gate.list_held("voc")
