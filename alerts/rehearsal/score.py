"""Alerts of a rehearsed rule against what was true. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from alerts.rehearsal.case import GroupMails

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from alerts.rehearsal.case import RehearsedCases
    from alerts.rehearsal.truth import EventTruth, TrueSpan

_HOUR = timedelta(hours=1)


class AlertSpan(NamedTuple):
    """One alert: its station, when it was raised, and its span; ``until`` is the end of the period where it is open, ``begin_id`` that of its case's alert."""

    station_id: str
    raised_at: datetime
    since: datetime
    until: datetime
    begin_id: int = 0


class RehearsalScore(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule would have done.

    Attributes
    ----------
    threshold : float or None
        In ``unit`` of the rule; None where the rule has no single number.
    alerts, cases : int
        Alerts, and the cases that they are in.
    mails : tuple of GroupMails
        By recipient group; empty where none was sent.
    events : int or None
        True events: the denominator of ``pod``; None without a truth, and then all that follows is None.
    detected : int or None
        Events with an alert in them.
    false_alerts : int or None
        Alerts outside all events, or, where the truth is labelled, in a case that a person labelled as false.
    scored_alerts : int or None
        The denominator of ``far``: all alerts, or, where the truth is labelled, those in labelled cases.
    false_cases : int or None
        Cases without an alert that meets an event; None where the truth is labelled.
    pod, far, csi : float or None
        Detected of the events, false of the scored alerts, and detected of events and false alerts together [1]; None where there are none.
    pod_interval, far_interval : tuple of (float, float) or None
        Wilson's 95 % interval; alerts of one day depend on each other, so it is too narrow.
    lead_h : float or None
        Median time from the alert to the beginning of its event, negative where the alert came later [h]; of the detected ones.
    """

    threshold: float | None
    alerts: int
    cases: int
    mails: tuple[GroupMails, ...] = ()
    events: int | None = None
    detected: int | None = None
    false_alerts: int | None = None
    scored_alerts: int | None = None
    false_cases: int | None = None
    pod: float | None = None
    far: float | None = None
    csi: float | None = None
    pod_interval: tuple[float, float] | None = None
    far_interval: tuple[float, float] | None = None
    lead_h: float | None = None

    @property
    def mails_a_week(self) -> float:
        """Of the group that gets most."""
        return max((item.a_week for item in self.mails), default=0.0)


def score_rule(
    alerts: Sequence[AlertSpan], cases: RehearsedCases, truth: EventTruth | None, *, threshold: float | None
) -> RehearsalScore:
    """Score alerts against true events: both belong together where they overlap at one station.

    Examples
    --------
    >>> from datetime import UTC, datetime, timedelta
    >>> from alerts.rehearsal.case import RehearsedCases
    >>> from alerts.rehearsal.truth import EventTruth, TrueSpan, TruthKind
    >>> start, hour = datetime(2026, 5, 1, tzinfo=UTC), timedelta(hours=1)
    >>> alerts = [AlertSpan("a", start + 2 * hour, start + hour, start + 5 * hour)]
    >>> truth = EventTruth(TruthKind.LIMIT, (TrueSpan("a", start, start + 4 * hour), TrueSpan("b", start, start + hour)))
    >>> found = score_rule(alerts, RehearsedCases(), truth, threshold=75.0)
    >>> found.pod, found.far, found.lead_h
    (0.5, 0.0, -2.0)
    """
    counts = RehearsalScore(threshold=threshold, alerts=len(alerts), cases=len(cases.cases), mails=cases.mails)
    if truth is None:
        return counts
    by_station = spans_by_station(truth.spans)
    true = [item for item in alerts if meets_any(item, by_station)]
    if truth.denied is None:
        false, scored = len(alerts) - len(true), len(alerts)
    else:
        denied = spans_by_station(truth.denied)
        false = sum(meets_any(item, denied) for item in alerts if item not in true)
        scored = len(true) + false
    firsts = _firsts(alerts, truth.spans)
    return msgspec.structs.replace(
        counts,
        events=len(truth.spans),
        detected=len(firsts),
        false_alerts=false,
        scored_alerts=scored,
        false_cases=None if truth.denied is not None else _false_cases(cases, {item.begin_id for item in true}),
        pod=_share(len(firsts), len(truth.spans)),
        far=_share(false, scored),
        csi=_share(len(firsts), len(truth.spans) + false),
        pod_interval=_interval(len(firsts), len(truth.spans)),
        far_interval=_interval(false, scored),
        lead_h=round(median((event.start - first.raised_at) / _HOUR for event, first in firsts), 2) if firsts else None,
    )


def meets_any(alert: AlertSpan, spans: dict[str, list[TrueSpan]]) -> bool:
    """Whether an alert overlaps one of the spans of its station."""
    return any(_meets(alert, item) for item in spans.get(alert.station_id, ()))


def is_detected(event: TrueSpan, alerts: Iterable[AlertSpan]) -> bool:
    """Whether an alert overlaps an event at its station."""
    return any(_meets(item, event) for item in alerts)


def spans_by_station(spans: Iterable[TrueSpan]) -> dict[str, list[TrueSpan]]:
    """Spans by station."""
    found: dict[str, list[TrueSpan]] = {}
    for item in spans:
        found.setdefault(item.station_id, []).append(item)
    return found


def _firsts(alerts: Sequence[AlertSpan], events: Iterable[TrueSpan]) -> list[tuple[TrueSpan, AlertSpan]]:
    """Events that were detected, with their first alert."""
    own: dict[str, list[AlertSpan]] = {}
    for item in alerts:
        own.setdefault(item.station_id, []).append(item)
    return [
        (event, min(found, key=lambda item: item.raised_at))
        for event in events
        if (found := [item for item in own.get(event.station_id, ()) if _meets(item, event)])
    ]


def _false_cases(cases: RehearsedCases, true: set[int]) -> int:
    return sum(not any(alert.begin_id in true for alert in case.alerts) for case in cases.cases)


def _meets(alert: AlertSpan, event: TrueSpan) -> bool:
    return alert.station_id == event.station_id and alert.since < event.end and event.start < alert.until


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _interval(part: int, whole: int) -> tuple[float, float] | None:
    if not whole:
        return None
    from scipy.stats import binomtest

    found = binomtest(part, whole).proportion_ci(method="wilson")
    return round(float(found.low), 4), round(float(found.high), 4)
