"""The routing table: which team is notified of a case, through which channels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from alerts.people.clock import ClockSpan
from alerts.people.pattern import are_in
from alerts.people.person import MAIL, Areas, PeopleId
from alerts.people.roster import EVERY_DAY, DayKinds, kind_of_day
from schemas.alert import Severity
from schemas.alert_case import Audience, CaseKind
from schemas.message import NetworkCode

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from alerts.people.roster import Holiday
    from schemas.alert_case import AlertCase


class CaseRoute(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One row: a case that meets all conditions goes to the team. The first row that fits is the last one, unless it says ``go_on``.

    Attributes
    ----------
    name, team : str
    channels : tuple of str
        ``mail``, or names of channels of persons and teams. A person who has none of them gets mail.
    kinds : tuple of CaseKind
    severities : tuple of Severity
    networks : tuple of NetworkCode
        These three, if empty: all.
    areas : tuple of str
        Patterns of GB/T 2260 codes; a case without a city is in ``*`` only.
    audience : Audience
        ``duty``, or ``operator`` for instrument faults and cut lines.
    hours : ClockSpan or None
        Time of day.
    days : tuple of str
        Weekdays and ``holiday``, of the day on which the hours begin.
    go_on : bool
        Also look at the rows below.
    """

    name: PeopleId
    team: PeopleId
    channels: Annotated[tuple[PeopleId, ...], Meta(min_length=1)] = (MAIL,)
    kinds: tuple[CaseKind, ...] = ()
    severities: tuple[Severity, ...] = ()
    networks: tuple[NetworkCode, ...] = ()
    areas: Areas = ("*",)
    audience: Audience = Audience.DUTY
    hours: ClockSpan | None = None
    days: DayKinds = EVERY_DAY
    go_on: bool = False

    def fits(self, case: AlertCase) -> bool:
        """Whether a case meets the conditions, besides those of time."""
        return (
            self.audience is case.audience
            and (not self.kinds or case.kind in self.kinds)
            and (not self.severities or case.severity in self.severities)
            and (not self.networks or not set(self.networks).isdisjoint(case.networks))
            and are_in(self.areas, case.cities)
        )

    def holds_at(self, at: datetime, zone: ZoneInfo, holidays: tuple[Holiday, ...]) -> bool:
        """Whether a moment (aware) is in the hours and days."""
        span = None if self.hours is None else self.hours.covering(at, zone)
        if self.hours is not None and span is None:
            return False
        day = (at if span is None else span.start).astimezone(zone).date()
        return kind_of_day(day, holidays) in self.days
