"""Published reports as they are asked for and listed, rows of their page, and the addresses of their files."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from analysis.report.city.period import ReportError, parse_period

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from analysis.report.city.document import PeriodKind
    from analysis.report.city.period import ReportPeriod

ADDRESS = "/api/v1/reports"
FORMATS = ("html", "pdf", "xlsx")


class ReportState(StrEnum):
    """State of the newest version."""

    FINAL = "final"
    PRELIMINARY = "preliminary"
    REVISED = "revised"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportQuery:
    """Which reports; None or an empty text: any.

    Attributes
    ----------
    place : str
        Code of a city, ``province``, or the name of a data set.
    period : str
        Beginning of the period: 2026, 2026-11 or 2026-11-28.
    """

    place: str = ""
    kind: PeriodKind | None = None
    state: ReportState | None = None
    period: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportVersion:
    """A version of a report in one language; ``checked_at`` when it was last computed again without a difference, UTC."""

    version: int
    issued_at: datetime
    state: ReportState
    checked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedReport:
    """A report of a place and period.

    Attributes
    ----------
    names : dict of str to str
        Name of the place by language.
    versions : dict of str to tuple of ReportVersion
        By language, the newest first.
    """

    place: str
    period: ReportPeriod
    names: dict[str, str]
    versions: dict[str, tuple[ReportVersion, ...]]

    def newest(self, language: str) -> tuple[str, ReportVersion]:
        """The newest version in a language, or in the one that there is, with that language."""
        found = language if language in self.versions else next(iter(self.versions))
        return found, self.versions[found][0]


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRow:
    """A version with the addresses of its files by format."""

    version: int
    issued_at: datetime
    state: str
    files: dict[str, str]
    checked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportListRow:
    """A report of a place and period in the language of the page, or in the one that there is.

    Attributes
    ----------
    other : str
        Address of the page in the other language; empty: there is none.
    older : tuple of VersionRow
        The newest of them first.
    """

    name: str
    period: str
    kind: str
    language: str
    newest: VersionRow
    older: tuple[VersionRow, ...]
    other: str


def report_rows(reports: Iterable[ListedReport], language: str) -> list[ReportListRow]:
    """Rows in the order given."""
    found = []
    for item in reports:
        own, _ = item.newest(language)
        newest, *older = (_row(item, own, version) for version in item.versions[own])
        others = [_row(item, name, item.versions[name][0]) for name in item.versions if name != own]
        found.append(
            ReportListRow(
                name=item.names[own],
                period=item.period.text,
                kind=item.period.kind.value,
                language=own,
                newest=newest,
                older=tuple(older),
                other=others[0].files["html"] if others else "",
            )
        )
    return found


def file_address(place: str, period: str, language: str, form: str, version: int) -> str:
    """Address of a file of a version, which never changes."""
    return f"{ADDRESS}/{place}/{period}/{language}?format={form}&version={version}"


def is_period_start(text: str) -> bool:
    """Whether a text is a year, month or day, or nothing.

    Examples
    --------
    >>> is_period_start("2026-11"), is_period_start(""), is_period_start("2026-1")
    (True, True, False)
    """
    try:
        return not text or bool(parse_period(text))
    except ReportError:
        return False


def _row(item: ListedReport, language: str, version: ReportVersion) -> VersionRow:
    return VersionRow(
        version=version.version,
        issued_at=version.issued_at,
        state=version.state.value,
        checked_at=version.checked_at,
        files={form: file_address(item.place, item.period.text, language, form, version.version) for form in FORMATS},
    )
