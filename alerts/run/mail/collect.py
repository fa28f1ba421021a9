"""Collects for a message what the stores know of a case, as it is at this moment. Reads only.

Each part that cannot be read leaves a gap in the message, never an error: the message must go out.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

from msgspec.structs import replace

from alerts.case.life import CAUSE, fold
from alerts.delivery.escalate import next_escalation, plan_steps
from alerts.delivery.link import LinkAction, action_urls
from alerts.mail.evidence.alert_evidence import RADIUS_KM, alert_view
from alerts.mail.view.case_mail import CaseMail, MailNews
from alerts.mail.view.finding import (
    DataQuality,
    FailureFigures,
    FaultFigures,
    FigureChange,
    MailRule,
    MailVerdict,
    SilenceFigures,
)
from alerts.mail.view.mail_value import Companion, LeadValue, MailValue, Name
from alerts.mail.view.people import CaseLinks, CasePeople, HistoryStep, NotifiedPerson
from alerts.mail.view.recipient import recipient_name
from alerts.mail.view.station import CaseStation, StationState
from alerts.people.route import TEAM_PREFIX
from alerts.run.mail.kind import city_of_warning, dry_for, warning_proposal
from alerts.wording import titles
from ingest.process.guard import say
from schemas.alert import RuleKind
from schemas.alert_case import SYSTEM, CaseKind, StepKind
from schemas.city import city_name
from schemas.flag import Flag
from schemas.geodesy import km_between
from schemas.interval import Interval, united
from schemas.parameter import ParameterError, parameter
from schemas.reason import ReasonData

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from alerts.mail.evidence.series import Sources
    from alerts.mail.view.alert_view import AlertView
    from alerts.people.people import People
    from schemas.alert_case import AlertCase, CaseAlert
    from store.state import Notice

HOUR = timedelta(hours=1)
SHOWN_COMMENT = 200


class CaseReader(NamedTuple):
    """Where a message's figures are read.

    Attributes
    ----------
    sources : Sources
    people : People
    link_key : bytes
    remind_after : timedelta
    """

    sources: Sources
    people: People
    link_key: bytes
    remind_after: timedelta


def collect_mail(reader: CaseReader, case: AlertCase, notice: Notice, news: MailNews) -> CaseMail:
    """Everything that a message states of a case, for one recipient.

    Parameters
    ----------
    reader : CaseReader
    case : AlertCase
        With all its steps.
    notice : Notice
    news : MailNews
    """
    view = plain_mail(reader, case, notice, news)
    for part in (_with_people, _with_values, _with_silence, _with_failure, _with_kind, _with_changes):
        view = _attempt(part, reader, case, notice, view)
    return view


def plain_mail(reader: CaseReader, case: AlertCase, notice: Notice, news: MailNews) -> CaseMail:
    """What the case itself and the configuration know."""
    sources = reader.sources
    verdict = case.verdict
    return CaseMail(
        case_id=case.id,
        version=notice.claimed or case.version,
        kind=case.kind,
        audience=case.audience,
        state=case.state,
        news=news,
        severity=case.severity,
        now=sources.now,
        since=case.since,
        ended_at=case.ended_at,
        zone=sources.network.timezone,
        links=_links(reader, case, notice),
        people=CasePeople(),
        stations=tuple(_stations(reader, case)),
        verdict=None
        if verdict.probability is None
        else MailVerdict(
            is_fault=verdict.is_fault,
            probability=1 - verdict.probability if verdict.is_fault else verdict.probability,
            reasons=tuple(ReasonData(f"verdict.{name}.name", {}) for name in verdict.reasons),
        ),
        history=tuple(_history(reader, case)),
        reason=_reason(case, news),
        synthetic=any(
            station.synthetic for name in case.stations if (station := sources.network.stations.get(name)) is not None
        ),
    )


def _attempt(
    part: Callable[[CaseReader, AlertCase, Notice, CaseMail], CaseMail],
    reader: CaseReader,
    case: AlertCase,
    notice: Notice,
    view: CaseMail,
) -> CaseMail:
    try:
        return part(reader, case, notice, view)
    except Exception as error:  # noqa: BLE001 - the message must go out; logged with its place
        say("case_mail_part_missing", error, case=case.id, part=part.__name__.strip("_"))
        return view


def _links(reader: CaseReader, case: AlertCase, notice: Notice) -> CaseLinks:
    console = reader.sources.console_url
    page = f"{console}/cases/{case.id}"
    lead = _lead(case)
    curve = None
    if lead is not None and lead.parameter is not None:
        first = case.since - timedelta(days=1)
        last = min(case.ended_at or reader.sources.now, reader.sources.now) + HOUR
        query = {
            "station": lead.station_id,
            "parameter": lead.parameter,
            "from": first.isoformat(timespec="minutes"),
            "to": last.isoformat(timespec="minutes"),
        }
        curve = f"{console}/series?{urlencode(query)}"
    if notice.recipient.startswith(TEAM_PREFIX):  # a group chat is no person
        return CaseLinks(page=page, curve=curve)
    urls = action_urls(console, case.id, notice.recipient, reader.link_key, now=reader.sources.now)
    return CaseLinks(
        page=page,
        curve=curve,
        take=urls[LinkAction.TAKE],
        decline=urls[LinkAction.DECLINE],
        comment=urls[LinkAction.COMMENT],
        mute=urls[LinkAction.MUTE],
        resolve=urls[LinkAction.RESOLVE],
    )


def _lead(case: AlertCase) -> CaseAlert | None:
    """The worst alert with a value; of a case without one the worst."""
    valued = [item for item in case.alerts if item.parameter is not None]
    return next(iter(valued or case.alerts), None)


def _stations(reader: CaseReader, case: AlertCase) -> Iterator[CaseStation]:
    """Stations of the case, each with its worst alert of the case's worst parameter."""
    lead = _lead(case)
    for station_id in case.stations:
        own = [item for item in case.alerts if item.station_id == station_id]
        alert = next((item for item in own if lead is not None and item.parameter == lead.parameter), own[0])
        if station_id not in reader.sources.network.stations:
            continue
        yield replace(
            _station(reader, station_id, _state_of(case, own)),
            extreme=_value(alert.extreme, alert.extreme_at, is_at_least=alert.is_at_least),
            latest=_value(alert.latest, alert.latest_at),
            since=alert.since,
            until=alert.until,
        )


def _station(reader: CaseReader, station_id: str, state: StationState) -> CaseStation:
    station = reader.sources.network.stations[station_id]
    return CaseStation(
        station_id=station_id,
        name=Name(station.name("zh"), station.name("en")),
        city=_city(station.city),
        state=state,
        lon=station.lon,
        lat=station.lat,
    )


def _city(code: str | None) -> Name:
    return Name(city_name(code or "", "zh"), city_name(code or "", "en"))


def _state_of(case: AlertCase, alerts: Sequence[CaseAlert]) -> StationState:
    if not any(item.is_open for item in alerts):
        return StationState.BACK
    if case.kind is CaseKind.FAULT:
        return StationState.FAULTY
    return StationState.SILENT if all(item.kind is RuleKind.SILENCE for item in alerts) else StationState.BEYOND


def _value(value: float | None, at: datetime | None, *, is_at_least: bool = False) -> MailValue | None:
    return None if value is None else MailValue(value=value, at=at, is_at_least=is_at_least)


def _history(reader: CaseReader, case: AlertCase) -> Iterator[HistoryStep]:
    lead = _lead(case)
    for step in case.steps:
        figures = step.figures
        is_lead = lead is not None and figures.get("parameter") == lead.parameter
        value = figures.get("value") if is_lead else None
        yield HistoryStep(
            kind=step.kind,
            at=step.at,
            by=None if step.by == SYSTEM else recipient_name(reader.people, step.by),
            value=float(value) if isinstance(value, (int, float)) else None,
            stations=figures.get("stations") if isinstance(figures.get("stations"), int) else None,
            text=str(figures.get("text", ""))[:SHOWN_COMMENT],
        )


def _reason(case: AlertCase, news: MailNews) -> ReasonData | None:
    if news is MailNews.RESOLVED and case.cause:
        return ReasonData("mail.reason.resolved", {CAUSE: case.cause})
    if news is MailNews.WITHDRAWN:
        return ReasonData("mail.reason.withdrawn", {})
    if news is MailNews.MOVED:
        return ReasonData("mail.reason.moved", {})
    return None


def _with_people(reader: CaseReader, case: AlertCase, notice: Notice, view: CaseMail) -> CaseMail:
    """Who has it, who was notified when, who is next."""
    state, now, people = reader.sources.state, reader.sources.now, reader.people
    notices = state.notices.of_cases([case.id])
    first: dict[str, datetime] = {}
    for message in state.notices.list_messages(item.id for item in notices):
        recipient = next(item.recipient for item in notices if item.id == message.notice_id)
        if recipient != notice.recipient and message.sent_at is not None:
            first.setdefault(recipient, message.sent_at)
    planned = plan_steps(people, case, notices, now=now, remind_after=reader.remind_after)
    following = next_escalation(item for item in planned if item.due_at > now)
    return replace(
        view,
        people=CasePeople(
            taken_by=None if case.taken_by is None else recipient_name(people, case.taken_by),
            taken_at=case.taken_at,
            is_reader=case.taken_by == notice.recipient,
            assigned_to=None if case.assigned_to is None else recipient_name(people, case.assigned_to),
            notified=tuple(NotifiedPerson(name=recipient_name(people, name), at=at) for name, at in first.items()),
            next_person=None if following is None else recipient_name(people, following.persons[0].person),
            next_at=None if following is None else following.due_at,
            waited=now - case.opened_at,
        ),
    )


def _with_values(reader: CaseReader, case: AlertCase, notice: Notice, view: CaseMail) -> CaseMail:
    """Series, threshold, forecast, quality, case file and rule of the worst alert."""
    del notice
    alert = _lead(case)
    if alert is None:
        return view
    seen = _alert_view(reader, alert)
    rule = None if seen is None or seen.rule is None else seen.rule
    view = replace(
        view,
        rule=rule
        and MailRule(
            name=rule.name,
            title=Name(rule.title_zh, rule.title_en),
            advice=Name(rule.advice_zh, rule.advice_en),
            source=rule.source,
            is_verified=rule.verified,
        ),
    )
    if alert.parameter is None:
        return view
    lead = replace(_lead_value(alert, seen), beyond=beyond(case, alert, reader.sources.now))
    return replace(
        view,
        lead=lead,
        near=tuple(_near(reader, case, alert)),
        companions=tuple(_companions(case, alert)),
        quality=_quality(case, lead, seen),
        case_file=None if seen is None else seen.case,
        fault=_fault(reader, alert, lead) if case.kind is CaseKind.FAULT else None,
    )


def _alert_view(reader: CaseReader, alert: CaseAlert) -> AlertView | None:
    """The alert as it is now: its end where it has ended, else its begin."""
    state = reader.sources.state
    stored = state.alerts.get(alert.begin_id)
    status = state.alerts.get_states().get(alert.alert_key)
    if stored is None:
        return None
    if status is not None and status.transition_id > stored.id and status.transition.since == stored.transition.since:
        return alert_view(reader.sources, status.transition_id, status.transition, status)
    return alert_view(reader.sources, stored.id, stored.transition, status)


def _decimals(code: str) -> int:
    try:
        return parameter(code).decimals
    except ParameterError:
        return 2


def beyond(case: AlertCase, alert: CaseAlert, now: datetime) -> timedelta:
    """How long any station of a case was beyond the limit of an alert; a case begins earlier where a lower limit was passed first."""
    same = [item for item in case.alerts if (item.rule, item.parameter) == (alert.rule, alert.parameter)]
    spans = united(Interval(item.since, max(item.until or now, item.since)) for item in same)
    return sum((item.end - item.start for item in spans), timedelta(0))


def _lead_value(alert: CaseAlert, seen: AlertView | None) -> LeadValue:
    points = () if seen is None else seen.points
    cadence = HOUR if seen is None else seen.cadence
    before = [item for item in points if item.start < alert.since and item.value is not None]
    limits = [item.limit for item in points if item.limit is not None]
    base = None if not limits or alert.threshold is None else limits[-1] - alert.threshold
    threshold = limits[-1] if limits else alert.threshold
    latest = None if seen is None or seen.latest is None else MailValue(value=seen.latest.value, at=seen.latest.at)
    known = [item for item in points if item.value is not None]
    newest = MailValue(value=known[-1].value or 0.0, at=known[-1].start + cadence) if known else None
    candidates = [item for item in (newest, latest, _value(alert.latest, alert.latest_at)) if item is not None]
    now = max(candidates, key=lambda item: item.at or alert.since, default=None)
    extreme = _value(alert.extreme, alert.extreme_at, is_at_least=alert.is_at_least)
    if extreme is not None and now is not None and alert.is_open:  # the case has the extreme as of its newest step
        extreme = (max if alert.above else min)(extreme, now, key=lambda item: item.value)
    code = alert.parameter or ""
    return LeadValue(
        parameter=code,
        unit=alert.unit or "",
        decimals=_decimals(code),
        threshold=threshold,
        is_below=not alert.above,
        baseline=base or None,
        before=MailValue(value=before[-1].value or 0.0, at=before[-1].start + cadence) if before else None,
        extreme=extreme,
        latest=now,
        points=points,
        cadence=cadence,
        forecast=() if seen is None else seen.forecast,
    )


def _near(reader: CaseReader, case: AlertCase, alert: CaseAlert) -> Iterator[CaseStation]:
    """Other stations of the network around the worst one, for the map, the nearest first."""
    network = reader.sources.network
    own = network.stations.get(alert.station_id)
    if own is None or alert.network is None:
        return
    found = [
        (km_between(own, item), item) for item in network.stations_of(alert.network) if item.id not in case.stations
    ]
    for distance_km, item in sorted(found, key=lambda pair: (pair[0], pair[1].id)):
        if distance_km <= 2 * RADIUS_KM:
            yield replace(_station(reader, item.id, StationState.ORDINARY), distance_km=distance_km)


def _companions(case: AlertCase, alert: CaseAlert) -> Iterator[Companion]:
    """Other parameters of the case at the worst station."""
    shown = {alert.parameter}
    for item in case.alerts:
        if item.station_id == alert.station_id and item.parameter not in shown and item.extreme is not None:
            shown.add(item.parameter)
            code = item.parameter or ""
            value = _value(item.latest, item.latest_at) or MailValue(value=item.extreme, at=item.extreme_at)
            yield Companion(parameter=code, unit=item.unit or "", decimals=_decimals(code), value=value, usual=None)


def _quality(case: AlertCase, lead: LeadValue, seen: AlertView | None) -> DataQuality:
    own = [item for item in lead.points if item.start >= case.since and item.value is not None]
    span = lead.points[-1].start - lead.points[0].start if lead.points else timedelta()
    near = () if seen is None else seen.neighbours
    limit = lead.threshold
    beyond = [value for value in near if limit is not None and (value < limit if lead.is_below else value > limit)]
    in_case = len(case.stations) - 1
    return DataQuality(
        total=len(own),
        passed=sum(item.flag is Flag.PASS for item in own),
        suspect=sum(item.flag in {Flag.SUSPECT, Flag.FAIL} for item in own),
        observed=sum(item.value is not None for item in lead.points),
        expected=round(span / lead.cadence) + 1 if lead.points else 0,
        near_beyond=max(len(beyond), in_case),
        near_total=max(len(near), in_case),
        radius_km=RADIUS_KM,
    )


def _fault(reader: CaseReader, alert: CaseAlert, lead: LeadValue) -> FaultFigures | None:
    station = reader.sources.network.stations.get(alert.station_id)
    known = [item for item in station.instruments if alert.parameter in item.parameters] if station else []
    instrument = next((item for item in known if item.serves_at(reader.sources.now)), known[0] if known else None)
    if instrument is None:
        return None
    invalid = sum(item.flag is Flag.FAIL for item in lead.points if item.start >= alert.since)
    return FaultFigures(instrument_id=instrument.id, model=instrument.model or "", invalid_hours=invalid)


def _with_kind(reader: CaseReader, case: AlertCase, notice: Notice, view: CaseMail) -> CaseMail:
    """The draft of a warning; the rain where a dose rate rose."""
    del notice
    if case.kind is CaseKind.WARNING:
        proposal = warning_proposal(reader.sources, case)
        return replace(view, warning=proposal, stations=city_of_warning(case), lead=None, quality=None)
    if case.kind is CaseKind.RADIATION:
        return replace(view, dry_for=dry_for(reader.sources, case.stations[0]))
    return view


def _with_silence(reader: CaseReader, case: AlertCase, notice: Notice, view: CaseMail) -> CaseMail:
    del notice
    silent = [item for item in case.alerts if item.kind is RuleKind.SILENCE]
    if not silent or case.kind not in {CaseKind.LINE, CaseKind.SYSTEM}:
        return view
    stations = reader.sources.network.stations
    own = {item.station_id for item in silent if item.station_id in stations}
    is_city = case.kind is CaseKind.LINE and bool(case.cities)
    total = case.stations_total or max(len(own), 1)
    count = len({item.station_id for item in silent if item.is_open} & own) or len(own) or total
    return replace(
        view,
        silence=SilenceFigures(
            place=_city(case.cities[0]) if is_city else Name("", ""),
            silent=count,
            total=max(total, count),
            within=max(item.since for item in silent) - min(item.since for item in silent),
            others=len(stations) - total if is_city else 0,
        ),
    )


def _with_failure(reader: CaseReader, case: AlertCase, notice: Notice, view: CaseMail) -> CaseMail:
    """What a part of the system reported of itself."""
    del notice
    alert = next((item for item in case.alerts if item.kind is RuleKind.OPERATION), None)
    if alert is None:
        return view
    stored = reader.sources.state.alerts.get(alert.begin_id)
    evidence = {} if stored is None else stored.transition.evidence
    title = Name(*(str(evidence.get(key) or plain) for key, plain in zip(_TITLES, titles("system"), strict=True)))
    failure = FailureFigures(
        part=alert.alert_key.partition("/")[2],
        title=title,
        detail=str(evidence.get("detail") or ""),
        stations=len(case.stations) - 1 if view.silence is not None else 0,
    )
    return replace(view, failure=failure)


_TITLES = ("title_zh", "title_en")


def _with_changes(reader: CaseReader, case: AlertCase, notice: Notice, view: CaseMail) -> CaseMail:
    """Figures that the recipient knows and that have changed since."""
    del reader
    if not notice.known or view.lead is None:
        return view
    before = fold(case.steps[: notice.known])
    then, now = _lead(before), _lead(case)
    changes = []
    if then is not None and now is not None and (then.station_id, then.parameter) == (now.station_id, now.parameter):
        pairs = (("extreme", then.extreme, now.extreme), ("threshold", then.threshold, now.threshold))
        changes += [
            FigureChange(figure=name, before=old, after=new)
            for name, old, new in pairs
            if old is not None and new is not None and old != new
        ]
    if len(before.stations) != len(case.stations):
        changes.append(
            FigureChange(figure="stations", before=float(len(before.stations)), after=float(len(case.stations)))
        )
    return replace(view, changes=tuple(changes))


def comments(case: AlertCase) -> list[str]:
    """Texts of the comments of a case, ascending."""
    return [str(item.figures.get("text", "")) for item in case.steps if item.kind is StepKind.COMMENTED]
