"""What a mail states besides values: quality of the data, verdict, rule, silence, fault, failure, warning, changes. Types only."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from alerts.mail.view.mail_value import Name
from schemas.reason import ReasonData


class DataQuality(msgspec.Struct, frozen=True, kw_only=True):
    """What was checked of the data since the condition began.

    Attributes
    ----------
    total, passed, suspect : int
        Values, those that passed every test, those that a test doubts or fails.
    observed, expected : int
        Values of the period shown, for the completeness.
    instruments : tuple of float
        Values of all instruments of the station for the parameter at the same time, that of the case first; empty with one.
    agreeing : int
        Of these, how many agree with the first one, itself counted.
    do_agree : bool or None
        Whether all agree; None with one instrument.
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
    agreeing: int = 0
    do_agree: bool | None = None
    near_beyond: int = 0
    near_total: int = 0
    radius_km: float = 0.0


class MailVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """Fault or event: ``is_fault`` None where undecided; ``probability`` of that word [1]."""

    is_fault: bool | None
    probability: float
    reasons: tuple[ReasonData, ...] = ()

    @property
    def percent(self) -> int:
        """The probability in whole percent, 1 to 99: none is certain."""
        return min(max(round(100 * self.probability), 1), 99)


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


class FailedTest(msgspec.Struct, frozen=True, kw_only=True):
    """A test of quality control that an instrument failed, or that doubts it.

    Attributes
    ----------
    test : str
        Its name, a key of the catalogues.
    count : int
        Values that it flagged, readings or hours.
    is_hourly : bool
    since : datetime
        Start of the first of them.
    is_fail : bool
        Whether it failed any; else all are suspect.
    reason : ReasonData
        Of the newest.
    """

    test: str
    count: int
    is_hourly: bool
    since: datetime
    is_fail: bool
    reason: ReasonData


class FaultFigures(msgspec.Struct, frozen=True, kw_only=True):
    """An instrument that is probably faulty.

    Attributes
    ----------
    failed : tuple of FailedTest
        The gravest first.
    invalid_hours : int
        Hours that are invalid so far.
    last_check_at : datetime or None
        The last calibration check that passed.
    """

    instrument_id: str
    model: str
    failed: tuple[FailedTest, ...] = ()
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
    reason : ReasonData or None
        The same as data, which a mail renders in its language.
    stations : int
        Stations without data because of it.
    is_of_station : bool
        Whether a station's part failed, not one of the system.
    """

    part: str
    title: Name
    detail: str = ""
    reason: ReasonData | None = None
    stations: int = 0
    is_of_station: bool = False


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


class EndedMute(msgspec.Struct, frozen=True, kw_only=True):
    """A mute that has ended, and what it held back.

    Attributes
    ----------
    covers : tuple of (str, tuple of Name)
        What it covered: ``stations``, ``cities``, ``networks``, ``parameters``, ``rules`` or ``cases``, and of each the patterns or
        names; empty: everything.
    by : Name
        Who set it.
    since, until : datetime
        Half-open.
    reason : str
    is_maintenance : bool
    count : int
        Cases that it held back.
    """

    covers: tuple[tuple[str, tuple[Name, ...]], ...]
    by: Name
    since: datetime
    until: datetime
    reason: str
    is_maintenance: bool
    count: int


class FigureChange(msgspec.Struct, frozen=True, kw_only=True):
    """A figure that was mailed and has changed: ``figure`` is ``extreme``, ``threshold`` or ``stations``."""

    figure: str
    before: float
    after: float
