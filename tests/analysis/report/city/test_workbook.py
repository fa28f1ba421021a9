"""The Excel file holds numbers as numbers, no formula, and nothing where a value is missing."""

from __future__ import annotations

import io
import zipfile

import msgspec

from analysis.report.city.build import build_report
from analysis.report.city.workbook import workbook_file
from tests.analysis.report.city.made import evidence, month_hours


def test_a_sheet_a_table_and_numbers_as_numbers() -> None:
    report = build_report(evidence({"a": month_hours()}), "en")
    with zipfile.ZipFile(io.BytesIO(workbook_file(report))) as book:
        sheets = [name for name in book.namelist() if name.startswith("xl/worksheets/sheet")]
        assert len(sheets) == 1 + sum(len(section.tables) for section in report.sections)
        text = "".join(book.read(name).decode() for name in sheets)
    assert '<pane xSplit="1" ySplit="1"' in text
    assert "<v>31</v>" in text


def test_a_name_that_looks_like_a_formula_stays_text() -> None:
    report = build_report(evidence({"a": month_hours()}), "en")
    report = msgspec.structs.replace(report, name="=1+1")
    with zipfile.ZipFile(io.BytesIO(workbook_file(report))) as book:
        assert not any(b"<f>" in book.read(name) for name in book.namelist() if "worksheets/sheet" in name)
