"""The tables of a report as an Excel file: a worksheet each, numbers as numbers, an empty cell where a value is missing."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from analysis.report.city.document import word_of
from analysis.report.city.page import change_texts, report_title
from analysis.report.city.revision import digits_of
from schemas.words import words as words_of
from schemas.words.message import unit_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.report.city.document import CityReport, ReportColumn, ReportRow, ReportTable

_NAME_LENGTH = 31
"""Most signs of a worksheet's name (Excel)."""
_NARROW, _WIDE = 11, 60
"""Width of a column at least and at most [signs]."""


def workbook_file(report: CityReport) -> bytes:
    """Excel file (xlsx): a worksheet about the report with answers and queries, then one a table; no text is read as a formula."""
    import xlsxwriter

    words, target = words_of(report.language, "report.city"), io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(target, options) as book:
        book.set_properties({"title": report_title(report), "created": report.issued_at.replace(tzinfo=None)})
        head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "bottom"})
        wrap = book.add_format({"text_wrap": True, "valign": "top"})
        _about(book.add_worksheet(words("about")), report, head, wrap)
        for section in report.sections:
            for table in section.tables:
                _fill(book, book.add_worksheet(_worksheet_name(table, report.language)), table, report.language, head)
    return target.getvalue()


def _worksheet_name(table: ReportTable, language: str) -> str:
    name = words_of(language, "report.city.table")(table.key)
    return name.translate({ord(sign): " " for sign in "[]:*?/\\"})[:_NAME_LENGTH]


def _about(worksheet: Any, report: CityReport, head: object, wrap: object) -> None:  # noqa: ANN401 - XlsxWriter is untyped
    worksheet.write_string(0, 0, report_title(report))
    for number, line in enumerate(_lines(report), 1):
        for column, text in enumerate(line):
            worksheet.write_string(number, column, text, wrap)
    worksheet.set_row(0, None, head)
    worksheet.set_column(0, 0, 28)
    worksheet.set_column(1, 1, 110)


def _lines(report: CityReport) -> Iterator[tuple[str, str]]:
    """Head, answers of the first page, what was revised, what is missing, and the query of each worksheet."""
    words = words_of(report.language, "report.city")
    yield words("head_period"), f"{report.first} - {report.last} ({report.zone})"
    yield words("head_edition"), ", ".join(report.editions)
    yield words("head_data"), words("data_days", valid=report.valid_days, days=report.days, stations=report.stations)
    yield words("head_issued"), report.issued_at.isoformat(timespec="minutes")
    for section in report.sections:
        for answer in section.answers:
            said = (item.text(report.language) for item in answer.sentences)
            yield words(f"question.{answer.key}"), ("" if report.language == "zh" else " ").join(said)
    for label, was, now, unit in change_texts(report):
        yield words("revised"), f"{label}: {was} → {now} {unit}".rstrip()
    for item in report.absent:
        yield words("section.absent"), item.text(report.language)
    yield words("worksheet"), words("query")
    for section in report.sections:
        for table in section.tables:
            yield _worksheet_name(table, report.language), table.query.command


def _fill(book: Any, worksheet: Any, table: ReportTable, language: str, head: object) -> None:  # noqa: ANN401 - XlsxWriter is untyped
    titles = words_of(language, "report.city.column")
    formats: dict[int, object] = {}
    for place, column in enumerate(table.columns):
        unit = unit_text(column.unit)
        title = f"{titles(column.key)} ({unit})" if unit else titles(column.key)
        worksheet.write_string(0, place, title, head)
        texts = [len(cell) for row in table.rows if isinstance(cell := row.cells[place], str)]
        worksheet.set_column(place, place, min(max([_NARROW, *texts]), _WIDE))
    for line, row in enumerate(table.rows, 1):
        for place, column in enumerate(table.columns):
            _write(book, worksheet, (line, place), column, row, language, formats)
    worksheet.freeze_panes(1, 1)


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
        text = word_of(value, language)
        worksheet.write_string(*at, unit_text(text) if column.key == "unit" else text)
        return
    digits = digits_of(column, row) or 0
    if digits not in formats:
        formats[digits] = book.add_format({"num_format": "0." + "0" * digits if digits else "0"})
    worksheet.write_number(*at, value, formats[digits])
