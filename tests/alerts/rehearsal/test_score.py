"""Alerts against what was true; the scoreboard of rules."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pandas as pd
import pytest

from alerts.rehearsal.case import RehearsedCases
from alerts.rehearsal.day import days_of
from alerts.rehearsal.score import AlertSpan, RehearsalScore, score_rule
from alerts.rehearsal.scoreboard import ScorePeriod, score_cases
from alerts.rehearsal.truth import EventTruth, TrueSpan, TruthKind, exceeded_days, labelled
from analysis.statistics.limit import AnalysisError
from schemas.alert import RuleKind, Severity
from schemas.alert_case import AlertCase, Audience, CaseAlert, CaseKind, CaseState

T0 = datetime(2026, 5, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
ZONE = ZoneInfo("Asia/Shanghai")


def alert(first: float, last: float, station: str = "a", *, raised: float | None = None) -> AlertSpan:
    at = first + 1 if raised is None else raised
    return AlertSpan(station, T0 + at * HOUR, T0 + first * HOUR, T0 + last * HOUR)


def event(first: float, last: float, station: str = "a") -> TrueSpan:
    return TrueSpan(station, T0 + first * HOUR, T0 + last * HOUR)


def scored(alerts: list[AlertSpan], *events: TrueSpan, denied: tuple[TrueSpan, ...] | None = None) -> RehearsalScore:
    return score_rule(alerts, RehearsedCases(), EventTruth(TruthKind.LIMIT, events, denied), threshold=1)


def case_of(alert: CaseAlert, *more: CaseAlert, cause: str = "instrument") -> AlertCase:
    return AlertCase(
        id="c",
        kind=CaseKind.FAULT,
        audience=Audience.OPERATOR,
        state=CaseState.RESOLVED,
        severity=Severity.INFO,
        since=T0,
        opened_at=T0,
        ended_at=T0 + 3 * HOUR,
        version=3,
        stations=("a",),
        alerts=(alert, *more),
        taken_at=T0 + HOUR / 2,
        cause=cause,
    )


MADE = CaseAlert(alert_key="r/a", begin_id=1, rule="r", severity=Severity.INFO, station_id="a", since=T0)


def test_an_alert_belongs_to_the_event_that_it_overlaps_at_its_station() -> None:
    found = scored([alert(0, 3), alert(10, 12)], event(2, 5), event(30, 31), event(10, 12, "b"))
    assert (found.detected, found.events, found.false_alerts, found.scored_alerts) == (1, 3, 1, 2)
    assert (found.pod, found.far, found.csi) == (0.3333, 0.5, 0.25)
    assert found.pod_interval is not None
    assert found.pod_interval[0] < 1 / 3 < found.pod_interval[1]


def test_touching_spans_do_not_overlap() -> None:
    assert scored([alert(0, 2)], event(2, 5)).detected == 0


def test_a_lead_is_positive_where_the_alert_comes_first() -> None:
    assert scored([alert(0, 9, raised=1)], event(4, 6)).lead_h == 3.0


def test_without_alerts_and_events_shares_are_not_known() -> None:
    found = scored([])
    assert (found.pod, found.far, found.csi, found.lead_h, found.mails_a_week) == (None, None, None, None, 0.0)


def test_without_a_truth_nothing_is_scored() -> None:
    found = score_rule([alert(0, 1)], RehearsedCases(), None, threshold=1)
    assert (found.alerts, found.events, found.far) == (1, None, None)


def test_alerts_that_no_one_labelled_are_neither_true_nor_false() -> None:
    found = scored([alert(0, 3), alert(10, 12), alert(20, 22)], event(1, 2), denied=(event(10, 11),))
    assert (found.alerts, found.scored_alerts, found.false_alerts, found.far) == (3, 2, 1, 0.5)


def test_what_is_true_by_labels_depends_on_what_the_rule_looks_for() -> None:
    fault = labelled([case_of(MADE)], RuleKind.PERSISTENCE, None)
    assert (len(fault.spans), fault.denied) == (1, ())
    value = labelled([case_of(MADE), case_of(MADE, cause="event"), case_of(MADE, cause="other")], RuleKind.RATE, None)
    assert (len(value.spans), len(value.denied or ())) == (1, 1)
    washed_out = labelled([case_of(MADE, cause="natural")], RuleKind.GAMMA, None)
    assert (washed_out.spans, len(washed_out.denied or ())) == ((), 1)
    assert labelled([case_of(MADE)], RuleKind.RATE, "so2").denied == ()


def test_a_day_is_true_by_its_mean_in_the_edition_of_the_day() -> None:
    hours = pd.date_range("2026-04-30T16:00", periods=72, freq="h", tz="UTC", name="start")
    pm25 = pd.Series([70.0] * 24 + [50.0] * 24 + [200.0] * 10 + [float("nan")] * 14, index=hours)
    (found,) = exceeded_days(pm25, "a", "pm25", ZONE)
    assert found.start == hours[0].to_pydatetime()
    ozone = pd.Series([60.0] * 10 + [170.0] * 8 + [60.0] * 6, index=hours[:24])
    assert len(exceeded_days(ozone, "a", "o3", ZONE)) == 1
    with pytest.raises(AnalysisError):
        exceeded_days(pm25, "a", "benzene", ZONE)


def test_days_count_what_begins_on_them() -> None:
    truth = EventTruth(TruthKind.LIMIT, (event(2, 5), event(30, 31)))
    days = days_of([alert(0, 3), alert(10, 12)], RehearsedCases(), truth, (T0, T0 + 48 * HOUR), ZONE)
    assert [item.day for item in days] == [date(2026, 5, 1), date(2026, 5, 2), date(2026, 5, 3)]
    assert [(item.alerts, item.detected, item.missed, item.false_alerts) for item in days[:2]] == [
        (2, 1, 0, 1),
        (0, 0, 1, 0),
    ]


def test_the_scoreboard_counts_by_rule() -> None:
    withdrawn = msgspec.structs.replace(
        MADE, alert_key="r/b", begin_id=2, station_id="b", until=T0 + HOUR, is_withdrawn=True
    )
    (found,) = score_cases([case_of(MADE, withdrawn)], ScorePeriod(T0, T0 + 24 * HOUR, T0 + 30 * HOUR))
    assert (found.rule, found.alerts, found.open, found.withdrawn, found.ended) == ("r", 2, 1, 1, 0)
    assert (found.cases, found.faults, found.taken, found.taken_min, found.causes) == (1, 1, 1, 30.0, {"instrument": 1})
    assert (found.resolved, found.newest_at, found.counted_at - found.end) == (1, T0, 6 * HOUR)
