"""Spans of civil days: months, years, and where limits change."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from itertools import pairwise

from analysis.statistics.limit import FIRST_DAY_2026

FINAL_LIMITS = date(2031, 1, 1)
"""Limits change once more on this day (GB 3095-2026 Table 1)."""
DECEMBER = 12


def months_of(first: date, last: date) -> list[tuple[date, date]]:
    """Calendar months that a span touches, each cut to the span.

    Examples
    --------
    >>> [f"{a} {b}" for a, b in months_of(date(2026, 1, 30), date(2026, 2, 28))]
    ['2026-01-30 2026-01-31', '2026-02-01 2026-02-28']
    """
    found, start = [], first
    while start <= last:
        end = min(start.replace(day=monthrange(start.year, start.month)[1]), last)
        found.append((start, end))
        start = end + timedelta(days=1)
    return found


def years_of(first: date, last: date) -> list[tuple[date, date]]:
    """Calendar years that a span touches, each cut to the span."""
    return [
        (max(first, date(year, 1, 1)), min(last, date(year, DECEMBER, 31))) for year in range(first.year, last.year + 1)
    ]


def period_of(first: date, last: date) -> str:
    """``month`` or ``year`` where the span is one, else ``span``."""
    if first.day == 1 and (first.month, first.year) == (last.month, last.year) and _ends_month(last):
        return "month"
    is_year = (first.month, first.day) == (1, 1) and (last.month, last.day) == (DECEMBER, 31)
    return "year" if is_year and first.year == last.year else "span"


def year_before(first: date, last: date) -> tuple[date, date]:
    """The same span a year before; the end of a February is its last day.

    Examples
    --------
    >>> [f"{a} {b}" for a, b in (year_before(date(2028, 2, 1), date(2028, 2, 29)), year_before(date(2029, 2, 1), date(2029, 2, 28)))]
    ['2027-02-01 2027-02-28', '2028-02-01 2028-02-29']
    """
    end = date(last.year - 1, last.month, min(last.day, monthrange(last.year - 1, last.month)[1]))
    whole = _ends_month(last)
    return (
        date(first.year - 1, first.month, min(first.day, monthrange(first.year - 1, first.month)[1])),
        end.replace(day=monthrange(end.year, end.month)[1]) if whole else end,
    )


def _ends_month(day: date) -> bool:
    return day.day == monthrange(day.year, day.month)[1]


def spans_of_limits(first: date, last: date) -> list[tuple[date, date]]:
    """The span cut where limits change."""
    cuts = [day for day in (FIRST_DAY_2026, FINAL_LIMITS) if first < day <= last]
    edges = [first, *cuts, last + timedelta(days=1)]
    return [(start, end - timedelta(days=1)) for start, end in pairwise(edges)]
