"""The Excel file holds numbers as numbers, no formula, and nothing where a value is missing."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import timedelta

import msgspec
import pytest

from analysis.report.city.build import build_report
from analysis.report.city.page import html_page
from analysis.report.city.revision import revised
from analysis.report.city.workbook import workbook_file
from tests.analysis.report.city.made import LATER, evidence, month_hours

pytestmark = pytest.mark.usefixtures("unrendered")


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


def test_a_station_that_is_named_like_a_formula_or_a_key_is_shown_as_it_is_named() -> None:
    report = build_report(evidence({"a": month_hours()}), "en")
    section = next(item for item in report.sections if item.key == "quality")
    row = section.tables[0].rows[0]
    table = msgspec.structs.replace(
        section.tables[0], rows=(msgspec.structs.replace(row, cells=("=HYPERLINK(1)", *row.cells[1:])),)
    )
    named = msgspec.structs.replace(report, sections=(msgspec.structs.replace(section, tables=(table,)),))
    with zipfile.ZipFile(io.BytesIO(workbook_file(named))) as book:
        assert b"=HYPERLINK(1)" in book.read("xl/sharedStrings.xml")
        assert b"<f>" not in book.read("xl/worksheets/sheet2.xml")
    assert "=HYPERLINK(1)" in html_page(named)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_first_sheet_has_the_answers_and_the_query_of_every_other(language: str) -> None:
    report = build_report(evidence({"a": month_hours()}), language)
    with zipfile.ZipFile(io.BytesIO(workbook_file(report))) as book:
        text = book.read("xl/sharedStrings.xml").decode()
        names = re.findall('<sheet name="([^"]+)"', book.read("xl/workbook.xml").decode())
    answers = next(section.answers for section in report.sections if section.answers)
    assert all(item.text(language) in text for answer in answers for item in answer.sentences)
    assert len(names) == len(set(names)) > 5
    assert all(f">{name}<" in text for name in names[1:])
    assert "skyground export" in text


def test_a_change_is_printed_with_its_digits_and_unit() -> None:
    hours = month_hours()
    published = build_report(evidence({"a": hours}), "en")
    again = build_report(evidence({"a": hours.assign(so2=hours["so2"] + 5)}, now=LATER + timedelta(days=1)), "en")
    with zipfile.ZipFile(io.BytesIO(workbook_file(revised(again, published)))) as book:
        text = book.read("xl/sharedStrings.xml").decode()
    was = hours["so2"].mean()
    assert f"<t>SO2 · Value: {was:.0f} → {was + 5:.0f} µg/m³</t>" in text
