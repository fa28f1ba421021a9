"""Alerts against true exceedances, cases and mails; the scoreboard of rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alerts.rehearsal.score import AlertSpan, TrueSpan, count_cases, score_rule
from alerts.rehearsal.scoreboard import score_cases
from schemas.alert import Severity
from schemas.alert_case import AlertCase, Audience, CaseAlert, CaseKind, CaseState

T0 = datetime(2026, 5, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
WEEK = timedelta(weeks=1)


def alert(first: float, last: float, station: str = "a", city: str = "", *, raised: float | None = None) -> AlertSpan:
    at = first + 1 if raised is None else raised
    return AlertSpan(station, city, T0 + at * HOUR, T0 + first * HOUR, T0 + last * HOUR)


def event(first: float, last: float, station: str = "a") -> TrueSpan:
    return TrueSpan(station, T0 + first * HOUR, T0 + last * HOUR)


def test_an_alert_belongs_to_the_event_that_it_overlaps_at_its_station() -> None:
    found = score_rule(
        [alert(0, 3), alert(10, 12)], [event(2, 5), event(30, 31), event(10, 12, "b")], threshold=1, period=WEEK
    )
    assert (found.detected, found.events, found.false_alerts) == (1, 3, 1)
    assert (found.pod, found.far, found.csi) == (pytest.approx(1 / 3, abs=1e-4), 0.5, 0.25)
    assert found.pod_interval is not None
    assert found.pod_interval[0] < 1 / 3 < found.pod_interval[1]


def test_touching_spans_do_not_overlap() -> None:
    assert score_rule([alert(0, 2)], [event(2, 5)], threshold=1, period=WEEK).detected == 0


def test_a_lead_is_positive_where_the_alert_comes_first() -> None:
    assert score_rule([alert(0, 9, raised=1)], [event(4, 6)], threshold=1, period=WEEK).lead_h == 3.0


def test_without_alerts_and_events_shares_are_not_known() -> None:
    found = score_rule([], [], threshold=1, period=WEEK)
    assert (found.pod, found.far, found.csi, found.lead_h, found.mails_a_week) == (None, None, None, None, 0.0)


def test_without_a_truth_nothing_is_scored() -> None:
    found = score_rule([alert(0, 1)], None, threshold=1, period=WEEK)
    assert (found.alerts, found.events, found.far) == (1, None, None)


def test_alerts_of_a_city_within_an_hour_are_one_case() -> None:
    spans = [
        alert(0, 3, "a", "1"),
        alert(2, 5, "b", "1"),
        alert(6, 7, "a", "1"),
        alert(9, 10, "b", "1"),
        alert(0, 9, "c", "2"),
    ]
    assert count_cases(spans) == 3
    assert count_cases([alert(0, 1, "a"), alert(0, 1, "b")]) == 2


def test_the_scoreboard_counts_by_rule() -> None:
    made = CaseAlert(alert_key="r/a", begin_id=1, rule="r", severity=Severity.INFO, station_id="a", since=T0)
    withdrawn = CaseAlert(
        alert_key="r/b",
        begin_id=2,
        rule="r",
        severity=Severity.INFO,
        station_id="b",
        since=T0,
        until=T0 + HOUR,
        is_withdrawn=True,
    )
    case = AlertCase(
        id="c",
        kind=CaseKind.FAULT,
        audience=Audience.OPERATOR,
        state=CaseState.RESOLVED,
        severity=Severity.INFO,
        since=T0,
        opened_at=T0,
        version=3,
        alerts=(made, withdrawn),
        taken_at=T0 + HOUR / 2,
        cause="instrument",
    )
    (found,) = score_cases([case])
    assert (found.rule, found.alerts, found.open, found.withdrawn, found.ended) == ("r", 2, 1, 1, 0)
    assert (found.cases, found.faults, found.taken, found.taken_min, found.causes) == (1, 1, 1, 30.0, {"instrument": 1})
