"""Storing what the stream found: each transition once, by whichever evaluator is first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from alerts.run.evaluation import progress_of
from store.state import AlertStatus

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alerts.engine import Machine
    from schemas.alert import AlertTransition
    from store.state import StateStore


class Recorder:
    """Keeps the newest transition of every alert, also of those that other processes store.

    Parameters
    ----------
    state : StateStore

    Attributes
    ----------
    statuses : dict of str to AlertStatus
        By alert key.
    """

    def __init__(self, state: StateStore) -> None:
        self._state = state
        self.statuses: dict[str, AlertStatus] = {}
        self._newest = 0

    def news(self) -> dict[str, AlertStatus]:
        """Alerts that changed since the last call, by key; raises `StoreError`."""
        newest = self._state.alerts.newest_id()
        if newest <= self._newest:
            return {}
        found = self._state.alerts.get_states(after=self._newest)
        self._newest = newest
        self.statuses.update(found)
        return found

    def store(self, found: Sequence[AlertTransition]) -> list[AlertTransition]:
        """Store transitions in order; those that were stored.

        Where another evaluator was first, the alert's further transitions are left out, and `news` has its state. May be done
        again after a `StoreError`.
        """
        stored, lost = [], set[str]()
        for change in found:
            key = change.alert_key
            if key in lost:
                continue
            before = self.statuses.get(key)
            transition_id = self._state.alerts.follow(change, before.transition_id if before else None)
            if transition_id is None:
                lost.add(key)
                continue
            self.statuses[key] = AlertStatus(
                alert_key=key,
                state=change.to_state,
                transition_id=transition_id,
                transition=change,
                recorded_at=change.at,
            )
            stored.append(change)
        return stored

    def note_progress(self, machines: Mapping[str, Machine]) -> None:
        """Record extremes and newest values of open alerts; raises `StoreError`."""
        found = {}
        for key, machine in machines.items():
            status = self.statuses.get(key)
            if status is not None and status.state is machine.state and (progress := progress_of(machine, status)):
                found[status.transition_id] = progress
                self.statuses[key] = msgspec.structs.replace(status, progress=progress)
        self._state.alerts.note_progress(found)
