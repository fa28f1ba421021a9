"""Periods of reports: a civil day, month or year, with the one before it and the same a year before."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from analysis.report.city.document import PeriodKind

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_FORM = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?\Z")


class ReportError(ValueError):
    """A report that cannot be made; the message names place, period and reason."""


@dataclass(frozen=True, slots=True)
class ReportPeriod:
    """Civil days, both included."""

    kind: PeriodKind
    first: date
    last: date

    @property
    def text(self) -> str:
        """As it is written: 2026-11-28, 2026-11 or 2026."""
        length = {PeriodKind.DAY: 10, PeriodKind.MONTH: 7, PeriodKind.YEAR: 4}[self.kind]
        return self.first.isoformat()[:length]

    @property
    def days(self) -> int:
        """Length [d]."""
        return (self.last - self.first).days + 1

    def bounds(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """UTC, half-open."""
        midnights = (
            datetime.combine(day, time.min, tzinfo=zone) for day in (self.first, self.last + timedelta(days=1))
        )
        start, end = (moment.astimezone(UTC) for moment in midnights)
        return start, end

    def before(self) -> ReportPeriod:
        """The period of the same kind that ends where this one begins."""
        return period_around(self.kind, self.first - timedelta(days=1))

    def year_before(self) -> ReportPeriod:
        """The same period of the year before; of 29 February, the 28th."""
        year = self.first.year - 1
        day = min(self.first.day, calendar.monthrange(year, self.first.month)[1])
        return period_around(self.kind, date(year, self.first.month, day))


def period_around(kind: PeriodKind, day: date) -> ReportPeriod:
    """The period of a kind that a day lies in.

    Examples
    --------
    >>> from datetime import date
    >>> period_around(PeriodKind.MONTH, date(2024, 2, 10)).last.isoformat()
    '2024-02-29'
    """
    if kind is PeriodKind.DAY:
        return ReportPeriod(kind, day, day)
    if kind is PeriodKind.YEAR:
        return ReportPeriod(kind, date(day.year, 1, 1), date(day.year, 12, 31))
    return ReportPeriod(kind, day.replace(day=1), day.replace(day=calendar.monthrange(day.year, day.month)[1]))


def check_begun(place: str, period: ReportPeriod, zone: ZoneInfo, now: datetime) -> None:
    """Raise `ReportError` where nothing of a period is over."""
    if period.bounds(zone)[0] >= now:
        msg = f"{place}: {period.text} has not begun"
        raise ReportError(msg)


def parse_period(text: str) -> ReportPeriod:
    """Period of a text: 2026-11-28, 2026-11 or 2026; raises `ReportError`.

    Examples
    --------
    >>> parse_period("2026-11").days, parse_period("2026").before().text, parse_period("2026-11-28").year_before().text
    (30, '2025', '2025-11-28')
    """
    found = _FORM.match(text)
    try:
        if found:
            year, month, day = (None if part is None else int(part) for part in found.groups())
            kind = PeriodKind.YEAR if month is None else PeriodKind.MONTH if day is None else PeriodKind.DAY
            return period_around(kind, date(year or 0, month or 1, day or 1))
    except ValueError:
        pass
    msg = f"{text!r}: expected a day, a month or a year, as 2026-11-28, 2026-11 or 2026"
    raise ReportError(msg)
