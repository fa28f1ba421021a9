"""Which of the claimed transitions are mailed, and as what. Pure.

An end that waits with its beginning becomes one mail about both. An end whose beginning was mailed is always mailed; one
whose beginning is still on its way waits for it.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from alerts.rules.rule import is_changed
from schemas.alert import AlertState, AlertTransition, Severity
from schemas.reason import Reason, parse_reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from alerts.rules.table import AlertRules
    from schemas.reason import Figure
    from store.state import ClaimedTransition, Delivery

SAME_RISE = timedelta(hours=1)
"""Levels that begin within this are one rise."""
SAME_END = timedelta(hours=3)
"""A lower level that ends within this of a higher one is covered by the higher one's mail."""
_RANK = {Severity.INFO: 0, Severity.WARNING: 1, Severity.CRITICAL: 2}


class Action(Enum):
    """What to do with an episode."""

    BEGIN = "begin"
    END = "end"
    BOTH = "both"
    """One mail, after the end, about both."""
    SKIP = "skip"
    WAIT = "wait"


class ClaimedAlert(NamedTuple):
    """A claimed beginning, a claimed end, or both of one alert."""

    begin: ClaimedTransition | None
    end: ClaimedTransition | None

    @property
    def claims(self) -> tuple[ClaimedTransition, ...]:
        """The claimed transitions."""
        return tuple(item for item in self if item is not None)

    @property
    def last(self) -> ClaimedTransition:
        """The end where there is one."""
        return self.claims[-1]


class Decision(NamedTuple):
    """The decision on an episode, with the ``reason`` where it is not mailed now."""

    episode: ClaimedAlert
    action: Action
    reason: Reason | None = None


class Situation(NamedTuple):
    """Input of a decision.

    Attributes
    ----------
    rules : AlertRules
    max_age_h : float or None
        Replaces the rules' own age [h]; 0 is any age.
    firing : sequence of AlertTransition
        Alerts that fire, are still watched and whose beginning was mailed or is on its way.
    ended : sequence of AlertTransition
        Newest transitions of alerts that have ended.
    beginnings : mapping of int to Delivery or None
        By transition id of a claimed end without its beginning: what became of that; None: there was none.
    held_until : mapping of str to datetime
        By alert key of what fires: until when its condition is known to hold.
    """

    rules: AlertRules
    max_age_h: float | None
    firing: Sequence[AlertTransition]
    ended: Sequence[AlertTransition]
    beginnings: Mapping[int, Delivery | None]
    held_until: Mapping[str, datetime]


def episodes_of(claims: Iterable[ClaimedTransition]) -> Iterator[ClaimedAlert]:
    """Claims of a round as episodes; those of one alert in the order of time."""
    by_key: dict[str, list[ClaimedTransition]] = defaultdict(list)
    for claim in claims:
        by_key[claim.transition.alert_key].append(claim)
    for mine in by_key.values():
        begin: ClaimedTransition | None = None
        for claim in sorted(mine, key=lambda item: (item.transition.at, item.transition_id)):
            is_end = claim.transition.to_state is AlertState.OK
            if not is_end and begin is not None:
                yield ClaimedAlert(begin, None)
            if is_end:
                yield ClaimedAlert(begin, claim)
            begin = None if is_end else claim
        if begin is not None:
            yield ClaimedAlert(begin, None)


def decide(episodes: Sequence[ClaimedAlert], situation: Situation) -> list[Decision]:
    """Decide on every episode of a round."""
    candidates = [item for item in episodes if item.begin is not None and _too_old(item, item.begin, situation) is None]
    # A lower level is inhibited only by an alert that is mailed itself under an unchanged rule.
    rising = [
        item.begin.transition
        for item in candidates
        if item.begin is not None and _is_still_meant(item.begin.transition, situation.rules)
    ]
    ends = [item.end.transition for item in episodes if item.end is not None]
    return [_decide(item, situation, rising, ends) for item in episodes]


def _decide(
    episode: ClaimedAlert, situation: Situation, rising: Sequence[AlertTransition], ends: Sequence[AlertTransition]
) -> Decision:
    begin, end = episode
    if begin is None:
        assert end is not None, "an episode has one of the two"
        return _decide_end(episode, end, situation, ends)
    if old := _too_old(episode, begin, situation):
        return Decision(episode, Action.SKIP, old)
    if _is_inhibited(begin.transition, situation.firing, rising) and (
        end is None or _ended_with_higher(end.transition, situation, ends)
    ):
        return Decision(episode, Action.SKIP, _not_mailed("inhibited"))
    return Decision(episode, Action.BEGIN if end is None else Action.BOTH)


def _decide_end(
    episode: ClaimedAlert, end: ClaimedTransition, situation: Situation, ends: Sequence[AlertTransition]
) -> Decision:
    beginning = situation.beginnings.get(end.transition_id)
    if beginning is None:
        return Decision(episode, Action.SKIP, _not_mailed("no_beginning"))
    if beginning.is_open:
        return Decision(episode, Action.WAIT)
    is_inhibited = _is_of_inhibition(beginning.detail)
    if is_inhibited and _ended_with_higher(end.transition, situation, ends):
        return Decision(episode, Action.SKIP, _not_mailed("higher_ended"))
    if beginning.state == "failed":
        return Decision(episode, Action.BOTH)
    if beginning.state == "sent" or is_inhibited:
        return Decision(episode, Action.END)
    return Decision(episode, Action.SKIP, _not_mailed("beginning_skipped"))


def _not_mailed(kind: str, **figures: Figure) -> Reason:
    return Reason("not_mailed", kind, figures, "mail")


def _is_of_inhibition(detail: str) -> bool:
    """Whether a delivery was skipped as inhibited; deliveries of earlier versions hold the text ``not mailed: inhibited``."""
    reason = parse_reason(detail)
    return detail.endswith(": inhibited") if reason is None else reason.key == _not_mailed("inhibited").key


def _is_still_meant(begin: AlertTransition, rules: AlertRules) -> bool:
    rule = rules.named(begin.rule)
    return rule is not None and not is_changed(begin, rule)


def _too_old(episode: ClaimedAlert, begin: ClaimedTransition, situation: Situation) -> Reason | None:
    """Why a beginning is history: it was found too late, and the alert does not hold any more.

    How long a mail then waited for its server does not count.
    """
    oldest_h = situation.max_age_h
    if oldest_h is None:
        rule = situation.rules.named(begin.transition.rule) or situation.rules.operation(
            begin.transition.alert_key.partition("/")[2]
        )
        oldest_h = rule.notify_max_age_h if rule else 0.0
    last = begin.transition.at
    if episode.end is None:
        last = max(last, situation.held_until.get(begin.transition.alert_key, last))
    is_old = oldest_h and begin.recorded_at - last > timedelta(hours=oldest_h)
    return _not_mailed("old", hours=oldest_h) if is_old else None


def _is_inhibited(begin: AlertTransition, firing: Iterable[AlertTransition], rising: Iterable[AlertTransition]) -> bool:
    """Whether a more severe alert of the same parameter (and kind) fires at the same station."""
    # In a replay of history the higher level may have begun and ended long ago: only the same rise counts.
    higher = [item for item in firing if item.at <= begin.at + SAME_RISE]
    higher += [item for item in rising if begin.since <= item.at <= begin.at + SAME_RISE]
    return any(_is_higher(item, begin) for item in higher)


def _ended_with_higher(end: AlertTransition, situation: Situation, ends: Iterable[AlertTransition]) -> bool:
    """Whether a more severe alert of the same parameter still fires, or ended within hours and is mailed itself."""
    if any(_is_higher(item, end) for item in situation.firing):
        return True
    return any(_is_higher(item, end) and abs(item.at - end.at) <= SAME_END for item in [*situation.ended, *ends])


def _is_higher(one: AlertTransition, other: AlertTransition) -> bool:
    same = (one.station_id, one.parameter, one.kind) == (other.station_id, other.parameter, other.kind)
    return same and other.parameter is not None and _RANK[one.severity] > _RANK[other.severity]
