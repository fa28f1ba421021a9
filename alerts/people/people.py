"""Everything that a people file says, and the people of an installation that has none."""

from __future__ import annotations

from email.utils import parseaddr
from functools import cached_property
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from alerts.people.clock import ClockTime
from alerts.people.person import PeopleId, Person
from alerts.people.roster import Absence, DutyShift, Holiday, ShiftOverride
from alerts.people.route_table import CaseRoute
from alerts.people.team import Team
from alerts.wording import titles
from schemas.bounds import parse_zone

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from zoneinfo import ZoneInfo

DUTY = "duty"
"""Team of an installation without a people file."""
_TABLES = {
    "persons": "person",
    "teams": "team",
    "shifts": "shift",
    "holidays": "holiday",
    "absences": "absence",
    "overrides": "override",
    "routes": "route",
}


class People(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename=_TABLES, dict=True):
    """Persons, teams, roster and routes.

    Attributes
    ----------
    zone : str
        Of all times of day and days, an IANA name.
    fallback_team : str
        Notified of a case that no route and no team is for.
    digest_at : str or None
        ``HH:MM`` at which cases of severity ``info`` are notified; None: at once.
    persons, teams, shifts, holidays, absences, overrides, routes : tuple
        In the order of the file; its tables are ``[[person]]``, ``[[team]]`` and so on.
    """

    zone: str
    fallback_team: PeopleId
    persons: Annotated[tuple[Person, ...], Meta(min_length=1)]
    teams: Annotated[tuple[Team, ...], Meta(min_length=1)]
    digest_at: ClockTime | None = None
    shifts: tuple[DutyShift, ...] = ()
    holidays: tuple[Holiday, ...] = ()
    absences: tuple[Absence, ...] = ()
    overrides: tuple[ShiftOverride, ...] = ()
    routes: tuple[CaseRoute, ...] = ()

    @cached_property
    def timezone(self) -> ZoneInfo:
        """Zone of all times of day."""
        return parse_zone(self.zone)

    @cached_property
    def person(self) -> Mapping[str, Person]:
        """Persons by id."""
        return {item.id: item for item in self.persons}

    @cached_property
    def team(self) -> Mapping[str, Team]:
        """Teams by id."""
        return {item.id: item for item in self.teams}

    @property
    def fallback(self) -> Team:
        """The team for what no other is for."""
        return self.team[self.fallback_team]

    def shifts_of(self, team: str) -> tuple[DutyShift, ...]:
        """Shifts of a team, in file order."""
        return tuple(item for item in self.shifts if item.team == team)


def people_of_addresses(addresses: Sequence[str], *, language: str, zone: str) -> People:
    """The people of an installation without a people file: one team, whose members are all notified at once.

    Parameters
    ----------
    addresses : sequence of str
        Each alone or with a name (``Li Na <li.na@example.org>``), of `alerts.settings.AlertSettings.mail_to`.
    language : str
        Of the mails to all of them.
    zone : str

    Examples
    --------
    >>> people_of_addresses(["Li <li@example.org>"], language="zh", zone="Asia/Shanghai").persons[0].name_en
    'Li'
    """
    parsed = {address.casefold(): (name, address) for name, address in map(parseaddr, addresses)}
    persons = tuple(
        # the id of a person with no other is the address: it stays when another is added before
        Person(id=key, name_zh=name or address, name_en=name or address, mail=address, language=language)  # type: ignore[arg-type]  # a language of the settings
        for key, (name, address) in parsed.items()
    )
    name_zh, name_en = titles("team_duty")
    team = Team(id=DUTY, name_zh=name_zh, name_en=name_en, members=tuple(parsed), leader=persons[0].id)
    return People(zone=zone, fallback_team=DUTY, persons=persons, teams=(team,))
