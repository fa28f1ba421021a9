"""Who is notified of a case now: the routing table and roster for what begins and worsens, those who know of it for the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from alerts.people.route import recipients_of, route
from alerts.run.case import NoticeTarget
from schemas.alert_case import StepKind

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from alerts.case.news import WantedNotice
    from alerts.people.duty import EscalationStep
    from alerts.people.people import People
    from alerts.people.route import Recipient
    from alerts.run.case import Route
    from schemas.alert_case import AlertCase, Audience
    from store.state import Notice, StateStore

_ONGOING = frozenset({StepKind.ENDED, StepKind.WITHDRAWN, StepKind.AMENDED})
"""Steps of which those are notified who know of the case, whatever the roster says now."""


def case_route(people: People, state: StateStore, now: datetime) -> Route:
    """The recipients of the steps of data, for `alerts.run.case`."""

    def targets(item: WantedNotice) -> list[NoticeTarget]:
        return targets_of(people, item.case, item.audience, state.notices.of_cases([item.case.id]), now)

    return targets


def targets_of(
    people: People, case: AlertCase, audience: Audience, notices: Iterable[Notice], now: datetime
) -> list[NoticeTarget]:
    """Recipients of a case for one audience, and when they may be notified at the earliest.

    Who knows of the case follows it to its end. What begins and worsens goes to those whom the routing table and the
    roster name now as well.
    """
    routed = route(people, msgspec.structs.replace(case, audience=audience), now)
    others = _of_other_audiences(people, case, audience, now) - {_way(item) for item in routed}
    known = [item for item in notices if (item.recipient, item.channel) not in others and item.state != "withdrawn"]
    is_ongoing = case.steps[-1].kind in _ONGOING and bool(known)
    found = {_way(item): NoticeTarget(item.person_id, item.channel, item.not_before) for item in routed}
    kept = {} if is_ongoing else dict(found)
    for item in known:
        way = (item.recipient, item.channel)
        kept.setdefault(way, found.get(way, NoticeTarget(*way)))
    return list(kept.values())


def is_theirs(people: People, case: AlertCase, item: Notice, now: datetime) -> bool:
    """Whether a case still belongs to a recipient: it was not moved to another audience."""
    way = (item.recipient, item.channel)
    others = _of_other_audiences(people, case, case.audience, now)
    if way not in others:
        return True
    routed = {_way(found) for found in route(people, case, now)}
    return way in routed or item.recipient in {case.taken_by, case.assigned_to}


def ways_to(people: People, case: AlertCase, step: EscalationStep, now: datetime) -> tuple[Recipient, ...]:
    """Ways to a person whom time or another person brings to a case: the channels of the route that leads to the team."""
    channels = tuple(dict.fromkeys(item.channel for item in route(people, case, now) if item.team == step.team))
    return recipients_of(people, step._replace(after_min=0), case.severity, now, channels or ("mail",))


def _of_other_audiences(people: People, case: AlertCase, audience: Audience, now: datetime) -> set[tuple[str, str]]:
    return {
        _way(item)
        for other in case.audiences
        if other is not audience
        for item in route(people, msgspec.structs.replace(case, audience=other), now)
    }


def _way(item: Recipient) -> tuple[str, str]:
    return item.person_id, item.channel
