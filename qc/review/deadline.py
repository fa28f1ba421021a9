"""Deadlines of review, by rule and date, parsed strictly. Pure.

Errors::

    DeadlineFileError    names what is wrong with the file
"""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from schemas.interval import midnight
from schemas.text_file import parse_toml

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


class DeadlineFileError(ValueError):
    """The rules cannot be used."""


class ReviewPeriod(StrEnum):
    """Period of a rule: civil days or months."""

    DAY = "day"
    MONTH = "month"


LABELS = {ReviewPeriod.DAY: "%Y-%m-%d", ReviewPeriod.MONTH: "%Y-%m"}
"""Format of the label of a period."""


class DeadlineRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One rule.

    Attributes
    ----------
    since, until : date
        First civil day on which it holds, and the first on which it no longer does.
    due_day : int or None
        Of a month: last day of the next month, included.
    due_hour : int or None
        Of a day: hour of the next day by which it is due [h].
    """

    id: Annotated[str, Meta(min_length=1)]
    period: ReviewPeriod
    since: date
    until: date | None = None
    due_day: Annotated[int, Meta(ge=1, le=28)] | None = None
    due_hour: Annotated[int, Meta(ge=0, le=23)] | None = None
    zh: str
    en: str
    source: Annotated[str, Meta(min_length=3)]
    verified: bool


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    rule: tuple[DeadlineRule, ...]


class Deadline(msgspec.Struct, frozen=True, kw_only=True):
    """A period and when it is due.

    Attributes
    ----------
    label : str
        Of the period, ``2026-06`` or ``2026-06-01``, civil.
    start, end, due : datetime
        UTC.
    """

    rule: DeadlineRule
    label: str
    start: datetime
    end: datetime
    due: datetime


def parse_rules(text: str, name: str) -> tuple[DeadlineRule, ...]:
    """Rules of a TOML text.

    Parameters
    ----------
    text : str
    name : str
        Of the file, for messages.

    Raises
    ------
    DeadlineFileError
    """
    try:
        rules = msgspec.convert(parse_toml(text), _File).rule
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        msg = f"{name}: {error}"
        raise DeadlineFileError(msg) from error
    for rule in rules:
        needed = rule.due_hour if rule.period is ReviewPeriod.DAY else rule.due_day
        if needed is None or (rule.due_hour is not None and rule.due_day is not None):
            unit = "hour" if rule.period is ReviewPeriod.DAY else "day"
            msg = f"{name}: rule {rule.id}: a {rule.period} needs due_{unit} alone"
            raise DeadlineFileError(msg)
    return rules


def deadlines(rules: tuple[DeadlineRule, ...], start: datetime, end: datetime, zone: ZoneInfo) -> list[Deadline]:
    """Deadlines of all periods that ``[start, end)`` touches, by rule and time.

    Parameters
    ----------
    rules : tuple of DeadlineRule
    start, end : datetime
        Aware.
    zone : ZoneInfo
        Of the civil days.
    """
    if end <= start:
        return []
    first = start.astimezone(zone).date()
    last = (end - timedelta(microseconds=1)).astimezone(zone).date()
    found = []
    for rule in rules:
        day = first if rule.period is ReviewPeriod.DAY else first.replace(day=1)
        while day <= last:
            after = _next(day, rule.period)
            if rule.since <= day and (rule.until is None or day < rule.until):
                found.append(_deadline(rule, day, after, zone))
            day = after
    return found


def _next(day: date, period: ReviewPeriod) -> date:
    return (
        day + timedelta(days=1)
        if period is ReviewPeriod.DAY
        else (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    )


def _deadline(rule: DeadlineRule, day: date, after: date, zone: ZoneInfo) -> Deadline:
    due = (
        datetime.combine(after, time(rule.due_hour or 0), zone)
        if rule.due_day is None
        else datetime.combine(after.replace(day=rule.due_day) + timedelta(days=1), time(), zone)
    )
    return Deadline(
        rule=rule,
        label=day.strftime(LABELS[rule.period]),
        start=midnight(day, zone),
        end=midnight(after, zone),
        due=due.astimezone(UTC),
    )
