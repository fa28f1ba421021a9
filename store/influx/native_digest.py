"""Digests of stored native values from the database's own text: no value is parsed, which keeps comparing a month cheap."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from store.error import QueryError
from store.influx.line import to_nanoseconds

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Digest of a day without readings.
NO_DATA = "-"
_TIME_COLUMN = 2
_DAY = timedelta(days=1)
_SHOWN = 120
"""Bytes of a wrong row that an error quotes."""


def day_digests(body: bytes, start: datetime, end: datetime) -> dict[str, str]:
    """Digest of the rows of each UTC day that begins in ``[start, end)``, by date.

    Parameters
    ----------
    body : bytes
        Answer of InfluxQL in CSV, ``name,tags,time,...``, rows by time in nanoseconds.
    start, end : datetime
        Aware.

    Returns
    -------
    dict of str to str
        16 hex digits, `NO_DATA` for a day without rows.
    """
    rows = body.split(b"\n")[1:-1] if body.strip() else []
    found: dict[str, str] = {}
    for day in days_between(start, end):
        first, last = (bisect_left(rows, to_nanoseconds(at), key=_time_of) for at in (day, day + _DAY))
        text = b"\n".join(rows[first:last])
        found[f"{day:%Y-%m-%d}"] = hashlib.sha256(text).hexdigest()[:16] if text else NO_DATA
    return found


def days_between(start: datetime, end: datetime) -> Iterator[datetime]:
    """Beginnings of the UTC days in ``[start, end)``, the first floored."""
    day = start.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    while day < end:
        yield day
        day += _DAY


def _time_of(row: bytes) -> int:
    try:
        return int(row.split(b",", _TIME_COLUMN + 1)[_TIME_COLUMN])
    except (ValueError, IndexError) as error:
        msg = f"the database's answer cannot be read: no time in the row {row[:_SHOWN].decode(errors='replace')!r}"
        raise QueryError(msg) from error
