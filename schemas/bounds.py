"""The edge: the only times, numbers and counters that are let in.

Every wire format, the data sets, the network file and the repair of quarantined messages take their times and numbers through
these functions. What has passed can be expressed in any time zone, moved by any window or margin of the project (at most
`WINDOW_MAX_H`), and cast to nanoseconds of 64 bits; sums, squares and products of such numbers stay finite. Nothing behind the
edge has to guard against an overflow. The bounds are the project's choice.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from schemas.interval import Interval

EARLIEST = datetime(1800, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
"""Nanoseconds of 64 bits reach from 1677 to 2262: room for `WINDOW_MAX_H` on either side."""
WINDOW_MAX_H = 438_000
"""Longest late window [h]: fifty years."""
LONGEST = timedelta(days=366)
"""Longest interval that one value can stand for."""
NUMBER_MAX = 1e15
"""Largest amount of a value, in its canonical unit. A float has a digit after the point up to here; fill values such as 1e20 and
9.97e36 (netCDF) lie beyond."""
SEQ_MAX = 2**63 - 1
"""Largest sequence number: what a column of whole numbers holds."""
ISO_8601 = "ISO 8601 with a zone, as 2026-11-22T08:00:00+08:00"

_OF_ONE_MACHINE = re.compile(r"localtime|posixrules|Factory|(?:posix|right)/.*|.*\.(?:tab|zi|list)", re.IGNORECASE)
"""Files beside the zones of IANA: of no zone, of another one on each machine, or counting leap seconds."""
_LAST_MIDNIGHT = re.compile(r"(?P<date>.{8,10}[T ])24(?P<rest>(?::?00){0,2}(?:[.,]0+)?(?:Z|[+-][0-9:]{2,6}))")
_SHOWN = 80


class BoundsError(ValueError):
    """A time or a number that is not let in; the message says what was found and what is expected."""

    def __init__(self, found: str, expected: str) -> None:
        super().__init__(f"{found}, expected {expected}")
        self.found = found
        self.expected = expected


def parse_moment(text: str) -> datetime:
    """Time of a text in UTC, within the bounds.

    Parameters
    ----------
    text : str
        `ISO_8601`. What msgspec reads means here what it means there, to the rounding of a seventh digit; of the standard's other forms
        (basic, week and day dates, no seconds, 24:00) the standard library's are read as well. A leap second is refused: it would have the
        key of the moment behind it.

    Raises
    ------
    BoundsError
    """
    try:
        moment = msgspec.convert(text, datetime)
    except (msgspec.ValidationError, UnicodeEncodeError):
        moment = _other_form(text)
    if moment.tzinfo is None:
        found = f"{_shown(text)} has no zone"
        raise BoundsError(found, ISO_8601)
    return bounded_moment(moment)


def bounded_moment(moment: datetime) -> datetime:
    """An aware time in UTC; raises `BoundsError` beyond `EARLIEST` and `LATEST`."""
    try:
        at = moment.astimezone(UTC)
    except OverflowError:  # year 1 or 9999 in a zone whose UTC lies outside the calendar
        at = None
    if at is None or not EARLIEST <= at <= LATEST:
        raise BoundsError(moment.isoformat(), f"a time from {EARLIEST.year} to {LATEST.year}")
    return at


def bounded_interval(start: datetime, end: datetime | None = None) -> Interval:
    """Interval in UTC between two aware times.

    Parameters
    ----------
    start : datetime
    end : datetime or None
        None: an instant.

    Raises
    ------
    BoundsError
        A time beyond the bounds, an end before the start, or a length above `LONGEST`.
    """
    try:
        first = start.astimezone(UTC)
        last = first if end is None else end.astimezone(UTC)
        if EARLIEST <= first <= last <= LATEST and last - first <= LONGEST:
            return Interval(first, last)
    except OverflowError:  # said by `bounded_moment`
        pass
    first, last = bounded_moment(start), bounded_moment(start if end is None else end)
    expected = f"at most {LONGEST.days} days after the start" if first < last else "not before the start"
    raise BoundsError(last.isoformat(), f"{expected} {first.isoformat()}")


def parse_zone(name: str) -> ZoneInfo:
    """Zone by its IANA name, the same on every machine; raises `BoundsError`."""
    expected = "an IANA time zone, as Asia/Shanghai"
    if _OF_ONE_MACHINE.fullmatch(name):
        found = f"{_shown(name)} is not the same on every machine"
        raise BoundsError(found, expected)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BoundsError(_shown(name), expected) from None


def is_number(value: float) -> bool:
    """Whether a value is let in: neither NaN nor infinite, and of an amount of at most `NUMBER_MAX`."""
    return -NUMBER_MAX <= value <= NUMBER_MAX


def _other_form(text: str) -> datetime:
    midnight = _LAST_MIDNIGHT.fullmatch(text.upper())
    try:
        if midnight is not None:
            return datetime.fromisoformat(f"{midnight['date']}00{midnight['rest']}") + timedelta(days=1)
        return datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise BoundsError(_shown(text), ISO_8601) from None


def _shown(text: str) -> str:
    shown = repr(text[: 2 * _SHOWN])
    return shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "..."
