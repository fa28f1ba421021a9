"""Who is notified of a case, through which channel, and not before when. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from alerts.people.clock import next_at
from alerts.people.duty import MEMBER, EscalationStep, OnDuty, chain_of, first_notified, team_of
from alerts.people.pattern import is_any
from alerts.people.person import MAIL
from schemas.alert import Severity
from schemas.alert_case import Audience

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.people.clock import ClockSpan
    from alerts.people.people import People
    from alerts.people.team import Team
    from schemas.alert_case import AlertCase

OPERATOR = "operator"
"""Role of persons of a team that is notified of faults of its stations."""
TEAM_PREFIX = "team/"
"""Begins `Recipient.person_id` of a channel of a team, which no person has."""


class Recipient(msgspec.Struct, frozen=True, kw_only=True):
    """One way by which one person, or the group chat of a team, is notified of a case.

    Attributes
    ----------
    person_id : str
        Or ``team/{id}``.
    team : str
        Team through which the case came.
    address : str
        Mail address; of another channel ``env:NAME`` or ``file:PATH`` of its URL (`ContactChannel.reference`).
    language : str
        ``zh`` or ``en``.
    channel : str
        ``mail``, or the name of the channel.
    role : str
        Of the shift; ``member``, ``operator`` or ``leader`` where there is none.
    not_before : datetime or None
        End of quiet hours or time of the digest, UTC; None: at once.
    after_min : int
        Only where the case is not taken within this time [min]; 0: when it opens.
    """

    person_id: str
    team: str
    address: str
    language: str
    channel: str
    role: str
    not_before: datetime | None = None
    after_min: int = 0


class _Target(NamedTuple):
    """A team that is notified, and the channels."""

    team: Team
    channels: tuple[str, ...]
    cities: tuple[str, ...]
    role: str | None = None


def route(people: People, case: AlertCase, at: datetime) -> tuple[Recipient, ...]:
    """Recipients of a case at a moment (aware).

    The rows of the routing table in the order of the file; where none fits, a fault goes to the operators of its stations, and any other
    case to the first team for each of its cities. What is for no team, and a station without an operator, goes to the fall-back team:
    the result is never empty. Within a team those on duty are notified (`alerts.people.duty.first_notified`). Each person is notified once
    through each channel.

    Cases of severity ``info`` wait for the time of the digest, and everything that is not critical for the end of the person's quiet hours,
    unless the person is on duty in a shift.
    """
    found: dict[tuple[str, str, str], Recipient] = {}
    for target in _targets(people, case, at):
        for recipient in _of_team(people, target, case.severity, at):
            found.setdefault((recipient.person_id, recipient.channel, recipient.address), recipient)
    return tuple(found.values())


def escalation(people: People, case: AlertCase, at: datetime) -> tuple[Recipient, ...]:
    """Who is next while a case that opened at a moment (aware) is not taken, with ``after_min``; in order of time.

    The chain of each team of `route`, through the same channels; without those whom `route` names.
    """
    known = {item.person_id for item in route(people, case, at)}
    found: dict[tuple[str, str, str], Recipient] = {}
    for target in _targets(people, case, at):
        for step in chain_of(people, target.team, target.cities, at):
            if step.person in known or step.after_min == 0:
                continue
            for recipient in recipients_of(people, step, case.severity, at, target.channels):
                found.setdefault((recipient.person_id, recipient.channel, recipient.address), recipient)
    return tuple(sorted(found.values(), key=lambda item: item.after_min))


def recipients_of(
    people: People,
    person: OnDuty | EscalationStep,
    severity: Severity,
    at: datetime,
    channels: tuple[str, ...] = (MAIL,),
) -> tuple[Recipient, ...]:
    """Ways to one person, for example the next of the chain of escalation; mail where the person has none of the channels.

    Parameters
    ----------
    at : datetime
        When the case opened, aware.
    """
    after_min = person.after_min if isinstance(person, EscalationStep) else 0
    due_at = at + timedelta(minutes=after_min)
    is_on_shift = isinstance(person, OnDuty) and person.interval is not None
    own = people.person[person.person]
    ways = [(MAIL, own.mail)] if MAIL in channels else []
    ways += [(channel.name, channel.reference) for channel in own.channels if channel.name in channels]
    return tuple(
        Recipient(
            person_id=own.id,
            team=person.team,
            address=address,
            language=own.language,
            channel=name,
            role=person.role,
            not_before=_not_before(people, None if is_on_shift else own.quiet, severity, due_at),
            after_min=after_min,
        )
        for name, address in ways or [(MAIL, own.mail)]
    )


def _targets(people: People, case: AlertCase, at: datetime) -> Iterator[_Target]:
    rows = _rows(people, case, at)
    if rows:
        yield from rows
    elif case.audience is Audience.OPERATOR:
        yield from _operators(people, case)
    else:
        for city in case.cities or (None,):
            yield _Target(team_of(people, city, case.networks), (MAIL,), () if city is None else (city,))


def _rows(people: People, case: AlertCase, at: datetime) -> list[_Target]:
    found: list[_Target] = []
    for row in people.routes:
        if row.fits(case) and row.holds_at(at, people.timezone, people.holidays):
            found.append(_Target(people.team[row.team], row.channels, case.cities))
            if not row.go_on:
                break
    return found


def _operators(people: People, case: AlertCase) -> Iterator[_Target]:
    """Teams that operate the stations; the fall-back team for stations that none operates."""
    for station in case.stations or ("",):
        teams = [team for team in people.teams if is_any(station, team.operator_of)]
        for team in teams:
            yield _Target(team, (MAIL,), case.cities, OPERATOR)
        if not teams:
            yield _Target(people.fallback, (MAIL,), case.cities)


def _of_team(people: People, target: _Target, severity: Severity, at: datetime) -> Iterator[Recipient]:
    team = target.team
    for person in first_notified(people, team.id, at, target.cities):
        role = target.role if target.role is not None and person.role == MEMBER else person.role
        yield from recipients_of(people, person._replace(role=role), severity, at, target.channels)
    for channel in team.channels:
        if channel.name in target.channels:
            yield Recipient(
                person_id=TEAM_PREFIX + team.id,
                team=team.id,
                address=channel.reference,
                language=team.language,
                channel=channel.name,
                role=MEMBER,
                not_before=_digest(people, severity, at),
            )


def _not_before(people: People, quiet: ClockSpan | None, severity: Severity, at: datetime) -> datetime | None:
    if severity is Severity.CRITICAL:
        return None
    digest = _digest(people, severity, at)
    due_at = at if digest is None else digest
    held = None if quiet is None else quiet.covering(due_at, people.timezone)
    return digest if held is None else held.end


def _digest(people: People, severity: Severity, at: datetime) -> datetime | None:
    """When a case of severity info is notified; None: at once."""
    if people.digest_at is None or severity is not Severity.INFO:
        return None
    return next_at(people.digest_at, at, people.timezone)
