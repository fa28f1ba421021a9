"""Dates and times as people write them: the parser of HTTP API, pages and commands.

Errors: `MomentError`; the message has the given text and the accepted forms.

References
----------
ISO 8601-1:2019, 5.2 (calendar, ordinal and week dates), 5.3 (time of day), 5.4 (date and time), each in basic and extended form.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from zoneinfo import ZoneInfo

FIRST_YEAR, LAST_YEAR = 1900, 2199
"""Accepted years: within the nanoseconds of the time-series database (1677 to 2262), with room for look-backs."""
FORMS = (
    "ISO 8601: a date (2026-11-22, 20261122, 2026-W47-7, 2026-326), a week, month or year (2026-W47, 2026-11, 2026), "
    "or a date and time (2026-11-22T08:00, 2026-11-22T08:00:00Z, 2026-11-22T08:00+08:00)"
)
DAY_FORMS = "a day in ISO 8601 (2026-11-22, 20261122, 2026-W47-7, 2026-326)"
_YEARS = f"a year from {FIRST_YEAR} to {LAST_YEAR}"
_DAY = timedelta(days=1)


class MomentError(ValueError):
    """A text that is no date or time.

    Attributes
    ----------
    given, expected : str
    """

    def __init__(self, given: str, expected: str) -> None:
        super().__init__(f"{given!r}, expected {expected}")
        self.given, self.expected = given, expected


class _Span(NamedTuple):
    """Civil days ``[first, after)`` of a date."""

    first: date
    after: date


def parse_civil_moment(text: str, zone: ZoneInfo, *, is_end: bool = False) -> datetime:
    """A moment in UTC.

    Parameters
    ----------
    text : str
        A date, or a date and time; without an offset on the clock of ``zone``.
    zone : ZoneInfo
        Of civil days: the network's.
    is_end : bool
        The moment ends a half-open interval: a date then includes its whole day (week, month, year).

    Raises
    ------
    MomentError

    Notes
    -----
    A clock time that occurs twice, or not at all, because clocks are changed, is taken so that the interval is the longer one.

    Examples
    --------
    >>> from zoneinfo import ZoneInfo
    >>> parse_civil_moment("2026-11-22", ZoneInfo("Asia/Shanghai"), is_end=True).isoformat()
    '2026-11-22T16:00:00+00:00'
    """
    try:
        moment = _read(text.strip(), zone, is_end=is_end)
    except ValueError as error:
        raise MomentError(text, f"{FORMS}; {error}") from None
    if moment is None:
        raise MomentError(text, FORMS)
    return moment


def parse_day(text: str) -> date:
    """One civil day.

    Raises
    ------
    MomentError
    """
    try:
        span = _span(text.strip())
    except ValueError as error:
        raise MomentError(text, f"{DAY_FORMS}; {error}") from None
    if span is None or span.after - span.first != _DAY:
        raise MomentError(text, DAY_FORMS)
    return span.first


def _read(written: str, zone: ZoneInfo, *, is_end: bool) -> datetime | None:
    """None where it has none of the forms; raises `ValueError` where there is no such day or time."""
    day, *clock = re.split(r"[Tt ]", written, maxsplit=1)
    span = _span(day)
    if span is None:
        return None
    return _at_time(span, clock[0], zone, is_end=is_end) if clock else _at_date(span, zone, is_end=is_end)


def _days(first: date) -> _Span:
    return _Span(first, first + _DAY)


def _ordinal(year: int, number: int) -> _Span:
    first = date(year, 1, 1) + timedelta(days=number - 1)
    if number < 1 or first.year != year:
        msg = f"{year} has no day {number}"
        raise ValueError(msg)
    return _days(first)


def _week(year: int, week: int) -> _Span:
    first = date.fromisocalendar(year, week, 1)
    return _Span(first, first + timedelta(weeks=1))


def _month(year: int, month: int) -> _Span:
    return _Span(date(year, month, 1), date(year + month // 12, month % 12 + 1, 1))


#: Forms of a date and the days they mean; basic and extended form are never mixed in one date.
_DATES: tuple[tuple[str, Callable[..., _Span]], ...] = (
    (r"(\d{4})-(\d\d)-(\d\d)|(\d{4})(\d\d)(\d\d)", lambda *parts: _days(date(*parts))),
    (r"(\d{4})-W(\d\d)-(\d)|(\d{4})W(\d\d)(\d)", lambda *parts: _days(date.fromisocalendar(*parts))),
    (r"(\d{4})-(\d{3})|(\d{4})(\d{3})", _ordinal),
    (r"(\d{4})-W(\d\d)|(\d{4})W(\d\d)", _week),
    (r"(\d{4})-(\d\d)", _month),
    (r"(\d{4})", lambda year: _Span(date(year, 1, 1), date(year + 1, 1, 1))),
)
_TIME = re.compile(
    r"(?P<hour>\d\d)(?::?(?P<minute>\d\d)(?P<rest>:?(?P<second>\d\d)(?:[.,](?P<part>\d{1,9}))?)?)?"
    r"(?P<offset>[Zz]|(?P<sign>[+-])(?P<off_hour>\d\d)(?::?(?P<off_minute>\d\d))?)?",
    re.ASCII,
)


def _span(written: str) -> _Span | None:
    for pattern, make in _DATES:
        match = re.fullmatch(pattern, written, re.ASCII)
        if match:
            if not FIRST_YEAR <= int(written[:4]) <= LAST_YEAR:
                raise ValueError(_YEARS)
            return make(*(int(part) for part in match.groups() if part is not None))
    return None


def _at_date(span: _Span, zone: ZoneInfo, *, is_end: bool) -> datetime:
    return _resolved(datetime.combine(span.after if is_end else span.first, time()), zone, is_end=is_end)


def _at_time(span: _Span, clock: str, zone: ZoneInfo, *, is_end: bool) -> datetime | None:
    match = _TIME.fullmatch(clock.strip())
    if match is None or span.after - span.first != _DAY or not _is_one_form(match):
        return None
    hour, minute, second = (int(match[name] or 0) for name in ("hour", "minute", "second"))
    microsecond = int((match["part"] or "0").ljust(6, "0")[:6])
    # 24:00 is the end of the day (ISO 8601-1:2019/Amd 1:2022)
    ends_day = hour == 24 and minute == second == microsecond == 0  # noqa: PLR2004 - hours of a day
    at = datetime.combine(span.first, time(0 if ends_day else hour, minute, second, microsecond))
    at += _DAY if ends_day else timedelta()
    if match["offset"] is None:
        return _resolved(at, zone, is_end=is_end)
    return (at - _offset(match)).replace(tzinfo=UTC)


def _is_one_form(match: re.Match[str]) -> bool:
    """Whether minutes and seconds both have a colon before them or neither has."""
    return match["rest"] is None or (match["rest"][0] == ":") == (match[0][2] == ":")


def _offset(match: re.Match[str]) -> timedelta:
    hours, minutes = int(match["off_hour"] or 0), int(match["off_minute"] or 0)
    if hours > 23 or minutes > 59:  # noqa: PLR2004 - of a clock
        msg = "an offset is at most 23:59"
        raise ValueError(msg)
    return timedelta(hours=hours, minutes=minutes) * (-1 if match["sign"] == "-" else 1)


def _resolved(local: datetime, zone: ZoneInfo, *, is_end: bool) -> datetime:
    both = [local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
    return max(both) if is_end else min(both)
