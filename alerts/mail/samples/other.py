"""Made-up cases of stations, system and radiation, and a draft of an official warning."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from alerts.mail.samples.material import (
    ANSHAN,
    DANDONG,
    HOUR,
    MINUTE,
    SHENYANG,
    ZONE,
    ahead,
    case_id,
    followed_by,
    links,
    ordinary,
    pm25,
    station,
    taken,
    usual_hours,
    waiting,
)
from alerts.mail.view.case_mail import CaseMail, MailNews
from alerts.mail.view.finding import (
    DataQuality,
    FailedTest,
    FailureFigures,
    FaultFigures,
    MailRule,
    MailVerdict,
    SilenceFigures,
    WarningProposal,
)
from alerts.mail.view.mail_value import LeadValue, MailValue, Name, SeriesPoint, WindValue
from alerts.mail.view.people import HistoryStep
from alerts.mail.view.station import StationState
from schemas.alert import Severity
from schemas.alert_case import Audience, CaseKind, CaseState, StepKind
from schemas.city import city_name
from schemas.flag import Flag
from schemas.interval import floor_hour
from schemas.reason import ReasonData

BASELINE_NGY_H = 78.0
STATIONS = 73


def line(now: datetime, console_url: str) -> CaseMail:
    """Four of five stations of a city fell silent together: the line, a case of its operators."""
    since = now - timedelta(hours=2, minutes=14)
    silent = tuple(
        station(ANSHAN, number, StationState.SILENT, since=since + MINUTE * number / 2) for number in range(1, 5)
    )
    reporting = station(ANSHAN, 5, StationState.ORDINARY)
    view = _case(now, console_url, CaseKind.LINE, since)
    return replace(
        view,
        audience=Audience.OPERATOR,
        stations=silent,
        near=(reporting, *ordinary((SHENYANG, "211000", "211100", "210800"), far=80.0)),
        silence=SilenceFigures(
            place=_city(ANSHAN), silent=4, total=5, within=timedelta(minutes=2), others=STATIONS - 5
        ),
        people=waiting(now, team="operators", minutes=30),
    )


def silent(now: datetime, console_url: str) -> CaseMail:
    """One station without data, while the others of its city report."""
    since = now - timedelta(minutes=47)
    view = _case(now, console_url, CaseKind.FAULT, since)
    own = station(ANSHAN, 3, StationState.SILENT, since=since)
    near = (station(ANSHAN, 1, StationState.ORDINARY), *ordinary((SHENYANG, "211000", "211100", "210800"), far=80.0))
    return replace(view, audience=Audience.OPERATOR, stations=(own,), near=near, people=waiting(now, team="operators"))


def system(now: datetime, console_url: str) -> CaseMail:
    """The broker does not answer: one mail for all stations."""
    since = now - timedelta(minutes=6)
    failure = FailureFigures(
        part="broker",
        title=Name.from_word("sample.broker"),
        detail=Name.from_word("sample.broker_detail").en,
        stations=STATIONS,
    )
    view = _case(now, console_url, CaseKind.SYSTEM, since)
    return replace(view, severity=Severity.CRITICAL, failure=failure, links=replace(view.links, curve=None))


def fault(now: datetime, console_url: str) -> CaseMail:
    """An analyser that failed its span check and stuck: a case of its operators."""
    at = floor_hour(now)
    since = at - 6 * HOUR
    points = followed_by(usual_hours(since, 20, 14.0), (47.0,) * 6)
    doubted = tuple(replace(item, flag=Flag.SUSPECT) if item.start >= since else item for item in points)
    lead = LeadValue(
        parameter="so2",
        unit="ug/m3",
        decimals=0,
        before=MailValue(value=12.0, at=since),
        extreme=MailValue(value=47.0, at=since),
        latest=MailValue(value=47.0, at=at),
        points=doubted,
    )
    view = _case(now, console_url, CaseKind.FAULT, since)
    return replace(
        view,
        audience=Audience.OPERATOR,
        lead=lead,
        stations=(station(ANSHAN, 2, StationState.FAULTY, 47.0, latest=lead.latest, since=since),),
        near=ordinary((SHENYANG, "211000", "211100", "210800"), far=80.0),
        verdict=MailVerdict(is_fault=True, probability=0.94),
        fault=FaultFigures(
            instrument_id="so2-1",
            model="",
            failed=(
                FailedTest(
                    test="calibration",
                    count=6,
                    is_hourly=True,
                    since=since,
                    is_fail=True,
                    reason=ReasonData("mail.sample.failed_span", {}),
                ),
                FailedTest(
                    test="flat_line",
                    count=360,
                    is_hourly=False,
                    since=since,
                    is_fail=False,
                    reason=ReasonData("mail.sample.failed_flat", {}),
                ),
            ),
            invalid_hours=6,
        ),
        quality=DataQuality(total=6, passed=0, suspect=6, observed=26, expected=26, near_total=4, radius_km=80.0),
        people=waiting(now, team="operators", minutes=60),
    )


def gamma(now: datetime, console_url: str) -> CaseMail:
    """Gamma dose rate above the station's baseline, without rain."""
    at = now - timedelta(seconds=now.second, microseconds=now.microsecond)
    since, step = at - 35 * MINUTE, 5 * MINUTE
    before = [
        SeriesPoint(since - step * number, BASELINE_NGY_H + (number % 4) * 0.7, Flag.PASS)
        for number in range(60, 0, -1)
    ]
    rise = [SeriesPoint(since + step * number, 131.0 + 6.5 * number, Flag.PASS) for number in range(7)]
    newest = rise[-1].value or 0.0
    lead = LeadValue(
        parameter="gamma_dose_rate",
        unit="nGy/h",
        decimals=1,
        threshold=BASELINE_NGY_H + 50,
        baseline=BASELINE_NGY_H,
        extreme=MailValue(value=newest, at=rise[-1].start),
        latest=MailValue(value=newest, at=at),
        before=MailValue(value=BASELINE_NGY_H, at=since),
        points=(*before, *rise),
        cadence=step,
    )
    rule = MailRule(
        name="gamma-above-baseline",
        title=Name.from_word("sample.rule_gamma"),
        advice=Name.from_word("sample.advice_gamma"),
        source="project default",
        is_verified=False,
    )
    return replace(
        _case(now, console_url, CaseKind.RADIATION, since),
        severity=Severity.CRITICAL,
        lead=lead,
        stations=(station(DANDONG, 1, StationState.BEYOND, newest, latest=lead.latest, since=since),),
        near=ordinary(("210500", "210200", "210400"), far=190.0),
        wind=WindValue(from_deg=128.0, speed_m_s=2.4, at=now - 4 * MINUTE),
        wind_at_begin=WindValue(from_deg=131.0, speed_m_s=2.7, at=since + 10 * MINUTE),
        dry_for=19 * HOUR,
        quality=DataQuality(total=7, passed=7, suspect=0, observed=67, expected=67, near_total=3, radius_km=190.0),
        rule=rule,
    )


def warning(now: datetime, console_url: str) -> CaseMail:
    """Conditions for an orange warning are met: a draft for a person to decide on."""
    at = floor_hour(now)
    first, last = at + 9 * HOUR, at + 81 * HOUR
    points = followed_by(usual_hours(at - 6 * HOUR, 20, 88.0), (104.0, 112.0, 126.0, 139.0, 147.0, 158.0))
    span = {"first": f"{first.astimezone(ZONE):%m-%d %H:%M}", "last": f"{last.astimezone(ZONE):%m-%d %H:%M}"}
    proposal = WarningProposal(
        level="orange",
        first=first,
        last=last,
        aqi=243.0,
        draft=Name.from_word("sample.notice", **span),
        edition="2024",
        unverified=(Name.from_word("sample.not_verified"),),
    )
    lead = pm25(
        points, forecast=ahead(at, [162, 170, 178, 186, 195, 203, 208, 206, 199, 191, 187, 183, 190, 197, 201, 196])
    )
    return replace(
        _case(now, console_url, CaseKind.WARNING, first),
        lead=lead,
        stations=(replace(station(SHENYANG, 1, StationState.BEYOND, latest=lead.latest), name=_city(SHENYANG)),),
        warning=proposal,
        people=replace(taken(now), taken_by=None, taken_at=None),
    )


def _city(code: str) -> Name:
    return Name(city_name(code, "zh"), city_name(code, "en"))


def _case(now: datetime, console_url: str, kind: CaseKind, since: datetime) -> CaseMail:
    number = case_id(since, MailNews.OPENED)
    return CaseMail(
        case_id=number,
        version=1,
        kind=kind,
        audience=Audience.DUTY,
        state=CaseState.OPEN,
        news=MailNews.OPENED,
        severity=Severity.WARNING,
        now=now,
        since=since,
        zone=ZONE,
        links=links(console_url, number),
        people=waiting(now),
        history=(HistoryStep(kind=StepKind.OPENED, at=min(since, now)),),
        can_reply=True,
        synthetic=True,
    )
