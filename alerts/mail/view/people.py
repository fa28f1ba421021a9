"""Who has a case and knows of it, its history, and what a reader can do. Types only."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from alerts.mail.view.mail_value import Name
from schemas.alert_case import StepKind


class NotifiedPerson(msgspec.Struct, frozen=True, kw_only=True):
    """A person or team that was notified; ``count`` persons of a team."""

    name: Name
    at: datetime
    count: int = 1


class CasePeople(msgspec.Struct, frozen=True, kw_only=True):
    """Who has the case, who knows of it, who is next.

    Attributes
    ----------
    taken_by, taken_at : Name, datetime or None
    is_reader : bool
        The recipient of this mail has taken it.
    assigned_to : Name or None
    notified : tuple of NotifiedPerson
        In the order of time, without the recipient.
    next_person, next_at : Name, datetime or None
        Who is notified when nothing happens, and when.
    waited : timedelta or None
        For how long the case has waited for a person.
    """

    taken_by: Name | None = None
    taken_at: datetime | None = None
    is_reader: bool = False
    assigned_to: Name | None = None
    notified: tuple[NotifiedPerson, ...] = ()
    next_person: Name | None = None
    next_at: datetime | None = None
    waited: timedelta | None = None


class HistoryStep(msgspec.Struct, frozen=True, kw_only=True):
    """A step of the case for its history; ``value`` of the worst parameter then, ``text`` of a comment.

    Attributes
    ----------
    stations : int or None
        That the case began with, or that joined it; None where none did.
    ended : int
        Alerts that only ended with the step; the case has not grown.
    is_verdict : bool
        Only the verdict of fault or event is new: no figure has changed.
    """

    kind: StepKind
    at: datetime
    by: Name | None = None
    value: float | None = None
    stations: int | None = None
    ended: int = 0
    is_verdict: bool = False
    text: str = ""


class CaseLinks(msgspec.Struct, frozen=True, kw_only=True):
    """Addresses of what a reader can do, each for one use by one person; None: not offered."""

    page: str
    take: str | None = None
    decline: str | None = None
    comment: str | None = None
    mute: str | None = None
    resolve: str | None = None
    curve: str | None = None
