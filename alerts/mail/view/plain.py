"""A case as mails and pages state it, from what is stored of the case and configured alone: no time series. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.case.life import RANK
from alerts.mail.view.case_mail import CaseMail, MailNews
from alerts.mail.view.finding import FailureFigures, FaultFigures, MailVerdict, SilenceFigures
from alerts.mail.view.mail_value import LeadValue, MailValue, Name
from alerts.mail.view.people import CaseLinks, CasePeople
from alerts.mail.view.recipient import recipient_name
from alerts.mail.view.station import CaseStation, StationState
from schemas.alert import RuleKind, Severity
from schemas.alert_case import Audience, CaseKind, CaseState
from schemas.city import city_name
from schemas.geodesy import km_between
from schemas.parameter import load_parameters
from schemas.reason import ReasonData

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from alerts.people.people import People
    from schemas.alert_case import AlertCase, CaseAlert
    from schemas.network import Network, Station

NEWS = {
    CaseState.OPEN: MailNews.OPENED,
    CaseState.ENDED: MailNews.ENDED,
    CaseState.WITHDRAWN: MailNews.WITHDRAWN,
    CaseState.RESOLVED: MailNews.RESOLVED,
    CaseState.MERGED: MailNews.RESOLVED,
}
NEAR_KM = 200.0
"""Stations further away are not near [km]."""
PLAIN_DECIMALS = 2


def plain_case(case: AlertCase, network: Network, people: People, now: datetime) -> CaseMail:
    """The case at a moment.

    Parameters
    ----------
    case : AlertCase
    network : Network
        Names and places of stations; a station that it does not have keeps its id.
    people : People
        Names of persons and teams; an id that it does not have is shown as it is.
    now : datetime
        UTC.
    """
    lead = _lead_value(case)
    stations = _city_of_warning(case) if case.kind is CaseKind.WARNING else _stations(case, network)
    return CaseMail(
        case_id=case.id,
        version=case.version,
        kind=case.kind,
        audience=case.audience,
        state=case.state,
        news=NEWS[case.state],
        severity=_severity(case),
        now=now,
        since=case.since,
        ended_at=case.ended_at,
        zone=network.timezone,
        links=CaseLinks(page=f"/cases/{case.id}"),
        people=CasePeople(
            taken_by=None if case.taken_by is None else recipient_name(people, case.taken_by),
            taken_at=case.taken_at,
            assigned_to=None if case.assigned_to is None else recipient_name(people, case.assigned_to),
        ),
        lead=lead,
        stations=stations,
        near=_near(case, network),
        verdict=_verdict(case),
        silence=_silence(case, network),
        failure=_failure(case),
        fault=_fault(case, lead, network, now),
        synthetic=any(network.stations[name].synthetic for name in case.stations if name in network.stations),
    )


def _city_of_warning(case: AlertCase) -> tuple[CaseStation, ...]:
    """The city of a warning in the place of a station."""
    alert = case.alerts[0]
    name = city(alert.station_id)
    state = StationState.BEYOND if case.is_open else StationState.BACK
    return (
        CaseStation(
            station_id=alert.station_id, name=name, city=name, state=state, since=alert.since, until=case.ended_at
        ),
    )


def with_name(title: Name, station: CaseStation) -> Name:
    """A title with the station's name in place of its id."""
    return Name(
        title.zh.replace(station.station_id, station.name.of("zh")),
        title.en.replace(station.station_id, station.name.of("en")),
    )


def _severity(case: AlertCase) -> Severity:
    """The highest of the open alerts, of what is over the highest of all; that of an episode whose stations are all back is the lowest."""
    if not case.is_open:
        return case.severity
    return max((item.severity for item in case.alerts if item.is_open), key=RANK.__getitem__, default=Severity.INFO)


def lead_alert(case: AlertCase) -> CaseAlert | None:
    """The worst alert with a value; of a case without one the worst."""
    valued = [item for item in case.alerts if item.parameter is not None]
    return next(iter(valued or case.alerts), None)


def mail_value(value: float | None, at: datetime | None, *, is_at_least: bool = False) -> MailValue | None:
    """The value, where there is one."""
    return None if value is None else MailValue(value=value, at=at, is_at_least=is_at_least)


def _latest(alert: CaseAlert) -> MailValue | None:
    is_at_least = alert.is_at_least and alert.latest == alert.extreme
    return mail_value(alert.latest, alert.latest_at, is_at_least=is_at_least)


def decimals_shown(code: str) -> int:
    """Digits after the point of a parameter; of one that is not configured any more two."""
    known = load_parameters().get(code)
    return known.decimals if known else PLAIN_DECIMALS


def _lead_value(case: AlertCase) -> LeadValue | None:
    """The worst alert's value; None of a case without values."""
    worst = lead_alert(case)
    if worst is None or worst.parameter is None or worst.extreme is None:
        return None
    known = load_parameters().get(worst.parameter)
    return LeadValue(
        parameter=worst.parameter,
        unit=worst.unit or (known.unit if known else ""),
        decimals=decimals_shown(worst.parameter),
        threshold=worst.threshold,
        is_below=not worst.above,
        extreme=mail_value(worst.extreme, worst.extreme_at, is_at_least=worst.is_at_least),
        # of a case that is over it is the value at its end, not of now
        latest=_latest(worst) if case.is_open else None,
    )


def _stations(case: AlertCase, network: Network) -> tuple[CaseStation, ...]:
    """Stations of the case, the worst first, each with its alert of the leading parameter, else with its worst."""
    lead = lead_alert(case)
    code = None if lead is None else lead.parameter
    chosen: dict[str, CaseAlert] = {}
    for alert in sorted(case.alerts, key=lambda item: item.parameter != code):
        chosen.setdefault(alert.station_id, alert)
    return tuple(
        _station(case, chosen[name], network.stations.get(name), has_value=chosen[name].parameter == code)
        for name in case.stations
        # an operation alert is at no station
        if name in network.stations or chosen[name].kind is not RuleKind.OPERATION
    )


def _station(case: AlertCase, alert: CaseAlert, place: Station | None, *, has_value: bool) -> CaseStation:
    own = [item for item in case.alerts if item.station_id == alert.station_id]
    is_open = any(item.is_open for item in own)
    ends = [item.until for item in own if item.until is not None]
    is_shown = has_value and alert.parameter is not None
    return CaseStation(
        station_id=alert.station_id,
        name=Name(alert.station_id, alert.station_id) if place is None else name_of(place),
        city=city(place.city if place is not None else alert.city),
        state=_state(case, own) if is_open else StationState.BACK,
        lon=None if place is None else place.lon,
        lat=None if place is None else place.lat,
        extreme=mail_value(alert.extreme, alert.extreme_at, is_at_least=alert.is_at_least) if is_shown else None,
        latest=_latest(alert) if is_shown else None,
        since=min(item.since for item in own),
        until=None if is_open else max(ends, default=None),
    )


def _state(case: AlertCase, own: Sequence[CaseAlert]) -> StationState:
    """Of a station with an open alert."""
    if all(item.kind is RuleKind.SILENCE for item in own):
        return StationState.SILENT
    return StationState.FAULTY if case.kind is CaseKind.FAULT else StationState.BEYOND


def name_of(station: Station) -> Name:
    """Name of a station in both languages."""
    return Name(station.name("zh"), station.name("en"))


def city(code: str | None) -> Name:
    """Name of a city."""
    return Name(city_name(code or "", "zh"), city_name(code or "", "en"))


def _near(case: AlertCase, network: Network) -> tuple[CaseStation, ...]:
    """Other stations around the worst one, the nearest first; of its network, where its alert has one."""
    lead = lead_alert(case)
    own = None if lead is None else network.stations.get(lead.station_id)
    if lead is None or own is None:
        return ()
    others = network.station_list if lead.network is None else network.stations_of(lead.network)
    found = [(km_between(own, item), item) for item in others if item.id not in case.stations]
    return tuple(
        CaseStation(
            station_id=item.id,
            name=name_of(item),
            city=city(item.city),
            state=StationState.ORDINARY,
            lon=item.lon,
            lat=item.lat,
            distance_km=distance_km,
        )
        for distance_km, item in sorted(found, key=lambda pair: (pair[0], pair[1].id))
        if distance_km <= NEAR_KM
    )


def _verdict(case: AlertCase) -> MailVerdict | None:
    found = case.verdict
    if found.probability is None:
        return None
    return MailVerdict(
        is_fault=found.is_fault,
        probability=1 - found.probability if found.is_fault else found.probability,
        reasons=tuple(ReasonData(f"verdict.{name}.name", {}) for name in found.reasons),
    )


def _silence(case: AlertCase, network: Network) -> SilenceFigures | None:
    """Counts of silent stations, of a city or of all; None for one station."""
    silent = [item for item in case.alerts if item.kind is RuleKind.SILENCE]
    if not silent or case.kind not in {CaseKind.LINE, CaseKind.SYSTEM}:
        return None
    own = {item.station_id for item in silent if item.station_id in network.stations}
    is_city = case.kind is CaseKind.LINE and bool(case.cities)
    total = case.stations_total or max(len(own), 1)
    count = len({item.station_id for item in silent if item.is_open} & own) or len(own) or total
    moments = [item.since for item in silent]
    return SilenceFigures(
        place=city(case.cities[0]) if is_city else Name("", ""),
        silent=count,
        total=max(total, count),
        within=max(moments) - min(moments),
        others=len(network.stations) - total if is_city else 0,
    )


def _failure(case: AlertCase) -> FailureFigures | None:
    """What a part of the system reports of itself, of a case with an operation alert; its title is read from its transition."""
    first = next((item for item in case.alerts if item.kind is RuleKind.OPERATION), None)
    if first is None:
        return None
    dark = {item.station_id for item in case.alerts if item.kind is RuleKind.SILENCE}
    return FailureFigures(
        part=first.alert_key.partition("/")[2],
        title=Name(first.rule, first.rule),
        stations=len(dark),
        is_of_station=case.audience is Audience.OPERATOR,
    )


def _fault(case: AlertCase, lead: LeadValue | None, network: Network, now: datetime) -> FaultFigures | None:
    """The instrument of a fault: the one in service, else the station's first with the parameter."""
    place = network.stations.get(case.stations[0]) if case.stations else None
    if case.kind is not CaseKind.FAULT or lead is None or place is None:
        return None
    known = [item for item in place.instruments if lead.parameter in item.parameters]
    own = next((item for item in known if item.serves_at(now)), known[0] if known else None)
    return None if own is None else FaultFigures(instrument_id=own.id, model=own.model or "")
