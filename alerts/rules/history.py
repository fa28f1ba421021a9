"""From engine changes to stored transitions and back: a machine is rebuilt from its last transition. Pure.

Nothing but transitions is stored: the state after a transition follows from it (its evidence keeps what the engine
counted), and what came after it follows from the data. So a crash between two steps loses nothing, and two workers
that evaluate the same data find the same transitions, which the store keeps once.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import msgspec

from alerts.engine import Machine
from alerts.rules.rule import LOOKS_AT
from schemas.alert import AlertState, AlertTransition, EndReason
from schemas.moment import stored_moment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alerts.engine import StateChange
    from alerts.rules.rule import CommonRule
    from store.state import AlertStatus


AT_LEAST = "is_at_least"
"""Key of the evidence: an instrument was over its range, so that the extreme is a lower bound."""


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """The subject of one state machine.

    Attributes
    ----------
    station_id : str
        ``all`` for all stations together, ``system`` for operation alerts.
    part : str or None
        Last part of the key: parameter, network or operation key.
    parameter, unit : str or None
        None for silence and operation.
    """

    rule: str
    station_id: str
    part: str | None = None
    parameter: str | None = None
    unit: str | None = None

    @property
    def alert_key(self) -> str:
        """``{rule}/{station_id}[/{part}]``."""
        return "/".join(item for item in (self.rule, self.station_id, self.part) if item)


def machine_of(status: AlertStatus | None) -> Machine:
    """The machine of a stored alert, with the extreme it has reached since its last transition."""
    if status is None:
        return Machine()
    machine, progress = machine_after(status.transition), status.progress
    if status.state is AlertState.OK or progress.extreme is None or progress.extreme_at is None:
        return machine
    return msgspec.structs.replace(
        machine, extreme=progress.extreme, extreme_at=progress.extreme_at, latest=progress.latest
    )


def machine_after(transition: AlertTransition | None) -> Machine:
    """The machine as a transition left it; a fresh one for None."""
    if transition is None:
        return Machine()
    if transition.to_state is AlertState.OK:
        return Machine(cursor=transition.at)
    evidence = transition.evidence
    extreme, extreme_at, held_s = (evidence.get(name) for name in ("extreme", "extreme_at", "held_s"))
    return Machine(
        state=transition.to_state,
        cursor=transition.at,
        since=transition.since,
        held_s=float(held_s) if isinstance(held_s, (int, float)) else 0.0,
        extreme=float(extreme) if isinstance(extreme, (int, float)) else transition.value,
        extreme_at=stored_moment(extreme_at) or transition.since,
        latest=transition.value,
        is_at_least=evidence.get(AT_LEAST) is True,
    )


def identity_of(subject: Subject, rule: CommonRule) -> dict[str, Any]:
    """Fields of a transition that name its alert."""
    of_rule = {"rule": rule.name, "kind": rule.KIND, "severity": rule.severity}
    return of_rule | {
        "alert_key": subject.alert_key,
        "station_id": subject.station_id,
        "parameter": subject.parameter,
    }


def transition_of(
    change: StateChange, rule: CommonRule, subject: Subject, extra: Mapping[str, object] | None = None
) -> AlertTransition:
    """A change as the record that is stored; ``extra`` is further evidence (plain JSON).

    A limit that is not finite (no value could pass it at that moment) is not stored.
    """
    evidence: dict[str, object] = {
        "extreme": change.extreme,
        "extreme_at": change.extreme_at.isoformat(),
        "held_s": change.held_s,
        "until": change.until.isoformat() if change.until else None,
        LOOKS_AT: rule.looks_at(subject.station_id),
    }
    if change.is_at_least:
        evidence[AT_LEAST] = True
    return AlertTransition(
        **identity_of(subject, rule),
        from_state=change.from_state,
        to_state=change.to_state,
        at=change.at,
        since=change.since,
        value=change.value,
        threshold=change.limit if math.isfinite(change.limit) else None,
        unit=subject.unit,
        evidence=evidence | dict(extra or {}),
        reason=EndReason.VALUE_BACK if change.to_state is AlertState.OK else None,
    )
