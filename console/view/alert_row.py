"""An episode of an alert as a table and a timeline show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from alerts.wording import word
from console.view.case import answer_line
from console.view.duration import duration_text
from console.view.quantity import format_value, name_of
from schemas.alert import RuleKind
from schemas.words import sentence
from schemas.words.message import unit_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analysis.case.case_file import CaseFile
    from console.view.alert import AlertHistory
    from schemas.alert import AlertTransition
    from schemas.words import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRow:
    """An episode as a table shows it: its extreme, the newest value, threshold, unit and reason ready to print.

    ``has_page``: the station is of the network file. ``case``: what its case file answers, empty without one. ``detail``: what an operation alert reports. ``has_value``: it has an extreme.
    """

    id: int
    what: str
    rule: str
    severity: str
    station_id: str
    station: str
    has_page: bool
    detail: str
    has_value: bool
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
    case: str


def alert_row(
    episode: AlertHistory,
    words: Words,
    station_names: Mapping[str, str],
    now: datetime,
    *,
    case: CaseFile | None = None,
) -> AlertRow:
    """Row of one episode at a moment, with its case file if there is one."""
    worst, extreme, latest = episode.worst, episode.extreme(now), episode.latest
    station_id = worst.station_id
    return AlertRow(
        id=episode.id,
        what=what_happened(worst, words),
        rule=worst.rule,
        severity=str(worst.severity),
        station_id=station_id,
        station=station_names.get(station_id) or words.get(f"alerts.station_{station_id}", station_id),
        has_page=station_id in station_names,
        detail=_detail(worst, words.language),
        has_value=worst.kind is not RuleKind.OPERATION,
        since=episode.since,
        ended=episode.ended,
        value=_shown(extreme.value if extreme else None, worst, words),
        extreme_at=extreme.at if extreme else None,
        latest=format_value(latest.value, worst.parameter) if latest else "",
        latest_at=latest.at if latest else None,
        threshold=_threshold(worst, words),
        unit="" if worst.kind is RuleKind.SILENCE else unit_text(worst.unit),
        state=_state_of(episode),
        reason=word(f"end_{episode.reason}", words.language) if episode.reason else "",
        who=episode.acknowledged.who if episode.acknowledged else "",
        case="" if case is None else answer_line(case, words),
    )


def _shown(value: float | None, change: AlertTransition, words: Words) -> str:
    """A value of an alert for a person; of a silence a length of time."""
    if change.kind is RuleKind.SILENCE and value is not None:
        return duration_text(timedelta(minutes=value), words)
    return format_value(value, change.parameter)


def _threshold(change: AlertTransition, words: Words) -> str:
    if change.kind is RuleKind.SILENCE or change.threshold is None:
        return _shown(change.threshold, change, words)
    return f"{change.threshold:g}"


def _detail(change: AlertTransition, language: str) -> str:
    """What an operation alert reports, as its mail shows it; empty for other alerts."""
    reason = change.evidence.get("reason")
    if isinstance(reason, str):
        return sentence(reason, language)
    return str(change.evidence.get(f"detail_{language}") or change.evidence.get("detail") or "")


def _state_of(episode: AlertHistory) -> str:
    """``closed`` where an alert is no longer monitored; ``ok`` would mean that it is over."""
    return str(episode.state) if episode.reason is None or episode.reason.is_over else "closed"


def what_happened(transition: AlertTransition, words: Words) -> str:
    """Short description of an alert: of an operation alert its own title, of a silence the network too."""
    own = transition.evidence.get(f"title_{words.language}")
    if transition.kind is RuleKind.OPERATION and isinstance(own, str) and own:
        return own
    name = name_of(transition.parameter, words) if transition.parameter else ""
    key = f"alert_kind.{transition.kind}"
    if name:
        return words(key, parameter=name)
    network = transition.evidence.get("network") if transition.kind is RuleKind.SILENCE else None
    return " · ".join(
        filter(None, (words(key + "_station"), network and words.get(f"network.{network}", str(network))))
    )


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
    unit = "" if transition.kind is RuleKind.SILENCE else unit_text(transition.unit)
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
