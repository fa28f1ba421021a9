"""Made-up cases of the air: a local plume from its first mail to its end, a regional haze, a forecast."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from alerts.mail.samples.material import (
    ANSHAN,
    DANDONG,
    HEAVY,
    HOUR,
    MINUTE,
    SHENYANG,
    ZONE,
    ahead,
    case_id,
    followed_by,
    heavy_rule,
    links,
    ordinary,
    person,
    pm25,
    station,
    taken,
    usual,
    usual_hours,
    waiting,
)
from alerts.mail.samples.sample_case import sample_case
from alerts.mail.view.case_mail import CaseMail, MailNews
from alerts.mail.view.finding import DataQuality, FigureChange, MailRule, MailVerdict
from alerts.mail.view.mail_value import Companion, LeadValue, MailValue, Name, SeriesPoint, WindValue
from alerts.mail.view.people import CasePeople, HistoryStep
from alerts.mail.view.station import CaseStation, StationState
from schemas.alert import Severity
from schemas.alert_case import Audience, CaseKind, CaseState, StepKind
from schemas.flag import Flag
from schemas.interval import floor_hour
from schemas.reason import ReasonData

USUAL = 26.0
LIGHT = 60.0
"""IAQI 100 of PM2.5 [ug/m3], HJ 633-2026."""
NEAR = ("210500", "210400", "211200", "211000", ANSHAN)
"""Cities around Shenyang."""
REGION = (
    *((SHENYANG, number, value) for number, value in enumerate((131.0, 118.4, 109.7, 96.2), 1)),
    *(("211000", number, value) for number, value in enumerate((121.3, 104.9), 1)),
    *((ANSHAN, number, value) for number, value in enumerate((127.5, 111.1, 88.0), 1)),
    *(("211100", number, value) for number, value in enumerate((99.4, 92.6), 1)),
    *(("210800", number, value) for number, value in enumerate((84.1, 77.7), 1)),
)
PEAK = (95.2, 161.4, 236.7, 299.1)
FALL = (251.0, 187.3, 96.0, 41.2, 27.6, 25.1)


def opened(now: datetime, console_url: str) -> CaseMail:
    """A local plume after its first hour: one station, two instruments that agree, wind, a first case file."""
    at = floor_hour(now)
    points = followed_by(usual_hours(at - HOUR, 26, USUAL), [161.4])
    return _plume(now, console_url, MailNews.OPENED, points, since=at - HOUR)


def raised(now: datetime, console_url: str) -> CaseMail:
    """The same plume some hours later, at two stations; a person has it."""
    at = floor_hour(now)
    points = followed_by(usual_hours(at - 4 * HOUR, 24, USUAL), PEAK)
    view = _plume(now, console_url, MailNews.RAISED, points, since=at - 3 * HOUR)
    second = station(SHENYANG, 2, StationState.BEYOND, 168.0, since=at - HOUR, latest=MailValue(value=168.0, at=at))
    return replace(
        view,
        stations=(*view.stations, second),
        people=taken(now),
        quality=_quality(hours=3, instruments=(299.1, 296.0), near_beyond=1),
        history=(
            *view.history,
            HistoryStep(kind=StepKind.TAKEN, at=now - timedelta(minutes=42), by=person()),
            HistoryStep(kind=StepKind.RAISED, at=at, value=299.0, stations=2),
        ),
    )


def escalated(now: datetime, console_url: str) -> CaseMail:
    """The plume of `opened`, which has not been taken in time: to the leader."""
    view = opened(now, console_url)
    waited = timedelta(minutes=15)
    people = CasePeople(notified=view.people.notified, waited=waited)
    history = (*view.history, HistoryStep(kind=StepKind.ESCALATED, at=now, by=person("leader")))
    return replace(view, news=MailNews.ESCALATED, people=people, history=history)


def regional(now: datetime, console_url: str) -> CaseMail:
    """A haze over five cities: one case, one mail."""
    at = floor_hour(now)
    since = at - 7 * HOUR
    points = followed_by(usual_hours(since, 20, 48.0), (63.0, 71.5, 84.2, 93.8, 107.1, 122.6, 131.0))
    lead = pm25(points, threshold=LIGHT, before=_before(points, since), forecast=ahead(at, _haze_ahead(), share=0.2))
    stations = tuple(
        station(
            city,
            number,
            StationState.BEYOND,
            value,
            since=since + HOUR * (number - 1),
            latest=MailValue(value=value, at=at),
        )
        for city, number, value in sorted(REGION, key=lambda item: -item[2])
    )
    return CaseMail(
        case_id=case_id(since, MailNews.EXTENDED),
        version=3,
        kind=CaseKind.POLLUTION,
        audience=Audience.DUTY,
        state=CaseState.OPEN,
        news=MailNews.EXTENDED,
        severity=Severity.WARNING,
        now=now,
        since=since,
        zone=ZONE,
        links=links(console_url, case_id(since, MailNews.EXTENDED)),
        people=taken(now),
        lead=lead,
        stations=stations,
        near=ordinary(("210200", DANDONG, "210700", "211300")),
        wind=WindValue(from_deg=205.0, speed_m_s=1.1, at=now - 4 * MINUTE),
        wind_at_begin=WindValue(from_deg=196.0, speed_m_s=0.9, at=since + 10 * MINUTE),
        quality=replace(
            _quality(hours=7, near_beyond=12), near_total=13, radius_km=96.0, instruments=(), do_agree=None
        ),
        rule=_light_rule(),
        history=(
            HistoryStep(kind=StepKind.OPENED, at=since + HOUR, value=63.0, stations=3),
            HistoryStep(kind=StepKind.TAKEN, at=now - timedelta(minutes=42), by=person()),
            HistoryStep(kind=StepKind.EXTENDED, at=at, value=131.0, stations=len(REGION)),
        ),
        can_reply=True,
        synthetic=True,
    )


def ended(now: datetime, console_url: str) -> CaseMail:
    """The plume is over: the all-clear."""
    at = floor_hour(now)
    since, until = at - 8 * HOUR, at - 3 * HOUR
    points = followed_by(usual_hours(since - HOUR, 20, USUAL), (*PEAK, *FALL)[:9])
    view = _plume(now, console_url, MailNews.ENDED, points, since=since)
    assert view.lead is not None, "as `_plume` made it"
    own = replace(view.stations[0], state=StationState.BACK, until=until)
    return replace(
        view,
        state=CaseState.ENDED,
        ended_at=until,
        lead=replace(view.lead, beyond=5 * HOUR, forecast=()),
        quality=_quality(hours=5, instruments=(299.1, 296.0)),
        stations=(own,),
        people=taken(now, is_reader=True),
        history=(*view.history, HistoryStep(kind=StepKind.ENDED, at=until, value=96.0)),
    )


def ended_late(now: datetime, console_url: str) -> CaseMail:
    """The mail server was away: beginning and end in one mail."""
    view = ended(now, console_url)
    return replace(view, news=MailNews.ENDED_LATE, people=CasePeople(notified=()))


def withdrawn(now: datetime, console_url: str) -> CaseMail:
    """Review found calibration gas: the grounds are gone."""
    at = floor_hour(now)
    since = at - 3 * HOUR
    points = followed_by(usual_hours(since, 24, USUAL), (161.4, 188.0, 172.9))
    failed = tuple(replace_flag(item) if item.start >= since else item for item in points)
    view = _plume(now, console_url, MailNews.WITHDRAWN, failed, since=since)
    assert view.lead is not None, "as `_plume` made it"
    return replace(
        view,
        state=CaseState.WITHDRAWN,
        lead=replace(view.lead, forecast=(), latest=None),
        stations=(replace(view.stations[0], state=StationState.ORDINARY),),
        companions=(),
        case_file=None,
        verdict=None,
        quality=replace(_quality(hours=3), passed=0, suspect=3, near_beyond=0),
        people=taken(now),
        reason=ReasonData("mail.sample.withdrawn_reason", {"from": f"{since.astimezone(ZONE):%H:%M}"}),
        history=(*view.history, HistoryStep(kind=StepKind.WITHDRAWN, at=now, by=person())),
    )


def moved(now: datetime, console_url: str) -> CaseMail:
    """The verdict changed to instrument fault: the last mail to duty staff."""
    view = withdrawn(now, console_url)
    verdict = MailVerdict(is_fault=True, probability=0.93)
    return replace(
        view,
        news=MailNews.MOVED,
        state=CaseState.OPEN,
        audience=Audience.OPERATOR,
        verdict=verdict,
        reason=ReasonData("mail.sample.failed_span", {}),
        stations=(replace(view.stations[0], state=StationState.FAULTY),),
        history=(*view.history[:-1], HistoryStep(kind=StepKind.AMENDED, at=now)),
    )


def amended(now: datetime, console_url: str) -> CaseMail:
    """Late data changed the peak; the case still holds."""
    at = floor_hour(now)
    since = at - 3 * HOUR
    points = followed_by(usual_hours(since - HOUR, 22, USUAL), (95.2, 161.4, 218.3, 242.8))
    view = _plume(now, console_url, MailNews.AMENDED, points, since=since)
    return replace(
        view,
        quality=_quality(hours=3, instruments=(242.8, 240.2)),
        changes=(FigureChange(figure="extreme", before=299.1, after=242.8),),
        reason=ReasonData("mail.sample.amended_reason", {}),
        people=taken(now, is_reader=True),
        history=(*view.history, HistoryStep(kind=StepKind.AMENDED, at=now, value=242.8)),
    )


def forecast(now: datetime, console_url: str) -> CaseMail:
    """PM2.5 is expected above the limit within a day."""
    at = floor_hour(now)
    expected = ahead(at, (58, 71, 90, 118, 142, 166, 181, 188, 179, 160, 131, 104, 82, 70, 61, 55))
    begin, most = expected[5], expected[7]
    points = followed_by(usual_hours(at - HOUR, 24, 44.0), [52.0])
    lead = pm25(points, extreme=MailValue(value=most.median, at=most.start), forecast=expected)
    own = station(SHENYANG, 1, StationState.ORDINARY, latest=lead.latest)
    rule = MailRule(
        name="pm25-forecast-heavy",
        title=Name.from_word("sample.rule_forecast"),
        advice=Name.from_word("sample.advice_heavy"),
        source="IAQI 200; lead and hours are project defaults",
        is_verified=False,
    )
    view = _plume(now, console_url, MailNews.OPENED, points, since=begin.start)
    return replace(
        view,
        wind_at_begin=None,
        kind=CaseKind.FORECAST,
        severity=Severity.WARNING,
        lead=lead,
        stations=(own,),
        companions=(),
        case_file=None,
        verdict=None,
        quality=None,
        rule=rule,
        history=(),
    )


def _plume(
    now: datetime, console_url: str, news: MailNews, points: tuple[SeriesPoint, ...], *, since: datetime
) -> CaseMail:
    """A plume at the first station of Shenyang with these hours."""
    at = floor_hour(now)
    lead = pm25(points, before=_before(points, since), usual=usual(USUAL, at), forecast=ahead(at, _plume_ahead(points)))
    number = case_id(since, MailNews.OPENED)
    return CaseMail(
        case_id=number,
        version=1,
        kind=CaseKind.POLLUTION,
        audience=Audience.DUTY,
        state=CaseState.OPEN,
        news=news,
        severity=Severity.CRITICAL,
        now=now,
        since=since,
        zone=ZONE,
        links=links(console_url, number),
        people=waiting(now),
        lead=lead,
        stations=(_own(lead, since),),
        near=ordinary(NEAR, far=67.0),
        companions=_companions(),
        wind=WindValue(from_deg=228.0, speed_m_s=2.6, at=now - 4 * MINUTE),
        wind_at_begin=WindValue(from_deg=221.0, speed_m_s=2.2, at=since + 10 * MINUTE),
        quality=_quality(hours=1),
        case_file=sample_case(at, ZONE, HEAVY, "sample.plume_station"),
        rule=heavy_rule(),
        history=(HistoryStep(kind=StepKind.OPENED, at=since + HOUR, value=161.4, stations=1),),
        can_reply=True,
        synthetic=True,
    )


def _own(lead: LeadValue, since: datetime) -> CaseStation:
    return station(
        SHENYANG, 1, StationState.BEYOND, lead.extreme.value if lead.extreme else None, since=since, latest=lead.latest
    )


def _companions() -> tuple[Companion, ...]:
    return (
        Companion(parameter="benzene", unit="ug/m3", decimals=1, value=MailValue(value=33.1), usual=3.2),
        Companion(parameter="so2", unit="ug/m3", decimals=0, value=MailValue(value=96.0), usual=11.0),
    )


def _quality(*, hours: int, instruments: tuple[float, ...] = (161.4, 159.0), near_beyond: int = 0) -> DataQuality:
    return DataQuality(
        total=hours,
        passed=hours,
        suspect=0,
        observed=26,
        expected=26,
        instruments=instruments,
        agreeing=len(instruments),
        do_agree=True,
        near_beyond=near_beyond,
        near_total=5,
        radius_km=67.0,
    )


def _light_rule() -> MailRule:
    return replace(
        heavy_rule(),
        name="pm25-light",
        title=Name.from_word("sample.rule_light"),
        source="HJ 633-2026 Table 3, IAQI 100",
    )


def _before(points: tuple[SeriesPoint, ...], since: datetime) -> MailValue | None:
    known = [item for item in points if item.value is not None and item.start < since]
    return MailValue(value=known[-1].value or 0.0, at=known[-1].start + HOUR) if known else None


def replace_flag(point: SeriesPoint) -> SeriesPoint:
    """The point as it is after review found it invalid."""
    return replace(point, flag=Flag.FAIL)


def _plume_ahead(points: tuple[SeriesPoint, ...]) -> list[float]:
    newest = next((item.value for item in reversed(points) if item.value is not None), USUAL)
    return [round(USUAL + (newest - USUAL) * 0.78**hour, 1) for hour in range(14)]


def _haze_ahead() -> list[float]:
    return [134, 139, 141, 138, 133, 127, 122, 118, 112, 104, 96, 90, 83, 77, 70, 66, 62, 58, 55, 52]
