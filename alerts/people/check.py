"""Checks of a people file beyond its types: references, addresses, times. Pure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from alerts.people.person import MAIL, is_mail_address
from schemas.bounds import parse_zone
from schemas.moment import BoundsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from alerts.people.people import People
    from alerts.people.person import ContactChannel, Person
    from alerts.people.roster import Absence, DutyShift, Holiday, ShiftOverride
    from alerts.people.team import Team


class PeopleFault(NamedTuple):
    """What is wrong.

    Attributes
    ----------
    table : str
        Such as ``person 'li-na'``; empty: a key at the top of the file.
    key, problem : str
        The problem has what was found and what is expected.
    """

    table: str
    key: str
    problem: str

    def __str__(self) -> str:
        """Table, key and problem, as in an error."""
        return f"{self.table}: key {self.key}: {self.problem}" if self.table else f"key {self.key}: {self.problem}"


def faults(people: People) -> Iterator[PeopleFault]:
    """Everything that is wrong, in the order of the file; later checks rely on earlier ones, so that the first is the one to correct."""
    yield from _zone_faults(people)
    yield from _twice(people)
    yield from _name_faults(people)
    yield from _person_faults(people)
    yield from _team_faults(people)
    for shift in people.shifts:
        yield from _shift_faults(people, shift)
    yield from _holiday_faults(people)
    yield from _absence_faults(people)
    yield from _override_faults(people)
    yield from _route_faults(people)


def _zone_faults(people: People) -> Iterator[PeopleFault]:
    try:
        parse_zone(people.zone)
    except BoundsError as error:
        yield PeopleFault("", "zone", str(error))


def _twice(people: People) -> Iterator[PeopleFault]:
    tables = {
        ("person", "id"): [item.id for item in people.persons],
        ("team", "id"): [item.id for item in people.teams],
        ("shift", "id"): [item.id for item in people.shifts],
        ("route", "name"): [item.name for item in people.routes],
    }
    for (table, key), names in tables.items():
        for name in _repeated(names):
            yield PeopleFault(f"{table} {name!r}", key, "used twice, expected different ones")


def _name_faults(people: People) -> Iterator[PeopleFault]:
    """Names are in subjects and on pages: none is empty, spans lines or reorders the text around it."""
    named: list[tuple[str, Person | Team | Holiday]] = [
        *((f"person {item.id!r}", item) for item in people.persons),
        *((f"team {item.id!r}", item) for item in people.teams),
        *((f"holiday of {item.days[0]}", item) for item in people.holidays),
    ]
    texts = [(place, {"name_zh": item.name_zh, "name_en": item.name_en}) for place, item in named]
    texts += [(f"shift {item.id!r}", {"role": item.role}) for item in people.shifts]
    for place, fields in texts:
        for key, text in fields.items():
            if not text.strip() or not text.isprintable():
                yield PeopleFault(place, key, f"{text!r}, expected text on one line")


def _person_faults(people: People) -> Iterator[PeopleFault]:
    owners: dict[str, str] = {}
    for person in people.persons:
        place = f"person {person.id!r}"
        if not is_mail_address(person.mail):
            yield PeopleFault(place, "mail", f"{person.mail[:80]!r}, expected an address like li.na@example.org")
        owner = owners.setdefault(person.mail.casefold(), person.id)
        if owner != person.id:
            yield PeopleFault(place, "mail", f"{person.mail!r} is the address of {owner!r}, expected one of its own")
        if person.quiet is not None and person.quiet.start == person.quiet.until:
            yield PeopleFault(
                place, "quiet", f"{person.quiet.start} to {person.quiet.until}, expected two different times"
            )
        yield from _channel_faults(place, person.channels)


def _channel_faults(place: str, channels: tuple[ContactChannel, ...]) -> Iterator[PeopleFault]:
    for channel in channels:
        if channel.name == MAIL:
            yield PeopleFault(place, "channels", f"{MAIL!r}, expected another name: it is the key mail")
        if (channel.url_env is None) == (channel.url_file is None):
            yield PeopleFault(place, "channels", f"{channel.name!r}: expected exactly one of url_env and url_file")
    for name in _repeated(channel.name for channel in channels):
        yield PeopleFault(place, "channels", f"{name!r} is used twice, expected different names")


def _team_faults(people: People) -> Iterator[PeopleFault]:
    yield from _unknown("", "fallback_team", (people.fallback_team,), people.team, "a team")
    for team in people.teams:
        place = f"team {team.id!r}"
        yield from _unknown(place, "members", team.members, people.person, "a person")
        yield from _unknown(place, "leader", (team.leader,), people.person, "a person")
        for name in _repeated(team.members):
            yield PeopleFault(place, "members", f"{name!r} is named twice, expected once")
        yield from _channel_faults(place, team.channels)


def _shift_faults(people: People, shift: DutyShift) -> Iterator[PeopleFault]:
    place = f"shift {shift.id!r}"
    if shift.team not in people.team:
        yield from _unknown(place, "team", (shift.team,), people.team, "a team")
        return
    if bool(shift.order) == (shift.rotation is not None):
        yield PeopleFault(place, "order", "expected exactly one of order and rotation")
    members = people.team[shift.team].members
    orders = {"order": shift.order, "rotation.members": () if shift.rotation is None else shift.rotation.members}
    for key, order in orders.items():
        yield from _unknown(place, key, order, members, f"a member of team {shift.team!r}")
        for name in _repeated(order):
            yield PeopleFault(place, key, f"{name!r} is named twice, expected once")
    if shift.first_day is not None and shift.last_day is not None and shift.last_day < shift.first_day:
        yield PeopleFault(place, "last_day", f"{shift.last_day}, expected a day not before first_day")


def _holiday_faults(people: People) -> Iterator[PeopleFault]:
    for day in _repeated(day.isoformat() for holiday in people.holidays for day in holiday.days):
        yield PeopleFault("holiday", "days", f"{day} is named twice, expected once")


def _absence_faults(people: People) -> Iterator[PeopleFault]:
    for number, absence in enumerate(people.absences):
        place = f"absence of {absence.person!r} from {absence.start}"
        yield from _unknown(place, "person", (absence.person,), people.person, "a person")
        if absence.until < absence.start:
            yield PeopleFault(place, "until", f"{absence.until}, expected a day not before from")
        if absence.deputy is not None:
            yield from _unknown(place, "deputy", (absence.deputy,), people.person, "a person")
        if absence.deputy == absence.person:
            yield PeopleFault(place, "deputy", f"{absence.deputy!r}, expected another person")
        elif _is_circle(people, absence):
            problem = f"{absence.deputy!r} is absent as well, and the deputies lead back to this person"
            yield PeopleFault(place, "deputy", f"{problem}, expected one who is there")
        if any(_overlap(absence, other) for other in people.absences[:number]):
            yield PeopleFault(place, "from", "overlaps with another absence of the same person, expected one of them")


def _overlap(one: Absence, other: Absence) -> bool:
    return one.person == other.person and one.start <= other.until and other.start <= one.until


def _is_circle(people: People, absence: Absence) -> bool:
    """Whether deputies lead back to the person on the first day of absence; of a circle that is so for the one who leaves last."""
    away = {item.person: item.deputy for item in people.absences if item.includes(absence.start)}
    passed: set[str] = set()
    person = absence.deputy
    while person in away and person != absence.person and person not in passed:
        passed.add(person)
        person = away[person]
    return person == absence.person


def _override_faults(people: People) -> Iterator[PeopleFault]:
    shifts = {shift.id for shift in people.shifts}
    for name in _repeated(f"{item.shift} on {item.day}" for item in people.overrides):
        yield PeopleFault("override", "date", f"{name} is named twice, expected once")
    for item in people.overrides:
        place = f"override of {item.day}"
        yield from _unknown(place, "shift", (item.shift,), shifts, "a shift")
        yield from _unknown(place, "order", item.order, people.person, "a person")
        for name in _repeated(item.order):
            yield PeopleFault(place, "order", f"{name!r} is named twice, expected once")
        for name in _absent(people, item):
            yield PeopleFault(place, "order", f"{name!r} is absent on that day, expected another person")


def _absent(people: People, override: ShiftOverride) -> list[str]:
    away = {item.person for item in people.absences if item.includes(override.day)}
    return [name for name in override.order if name in away]


def _route_faults(people: People) -> Iterator[PeopleFault]:
    lists = [*(item.channels for item in people.persons), *(item.channels for item in people.teams)]
    known = {MAIL, *(channel.name for channels in lists for channel in channels)}
    for row in people.routes:
        place = f"route {row.name!r}"
        yield from _unknown(place, "team", (row.team,), people.team, "a team")
        yield from _unknown(place, "channels", row.channels, known, f"{MAIL!r} or a channel of a person or team")


def _unknown(place: str, key: str, names: Iterable[str], known: Iterable[str], kind: str) -> Iterator[PeopleFault]:
    known = tuple(known)
    for name in names:
        if name not in known:
            yield PeopleFault(
                place, key, f"{name!r}, expected {kind} of this file: {', '.join(sorted(known)) or 'none'}"
            )


def _repeated(names: Iterable[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]
