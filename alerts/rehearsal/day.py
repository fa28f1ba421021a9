"""Days of a rehearsal, for a calendar. Pure."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from alerts.rehearsal.score import is_detected, meets_any, spans_by_station

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from zoneinfo import ZoneInfo

    from alerts.rehearsal.case import RehearsedCases
    from alerts.rehearsal.score import AlertSpan
    from alerts.rehearsal.truth import EventTruth


class RehearsedDay(msgspec.Struct, frozen=True, kw_only=True):
    """One civil day.

    Attributes
    ----------
    cases, mails : int
        Cases that begin, and mails to the group that gets most.
    alerts : int
        Alerts that begin.
    detected, missed, false_alerts : int
        True events that begin, with and without an alert, and alerts that begin and are false; 0 without a truth.
    """

    day: date
    cases: int = 0
    mails: int = 0
    alerts: int = 0
    detected: int = 0
    missed: int = 0
    false_alerts: int = 0


def days_of(
    alerts: Sequence[AlertSpan],
    cases: RehearsedCases,
    truth: EventTruth | None,
    span: tuple[datetime, datetime],
    zone: ZoneInfo,
) -> tuple[RehearsedDay, ...]:
    """All civil days that a period ``[start, end)`` touches, ascending."""

    def count(moments: Iterable[datetime]) -> Counter[date]:
        return Counter(max(item, span[0]).astimezone(zone).date() for item in moments)

    events = truth.spans if truth else ()
    own: dict[str, list[AlertSpan]] = {}
    for item in alerts:
        own.setdefault(item.station_id, []).append(item)
    hits = [is_detected(item, own.get(item.station_id, ())) for item in events]
    counted = {
        "cases": count(case.since for case in cases.cases),
        "mails": count(cases.mailed_at),
        "alerts": count(item.since for item in alerts),
        "detected": count(item.start for item, hit in zip(events, hits, strict=True) if hit),
        "missed": count(item.start for item, hit in zip(events, hits, strict=True) if not hit),
        "false_alerts": count(item.since for item in _false(alerts, truth)),
    }
    first, last = span[0].astimezone(zone).date(), (span[1] - timedelta(microseconds=1)).astimezone(zone).date()
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return tuple(RehearsedDay(day=day, **{name: found[day] for name, found in counted.items()}) for day in days)


def _false(alerts: Sequence[AlertSpan], truth: EventTruth | None) -> list[AlertSpan]:
    if truth is None:
        return []
    true = spans_by_station(truth.spans)
    others = [item for item in alerts if not meets_any(item, true)]
    if truth.denied is None:
        return others
    denied = spans_by_station(truth.denied)
    return [item for item in others if meets_any(item, denied)]
