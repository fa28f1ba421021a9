"""Episodes of alerts: from the first transition away from OK to the return to OK."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from schemas.alert import AlertState, EndReason, RuleKind, Severity
from schemas.moment import stored_moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from schemas.alert import AlertTransition
    from store.state import AlertProgress, AlertStatus, StoredTransition


class Acknowledgement(NamedTuple):
    """Acknowledgement of an alert."""

    who: str
    note: str
    at: datetime


class ExtremeValue(NamedTuple):
    """A value and its moment."""

    value: float
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertHistory:
    """One alert from its beginning to its end.

    Attributes
    ----------
    id : int
        Of its first transition: the number in its address.
    steps : tuple of StoredTransition
        Ascending in time.
    acknowledged : Acknowledgement or None
        Only of the present episode of an alert.
    progress : AlertProgress or None
        How far it has gone since its last transition; only while it is open.
    """

    id: int
    alert_key: str
    steps: tuple[StoredTransition, ...]
    acknowledged: Acknowledgement | None = None
    progress: AlertProgress | None = None

    @property
    def last(self) -> AlertTransition:
        """The latest transition."""
        return self.steps[-1].transition

    @property
    def worst(self) -> AlertTransition:
        """The transition that shows the alert at its strongest: the last that fired, else the last that did not end it."""
        fired = [step.transition for step in self.steps if step.transition.to_state is AlertState.FIRING]
        begun = [step.transition for step in self.steps if step.transition.to_state is not AlertState.OK]
        return (fired or begun or [self.last])[-1]

    @property
    def state(self) -> AlertState:
        """Present state."""
        return self.last.to_state

    def extreme(self, now: datetime) -> ExtremeValue | None:
        """Most extreme value from the beginning to the end, or so far; of a silence its length [min]."""
        if self.is_open and self.worst.kind is RuleKind.SILENCE:
            return ExtremeValue((now - self.since) / timedelta(minutes=1), None)
        if self.progress is not None and self.progress.extreme is not None:
            return ExtremeValue(self.progress.extreme, self.progress.extreme_at)
        known = [found for step in reversed(self.steps) if (found := _extreme_of(step.transition)) is not None]
        value = self.last.value if self.worst.kind is RuleKind.SILENCE else self.worst.value
        return known[0] if known else (None if value is None else ExtremeValue(value, None))

    @property
    def latest(self) -> ExtremeValue | None:
        """The newest value that was evaluated, with the end of its interval; none for silence and operation."""
        if self.worst.parameter is None:
            return None
        if self.progress is not None and self.progress.latest is not None:
            return ExtremeValue(self.progress.latest, self.progress.latest_at)
        return None if self.last.value is None else ExtremeValue(self.last.value, self.last.at)

    @property
    def reason(self) -> EndReason | None:
        """Why it ended; None while it is open."""
        return None if self.is_open else self.last.reason

    @property
    def is_open(self) -> bool:
        """Whether the condition still holds."""
        return self.state is not AlertState.OK

    @property
    def since(self) -> datetime:
        """Start of the condition."""
        return min(step.transition.since for step in self.steps)

    @property
    def ended(self) -> datetime | None:
        """When it returned to OK; None while open."""
        return None if self.is_open else self.last.at


def _extreme_of(change: AlertTransition) -> ExtremeValue | None:
    value, at = change.evidence.get("extreme"), change.evidence.get("extreme_at")
    if not isinstance(value, (int, float)):
        return None
    return ExtremeValue(float(value), stored_moment(at))


_URGENCY = {Severity.CRITICAL: 0, Severity.WARNING: 1, Severity.INFO: 2}


def episodes(transitions: Iterable[StoredTransition]) -> list[AlertHistory]:
    """Group transitions, in any order, into episodes; open and urgent ones first, then the latest.

    A return to OK without a beginning in the list (it was cut off) makes an episode of its own.
    """
    by_key: dict[str, list[StoredTransition]] = {}
    for stored in sorted(transitions, key=lambda item: (item.transition.at, item.id)):
        by_key.setdefault(stored.transition.alert_key, []).append(stored)
    found = [episode for key, steps in by_key.items() for episode in _split(key, steps)]
    return sorted(found, key=_rank)


def _rank(episode: AlertHistory) -> tuple[bool, int, float]:
    urgency = _URGENCY[episode.worst.severity] if episode.is_open else 0
    return (not episode.is_open, urgency, -episode.since.timestamp())


def _split(key: str, steps: Sequence[StoredTransition]) -> list[AlertHistory]:
    found: list[AlertHistory] = []
    current: list[StoredTransition] = []
    for step in steps:
        current.append(step)
        if step.transition.to_state is AlertState.OK:
            found.append(AlertHistory(id=current[0].id, alert_key=key, steps=tuple(current)))
            current = []
    if current:
        found.append(AlertHistory(id=current[0].id, alert_key=key, steps=tuple(current)))
    return found


def with_status(episode: AlertHistory, status: AlertStatus | None) -> AlertHistory:
    """The episode with how far it has gone and who has taken it, where the alert's present state belongs to it."""
    if status is None or status.transition_id not in {step.id for step in episode.steps}:
        return episode
    if episode.is_open:
        episode = replace(episode, progress=status.progress)
    if status.acknowledged_by is None or status.acknowledged_at is None:
        return episode
    taken = Acknowledgement(who=status.acknowledged_by, note=status.note or "", at=status.acknowledged_at)
    return replace(episode, acknowledged=taken)
