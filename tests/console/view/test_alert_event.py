"""Alerts of one event in the list."""

from __future__ import annotations

from datetime import timedelta

from console.view.alert import Acknowledgement, AlertHistory
from console.view.alert_event import AlertEvent, alert_events, event_row
from schemas.alert import AlertState, AlertTransition, RuleKind, Severity
from schemas.network import Station
from schemas.words import words
from store.state import StoredTransition
from tests.console.build import NOW

KM_LON = 1 / 83.0
STATIONS = {
    name: Station(id=name, instruments=(), name_en=name.upper(), lon=123.4 + east * KM_LON, lat=41.8)
    for name, east in (("a", 0.0), ("b", 4.0), ("far", 90.0))
}


def history(
    number: int,
    station_id: str,
    parameter: str | None,
    hours_ago: float,
    *,
    lasted: float | None = None,
    severity: Severity = Severity.WARNING,
    kind: RuleKind = RuleKind.THRESHOLD,
    value: float = 200.0,
    who: str = "",
) -> AlertHistory:
    """An alert that began so long ago and is open, or lasted so many hours."""
    key = f"{parameter}-1h/{station_id}/{parameter}"

    def step(place: int, to: AlertState, at_h: float) -> StoredTransition:
        at = NOW - timedelta(hours=at_h)
        change = AlertTransition(
            alert_key=key,
            rule=f"{parameter}-1h",
            kind=kind,
            severity=severity,
            station_id=station_id,
            parameter=parameter,
            from_state=AlertState.OK if to is AlertState.FIRING else AlertState.FIRING,
            to_state=to,
            at=at,
            since=NOW - timedelta(hours=hours_ago),
            value=value,
            threshold=100.0,
            unit="ug/m3",
        )
        return StoredTransition(place, change, at)

    steps = [step(number, AlertState.FIRING, hours_ago)]
    if lasted is not None:
        steps.append(step(number + 100, AlertState.OK, hours_ago - lasted))
    taken = Acknowledgement(who, "", NOW) if who else None
    return AlertHistory(id=number, alert_key=key, steps=tuple(steps), acknowledged=taken)


def grouped(*alerts: AlertHistory) -> list[list[int]]:
    return [[item.id for item in event.alerts] for event in alert_events(alerts, STATIONS, NOW)]


def event(*alerts: AlertHistory) -> AlertEvent:
    (found,) = alert_events(alerts, STATIONS, NOW)
    return found


def test_alerts_of_neighbours_and_of_one_family_are_one_event() -> None:
    assert grouped(history(1, "a", "so2", 3), history(2, "b", "so2", 2), history(3, "a", "pm25", 3)) == [[1, 2, 3]]


def test_alerts_far_away_of_other_families_and_at_other_times_are_events_of_their_own() -> None:
    alone = [history(2, "far", "so2", 3), history(3, "a", "ammonia", 3), history(4, "a", "so2", 40, lasted=2)]
    assert grouped(history(1, "a", "so2", 3), *alone) == [[1], [2], [3], [4]]


def test_silence_operation_and_unknown_stations_are_not_grouped() -> None:
    others = [
        history(2, "a", None, 3, kind=RuleKind.SILENCE),
        history(3, "system", None, 3, kind=RuleKind.OPERATION),
        history(4, "gone", "so2", 3),
        history(5, "a", "so2", 3, kind=RuleKind.FORECAST),
        history(6, "a", "temperature", 3),
    ]
    assert grouped(history(1, "a", "so2", 3), *others) == [[1], [2], [3], [4], [5], [6]]


def test_the_most_urgent_open_alert_leads_its_event() -> None:
    ended = history(1, "a", "so2", 5, lasted=4, value=900.0, severity=Severity.CRITICAL)
    high, higher = history(2, "a", "pm25", 4), history(3, "b", "so2", 4, value=300.0)
    found = event(ended, high, higher)
    assert [item.id for item in found.alerts] == [3, 2, 1]
    assert (found.is_open, found.since, found.ended) == (True, ended.since, None)
    assert found.severity is Severity.WARNING


def test_an_event_has_ended_with_its_last_alert() -> None:
    found = event(history(1, "a", "so2", 6, lasted=3), history(2, "b", "so2", 6, lasted=5))
    assert found.ended == NOW - timedelta(hours=1)
    assert not found.is_open


def test_the_row_of_an_event_names_parameters_and_stations() -> None:
    found = event(
        history(1, "a", "so2", 3, value=350.0), history(2, "b", "pm25", 3), history(3, "b", "so2", 3, who="Li")
    )
    row = event_row(found, words("en", "page"), {"a": "Alpha", "b": "Beta"}, NOW)
    assert (row.what, row.where, row.value_of) == ("SO2 and PM2.5 over threshold", "Alpha and Beta", "Alpha · SO2")
    assert (row.state, row.open_count, row.taken_count) == ("firing", 3, 1)
    assert [item.id for item in row.alerts] == [1, 2, 3]


def test_the_row_of_an_alert_alone_is_its_own() -> None:
    row = event_row(event(history(1, "a", "so2", 3)), words("en", "page"), {"a": "Alpha"}, NOW)
    assert (row.what, row.where, row.value_of) == (row.lead.what, "Alpha", "")


def test_more_than_three_stations_are_counted() -> None:
    stations = {f"s{n}": Station(id=f"s{n}", instruments=(), lon=123.4 + n * KM_LON, lat=41.8) for n in range(5)}
    (found,) = alert_events([history(n, f"s{n}", "o3", 3) for n in range(5)], stations, NOW)
    assert event_row(found, words("en", "page"), {}, NOW).where == "s0, s1, s2 and others (5 stations)"
    assert event_row(found, words("zh", "page"), {}, NOW).where == "s0、s1、s2等 5 站"
    assert event_row(found, words("en", "page"), {}, NOW).what == "Ozone over threshold"
