"""Alerts of a rehearsed rule against true exceedances. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

JOINED = timedelta(hours=1)
"""Alerts of one city with no longer a gap are one case."""
WEEK = timedelta(weeks=1)


class AlertSpan(NamedTuple):
    """One alert: of which station and city, when it was raised, and its span; ``until`` is the end of the period where it is open."""

    station_id: str
    city: str
    raised_at: datetime
    since: datetime
    until: datetime


class TrueSpan(NamedTuple):
    """One true exceedance at a station, UTC, half-open."""

    station_id: str
    start: datetime
    end: datetime


class RehearsalScore(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule with one threshold would have done.

    Attributes
    ----------
    threshold : float
        In ``unit`` of the rule.
    alerts, cases : int
        Alerts, and cases of alerts of one city that follow within an hour.
    mails_a_week : float
        One at the beginning and one at the end of each case; what is raised or extended meanwhile comes in addition.
    events : int or None
        True exceedances; None where no official limit is known for the parameter, and then all that follows is None.
    detected, false_alerts : int or None
        Events with an alert in them, and alerts outside all events.
    pod, far, csi : float or None
        Detected of the events, false of the alerts, and detected of events and false alerts together [1]; None where there are none.
    pod_interval, far_interval : tuple of (float, float) or None
        Wilson's 95 % interval; alerts of one day depend on each other, so it is too narrow.
    lead_h : float or None
        Median time from the alert to the beginning of its event, negative where the alert came later [h].
    """

    threshold: float
    alerts: int
    cases: int
    mails_a_week: float
    events: int | None = None
    detected: int | None = None
    false_alerts: int | None = None
    pod: float | None = None
    far: float | None = None
    csi: float | None = None
    pod_interval: tuple[float, float] | None = None
    far_interval: tuple[float, float] | None = None
    lead_h: float | None = None


def score_rule(
    alerts: Sequence[AlertSpan], truth: Sequence[TrueSpan] | None, *, threshold: float, period: timedelta
) -> RehearsalScore:
    """Score alerts against true exceedances: both belong together where they overlap at one station.

    Examples
    --------
    >>> from datetime import UTC, datetime, timedelta
    >>> start, hour = datetime(2026, 5, 1, tzinfo=UTC), timedelta(hours=1)
    >>> alerts = [AlertSpan("a", "", start + 2 * hour, start + hour, start + 5 * hour)]
    >>> truth = [TrueSpan("a", start, start + 4 * hour), TrueSpan("b", start, start + hour)]
    >>> found = score_rule(alerts, truth, threshold=75.0, period=timedelta(days=7))
    >>> found.pod, found.far, found.lead_h, found.mails_a_week
    (0.5, 0.0, -2.0, 2.0)
    """
    cases = count_cases(alerts)
    mails = round(2 * cases / (period / WEEK), 2)
    if truth is None:
        return RehearsalScore(threshold=threshold, alerts=len(alerts), cases=cases, mails_a_week=mails)
    false = [item for item in alerts if not any(_meets(item, event) for event in truth)]
    firsts = [
        (event, min(found, key=lambda item: item.raised_at))
        for event in truth
        if (found := [item for item in alerts if _meets(item, event)])
    ]
    return RehearsalScore(
        threshold=threshold,
        alerts=len(alerts),
        cases=cases,
        mails_a_week=mails,
        events=len(truth),
        detected=len(firsts),
        false_alerts=len(false),
        pod=_share(len(firsts), len(truth)),
        far=_share(len(false), len(alerts)),
        csi=_share(len(firsts), len(truth) + len(false)),
        pod_interval=_interval(len(firsts), len(truth)),
        far_interval=_interval(len(false), len(alerts)),
        lead_h=median((event.start - first.raised_at) / timedelta(hours=1) for event, first in firsts)
        if firsts
        else None,
    )


def count_cases(alerts: Iterable[AlertSpan]) -> int:
    """Cases: alerts of one city (of one station without a city) that overlap or follow within an hour."""
    count = 0
    ends: dict[str, datetime] = {}
    for item in sorted(alerts, key=lambda item: item.since):
        place = item.city or item.station_id
        before = ends.get(place)
        if before is None or item.since > before + JOINED:
            count += 1
        ends[place] = item.until if before is None else max(before, item.until)
    return count


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
