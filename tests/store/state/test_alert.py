from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from schemas.alert import AlertState, AlertTransition
from store.error import StateError
from tests.store.state.build import NOW, transition

if TYPE_CHECKING:
    from store.state import StateStore


def test_a_transition_makes_the_alerts_state(store: StateStore) -> None:
    store.alerts.save(transition())
    status = store.alerts.get_states()["high/a/so2"]
    assert (status.state, status.transition) == (AlertState.FIRING, transition())
    store.alerts.save(transition(5, AlertState.OK))
    assert store.alerts.get_states()["high/a/so2"].state is AlertState.OK


def test_an_older_transition_that_comes_late_does_not_change_the_state(store: StateStore) -> None:
    store.alerts.save(transition(5, AlertState.OK))
    store.alerts.save(transition(0))
    assert store.alerts.get_states()["high/a/so2"].state is AlertState.OK
    assert [item.transition.at.minute for item in store.alerts.list()] == [35, 30]


def test_the_same_transition_twice_is_one_and_waits_for_one_case(store: StateStore) -> None:
    assert store.alerts.save(transition()) == store.alerts.save(transition())
    assert len(store.cases.list_unassigned()) == 1


def test_a_pending_alert_is_not_delivered(store: StateStore) -> None:
    waiting = transition()
    store.alerts.save(
        AlertTransition(
            **{name: getattr(waiting, name) for name in waiting.__struct_fields__}
            | {"from_state": AlertState.OK, "to_state": AlertState.PENDING}
        )
    )
    assert store.deliveries.claim("w", "email") == []


def test_an_acknowledgement_holds_until_the_state_changes(store: StateStore) -> None:
    store.alerts.save(transition())
    store.alerts.acknowledge("high/a/so2", "王", "on it", now=NOW)
    status = store.alerts.get_states()["high/a/so2"]
    assert (status.acknowledged_by, status.acknowledged_at, status.note) == ("王", NOW, "on it")
    store.alerts.save(transition(5, AlertState.OK))
    assert store.alerts.get_states()["high/a/so2"].acknowledged_by is None
    with pytest.raises(StateError, match="no alert"):
        store.alerts.acknowledge("other", "w")
