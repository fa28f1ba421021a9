"""What a mail of a case states, as figures: filled from the stores, written by the other modules of this room. Types only.

A mail tells the present state of a case. Every text for people is a key of the catalogues with figures, or comes from a
configuration file in both languages (`Name`). Values are in the unit of their parameter, times are UTC.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import msgspec

from alerts.mail.mail_value import ForecastPoint, Name, SeriesPoint
from analysis.report.stored_case import StoredCase
from schemas.alert import Severity
from schemas.alert_case import Audience, CaseKind, CaseState, StepKind
from schemas.reason import ReasonData


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


class StationState(StrEnum):
    """State of a station in a mail: colour on the map, word in the table."""

    BEYOND = "beyond"
    BACK = "back"
    """Was beyond the threshold, is not any more."""
    SILENT = "silent"
    FAULTY = "faulty"
    ORDINARY = "ordinary"
    UNKNOWN = "unknown"


class MailValue(msgspec.Struct, frozen=True, kw_only=True):
    """A value, and the end of its interval (start, for an extreme).

    Attributes
    ----------
    is_at_least : bool
        The instrument was over range (status T): the true value is not less.
    """

    value: float
    at: datetime | None = None
    is_at_least: bool = False


class CaseStation(msgspec.Struct, frozen=True, kw_only=True):
    """A station of the case, or near it.

    Attributes
    ----------
    lon, lat : float or None
        WGS-84 [deg].
    extreme, latest : MailValue or None
        Of the case's worst parameter.
    since, until : datetime or None
        Of the condition at this station; a silent station: its last reading, and the first one after.
    distance_km : float or None
        From the first station of the case; None where not known.
    """

    station_id: str
    name: Name
    city: Name
    state: StationState
    lon: float | None = None
    lat: float | None = None
    extreme: MailValue | None = None
    latest: MailValue | None = None
    since: datetime | None = None
    until: datetime | None = None
    distance_km: float | None = None


class LeadValue(msgspec.Struct, frozen=True, kw_only=True):
    """The worst parameter at the worst station.

    Attributes
    ----------
    decimals : int
        Digits after the point that the instrument has.
    threshold : float or None
        In force now; of a rule with a baseline the sum.
    baseline : float or None
        Usual level of the station that the threshold counts from.
    usual : float or None
        Median of the days before.
    before : MailValue or None
        The last value before the condition began.
    beyond : timedelta or None
        Observed time beyond the threshold.
    points : tuple of SeriesPoint
        Ascending; the day before ``since`` up to now.
    cadence : timedelta
        Between two points.
    forecast : tuple of ForecastPoint
        From now on.
    """

    parameter: str
    unit: str
    decimals: int
    threshold: float | None = None
    is_below: bool = False
    baseline: float | None = None
    usual: float | None = None
    before: MailValue | None = None
    extreme: MailValue | None = None
    latest: MailValue | None = None
    beyond: timedelta | None = None
    points: tuple[SeriesPoint, ...] = ()
    cadence: timedelta = timedelta(hours=1)
    forecast: tuple[ForecastPoint, ...] = ()


class Companion(msgspec.Struct, frozen=True, kw_only=True):
    """Another parameter that rose at the same station."""

    parameter: str
    unit: str
    decimals: int
    value: MailValue
    usual: float | None


class WindNow(msgspec.Struct, frozen=True, kw_only=True):
    """Wind of the event's hours: where from [deg] clockwise from north, and speed [m/s]."""

    from_deg: float
    speed_m_s: float


class DataQuality(msgspec.Struct, frozen=True, kw_only=True):
    """What was checked of the data since the condition began.

    Attributes
    ----------
    total, passed, suspect : int
        Values, those that passed every test, those that a test doubts or fails.
    observed, expected : int
        Values of the period shown, for the completeness.
    instruments : tuple of float
        Values of all instruments of the station for the parameter at the same time; empty with one.
    do_agree : bool or None
        Whether these agree; None with one instrument.
    near_beyond, near_total : int
        Stations near that rose as well, of those with a value.
    radius_km : float
        In which these are.
    """

    total: int
    passed: int
    suspect: int
    observed: int
    expected: int
    instruments: tuple[float, ...] = ()
    do_agree: bool | None = None
    near_beyond: int = 0
    near_total: int = 0
    radius_km: float = 0.0


class MailVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """Fault or event: ``is_fault`` None where undecided; ``probability`` of that word [1]."""

    is_fault: bool | None
    probability: float
    reasons: tuple[ReasonData, ...] = ()


class MailRule(msgspec.Struct, frozen=True, kw_only=True):
    """The rule of the worst alert, as the rules file has it."""

    name: str
    title: Name
    advice: Name
    source: str
    is_verified: bool


class SilenceFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Stations without data: of one city (the line) or of all.

    Attributes
    ----------
    place : Name
        City; empty for all stations.
    silent, total : int
        Stations.
    within : timedelta or None
        Time between the first and the last station that fell silent.
    others : int
        Stations elsewhere that report.
    """

    place: Name
    silent: int
    total: int
    within: timedelta | None = None
    others: int = 0


class FaultFigures(msgspec.Struct, frozen=True, kw_only=True):
    """An instrument that is probably faulty.

    Attributes
    ----------
    failed : tuple of ReasonData
        Tests that it failed, the gravest first.
    invalid_hours : int
        Hours that are invalid so far.
    last_check_at : datetime or None
        The last calibration check that passed.
    """

    instrument_id: str
    model: str
    failed: tuple[ReasonData, ...] = ()
    invalid_hours: int = 0
    last_check_at: datetime | None = None


class FailureFigures(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the system that does not work.

    Attributes
    ----------
    part : str
        Key of ``mail.part``, or the name of a scheduled task.
    title : Name
        What is wrong.
    detail : str
        As it was reported.
    stations : int
        Stations without data because of it.
    """

    part: str
    title: Name
    detail: str = ""
    stations: int = 0


class WarningProposal(msgspec.Struct, frozen=True, kw_only=True):
    """An official warning that the rules propose; a person decides and issues it.

    Attributes
    ----------
    level : str
        ``yellow``, ``orange``, ``red``, or ``ozone_notice``; that of a release: the level that ends.
    act : str
        ``issue``, ``upgrade``, ``downgrade`` or ``release`` (`alerts.warning.episode.WarningAct`).
    first, last : datetime
        The period, half-open.
    aqi : float or None
        Largest 24-h mean AQI of the period [1].
    draft : Name
        Text of the notice.
    edition : str
        Scheme that it follows.
    observed_h, forecast_h : int or None
        Measured and forecast hours that it rests on [h].
    unverified : tuple of Name
        What was not checked against its source.
    """

    level: str
    first: datetime
    last: datetime
    aqi: float | None
    draft: Name
    edition: str
    act: str = "issue"
    observed_h: int | None = None
    forecast_h: int | None = None
    unverified: tuple[Name, ...] = ()


class FigureChange(msgspec.Struct, frozen=True, kw_only=True):
    """A figure that was mailed and has changed: ``figure`` is ``extreme``, ``threshold`` or ``stations``."""

    figure: str
    before: float
    after: float


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
    """A step of the case for its history; ``value`` of the worst parameter then, ``text`` of a comment."""

    kind: StepKind
    at: datetime
    by: Name | None = None
    value: float | None = None
    stations: int | None = None
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
    """

    since: datetime
    now: datetime
    zone: ZoneInfo
    page: str
    cases: tuple[CaseMail, ...]


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
    dry_for : timedelta or None
        Since the last rain at the station; zero while it rains, None where it is not known.
    reason : ReasonData or None
        Why it was withdrawn or amended, or the cause with which it was resolved.
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
    wind: WindNow | None = None
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
    history: tuple[HistoryStep, ...] = ()
    can_reply: bool = False
    synthetic: bool = False

    @property
    def is_over(self) -> bool:
        """Whether the condition is over, or was none."""
        return self.news.is_over or self.ended_at is not None or self.state is not CaseState.OPEN

    @property
    def is_silent_station(self) -> bool:
        """Whether it is one station without data, rather than an instrument with wrong data."""
        is_silent = bool(self.stations) and self.stations[0].state is StationState.SILENT
        return self.kind is CaseKind.FAULT and self.fault is None and is_silent

    @property
    def cities(self) -> tuple[Name, ...]:
        """Cities of the case's stations, that of the worst first."""
        return tuple(dict.fromkeys(item.city for item in self.stations if item.city.zh or item.city.en))
