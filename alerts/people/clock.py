"""Times of day: shifts, quiet hours and hours of routes, in a zone whose clocks may be changed. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from schemas.interval import Interval

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

ClockTime = Annotated[str, Meta(pattern=r"^(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00)\Z")]
"""``HH:MM``; 24:00 is the end of the day."""
DAY = timedelta(days=1)


class ClockSpan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"start": "from"}):
    """From one time of day to another; not after ``from``: to that time of the next day (20:00 to 08:00, 08:00 to 08:00).

    Attributes
    ----------
    start, until : str
        ``HH:MM``; in a file ``from`` and ``until``.
    """

    start: ClockTime
    until: ClockTime

    def on(self, day: date, zone: ZoneInfo) -> Interval:
        """The span that begins on a civil day, UTC."""
        last = day if minutes_of(self.until) > minutes_of(self.start) else day + DAY
        return Interval(moment_of(day, self.start, zone), moment_of(last, self.until, zone))

    def covering(self, at: datetime, zone: ZoneInfo) -> Interval | None:
        """The span that a moment (aware) is in; None where it is in none."""
        today = at.astimezone(zone).date()
        spans = (self.on(day, zone) for day in (today - DAY, today))
        return next((span for span in spans if span.start <= at < span.end), None)


def minutes_of(clock: str) -> int:
    """Minutes since midnight of ``HH:MM``.

    >>> minutes_of("08:30")
    510
    """
    return int(clock[:2]) * 60 + int(clock[3:])


def moment_of(day: date, clock: str, zone: ZoneInfo) -> datetime:
    """The moment, UTC, at which clocks of a zone show a time of a civil day.

    A time that occurs twice is its first occurrence; one that is left out is the moment at which clocks are changed. Two
    spans that meet on the clock therefore meet in time, on a day of 23 hours as on one of 25.

    Parameters
    ----------
    day : date
    clock : str
        ``HH:MM``, up to 24:00.
    zone : ZoneInfo

    Examples
    --------
    >>> from zoneinfo import ZoneInfo
    >>> moment_of(date(2026, 3, 29), "02:30", ZoneInfo("Europe/Berlin")).isoformat()
    '2026-03-29T01:00:00+00:00'
    """
    local = datetime.combine(day, time()) + timedelta(minutes=minutes_of(clock))
    earlier, later = sorted(local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    is_left_out = earlier.astimezone(zone).replace(tzinfo=None) != local
    return _change_of_clocks(earlier, later, zone) if is_left_out else earlier


def next_at(clock: str, after: datetime, zone: ZoneInfo) -> datetime:
    """The first moment from ``after`` (aware) on at which clocks show a time of day, UTC."""
    today = after.astimezone(zone).date()
    return min(found for day in (today, today + DAY) if (found := moment_of(day, clock, zone)) >= after)


def _change_of_clocks(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The second at which the offset of a zone changes between two moments."""
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        before, after = (middle, after) if middle.astimezone(zone).utcoffset() == offset else (before, middle)
    return after
