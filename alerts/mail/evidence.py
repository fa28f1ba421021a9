"""Gathers for a mail what the stores know of an alert: series, flags, neighbours, forecast, case file. Reads only."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING

import msgspec
import pandas as pd
import structlog

from alerts.mail.first_case import case_of
from alerts.mail.mail_value import ForecastPoint, Name, TimedValue
from alerts.mail.series import (
    LONGEST,
    Sources,
    finite,
    last_value,
    newest_value,
    read_hours,
    read_series,
    shown_until,
)
from alerts.mail.view import AlertView, NeighbourValue, VerdictLine
from alerts.rules.forecast import FORECAST, forecast_of
from alerts.rules.operation import SYSTEM
from alerts.rules.rule import ALL, is_changed
from alerts.rules.threshold.rule import ThresholdRule
from alerts.rules.threshold.sample import HOUR
from alerts.rules.value_rule import RuleAveraging
from qc.limits.load import ThresholdError
from qc.run.verdict import rule_of, verdict_of
from qc.verdict.word import Word
from schemas.alert import AlertState, RuleKind
from schemas.city import city_name
from schemas.geodesy import great_circle_km
from schemas.interval import Interval
from schemas.moment import stored_moment
from schemas.parameter import ParameterError, parameter
from schemas.words import LANGUAGES, words
from store.error import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from qc.verdict.weight import VerdictRule
    from schemas.alert import AlertTransition
    from schemas.network import Network, Station
    from store.state import AlertStatus

_log = structlog.get_logger(__name__)
NO_LEVEL = "case.answer.no_level"
"""First line of a case file whose history was too short for any kind."""
NEIGHBOURS, RADIUS_KM = 5, 100.0


def collect_view(sources: Sources, alert_id: int, transition: AlertTransition, *, is_late: bool = False) -> AlertView:
    """Everything a mail shows of one transition.

    A station, rule or parameter that is not configured any more, or a database that does not answer, leaves gaps in the
    view, not an error.
    """
    view = _plain_view(sources, alert_id, transition, is_late=is_late)
    try:
        return _with_series(sources, view)
    except StoreError as error:
        _log.warning("alert_mail_without_series", alert=transition.alert_key, detail=str(error))
        return view


def alert_view(sources: Sources, alert_id: int, transition: AlertTransition) -> AlertView:
    """The same without a verdict, which a case has of its own."""
    view = _plain_view(sources, alert_id, transition, is_late=False)
    try:
        return _with_points(sources, view)
    except StoreError as error:
        _log.warning("alert_mail_without_series", alert=transition.alert_key, detail=str(error))
        return view


def _plain_view(sources: Sources, alert_id: int, transition: AlertTransition, *, is_late: bool) -> AlertView:
    """What the state database and the configuration know."""
    rule = sources.rules.named(transition.rule) or sources.rules.operation(transition.alert_key.partition("/")[2])
    rule = rule if rule and not is_changed(transition, rule) else None
    station = sources.network.stations.get(transition.station_id)
    status = sources.state.alerts.get_states().get(transition.alert_key)
    extreme, latest = _values(sources, alert_id, transition, status)
    name, decimals = _what(transition)
    view = AlertView(
        alert_id=alert_id,
        transition=transition,
        rule=rule,
        station=_station_name(station, transition.station_id),
        city=_city_name(station),
        what=name,
        unit=transition.unit or "",
        decimals=decimals,
        zone=sources.network.timezone,
        console_url=sources.console_url,
        case=case_of(sources.state, transition),
        acknowledged_by=status.acknowledged_by if status else None,
        acknowledged_note=(status.note or "") if status else "",
        synthetic=bool(station and station.synthetic),
        extreme=extreme,
        latest=latest,
        is_late=is_late,
    )
    return msgspec.structs.replace(view, network=_network_seen(view))


def _network_seen(view: AlertView) -> str | None:
    """The network of a threshold alert, also where its rule means another one by now."""
    kept = view.looked_at("network")
    if isinstance(kept, str):
        return kept
    return view.rule.network if isinstance(view.rule, ThresholdRule) else None


def _with_series(sources: Sources, view: AlertView) -> AlertView:
    """The view with data of the time-series database, and with a verdict."""
    view = _with_points(sources, view)
    verdict = None if _is_decided(view) else _verdict(sources, view.transition, view.network)
    return msgspec.structs.replace(view, verdict=verdict)


def _with_points(sources: Sources, view: AlertView) -> AlertView:
    transition, rule = view.transition, view.rule
    points, cadence = read_series(sources, view)
    return msgspec.structs.replace(
        view,
        points=points,
        cadence=cadence,
        forecast=_forecast(sources, view),
        neighbours=_neighbours(sources, transition, rule, sources.network.stations.get(transition.station_id)),
        latest=newest_value(sources, view) if view.is_resolved else view.latest,
    )


def _values(
    sources: Sources, alert_id: int, transition: AlertTransition, status: AlertStatus | None
) -> tuple[TimedValue | None, TimedValue | None]:
    """Extreme and newest value of an alert as they are stored: of the open one as of the last round."""
    if transition.kind is RuleKind.SILENCE and transition.to_state is AlertState.FIRING:
        minutes = (sources.now - transition.since) / timedelta(minutes=1)
        return TimedValue(max(minutes, transition.value or 0.0), None), None
    evidence = transition.evidence
    extreme, extreme_at = evidence.get("extreme"), evidence.get("extreme_at")
    known = TimedValue(
        float(extreme) if isinstance(extreme, (int, float)) else transition.value or 0.0,
        stored_moment(extreme_at),
    )
    if transition.value is None:
        return None, None
    latest = TimedValue(transition.value, transition.at)
    progress = status.progress if status and status.transition_id == alert_id else None
    if progress is not None and progress.extreme is not None:
        known = TimedValue(progress.extreme, progress.extreme_at or known.at)
    if progress is not None and progress.latest is not None:
        latest = TimedValue(progress.latest, progress.latest_at)
    return known, latest


def verdict_rule_of(network_file: Path) -> VerdictRule | None:
    """Weights next to the network file; None, and logged, where they cannot be read: mails are sent without a verdict."""
    try:
        return rule_of(network_file)
    except ThresholdError:
        _log.exception("verdict_weights_cannot_be_read")
        return None


def _is_decided(view: AlertView) -> bool:
    """Whether a case file weighed the kinds of event: no second probability of a fault is shown then."""
    return view.case is not None and view.case.case.answer.key != NO_LEVEL


def _verdict(sources: Sources, transition: AlertTransition, network: str | None) -> VerdictLine | None:
    """Fault or event of a threshold alert that begins or worsens; a failure leaves the line out of the mail."""
    is_asked = transition.kind.is_of_values and transition.to_state is not AlertState.OK
    if transition.parameter is None or not is_asked or sources.verdict_rule is None:
        return None
    case = Interval(max(transition.since, transition.at - LONGEST), transition.at)
    try:
        found = verdict_of(
            sources.influx,
            sources.network,
            sources.verdict_rule,
            station_id=transition.station_id,
            parameter=transition.parameter,
            interval=case,
            network_code=network,
        )
    except Exception:  # noqa: BLE001 - as for the case file: the mail is sent; logged with its trace
        _log.exception("verdict_for_mail_failed", alert=transition.alert_key)
        return None
    is_fault = None if found.word is Word.UNDECIDED else found.word is Word.FAULT
    return VerdictLine(Name(found.summary("zh"), found.summary("en")), is_fault)


def _station_name(station: Station | None, station_id: str) -> Name:
    if station:
        return Name(station.name("zh"), station.name("en"))
    key = {ALL: "province", SYSTEM: "system"}.get(station_id)
    return Name(station_id, station_id) if key is None else Name.from_word(key)


def _what(transition: AlertTransition) -> tuple[Name, int]:
    if transition.parameter is None:
        network = transition.evidence.get("network")
        return (_network_name(str(network)) if network else Name.from_word("system")), 1
    try:
        known = parameter(transition.parameter)
    except ParameterError:
        return Name(transition.parameter, transition.parameter), 2
    return Name(known.name_zh, known.name_en), known.decimals


def _network_name(code: str) -> Name:
    return Name(*(words(language, "page").get(f"network.{code}", code) for language in LANGUAGES))


def _forecast(sources: Sources, view: AlertView) -> tuple[ForecastPoint, ...]:
    transition = view.transition
    code = transition.parameter
    if code is None or not (transition.kind.is_of_values or transition.kind is RuleKind.FORECAST):
        return ()
    start = shown_until(view).astimezone(UTC)
    product = sources.influx.read_product(FORECAST, start, start + timedelta(hours=24), transition.station_id)
    rows = forecast_of(product, code) if len(product) else pd.DataFrame()
    return tuple(
        ForecastPoint(moment.to_pydatetime(), float(row["q50"]), finite(row["q10"]), finite(row["q90"]))
        for moment, row in rows.iterrows()
        if isinstance(moment, pd.Timestamp)
    )


def _neighbours(
    sources: Sources, transition: AlertTransition, rule: object, station: Station | None
) -> tuple[NeighbourValue, ...]:
    if (
        not isinstance(rule, ThresholdRule)
        or rule.averaging is not RuleAveraging.HOUR
        or rule.baseline
        or station is None
    ):
        return ()
    hour = Interval(transition.at - HOUR, transition.at)
    near = sorted(_near(sources.network, station, rule.network), key=lambda item: (item[0], item[1].id))[:NEIGHBOURS]
    return tuple(
        NeighbourValue(
            _station_name(item, item.id),
            distance_km,
            last_value(read_hours(sources, rule.network, item.id, hour, rule.parameter), rule.parameter),
        )
        for distance_km, item in near
    )


def _near(network: Network, station: Station, code: str) -> Iterator[tuple[float, Station]]:
    for item in network.stations_of(code):
        distance_km = _distance_km(station, item)
        if item.id != station.id and distance_km is not None and distance_km <= RADIUS_KM:
            yield distance_km, item


def _distance_km(one: Station, two: Station) -> float | None:
    """Great-circle distance [km]; None where a station has no coordinates."""
    if one.lon is None or one.lat is None or two.lon is None or two.lat is None:
        return None
    return float(great_circle_km(one.lon, one.lat, two.lon, two.lat))


def _city_name(station: Station | None) -> Name:
    code = station.city if station else ""
    return Name(city_name(code, "zh"), city_name(code, "en"))
