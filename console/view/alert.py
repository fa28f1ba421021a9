"""Episodes of alerts: from the first transition away from OK to the return to OK."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from alerts.wording import word
from console.view.duration import duration_text
from console.view.quantity import format_value, name_of, pretty_unit
from schemas.alert import AlertState, EndReason, RuleKind, Severity
from schemas.moment import stored_moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from schemas.alert import AlertTransition
    from schemas.words import Words
    from store.state import AlertProgress, AlertStatus, Document, StoredTransition

_NEAR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """Somebody has taken an alert."""

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
        """The newest value that was judged, with the end of its interval; none for silence and operation."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRow:
    """An episode as a table shows it: its extreme, the newest value, threshold, unit and reason ready to print."""

    id: int
    what: str
    rule: str
    severity: str
    station_id: str
    station: str
    since: datetime
    ended: datetime | None
    value: str
    extreme_at: datetime | None
    latest: str
    latest_at: datetime | None
    threshold: str
    unit: str
    state: str
    reason: str
    who: str


def alert_row(episode: AlertHistory, words: Words, station_names: Mapping[str, str], now: datetime) -> AlertRow:
    """Row of one episode at a moment."""
    worst, extreme, latest = episode.worst, episode.extreme(now), episode.latest
    return AlertRow(
        id=episode.id,
        what=what_happened(worst, words),
        rule=worst.rule,
        severity=str(worst.severity),
        station_id=worst.station_id,
        station=station_names.get(worst.station_id, worst.station_id),
        since=episode.since,
        ended=episode.ended,
        value=_shown(extreme.value if extreme else None, worst, words),
        extreme_at=extreme.at if extreme else None,
        latest=format_value(latest.value, worst.parameter) if latest else "",
        latest_at=latest.at if latest else None,
        threshold=_shown(worst.threshold, worst, words),
        unit="" if worst.kind is RuleKind.SILENCE else pretty_unit(worst.unit),
        state=_state_of(episode),
        reason=word(f"end_{episode.reason}", words.language) if episode.reason else "",
        who=episode.acknowledged.who if episode.acknowledged else "",
    )


def _shown(value: float | None, change: AlertTransition, words: Words) -> str:
    """A value of an alert for a person; of a silence a length of time."""
    if change.kind is RuleKind.SILENCE and value is not None:
        return duration_text(timedelta(minutes=value), words)
    return format_value(value, change.parameter)


def _state_of(episode: AlertHistory) -> str:
    """``closed`` where an alert is only watched no longer; ``ok`` would say that it is over."""
    return str(episode.state) if episode.reason is None or episode.reason.is_over else "closed"


def what_happened(transition: AlertTransition, words: Words) -> str:
    """The alert in a few words."""
    name = name_of(transition.parameter, words) if transition.parameter else ""
    key = f"alert_kind.{transition.kind}"
    return words(key, parameter=name) if name else words(key + "_station")


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineStep:
    """One line of a timeline."""

    at: datetime
    title: str
    detail: str
    kind: str


def timeline(episode: AlertHistory, words: Words) -> list[TimelineStep]:
    """Transitions and the acknowledgement of an episode, oldest first."""
    steps = [_step(stored.transition, words) for stored in episode.steps]
    taken = episode.acknowledged
    if taken:
        steps.append(
            TimelineStep(at=taken.at, title=words("alerts.taken", who=taken.who), detail=taken.note, kind="ack")
        )
    return sorted(steps, key=lambda step: step.at)


def _step(transition: AlertTransition, words: Words) -> TimelineStep:
    unit = "" if transition.kind is RuleKind.SILENCE else pretty_unit(transition.unit)
    value = "" if transition.value is None else f"{_shown(transition.value, transition, words)} {unit}".strip()
    reason = transition.reason
    state = "closed" if reason is not None and not reason.is_over else str(transition.to_state)
    why = word(f"end_{reason}", words.language) if reason is not None else ""
    return TimelineStep(
        at=transition.at,
        title=words(f"alert_state.{state}"),
        detail=" · ".join(part for part in (value, why) if part),
        kind=f"to-{state}",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementRow:
    """A statement of an attribution in the language of the page, with its confidence (empty if none was given)."""

    text: str
    confidence: str


def matching(documents: Iterable[Document], episode: AlertHistory) -> list[Document]:
    """Attribution documents of the episode's station and parameter whose time touches it."""
    worst = episode.worst
    end = episode.ended or max(step.transition.at for step in episode.steps)
    return [item for item in documents if _speaks_of(item.body, worst.station_id, worst.parameter, episode.since, end)]


def _speaks_of(body: Mapping[str, Any], station_id: str, parameter: str | None, start: datetime, end: datetime) -> bool:
    if body.get("station_id") != station_id or (parameter and body.get("parameter") not in (None, parameter)):
        return False
    first, last = (_moment(body.get(name)) for name in ("start", "end"))
    return (first is None or first <= end + _NEAR) and (last is None or last >= start - _NEAR)


def _moment(text: object) -> datetime | None:
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def statements(documents: Iterable[Document], language: str) -> list[StatementRow]:
    """Statements of the documents, each text once, in ``zh`` or ``en`` (the other language where one is missing)."""
    other = "en" if language == "zh" else "zh"
    found: dict[str, StatementRow] = {}
    for document in documents:
        listed = document.body.get("statements")
        for item in listed if isinstance(listed, list) else []:
            if isinstance(item, dict) and (text := str(item.get(language) or item.get(other) or "")):
                found.setdefault(text, StatementRow(text=text, confidence=str(item.get("confidence") or "")))
    return list(found.values())
