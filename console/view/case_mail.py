"""A case as a mail would state it at a moment, from what is stored of the case alone. Pure.

Titles, the six lines and the map of the pages are those of the mails (`alerts.mail`), so that both say the same. What a mail adds from
the time series (quality of the data, companions, wind, forecast) is not in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alerts.mail.view.case_mail import CaseMail, MailNews
from alerts.mail.view.finding import FailureFigures, FaultFigures, MailVerdict, SilenceFigures
from alerts.mail.view.mail_value import LeadValue, MailValue, Name
from alerts.mail.view.people import CaseLinks, CasePeople, NotifiedPerson
from alerts.mail.view.recipient import recipient_name
from alerts.mail.view.station import CaseStation, StationState
from schemas.alert import RuleKind
from schemas.alert_case import CaseKind, CaseState
from schemas.city import city_name
from schemas.geodesy import great_circle_km
from schemas.parameter import load_parameters

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from alerts.people.people import People
    from analysis.report.stored_case import StoredCase
    from schemas.alert_case import AlertCase, CaseAlert
    from schemas.network import Network, Station
    from store.state import Notice, SentMessage

MOST_NEAR = 12
NEWS = {
    CaseState.OPEN: MailNews.OPENED,
    CaseState.ENDED: MailNews.ENDED,
    CaseState.WITHDRAWN: MailNews.WITHDRAWN,
    CaseState.RESOLVED: MailNews.RESOLVED,
    CaseState.MERGED: MailNews.RESOLVED,
}
_STATES = {CaseKind.FAULT: StationState.FAULTY}


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRecord:
    """A case with what is stored about it.

    Attributes
    ----------
    notices : sequence of Notice
        Of the case.
    titles : mapping of int to Name
        Titles of its operation alerts by ``begin_id``.
    file : StoredCase or None
        Case file of its worst alert.
    messages : sequence of SentMessage
        Sent of its notices, ascending.
    mail : CaseMail or None
        What a mail would state now, with what the time series add; None where it was not collected.
    """

    case: AlertCase
    notices: Sequence[Notice] = ()
    titles: Mapping[int, Name] | None = None
    file: StoredCase | None = None
    messages: Sequence[SentMessage] = ()
    mail: CaseMail | None = None


def case_mail(record: CaseRecord, network: Network, people: People, now: datetime) -> CaseMail:
    """The case at a moment.

    Parameters
    ----------
    record : CaseRecord
    network : Network
        Names and places of stations; a station that it does not have keeps its id.
    people : People
        Names of persons and teams; an id that it does not have is shown as it is.
    now : datetime
        UTC.
    """
    case = record.case
    lead = _lead(case)
    stations = _stations(case, network)
    return CaseMail(
        case_id=case.id,
        version=case.version,
        kind=case.kind,
        audience=case.audience,
        state=case.state,
        news=NEWS[case.state],
        severity=case.severity,
        now=now,
        since=case.since,
        ended_at=case.ended_at,
        zone=network.timezone,
        links=CaseLinks(page=f"/cases/{case.id}"),
        people=_people(record, people),
        lead=lead,
        stations=stations,
        near=_near(stations, network),
        verdict=_verdict(case),
        case_file=record.file,
        silence=_silence(case, network),
        failure=_failure(record),
        fault=_fault(case, lead, network),
        synthetic=any(network.stations[name].synthetic for name in case.stations if name in network.stations),
    )


def _lead(case: AlertCase) -> LeadValue | None:
    """The worst alert's value; None of a case without values."""
    worst = next((item for item in case.alerts if item.parameter is not None and item.extreme is not None), None)
    if worst is None or worst.parameter is None:
        return None
    known = load_parameters().get(worst.parameter)
    return LeadValue(
        parameter=worst.parameter,
        unit=worst.unit or (known.unit if known else ""),
        decimals=known.decimals if known else 2,
        threshold=worst.threshold,
        is_below=not worst.above,
        extreme=_extreme(worst),
        # of a case that is over it is the value at its end, not of now
        latest=_latest(worst) if case.is_open else None,
    )


def _extreme(alert: CaseAlert) -> MailValue | None:
    if alert.extreme is None:
        return None
    return MailValue(value=alert.extreme, at=alert.extreme_at, is_at_least=alert.is_at_least)


def _latest(alert: CaseAlert) -> MailValue | None:
    return None if alert.latest is None else MailValue(value=alert.latest, at=alert.latest_at)


def _stations(case: AlertCase, network: Network) -> tuple[CaseStation, ...]:
    """Stations of the case, the worst first, each with its alert of the leading parameter, else with its worst."""
    lead = case.alerts[0].parameter if case.alerts else None
    chosen: dict[str, CaseAlert] = {}
    for alert in sorted(case.alerts, key=lambda item: item.parameter != lead):
        chosen.setdefault(alert.station_id, alert)
    places = [network.stations.get(name) for name in case.stations]
    return tuple(
        _station(case, chosen[name], place, has_value=chosen[name].parameter == lead)
        for name, place in zip(case.stations, places, strict=True)
        # an operation alert is at no station
        if place is not None or chosen[name].kind is not RuleKind.OPERATION
    )


def _station(case: AlertCase, alert: CaseAlert, place: Station | None, *, has_value: bool) -> CaseStation:
    own = [item for item in case.alerts if item.station_id == alert.station_id]
    is_open = any(item.is_open for item in own)
    beyond = StationState.SILENT if alert.kind is RuleKind.SILENCE else _STATES.get(case.kind, StationState.BEYOND)
    ends = [item.until for item in own if item.until is not None]
    return CaseStation(
        station_id=alert.station_id,
        name=Name(alert.station_id, alert.station_id) if place is None else Name(place.name_zh, place.name_en),
        city=_city(place.city if place is not None else alert.city or ""),
        state=beyond if is_open else StationState.BACK,
        lon=None if place is None else place.lon,
        lat=None if place is None else place.lat,
        extreme=_extreme(alert) if has_value and alert.parameter else None,
        latest=_latest(alert) if has_value and alert.parameter else None,
        since=min(item.since for item in own),
        until=None if is_open else max(ends, default=None),
    )


def _city(code: str) -> Name:
    return Name(city_name(code, "zh"), city_name(code, "en"))


def _near(own: Sequence[CaseStation], network: Network) -> tuple[CaseStation, ...]:
    """Other stations of the network, the nearest to the first of the case first."""
    first = next((item for item in own if item.lon is not None and item.lat is not None), None)
    if first is None or first.lon is None or first.lat is None:
        return ()
    lon, lat = first.lon, first.lat
    held, lon, lat = {item.station_id for item in own}, first.lon, first.lat
    found = [
        CaseStation(
            station_id=place.id,
            name=Name(place.name_zh, place.name_en),
            city=_city(place.city),
            state=StationState.ORDINARY,
            lon=place.lon,
            lat=place.lat,
            distance_km=float(great_circle_km(lon, lat, place.lon, place.lat)),
        )
        for place in network.station_list
        if place.id not in held and place.lon is not None and place.lat is not None
    ]
    return tuple(sorted(found, key=lambda item: item.distance_km or 0.0)[:MOST_NEAR])


def _people(record: CaseRecord, people: People) -> CasePeople:
    case = record.case
    sent = sorted((item for item in record.notices if item.sent_at is not None), key=lambda item: str(item.sent_at))
    notified = dict.fromkeys(item.recipient for item in sent)
    first = {item.recipient: item.sent_at for item in reversed(sent)}
    return CasePeople(
        taken_by=None if case.taken_by is None else recipient_name(people, case.taken_by),
        taken_at=case.taken_at,
        assigned_to=None if case.assigned_to is None else recipient_name(people, case.assigned_to),
        notified=tuple(
            NotifiedPerson(name=recipient_name(people, key), at=first[key] or case.since) for key in notified
        ),
    )


def _verdict(case: AlertCase) -> MailVerdict | None:
    found = case.verdict
    if found.probability is None:
        return None
    share = 1 - found.probability if found.is_fault else found.probability
    return MailVerdict(is_fault=found.is_fault, probability=share)


def _silence(case: AlertCase, network: Network) -> SilenceFigures | None:
    """Counts of a case of silences only."""
    silent = [item for item in case.alerts if item.kind is RuleKind.SILENCE and item.station_id in network.stations]
    is_one = case.kind is CaseKind.FAULT
    if is_one or not silent or any(item.kind is not RuleKind.SILENCE for item in case.alerts):
        return None
    names = {item.station_id for item in silent}
    moments = [item.since for item in silent]
    total = case.stations_total or len(names)
    place = _city(case.cities[0] if case.cities else "") if case.kind is CaseKind.LINE else Name("", "")
    return SilenceFigures(
        place=place, silent=len(names), total=max(total, len(names)), within=max(moments) - min(moments)
    )


def _failure(record: CaseRecord) -> FailureFigures | None:
    """What an operation alert reports, of a case that has one."""
    alerts = [item for item in record.case.alerts if item.kind is RuleKind.OPERATION]
    if not alerts:
        return None
    first = alerts[0]
    title = (record.titles or {}).get(first.begin_id) or Name(first.rule, first.rule)
    dark = {item.station_id for item in record.case.alerts if item.kind is RuleKind.SILENCE}
    return FailureFigures(part=first.alert_key, title=title, stations=len(dark))


def _fault(case: AlertCase, lead: LeadValue | None, network: Network) -> FaultFigures | None:
    """The instrument of a fault: the station's first one with the parameter."""
    place = network.stations.get(case.stations[0]) if case.stations else None
    if case.kind is not CaseKind.FAULT or lead is None or place is None:
        return None
    own = next((item for item in place.instruments if lead.parameter in item.parameters), None)
    return None if own is None else FaultFigures(instrument_id=own.id, model=own.model)
