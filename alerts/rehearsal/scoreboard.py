"""What each rule has done, from stored cases. Pure."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from schemas.alert_case import CaseKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from schemas.alert_case import AlertCase


class ScorePeriod(NamedTuple):
    """Begin of the cases that are counted, UTC, half-open, and when they were counted."""

    start: datetime
    end: datetime
    counted_at: datetime


class RuleScore(msgspec.Struct, frozen=True, kw_only=True):
    """One rule over a period.

    Attributes
    ----------
    alerts : int
        Alerts in cases of the period; ``open``, ``ended`` and ``withdrawn`` (values invalidated or corrected) of them.
    cases : int
        Cases with an alert of the rule; ``faults`` of them are faults of an instrument.
    taken : int
        Cases that a person took, after ``taken_min`` in the median [min].
    resolved : int
        Cases that a person resolved with a cause: the denominator of ``causes``.
    causes : dict of str to int
        Cases by the cause with which a person resolved them.
    newest_at : datetime
        Begin of its newest case, UTC.
    start, end, counted_at : datetime
        The period by the begin of cases, UTC, half-open; and when they were counted.
    """

    rule: str
    start: datetime
    end: datetime
    counted_at: datetime
    newest_at: datetime
    alerts: int
    open: int
    ended: int
    withdrawn: int
    cases: int
    faults: int
    taken: int
    taken_min: float | None
    resolved: int
    causes: dict[str, int]


def score_cases(cases: Iterable[AlertCase], period: ScorePeriod) -> list[RuleScore]:
    """Scores by rule, in alphabetical order; a case with alerts of several rules counts for each."""
    by_rule: dict[str, list[AlertCase]] = {}
    for case in cases:
        for rule in dict.fromkeys(alert.rule for alert in case.alerts):
            by_rule.setdefault(rule, []).append(case)
    return [_score(rule, by_rule[rule], period) for rule in sorted(by_rule)]


def _score(rule: str, cases: list[AlertCase], period: ScorePeriod) -> RuleScore:
    alerts = [alert for case in cases for alert in case.alerts if alert.rule == rule]
    delays = [(case.taken_at - case.opened_at) / timedelta(minutes=1) for case in cases if case.taken_at is not None]
    causes = Counter(str(case.cause) for case in cases if case.cause is not None)
    return RuleScore(
        rule=rule,
        **period._asdict(),
        newest_at=max(case.since for case in cases),
        alerts=len(alerts),
        open=sum(item.is_open for item in alerts),
        ended=sum(not item.is_open and not item.is_withdrawn for item in alerts),
        withdrawn=sum(item.is_withdrawn for item in alerts),
        cases=len(cases),
        faults=sum(case.kind is CaseKind.FAULT for case in cases),
        taken=len(delays),
        taken_min=round(median(delays), 1) if delays else None,
        resolved=causes.total(),
        causes=dict(sorted(causes.items())),
    )
