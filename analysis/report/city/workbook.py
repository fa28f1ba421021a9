"""The tables of a report as an Excel file: a worksheet each, numbers as numbers, an empty cell where a value is missing."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from analysis.report.city.document import ReportSentence
from analysis.report.city.page import report_title
from analysis.report.city.revision import digits_of
from schemas.words import words as words_of
from schemas.words.message import unit_text

if TYPE_CHECKING:
    from analysis.report.city.document import CityReport, ReportColumn, ReportRow, ReportTable

_NAME_LENGTH = 31
"""Most signs of a worksheet's name (Excel)."""


def workbook_file(report: CityReport) -> bytes:
    """Excel file (xlsx): a worksheet about the report, then one a table; no text is read as a formula."""
    import xlsxwriter

    words, target = words_of(report.language, "report.city"), io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(target, options) as book:
        book.set_properties({"title": report_title(report), "created": report.issued_at.replace(tzinfo=None)})
        head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True})
        _about(book.add_worksheet(words("about")), report)
        for section in report.sections:
            for table in section.tables:
                name = words(f"table.{table.key}").translate({ord(sign): " " for sign in "[]:*?/\\"})[:_NAME_LENGTH]
                _fill(book, book.add_worksheet(name), table, report.language, head)
    return target.getvalue()


def _about(worksheet: Any, report: CityReport) -> None:  # noqa: ANN401 - XlsxWriter is untyped
    words = words_of(report.language, "report.city")
    lines = [
        (words("head_period"), f"{report.first} - {report.last} ({report.zone})"),
        (words("head_edition"), ", ".join(report.editions)),
        (words("head_data"), words("data_days", valid=report.valid_days, days=report.days, stations=report.stations)),
        (words("head_issued"), report.issued_at.isoformat(timespec="minutes")),
        *((words("revised"), f"{change.label}: {change.before} → {change.after}") for change in report.changes),
    ]
    worksheet.write_string(0, 0, report_title(report))
    for number, line in enumerate(lines, 1):
        for column, text in enumerate(line):
            worksheet.write_string(number, column, text)
    worksheet.set_column(0, 0, 22)
    worksheet.set_column(1, 1, 80)


def _fill(book: Any, worksheet: Any, table: ReportTable, language: str, head: object) -> None:  # noqa: ANN401 - XlsxWriter is untyped
    titles = words_of(language, "report.city.column")
    for place, column in enumerate(table.columns):
        unit = unit_text(column.unit)
        worksheet.write_string(0, place, f"{titles(column.key)} ({unit})" if unit else titles(column.key), head)
    formats: dict[int, object] = {}
    for line, row in enumerate(table.rows, 1):
        for place, column in enumerate(table.columns):
            _write(book, worksheet, (line, place), column, row, language, formats)
    worksheet.freeze_panes(1, 1)
    worksheet.set_column(0, len(table.columns) - 1, 16)


def _write(  # noqa: PLR0913, PLR0917 - one cell of one worksheet
    book: Any,  # noqa: ANN401 - XlsxWriter is untyped
    worksheet: Any,  # noqa: ANN401
    at: tuple[int, int],
    column: ReportColumn,
    row: ReportRow,
    language: str,
    formats: dict[int, object],
) -> None:
    value = row.cells[at[1]]
    if value is None:
        return
    if isinstance(value, str):
        text = ReportSentence(key=value[1:]).text(language) if value.startswith("=") else value
        worksheet.write_string(*at, unit_text(text) if column.key == "unit" else text)
        return
    digits = digits_of(column, row) or 0
    if digits not in formats:
        formats[digits] = book.add_format({"num_format": "0." + "0" * digits if digits else "0"})
    worksheet.write_number(*at, value, formats[digits])
