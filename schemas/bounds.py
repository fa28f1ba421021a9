"""Bounds of accepted times, numbers and counters.

Every wire format, the data sets, the network file and the repair of quarantined messages take their times and numbers through
these functions. An accepted time can be expressed in any time zone, moved by any window or margin of the project (at most
`WINDOW_MAX_H`), and cast to nanoseconds of 64 bits; sums, squares and products of such numbers stay finite. Later code
needs no guard against overflow. The bounds are the project's choice.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from schemas.interval import Interval
from schemas.moment import EARLIEST, LATEST, BoundsError, bounded_moment, shown

WINDOW_MAX_H = 438_000
"""Longest late window [h]: fifty years."""
LONGEST = timedelta(days=366)
"""Longest interval of one value."""
NUMBER_MAX = 1e15
"""Largest amount of a value, in its canonical unit. A float has a digit after the point up to here; fill values such as 1e20 and
9.97e36 (netCDF) are beyond."""
SEQ_MAX = 2**63 - 1
"""Largest sequence number: what a column of whole numbers holds."""

_OF_ONE_MACHINE = re.compile(r"localtime|posixrules|Factory|(?:posix|right)/.*|.*\.(?:tab|zi|list)", re.IGNORECASE)
"""Files in the zone directory that are no zone of IANA, differ between machines, or count leap seconds."""


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
    except OverflowError:  # reported by `bounded_moment`
        pass
    first, last = bounded_moment(start), bounded_moment(start if end is None else end)
    expected = f"at most {LONGEST.days} days after the start" if first < last else "not before the start"
    raise BoundsError(last.isoformat(), f"{expected} {first.isoformat()}")


def parse_zone(name: str) -> ZoneInfo:
    """Zone by its IANA name, the same on every machine; raises `BoundsError`."""
    expected = "an IANA time zone, as Asia/Shanghai"
    if _OF_ONE_MACHINE.fullmatch(name):
        found = f"{shown(name)} is not the same on every machine"
        raise BoundsError(found, expected)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BoundsError(shown(name), expected) from None


def is_number(value: float) -> bool:
    """Whether a value is accepted: neither NaN nor infinite, and of an amount of at most `NUMBER_MAX`."""
    return -NUMBER_MAX <= value <= NUMBER_MAX
