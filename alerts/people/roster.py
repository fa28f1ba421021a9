"""The duty roster: shifts, rotation, holidays, absences and overrides, and the shifts that they give on a day. Pure.

All of it goes by the civil day on which a shift begins: a night shift from 20:00 to 08:00 is one of the day before, in weekday,
holiday, rotation, absence and override.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from alerts.people.clock import DAY, ClockTime
from alerts.people.person import OneLine, PeopleId

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DayKind = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOLIDAY: DayKind = "holiday"
EVERY_DAY: tuple[DayKind, ...] = (*WEEKDAYS, HOLIDAY)
DayKinds = Annotated[tuple[DayKind, ...], Meta(min_length=1)]
_WEEK_D = 7


class Rotation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Members take a shift in turn; those after the one on duty are the deputies.

    Attributes
    ----------
    every : str
        ``day`` or ``week``: after how long the next member is on duty.
    start : date
        First day of the first member, and of the shift. A week changes on its weekday.
    members : tuple of str
    """

    every: Literal["day", "week"]
    start: date
    members: Annotated[tuple[PeopleId, ...], Meta(min_length=1)]

    def order_on(self, day: date) -> tuple[str, ...]:
        """Who is on duty on a day, then the deputies; none before the start.

        >>> turns = Rotation(every="week", start=date(2026, 11, 30), members=("li", "wang", "zhao"))
        >>> turns.order_on(date(2026, 12, 6)), turns.order_on(date(2026, 12, 7))
        (('li', 'wang', 'zhao'), ('wang', 'zhao', 'li'))
        """
        passed_d = (day - self.start).days
        if passed_d < 0:
            return ()
        first = passed_d // (_WEEK_D if self.every == "week" else 1) % len(self.members)
        return self.members[first:] + self.members[:first]


class DutyShift(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"start": "from"}):
    """One shift of a team.

    Attributes
    ----------
    id, team : str
    role : str
        What the person does, such as ``officer`` or ``radiation``; shifts of several roles may run at the same time.
    start, until : str
        ``HH:MM``, in a file ``from`` and ``until``; an end not after the start is on the next day.
    days : tuple of str
        Weekdays, and ``holiday``; a holiday is no weekday.
    order : tuple of str
        Who is on duty, then the deputies. Either this or ``rotation``.
    rotation : Rotation or None
    first_day, last_day : date or None
        Days of validity.
    """

    id: PeopleId
    team: PeopleId
    start: ClockTime
    until: ClockTime
    role: OneLine = "officer"
    days: DayKinds = EVERY_DAY
    order: tuple[PeopleId, ...] = ()
    rotation: Rotation | None = None
    first_day: date | None = None
    last_day: date | None = None

    def is_valid_on(self, day: date) -> bool:
        """Whether a day is one of validity."""
        return (self.first_day is None or self.first_day <= day) and (self.last_day is None or day <= self.last_day)

    def order_on(self, day: date) -> tuple[str, ...]:
        """Who is on duty on a day, then the deputies, before absences."""
        return self.order if self.rotation is None else self.rotation.order_on(day)


class Holiday(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Days with shifts of their own, or working days in exchange.

    Attributes
    ----------
    name_zh, name_en : str
    days : tuple of date
    counts_as : str
        ``holiday``, or the weekday whose shifts the days have: a working Sunday in exchange for a holiday.
    """

    name_zh: OneLine
    name_en: OneLine
    days: Annotated[tuple[date, ...], Meta(min_length=1)]
    counts_as: DayKind = HOLIDAY


class Absence(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"start": "from"}):
    """A person does not begin a shift on these days; the deputy takes the place, or those next in order move up.

    Attributes
    ----------
    person : str
    start, until : date
        First and last day, in a file ``from`` and ``until``.
    deputy : str or None
    """

    person: PeopleId
    start: date
    until: date
    deputy: PeopleId | None = None

    def includes(self, day: date) -> bool:
        """Whether a day is one of absence."""
        return self.start <= day <= self.until


class ShiftOverride(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"day": "date"}):
    """A shift of one day, whatever weekday, rotation and holiday say.

    Attributes
    ----------
    day : date
    shift : str
    order : tuple of str
        Who is on duty, then the deputies; empty: the shift does not take place.
    """

    day: date
    shift: PeopleId
    order: tuple[PeopleId, ...]


def present(order: tuple[str, ...], day: date, absences: tuple[Absence, ...]) -> tuple[str, ...]:
    """Persons of an order who are there on a day, each replaced by the deputy or left out; each person once."""
    away = {item.person: item.deputy for item in absences if item.includes(day)}
    found: list[str] = []
    for person in order:
        substitute, passed = person, {person}
        while substitute in away:
            deputy = away[substitute]
            if deputy is None or deputy in passed:
                break
            passed.add(deputy)
            substitute = deputy
        if substitute not in away and substitute not in found:
            found.append(substitute)
    return tuple(found)


def kind_of_day(day: date, holidays: tuple[Holiday, ...]) -> DayKind:
    """Weekday whose shifts a day has, or ``holiday``."""
    counted = (item.counts_as for item in holidays if day in item.days)
    return next(counted, WEEKDAYS[day.weekday()])


def days_between(first: date, last: date) -> tuple[date, ...]:
    """Civil days from the first to the last, both included."""
    return tuple(first + number * DAY for number in range((last - first).days + 1))
