"""Made-up alerts for ``skyground alerts test-mail`` and for looking at the mails; deterministic, marked synthetic."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec

from alerts.mail.mail_value import ForecastPoint, Name, SeriesPoint, TimedValue
from alerts.mail.sample_case import sample_case
from alerts.mail.view import AlertView, NeighbourValue
from alerts.rules.operation import OperationRule, operation_begin
from alerts.rules.threshold.rule import ThresholdRule
from alerts.wording import titles, word
from schemas.alert import AlertState, AlertTransition, EndReason, RuleKind, Severity
from schemas.city import city_name
from schemas.flag import Flag
from schemas.interval import floor_hour
from schemas.message import NetworkCode
from schemas.words import LANGUAGES

if TYPE_CHECKING:
    from alerts.rules.table import Rule

HOUR = timedelta(hours=1)
ZONE = ZoneInfo("Asia/Shanghai")
LIMIT_UG_M3 = 150.0
CITY = "210100"
"""Shenyang, GB/T 2260."""
GAP, DOUBTFUL = (9, 10), 5


def _texts(title: str, advice: str) -> dict[str, str]:
    """Title and advice of a rule in both languages."""
    return {
        f"{part}_{language}": word(name, language)
        for part, name in (("title", title), ("advice", advice))
        for language in LANGUAGES
    }


RULE = ThresholdRule(
    name="sample",
    **_texts("sample_value", "sample_value_do"),  # type: ignore[arg-type]  # a title and an advice in each language
    severity=Severity.CRITICAL,
    source="HJ 633-2026 Table 3, IAQI 200",
    verified=True,
    network=NetworkCode.GAS,
    parameter="pm25",
    unit="ug/m3",
    above=LIMIT_UG_M3,
)
OPERATION = OperationRule(
    name="sample-operation",
    **_texts("sample_task", "sample_task_do"),  # type: ignore[arg-type]  # the same
    severity=Severity.WARNING,
    source="project default",
    verified=False,
    prefix="dag/",
)


def sample_views(now: datetime, console_url: str) -> dict[str, list[AlertView]]:
    """Views by name: ``raised``, ``resolved``, ``late``, ``closed``, ``group`` and ``operation``."""
    at = floor_hour(now)
    resolved = _resolved(at, console_url)
    change = msgspec.structs.replace(resolved.transition, reason=EndReason.RULE_REMOVED)
    return {
        "raised": [raised_view(at, console_url)],
        "resolved": [resolved],
        "late": [msgspec.structs.replace(resolved, is_late=True)],
        "closed": [msgspec.structs.replace(resolved, transition=change)],
        "group": [_of_station(at, console_url, number) for number in range(1, 9)],
        "operation": [_operation(at, console_url)],
    }


def raised_view(at: datetime, console_url: str) -> AlertView:
    """A heavy-pollution alert confirmed at ``at`` (UTC, whole hour) after four hours, with its case file."""
    return msgspec.structs.replace(_raised(at, console_url), case=sample_case(at, ZONE, LIMIT_UG_M3))


def _raised(at: datetime, console_url: str) -> AlertView:
    points = _points(at, 30)
    newest = points[-1].value or 0.0
    return _view(
        _transition(at, newest, rising=True),
        console_url,
        points=points,
        extreme=TimedValue(newest, at - HOUR),
        latest=TimedValue(newest, at),
        forecast=tuple(
            ForecastPoint(at + HOUR * hour, *(round(middle * share, 1) for share in (1.0, 0.84, 1.2)))
            for hour, middle in enumerate(176.0 - 4.5 * hour + 10 * math.sin(hour / 4) for hour in range(18))
        ),
        neighbours=tuple(
            NeighbourValue(Name.from_word("sample_neighbour", number=index), 4.0 * index, value)
            for index, value in enumerate((171.0, 158.0, 121.0), 1)
        ),
    )


def _resolved(at: datetime, console_url: str) -> AlertView:
    points = _points(at - 7 * HOUR, 30)
    falling = tuple(SeriesPoint(at - 7 * HOUR + HOUR * hour, 168.0 - 9.5 * hour, Flag.PASS) for hour in range(7))
    return _view(
        _transition(at, 111.0, rising=False),
        console_url,
        points=points + falling,
        extreme=TimedValue(183.0, at - 8 * HOUR),
        latest=TimedValue(96.4, at + HOUR),
    )


def _of_station(at: datetime, console_url: str, number: int) -> AlertView:
    view = _raised(at, console_url)
    change = view.transition
    value = (change.value or 0.0) - 3.7 * (number - 1)
    return _view(
        msgspec.structs.replace(change, value=value, station_id=f"sample-{number:02}"),
        console_url,
        alert_id=number,
        station=Name.from_word("sample_station", number=number),
        points=view.points,
        extreme=TimedValue(value, at - HOUR),
    )


def _operation(at: datetime, console_url: str) -> AlertView:
    detail = "StoreError: timeout after 30 s while reading gas hourly\nrun scheduled 2026-11-22T08:00:00Z, try 3 of 3"
    texts = titles("task_failed", task="qc_hourly.flag_hours")
    change = operation_begin("dag/qc_hourly", OPERATION.name, Severity.WARNING, at, titles=texts, detail=detail)
    system = Name.from_word("system")
    return _view(change, console_url, rule=OPERATION, what=system, station=system)


def _points(end: datetime, count: int) -> tuple[SeriesPoint, ...]:
    def point(index: int) -> SeriesPoint:
        rise = 74.0 + 26.0 * math.sin(index / 3.4) + 96.0 / (1.0 + math.exp((count - 5 - index) / 1.6))
        value = None if index in GAP else round(rise, 1)
        return SeriesPoint(end - HOUR * (count - index), value, Flag.SUSPECT if index == DOUBTFUL else Flag.PASS)

    return tuple(point(index) for index in range(count))


def _transition(at: datetime, value: float, *, rising: bool) -> AlertTransition:
    since = at - HOUR * (4 if rising else 11)
    return AlertTransition(
        alert_key="sample/sample-01/pm25",
        rule=RULE.name,
        kind=RuleKind.THRESHOLD,
        severity=RULE.severity,
        station_id="sample-01",
        parameter="pm25",
        from_state=AlertState.PENDING if rising else AlertState.FIRING,
        to_state=AlertState.FIRING if rising else AlertState.OK,
        at=at,
        since=since,
        value=value,
        threshold=LIMIT_UG_M3,
        unit="ug/m3",
        evidence={
            "extreme": value if rising else 183.0,
            "extreme_at": (at - (1 if rising else 8) * HOUR).isoformat(),
            "until": None if rising else (at - 2 * HOUR).isoformat(),
        },
        reason=None if rising else EndReason.VALUE_BACK,
    )


def _view(
    transition: AlertTransition,
    console_url: str,
    *,
    rule: Rule = RULE,
    alert_id: int = 0,
    station: Name | None = None,
    what: Name = Name("PM2.5", "PM2.5"),  # noqa: B008 - frozen
    **more: object,
) -> AlertView:
    return AlertView(
        alert_id=alert_id,
        transition=transition,
        rule=rule,
        station=station or Name.from_word("sample_station", number=1),
        city=Name(city_name(CITY, "zh"), city_name(CITY, "en")) if transition.parameter else Name("", ""),
        what=what,
        unit="ug/m3",
        decimals=1,
        zone=ZONE,
        console_url=console_url,
        network="gas",
        synthetic=True,
        **more,  # type: ignore[arg-type]  # fields of AlertView, named by the callers above
    )
