"""What changed since a report was published: figures that differ in their printed digits."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from analysis.report.city.document import CityReport, DataState, ReportCell, ReportChange, word_of
from schemas.words import words as words_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from analysis.report.city.document import ReportColumn, ReportRow, ReportSection

REPORT = "report"
"""Kind of the documents."""
TEXT = "text"
"""In the place of the table in the name of a sentence."""
_FOLLOWING = ("outlook/", "episodes/cases/", "episodes/all_cases/", f"episodes/{TEXT}/report.city.case_")
"""Beginnings of names of what is issued, scored or concluded after the period as a matter of course: no correction."""
_Figure = tuple[str, str, int | None, ReportCell]
"""Label, unit, digits and value."""


def read_report(body: Mapping[str, Any]) -> CityReport | None:
    """A stored report; None where another version wrote it in a form that this one does not read."""
    try:
        return msgspec.convert(body, CityReport)
    except msgspec.ValidationError:
        return None


def revised(report: CityReport, published: CityReport | None) -> CityReport:
    """The report with what it changes of a published one.

    A preliminary report is followed by the next without a mark: its period was not over, which it says.

    Parameters
    ----------
    report : CityReport
        As computed now.
    published : CityReport or None
        The newest version that was published; None: the first one.
    """
    if published is None or published.state is DataState.PRELIMINARY:
        return report
    now, before = _figures(report), _figures(published)
    known = {_table_of(name) for name in before}
    changed = [
        _change(name, before.get(name), now.get(name), report, published)
        for name in dict.fromkeys((*before, *now))
        if _printed(before.get(name)) != _printed(now.get(name))
        and (name in before or _table_of(name) in known)
        and not name.startswith(_FOLLOWING)
    ]
    return msgspec.structs.replace(report, changes=(*changed, *published.changes), causes=published.causes)


def is_same(report: CityReport, published: CityReport | None) -> bool:
    """Whether two reports say the same, whenever they were issued."""
    if published is None:
        return False
    moments = {"issued_at": published.issued_at, "read_until": published.read_until, "causes": published.causes}
    return msgspec.structs.replace(report, **moments) == published


def _figures(report: CityReport) -> dict[str, _Figure]:
    """Everything that is stated: cells of tables by ``section/table/row/column``, sentences by ``section/text/key/subject/number``."""
    return {
        **{name: figure for section in report.sections for name, figure in _cells(section, report.language)},
        **{name: figure for section in report.sections for name, figure in _sentences(section, report.language)},
    }


def _cells(section: ReportSection, language: str) -> Iterator[tuple[str, _Figure]]:
    titles = words_of(language, "report.city.column")
    for table in section.tables:
        for row in table.rows:
            for column, value in zip(table.columns[1:], row.cells[1:], strict=True):
                name = f"{section.key}/{table.key}/{row.key}/{column.key}"
                label = f"{word_of(str(row.cells[0]), language)} · {titles(column.key)}"
                yield name, (label, column.unit or _unit(table.columns, row), digits_of(column, row), value)


def _sentences(section: ReportSection, language: str) -> Iterator[tuple[str, _Figure]]:
    """Sentences with figures; those of one key are numbered by pollutant."""
    title = words_of(language, "report.city.section")(section.key)
    counted: Counter[str] = Counter()
    for item in section.sentences:
        if item.figures:
            name = f"{section.key}/{TEXT}/{item.key}/{item.figures.get('pollutant', '')}"
            counted[name] += 1
            yield f"{name}/{counted[name]}", (title, "", None, item.text(language))


def _table_of(name: str) -> str:
    """Table and column of a figure, or key of a sentence: what a version that did not have it did not publish."""
    section, table, row, column, *_ = name.split("/")
    return f"{section}/{table}/{row if table == TEXT else column}"


def digits_of(column: ReportColumn, row: ReportRow) -> int | None:
    """Digits after the point of a cell; None: text."""
    return row.digits.get(column.key, column.digits)


def _unit(columns: tuple[ReportColumn, ...], row: ReportRow) -> str:
    """Unit that the row names for figures of a column without one."""
    named = [str(cell) for column, cell in zip(columns, row.cells, strict=True) if column.key == "unit"]
    return named[0] if named else ""


def _printed(figure: _Figure | None) -> str | None:
    if figure is None or figure[3] is None:
        return None
    _, _, digits, value = figure
    return f"{value:z.{digits}f}" if digits is not None and not isinstance(value, str) else str(value)


def _change(
    name: str, before: _Figure | None, after: _Figure | None, report: CityReport, published: CityReport
) -> ReportChange:
    known = after or before
    assert known is not None
    return ReportChange(
        figure=name,
        label=known[0],
        unit=known[1],
        digits=known[2],
        before=None if before is None else before[3],
        after=None if after is None else after[3],
        published_at=published.issued_at,
        found_at=report.issued_at,
    )
