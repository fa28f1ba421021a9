"""Half-open time intervals in UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable


class Interval(msgspec.Struct, frozen=True, gc=False, order=True):
    """The period ``[start, end)`` of a value; an instant has ``start == end``.

    Attributes
    ----------
    start, end : datetime
        Aware, in UTC.
    """

    start: datetime
    end: datetime

    @property
    def duration(self) -> timedelta:
        """Length of the interval; zero for an instant."""
        return self.end - self.start

    def distance(self, at: datetime) -> timedelta:
        """From a moment to the interval; zero inside it."""
        return max(self.start - at, at - self.end, timedelta(0))


def united(intervals: Iterable[Interval]) -> list[Interval]:
    """Disjoint intervals that cover the same moments, ascending."""
    found: list[Interval] = []
    for item in sorted(intervals):
        if found and item.start <= found[-1].end:
            found[-1] = Interval(found[-1].start, max(found[-1].end, item.end))
        else:
            found.append(item)
    return found


def midnight(day: date, zone: tzinfo) -> datetime:
    """Beginning of a civil day, UTC.

    >>> from zoneinfo import ZoneInfo
    >>> midnight(date(2026, 11, 22), ZoneInfo("Asia/Shanghai")).isoformat()
    '2026-11-21T16:00:00+00:00'
    """
    return datetime.combine(day, time(), zone).astimezone(UTC)


def civil_days(first: date, last: date, zone: tzinfo) -> Interval:
    """From the beginning of a civil day to the end of another one, which is included.

    >>> from zoneinfo import ZoneInfo
    >>> civil_days(date(2026, 11, 22), date(2026, 11, 22), ZoneInfo("Asia/Shanghai")).end.isoformat()
    '2026-11-22T16:00:00+00:00'
    """
    return Interval(midnight(first, zone), midnight(last + timedelta(days=1), zone))


def floor_hour(moment: datetime) -> datetime:
    """Start of the UTC hour that holds ``moment`` (aware).

    >>> floor_hour(datetime.fromisoformat("2026-11-22T08:30:00+08:00")).isoformat()
    '2026-11-22T00:00:00+00:00'
    """
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def hours_between(start: datetime, end: datetime) -> list[datetime]:
    """Starts of all whole UTC hours that ``[start, end)`` touches, ascending.

    >>> begin = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
    >>> [hour.hour for hour in hours_between(begin, begin + timedelta(hours=1))]
    [8, 9]
    """
    first = floor_hour(start)
    count = max(0, -((first - end) // timedelta(hours=1)))
    return [first + timedelta(hours=index) for index in range(count)]
