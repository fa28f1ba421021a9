"""What a mail of a case states, as figures: filled from the stores, written by the other modules of this room. Types only.

A mail tells the present state of a case. Every text for people is a key of the catalogues with figures, or comes from a
configuration file in both languages (`Name`). Values are in the unit of their parameter, times are UTC.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec

from alerts.mail.view.finding import (
    DataQuality,
    EndedMute,
    FailureFigures,
    FaultFigures,
    FigureChange,
    MailRule,
    MailVerdict,
    SilenceFigures,
    WarningProposal,
)
from alerts.mail.view.mail_value import Companion, LeadValue, MailValue, Name, WindValue
from alerts.mail.view.people import CaseLinks, CasePeople, HistoryStep
from alerts.mail.view.station import CaseStation, StationState
from analysis.report.stored_case import StoredCase
from schemas.alert import Severity
from schemas.alert_case import Audience, CaseKind, CaseState
from schemas.reason import ReasonData

if TYPE_CHECKING:
    from collections.abc import Iterable


class MailNews(StrEnum):
    """Why a mail is sent; the mail states the whole case all the same."""

    OPENED = "opened"
    RAISED = "raised"
    EXTENDED = "extended"
    REOPENED = "reopened"
    AMENDED = "amended"
    """A figure that was mailed has changed by late or reviewed data."""
    WITHDRAWN = "withdrawn"
    """The grounds are gone."""
    MOVED = "moved"
    """The case belongs to other recipients now, as an instrument fault does."""
    ENDED = "ended"
    ENDED_LATE = "ended_late"
    """The first mail to this recipient, after the end."""
    RESOLVED = "resolved"
    ESCALATED = "escalated"
    REMINDED = "reminded"
    ASSIGNED = "assigned"
    TAKEN = "taken"
    RELEASED = "released"
    COMMENTED = "commented"

    @property
    def is_over(self) -> bool:
        """Whether nothing is to be done any more about the condition."""
        return self in {MailNews.WITHDRAWN, MailNews.MOVED, MailNews.ENDED, MailNews.ENDED_LATE, MailNews.RESOLVED}


class DigestMail(msgspec.Struct, frozen=True, kw_only=True):
    """Several cases for one recipient in one mail: what was collected until the morning, or over a rate limit.

    Attributes
    ----------
    since, now : datetime
        Period of the digest.
    page : str
        Address of the list of cases.
    cases : tuple of CaseMail
        The gravest open ones first; at least one.
    mutes : tuple of EndedMute
        Mutes of these cases that have ended just now.
    """

    since: datetime
    now: datetime
    zone: ZoneInfo
    page: str
    cases: tuple[CaseMail, ...]
    mutes: tuple[EndedMute, ...] = ()


class CaseMail(msgspec.Struct, frozen=True, kw_only=True):
    """The present state of a case for one recipient.

    Attributes
    ----------
    news : MailNews
    severity : Severity
        Highest so far.
    now : datetime
        When the mail is sent.
    since, ended_at : datetime
        Of the case; ``ended_at`` None while it goes on.
    lead : LeadValue or None
        None for cases without a value (line, system).
    stations : tuple of CaseStation
        Of the case, the worst first.
    near : tuple of CaseStation
        Others, for the map; the nearest first.
    wind, wind_at_begin : WindValue or None
        Now, and as the case began.
    dry_for : timedelta or None
        Since the last rain at the station; zero while it rains, None where it is not known.
    reason : ReasonData or None
        Why it was withdrawn or amended, or the cause with which it was resolved.
    mutes : tuple of EndedMute
        Mutes that have ended just now.
    history : tuple of HistoryStep
        Ascending.
    version : int
        Of the case that this mail states.
    can_reply : bool
        Whether answers to the mail are read.
    """

    case_id: str
    version: int
    kind: CaseKind
    audience: Audience
    state: CaseState
    news: MailNews
    severity: Severity
    now: datetime
    since: datetime
    zone: ZoneInfo
    links: CaseLinks
    people: CasePeople
    ended_at: datetime | None = None
    lead: LeadValue | None = None
    stations: tuple[CaseStation, ...] = ()
    near: tuple[CaseStation, ...] = ()
    companions: tuple[Companion, ...] = ()
    wind: WindValue | None = None
    wind_at_begin: WindValue | None = None
    dry_for: timedelta | None = None
    quality: DataQuality | None = None
    verdict: MailVerdict | None = None
    case_file: StoredCase | None = None
    rule: MailRule | None = None
    silence: SilenceFigures | None = None
    fault: FaultFigures | None = None
    failure: FailureFigures | None = None
    warning: WarningProposal | None = None
    changes: tuple[FigureChange, ...] = ()
    reason: ReasonData | None = None
    mutes: tuple[EndedMute, ...] = ()
    history: tuple[HistoryStep, ...] = ()
    can_reply: bool = False
    synthetic: bool = False

    @property
    def is_over(self) -> bool:
        """Whether the condition is over, or was none."""
        return self.news.is_over or self.ended_at is not None or self.state is not CaseState.OPEN

    @property
    def is_back(self) -> bool:
        """Whether the values of all stations are back, and the case waits whether they rise again."""
        is_measured = self.kind in {CaseKind.POLLUTION, CaseKind.RADIATION}
        are_back = bool(self.stations) and all(item.state is StationState.BACK for item in self.stations)
        return is_measured and not self.is_over and are_back

    @property
    def back_at(self) -> datetime | None:
        """When the last station of a case that `is_back` was back; None of others, and where no end is known."""
        ends = [item.until for item in self.stations if item.until is not None]
        return max(ends, default=None) if self.is_back else None

    @property
    def worst_now(self) -> CaseStation | None:
        """Of several stations the one with the worst value now, of those still beyond; None of one station, and where none is."""
        beyond = [item for item in self.stations if item.state is StationState.BEYOND]
        return None if len(self.stations) < 2 or self.is_over else self._worst((item, item.latest) for item in beyond)  # noqa: PLR2004 - several

    @property
    def worst_ever(self) -> CaseStation | None:
        """Of several stations the one with the worst value since the case began; None of one station."""
        return None if len(self.stations) < 2 else self._worst((item, item.extreme) for item in self.stations)  # noqa: PLR2004 - several

    def _worst(self, values: Iterable[tuple[CaseStation, MailValue | None]]) -> CaseStation | None:
        sign = -1.0 if self.lead is not None and self.lead.is_below else 1.0
        known = [(sign * value.value, item) for item, value in values if value is not None]
        return max(known, key=lambda pair: pair[0], default=(0.0, None))[1]

    @property
    def is_silent_station(self) -> bool:
        """Whether it is one station without data, rather than an instrument with wrong data."""
        has_value = self.fault is not None or self.lead is not None
        return self.kind is CaseKind.FAULT and bool(self.stations) and not has_value

    @property
    def cities(self) -> tuple[Name, ...]:
        """Cities of the case's stations, that of the worst first."""
        return tuple(dict.fromkeys(item.city for item in self.stations if item.city.zh or item.city.en))
