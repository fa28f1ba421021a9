"""Periods of reports: a civil day, month, year or another run of days, with the one before it and the same a year before."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from analysis.report.city.document import PeriodKind
from schemas.interval import civil_days
from schemas.reason import Reason
from schemas.refusal import RefusedInputError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from schemas.reason import Figure

_FORM = re.compile(r"((?:19|20|21)\d{2})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)
_JOINT = "_"
"""Between the first and the last day of a span."""
MOST_DAYS = 366
"""Of a span [d]."""


class ReportError(RefusedInputError):
    """A report that cannot be made; ``reason`` names place and period (message ``report.refused.<kind>``)."""


def refusal(kind: str, **figures: Figure) -> Reason:
    """Reason of a `ReportError`."""
    return Reason("refused", kind, figures, scope="report")


@dataclass(frozen=True, slots=True)
class ReportPeriod:
    """Civil days, both included."""

    kind: PeriodKind
    first: date
    last: date

    @property
    def text(self) -> str:
        """As it is written: 2026-11-28, 2026-11, 2026 or 2026-11-05_2026-11-20."""
        if self.kind is PeriodKind.SPAN:
            return f"{self.first}{_JOINT}{self.last}"
        length = {PeriodKind.DAY: 10, PeriodKind.MONTH: 7, PeriodKind.YEAR: 4}[self.kind]
        return self.first.isoformat()[:length]

    @property
    def label(self) -> str:
        """As sentences name it: its text, of a span with an en dash between the days."""
        return f"{self.first} – {self.last}" if self.kind is PeriodKind.SPAN else self.text

    @property
    def options(self) -> str:
        """Options of ``skyground analyse report`` that name it."""
        if self.kind is PeriodKind.SPAN:
            return f"--day-from {self.first} --day-to {self.last}"
        return f"--{self.kind.value} {self.text}"

    @property
    def days(self) -> int:
        """Length [d]."""
        return (self.last - self.first).days + 1

    def bounds(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """UTC, half-open."""
        days = civil_days(self.first, self.last, zone)
        return days.start, days.end

    def before(self) -> ReportPeriod:
        """The period of the same kind, of a span also of the same length, that ends where this one begins."""
        if self.kind is PeriodKind.SPAN:
            return ReportPeriod(self.kind, self.first - timedelta(days=self.days), self.first - timedelta(days=1))
        return period_around(self.kind, self.first - timedelta(days=1))

    @property
    def is_a_year(self) -> bool:
        """Whether the period before is the same period of the year before: figures of one comparison suffice."""
        return self.before() == self.year_before()

    def year_before(self) -> ReportPeriod:
        """The same period of the year before; of 29 February, the 28th."""
        first = _a_year_before(self.first)
        if self.kind is PeriodKind.SPAN:
            return ReportPeriod(self.kind, first, _a_year_before(self.last))
        return period_around(self.kind, first)


def _a_year_before(day: date) -> date:
    year = day.year - 1
    return date(year, day.month, min(day.day, calendar.monthrange(year, day.month)[1]))


def period_around(kind: PeriodKind, day: date) -> ReportPeriod:
    """The day, month or year that a day lies in.

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
        raise ReportError(refusal("not_begun", place=place, period=period.text))


def span_of(first: date, last: date) -> ReportPeriod:
    """The civil days from ``first`` to ``last``, both included; raises `ReportError` where they are none or more than 366.

    Examples
    --------
    >>> from datetime import date
    >>> span = span_of(date(2021, 2, 1), date(2021, 3, 31))
    >>> span.text, span.days, span.before().text
    ('2021-02-01_2021-03-31', 59, '2020-12-04_2021-01-31')
    """
    days = (last - first).days + 1
    if not 1 <= days <= MOST_DAYS:
        raise ReportError(refusal("span", first=str(first), last=str(last), most=MOST_DAYS, days=days))
    return ReportPeriod(PeriodKind.SPAN, first, last)


def parse_period(text: str) -> ReportPeriod:
    """Period of its text: 2026-11-28, 2026-11, 2026 or 2026-11-05_2026-11-20; raises `ReportError`.

    Examples
    --------
    >>> parse_period("2026-11").days, parse_period("2026").before().text, parse_period("2026-11-28").year_before().text
    (30, '2025', '2025-11-28')
    """
    first, joint, last = text.partition(_JOINT)
    if joint:
        ends = [parse_period(item) for item in (first, last)]
        if all(item.kind is PeriodKind.DAY for item in ends):
            return span_of(ends[0].first, ends[1].first)
    found = _FORM.fullmatch(text)
    try:
        if found:
            year, month, day = (None if part is None else int(part) for part in found.groups())
            kind = PeriodKind.YEAR if month is None else PeriodKind.MONTH if day is None else PeriodKind.DAY
            return period_around(kind, date(year or 0, month or 1, day or 1))
    except ValueError:
        pass
    raise ReportError(refusal("period", text=text))
