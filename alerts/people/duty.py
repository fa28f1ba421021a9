"""Who is on duty, where the roster has a hole, and who is next until a case is taken. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from alerts.people.clock import DAY, ClockSpan
from alerts.people.pattern import are_in
from alerts.people.roster import days_between, kind_of_day, present
from schemas.interval import Interval, united

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime

    from alerts.people.people import People
    from alerts.people.roster import DutyShift
    from alerts.people.team import Team

MEMBER = "member"
LEADER = "leader"
"""Roles of persons who are notified without a shift."""


class ShiftRun(NamedTuple):
    """One shift of one day.

    Attributes
    ----------
    shift : DutyShift
    day : date
        Civil day on which it begins.
    interval : Interval
        UTC.
    order : tuple of str
        The person on duty, then the deputies, after absences; empty where all are absent.
    """

    shift: DutyShift
    day: date
    interval: Interval
    order: tuple[str, ...]


class OnDuty(NamedTuple):
    """One person of the team that is on duty at a moment.

    Attributes
    ----------
    person, team : str
    role : str
    place : int
        0: on duty; 1 and above: deputy.
    interval : Interval or None
        Of the shift, UTC; None in a team without shifts.
    """

    person: str
    team: str
    role: str
    place: int
    interval: Interval | None = None


class RosterHole(NamedTuple):
    """A time in which a team has no one on duty, UTC."""

    team: str
    interval: Interval


class EscalationStep(NamedTuple):
    """One person of the chain of escalation.

    Attributes
    ----------
    person, team : str
    role : str
    after_min : int
        Notified so long after the case opened, unless it was taken by then [min].
    """

    person: str
    team: str
    role: str
    after_min: int


def shift_runs(people: People, team: str, first: date, last: date) -> tuple[ShiftRun, ...]:
    """Shifts of a team that begin on the civil days from ``first`` to ``last``, in the order of time, then of the file."""
    shifts = people.shifts_of(team)
    found = [run for day in days_between(first, last) for shift in shifts if (run := _run(people, shift, day))]
    return tuple(sorted(found, key=lambda run: run.interval.start))


def on_duty(people: People, team: str, at: datetime) -> tuple[OnDuty, ...]:
    """Persons on duty at a moment, then their deputies; empty where the roster has a hole.

    Parameters
    ----------
    people : People
    team : str
        Id of a team; raises KeyError where there is none.
    at : datetime
        Aware.

    Returns
    -------
    tuple of OnDuty
        By place, then in the order of the file; each person once. In a team without shifts all members have place 0.
    """
    if not people.shifts_of(team):
        return _members(people, team, at)
    found = [
        OnDuty(person, team, run.shift.role, place, run.interval)
        for run in _runs_at(people, team, at)
        for place, person in enumerate(run.order)
    ]
    first: dict[str, OnDuty] = {}
    for item in sorted(found, key=lambda item: item.place):
        first.setdefault(item.person, item)
    return tuple(first.values())


def leader_of(people: People, team: str, at: datetime) -> OnDuty:
    """The leader of a team, or the deputy of one who is absent; the leader where there is no deputy."""
    own = people.team[team]
    day = at.astimezone(people.timezone).date()
    (person, *_) = present((own.leader,), day, people.absences) or (own.leader,)
    return OnDuty(person, team, LEADER, 0)


def first_notified(people: People, team: str, at: datetime, cities: tuple[str, ...] = ()) -> tuple[OnDuty, ...]:
    """Who is notified of a case when it opens; never empty.

    Those on duty for one of the cities; where none of them is for these, all on duty; where the roster has a hole, the leader.
    """
    found = tuple(item for item in on_duty(people, team, at) if item.place == 0)
    return _of_area(people, found, cities) or (leader_of(people, team, at),)


def chain(people: People, area: str | None, at: datetime, *, team: str | None = None) -> tuple[EscalationStep, ...]:
    """Who is notified of a case, one after the other, until one takes it: on duty, deputies, and the leader as the last.

    In a hole of the roster the leader is the first, and the members of the team are next.

    The roster of a later moment may differ: an escalation asks again, so that the night shift does not get what the
    day shift should have taken.

    Parameters
    ----------
    people : People
    area : str or None
        GB/T 2260 code of the case; None: no city.
    at : datetime
        Aware.
    team : str or None
        None: the first team for the area (`team_of`).

    Returns
    -------
    tuple of EscalationStep
        Never empty; each person once.
    """
    own = people.team[team] if team is not None else team_of(people, area)
    return chain_of(people, own, () if area is None else (area,), at)


def chain_of(people: People, own: Team, cities: tuple[str, ...], at: datetime) -> tuple[EscalationStep, ...]:
    """The same of one team, for a case in several cities."""
    first = first_notified(people, own.id, at, cities)
    team_now = on_duty(people, own.id, at) or _members(people, own.id, at)
    later = [item for item in team_now if item.person not in {other.person for other in first}]
    steps = {item.person: EscalationStep(item.person, own.id, item.role, 0) for item in first}
    for item in (*_of_area(people, tuple(later), cities), leader_of(people, own.id, at)):
        turn = len(steps) - len(first) + 1
        steps.setdefault(item.person, EscalationStep(item.person, own.id, item.role, turn * own.escalate_after_min))
    return tuple(steps.values())


def team_of(people: People, area: str | None, networks: tuple[str, ...] = ()) -> Team:
    """The first team of the file for a city and networks, operators of stations left out; else the fall-back team."""
    cities = () if area is None else (area,)
    for team in people.teams:
        is_for_networks = not team.networks or not networks or not set(team.networks).isdisjoint(networks)
        if not team.operator_of and is_for_networks and are_in(team.areas, cities):
            return team
    return people.fallback


def holes(people: People, start: datetime, end: datetime) -> tuple[RosterHole, ...]:
    """Times of ``[start, end)`` (aware) in which a team with shifts has no one on duty, by team in file order."""
    teams = [team.id for team in people.teams if people.shifts_of(team.id)]
    return tuple(RosterHole(team, gap) for team in teams for gap in _gaps(people, team, start, end))


def _gaps(people: People, team: str, start: datetime, end: datetime) -> Iterator[Interval]:
    first, last = (moment.astimezone(people.timezone).date() for moment in (start, end))
    runs = shift_runs(people, team, first - DAY, last)
    covered = united(run.interval for run in runs if run.order)
    at = start
    for item in covered:
        if item.end <= at:
            continue
        if item.start >= end:
            break
        if item.start > at:
            yield Interval(at, item.start)
        at = item.end
    if at < end:
        yield Interval(at, end)


def _runs_at(people: People, team: str, at: datetime) -> Iterator[ShiftRun]:
    """Shifts under way, in file order."""
    today = at.astimezone(people.timezone).date()
    order = {shift.id: number for number, shift in enumerate(people.shifts)}
    runs = (run for run in shift_runs(people, team, today - DAY, today) if run.interval.start <= at < run.interval.end)
    yield from sorted(runs, key=lambda run: order[run.shift.id])


def _run(people: People, shift: DutyShift, day: date) -> ShiftRun | None:
    override = next((item for item in people.overrides if item.shift == shift.id and item.day == day), None)
    if override is not None:
        order = override.order
    elif shift.is_valid_on(day) and kind_of_day(day, people.holidays) in shift.days:
        order = present(shift.order_on(day), day, people.absences)
    else:
        return None
    return ShiftRun(shift, day, ClockSpan(start=shift.start, until=shift.until).on(day, people.timezone), order)


def _members(people: People, team: str, at: datetime) -> tuple[OnDuty, ...]:
    """All members of a team who are there."""
    day = at.astimezone(people.timezone).date()
    return tuple(OnDuty(person, team, MEMBER, 0) for person in present(people.team[team].members, day, people.absences))


def _of_area(people: People, found: tuple[OnDuty, ...], cities: tuple[str, ...]) -> tuple[OnDuty, ...]:
    """Those for one of the cities; all where none is."""
    return tuple(item for item in found if are_in(people.person[item.person].areas, cities)) or found
