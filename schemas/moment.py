"""Moments as wire formats, files and stored documents have them; what people type is read by `schemas.civil_moment`.

Every moment is aware. What comes from outside passes `parse_moment` or `bounded_moment`; the bounds are the project's choice.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import msgspec

EARLIEST = datetime(1800, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
"""Nanoseconds of 64 bits reach from 1677 to 2262: room for `schemas.bounds.WINDOW_MAX_H` on either side."""
ISO_8601 = "ISO 8601 with a zone, as 2026-11-22T08:00:00+08:00"
_LAST_MIDNIGHT = re.compile(r"(?P<date>.{8,10}[T ])24(?P<rest>(?::?00){0,2}(?:[.,]0+)?(?:Z|[+-][0-9:]{2,6}))")
_SHOWN = 80


class BoundsError(ValueError):
    """A time or a number outside the bounds; the message has what was found and what is expected."""

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

    Examples
    --------
    >>> parse_moment("2026-11-22T08:00:00+08:00").isoformat()
    '2026-11-22T00:00:00+00:00'
    """
    try:
        moment = msgspec.convert(text, datetime)
    except (msgspec.ValidationError, UnicodeEncodeError):
        moment = _other_form(text)
    if moment.tzinfo is None:
        found = f"{shown(text)} has no zone"
        raise BoundsError(found, ISO_8601)
    return bounded_moment(moment)


def bounded_moment(moment: datetime) -> datetime:
    """An aware time in UTC; raises `BoundsError` beyond `EARLIEST` and `LATEST`."""
    try:
        at = moment.astimezone(UTC)
    except OverflowError:  # year 1 or 9999 in a zone whose UTC is outside the calendar
        at = None
    if at is None or not EARLIEST <= at <= LATEST:
        raise BoundsError(moment.isoformat(), f"a time from {EARLIEST.year} to {LATEST.year}")
    return at


def stored_moment(value: object) -> datetime | None:
    """Moment of a document that this project stored; None where the value is no text.

    >>> stored_moment("2026-11-22T08:00:00+08:00")
    datetime.datetime(2026, 11, 22, 8, 0, tzinfo=datetime.timezone(datetime.timedelta(seconds=28800)))
    >>> stored_moment(None)
    """
    return datetime.fromisoformat(value) if isinstance(value, str) else None


def utc_text(moment: datetime) -> str:
    """ISO 8601 in UTC, with a fraction only where there is one.

    >>> utc_text(datetime(2026, 11, 22, 8, tzinfo=UTC))
    '2026-11-22T08:00:00Z'
    """
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def shown(text: str) -> str:
    """Text from outside as it is quoted in an error: at most 80 characters."""
    quoted = repr(text[: 2 * _SHOWN])
    return quoted if len(quoted) <= _SHOWN else quoted[:_SHOWN] + "..."


def _other_form(text: str) -> datetime:
    midnight = _LAST_MIDNIGHT.fullmatch(text.upper())
    try:
        if midnight is not None:
            return datetime.fromisoformat(f"{midnight['date']}00{midnight['rest']}") + timedelta(days=1)
        return datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise BoundsError(shown(text), ISO_8601) from None
