"""Cases and mails of rehearsed transitions, by the grouping and the rules of news in force. Pure; the clock runs with the data."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple, Protocol

import msgspec

from alerts.case.alert import NewTransition
from alerts.case.decide import LOOK_BACK, CaseRound, decide, present_alerts
from alerts.case.news import wanted
from alerts.people.person import MAIL
from alerts.people.route import route
from schemas.alert import AlertState
from schemas.alert_case import AlertCase, Audience, CaseState, StepKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from alerts.case.group import AlertRef, CaseAir
    from alerts.case.news import WantedNotice
    from alerts.people.people import People
    from schemas.alert import AlertTransition
    from schemas.alert_case import CaseAlert, CaseVerdict
    from schemas.network import Network

ROUND = timedelta(minutes=10)
"""Pause between two rounds while something happens; project choice."""
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)
_ONGOING = frozenset({StepKind.ENDED, StepKind.WITHDRAWN, StepKind.AMENDED})


class GroupMails(msgspec.Struct, frozen=True, kw_only=True):
    """Mails that each recipient of a group would have got.

    Attributes
    ----------
    team : str
        Id of the people file.
    audience : Audience
        Duty staff, or operators of the stations.
    mails : int
    a_week : float
        By the length of the period [1/week].
    """

    team: str
    audience: Audience
    mails: int
    a_week: float


class MailGroup(NamedTuple):
    """A group that is notified; ``not_before`` is the end of quiet hours or the time of the digest, None: at once."""

    team: str
    audience: Audience
    not_before: datetime | None = None


class RehearsedCases(NamedTuple):
    """Cases that would have been, without those that became part of others, the oldest first; and mails by group.

    ``mailed_at`` are the moments of the mails of the group that gets most.
    """

    cases: tuple[AlertCase, ...] = ()
    mails: tuple[GroupMails, ...] = ()
    mailed_at: tuple[datetime, ...] = ()


class RehearsalEvidence(Protocol):
    """What is known of the air and of the instruments at a moment; an answer may be empty."""

    def air(self, alerts: Sequence[CaseAlert], now: datetime) -> CaseAir:
        """Rises and winds of the hours of these alerts."""

    def verdicts(self, alerts: Sequence[CaseAlert], now: datetime) -> Mapping[AlertRef, CaseVerdict]:
        """Fault or event of these alerts."""


class _Due(NamedTuple):
    at: datetime
    is_digest: bool


@dataclass(kw_only=True)
class CaseReplay:
    """Rounds over transitions that are not stored.

    No case is taken, and none is escalated; each mail has all that happened before it.

    Attributes
    ----------
    groups : callable
        Whom a notice is for.
    progress : callable
        Gets days that are done, and all days, once a simulated week.
    """

    network: Network
    evidence: RehearsalEvidence
    groups: Callable[[WantedNotice], Iterable[MailGroup]]
    progress: Callable[[int, int], None] = lambda _done, _of: None
    _cases: dict[str, AlertCase] = field(default_factory=dict)
    _due: dict[tuple[str, str, Audience], _Due] = field(default_factory=dict)
    _known: dict[str, set[tuple[str, Audience]]] = field(default_factory=dict)
    _sent: dict[tuple[str, Audience], list[datetime]] = field(default_factory=dict)

    def run(self, known: Sequence[NewTransition], start: datetime, end: datetime) -> RehearsedCases:
        """All rounds of transitions, ascending by time; what happens after ``end`` is left out."""
        position, now, reported = 0, start, start
        while True:
            moments = [_ceiled(known[position].transition.at)] if position < len(known) else []
            if self._is_waiting():
                moments.append(now + HOUR)
            if not moments or min(moments) > end:
                break
            now = max(min(moments), now)
            fresh = []
            while position < len(known) and known[position].transition.at <= now:
                fresh.append(known[position])
                position += 1
            self._round(fresh, now)
            if now - reported >= WEEK:
                self.progress((now - start) // DAY, (end - start) // DAY)
                reported = now
        self._send(end)
        cases = [case for case in self._cases.values() if case.state is not CaseState.MERGED]
        most = max(self._sent.values(), key=len, default=[])
        return RehearsedCases(
            tuple(sorted(cases, key=lambda case: (case.since, case.id))), self._mails(end - start), tuple(most)
        )

    def _is_waiting(self) -> bool:
        return bool(self._due) or any(case.is_open for case in self._cases.values())

    def _round(self, fresh: list[NewTransition], now: datetime) -> None:
        self._send(now)
        inputs = CaseRound(cases=self._recent(now), fresh=fresh, network=self.network, now=now)
        present = [alert for alert in present_alerts(inputs) if alert.parameter is not None]
        if present:
            air, verdicts = self.evidence.air(present, now), self.evidence.verdicts(present, now)
            inputs = replace(inputs, air=air, verdicts=verdicts)
        for before, after in decide(inputs):
            self._cases[after.id] = after
            if after.state is CaseState.MERGED:
                self._due = {key: due for key, due in self._due.items() if key[0] != after.id}
            for notice in wanted(before, after, now):
                self._want(notice)
        self._send(now)

    def _recent(self, now: datetime) -> list[AlertCase]:
        """As the store lists them for a round."""
        cases = [case for case in self._cases.values() if case.state is not CaseState.MERGED]
        return [case for case in cases if case.ended_at is None or case.ended_at >= now - LOOK_BACK]

    def _want(self, notice: WantedNotice) -> None:
        case, known = notice.case, self._known.setdefault(notice.case.id, set())
        is_ongoing = case.steps[-1].kind in _ONGOING and bool(known)
        for group in self.groups(notice):
            place = (group.team, group.audience)
            if is_ongoing and place not in known:
                continue
            due = max(notice.not_before, group.not_before or notice.not_before)
            known.add(place)
            self._due.setdefault((case.id, *place), _Due(due, due > notice.not_before))

    def _send(self, now: datetime) -> None:
        """Send what is due: one mail a case and group, one for all cases that waited for the same moment."""
        ready = {key: due for key, due in self._due.items() if due.at <= now}
        digests = set()
        for (case_id, team, audience), due in ready.items():
            del self._due[case_id, team, audience]
            if due.is_digest and (team, audience, due.at) in digests:
                continue
            digests.add((team, audience, due.at))
            self._sent.setdefault((team, audience), []).append(due.at)

    def _mails(self, period: timedelta) -> tuple[GroupMails, ...]:
        weeks = period / WEEK
        return tuple(
            GroupMails(team=team, audience=audience, mails=len(sent), a_week=round(len(sent) / weeks, 2))
            for (team, audience), sent in sorted(self._sent.items())
        )


def mail_groups(people: People) -> Callable[[WantedNotice], list[MailGroup]]:
    """Teams that the routing table and the roster name for a notice, with the earliest moment at which one of them may be notified."""

    def groups(notice: WantedNotice) -> list[MailGroup]:
        case = msgspec.structs.replace(notice.case, audience=notice.audience)
        found: dict[str, list[datetime | None]] = {}
        for item in route(people, case, case.steps[-1].recorded_at):
            if item.channel == MAIL:
                found.setdefault(item.team, []).append(item.not_before)
        return [MailGroup(team, notice.audience, _earliest(moments)) for team, moments in found.items()]

    return groups


def _earliest(moments: Iterable[datetime | None]) -> datetime | None:
    known = list(moments)
    return None if None in known else min((item for item in known if item is not None), default=None)


def news_of_alerts(transitions: Iterable[AlertTransition]) -> list[NewTransition]:
    """Begins and ends of alerts in the order of time, numbered from 1."""
    chosen = sorted(
        (item for item in transitions if AlertState.FIRING in {item.from_state, item.to_state}),
        key=lambda item: (item.at, item.alert_key),
    )
    return [NewTransition(number, item) for number, item in enumerate(chosen, 1)]


def _ceiled(moment: datetime) -> datetime:
    step = ROUND.total_seconds()
    return datetime.fromtimestamp(-(-moment.timestamp() // step) * step, UTC)
