"""What a report says, how it is rendered, and what a correction does to a published one."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np
import pandas as pd
import pytest
from pypdf import PdfReader

from analysis.report.city.build import SECTIONS, build_report
from analysis.report.city.document import (
    CityReport,
    DataState,
    FigureQuery,
    PlaceKind,
    ReportColumn,
    ReportRow,
    ReportSection,
    ReportTable,
)
from analysis.report.city.page import cell_text, html_page
from analysis.report.city.pdf import pdf_file
from analysis.report.city.period import ReportError, parse_period
from analysis.report.city.revision import is_same, revised
from analysis.statistics.assessment import rule
from schemas.network import Station
from tests.analysis.report.city.made import LATER, evidence, month_hours

pytestmark = pytest.mark.usefixtures("unrendered")


def _cell(report: CityReport, section: str, row: str, column: str) -> object:
    for table in next(item for item in report.sections if item.key == section).tables:
        names = [item.key for item in table.columns]
        for item in table.rows:
            if item.key == row and column in names:
                return item.cells[names.index(column)]
    raise AssertionError


@pytest.fixture(scope="module")
def published() -> CityReport:
    """Of the hours of `month_hours`."""
    return build_report(evidence({"a": month_hours()}), "en")


@pytest.fixture(scope="module")
def higher() -> CityReport:
    """A day later, with 90 ug/m3 more PM2.5."""
    hours = month_hours()
    return build_report(evidence({"a": hours.assign(pm25=hours["pm25"] + 90)}, now=LATER + timedelta(days=1)), "en")


def test_values_are_the_mean_of_the_stations_and_count_their_days() -> None:
    first, second = month_hours(1), month_hours(2)
    report = build_report(evidence({"a": first, "b": second}), "en")
    wanted = (first["pm25"].mean() + second["pm25"].mean()) / 2
    assert _cell(report, "concentrations", "pm25", "value") == pytest.approx(wanted)
    assert _cell(report, "concentrations", "pm25", "n_days") == 31
    assert report.valid_days == report.days == 31


def test_missing_hours_are_counted_and_a_short_month_is_informative_only() -> None:
    hours = month_hours()
    hours.loc[hours.index[: 24 * 10], "pm25"] = np.nan
    report = build_report(evidence({"a": hours}), "en")
    assert _cell(report, "quality", "a.pm25", "missing_hours") == 240
    assert "informative only" in html_page(report)
    assert "PM2.5 (67.7 %)" in html_page(report)


def test_the_stations_in_the_mean_of_a_day_are_stated_and_few_are_marked_by_the_rule(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = month_hours(1), month_hours(2)
    second.loc[second.index[: 24 * 3], "pm25"] = np.nan
    found = evidence({"a": first, "b": second})
    report = build_report(found, "en")
    assert _cell(report, "concentrations", "pm25", "n_stations") == "1-2/2"
    assert _cell(report, "concentrations", "so2", "n_stations") == "2/2"
    assert "Days with a mean of fewer" not in html_page(report)
    strict = msgspec.structs.replace(rule.rules(), place=rule.PlaceMean(least_station_share=0.75, status="test"))
    monkeypatch.setattr("analysis.report.city.section.concentration.rules", lambda: strict)
    said = "Days with a mean of fewer than 75 % of the stations (share not verified): PM2.5 3."
    assert said in html_page(build_report(found, "en"))
    assert "n_stations" not in {column.key for column in _table(build_report(evidence({"a": first}), "en")).columns}


def _table(report: CityReport) -> ReportTable:
    return next(item for item in report.sections if item.key == "concentrations").tables[0]


def test_a_station_with_one_name_has_it_in_both_languages() -> None:
    found = evidence({"a": month_hours(), "b": month_hours(2)})
    named = Station(id="a", name_zh="北站", name_en="", city="210100", instruments=())
    found = replace(found, stations=dict(found.stations) | {"a": named})
    assert [found.member_name("a", language) for language in ("zh", "en")] == ["北站", "北站"]
    assert found.member_name("b", "en") == "b"


def test_columns_of_tables_keep_a_least_width_on_a_phone() -> None:
    page = html_page(build_report(evidence({"a": month_hours()}), "zh"))
    _, _, phone = page.partition("@media (max-width:36rem)")
    phone, _, _ = phone.partition("@page")
    assert "thead th.num{min-width:" in phone  # four Chinese characters without a break
    assert "td:not(.num):not(.unit){min-width:" in phone


def test_a_month_that_is_not_over_is_preliminary() -> None:
    now = datetime(2026, 5, 11, tzinfo=UTC)
    report = build_report(evidence({"a": month_hours()}, now=now), "en")
    assert report.state is DataState.PRELIMINARY
    assert report.days == 11
    assert "not over" in html_page(report)


def test_a_period_that_has_not_begun_is_refused() -> None:
    with pytest.raises(ReportError, match="has not begun"):
        evidence({"a": month_hours()}, "2026-05-20", now=datetime(2026, 5, 11, tzinfo=UTC))


def test_a_city_without_a_value_is_refused_by_name() -> None:
    with pytest.raises(ReportError, match="210100: no station has a value"):
        evidence({"a": month_hours() * np.nan})


def test_both_editions_of_a_year_are_stated() -> None:
    report = build_report(evidence({"a": month_hours()}, "2026"), "en")
    assert report.editions == ("HJ633-2012", "HJ633-2026")
    assert "The edition changes" in html_page(report)


@pytest.mark.parametrize(
    "text", ["2026-13", "2026-5", "26", "2026-02-30", "0000", "0001", "9999-12-31", "٢٠٢٦-١٠", "2026-05\n"]
)
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(ReportError, match="expected a day"):
        parse_period(text)


def test_a_correction_below_the_printed_digits_changes_nothing(published: CityReport) -> None:
    hours = month_hours()
    again = build_report(evidence({"a": hours.assign(pm25=hours["pm25"] + 1e-6)}, now=LATER + timedelta(days=1)), "en")
    assert revised(again, published).changes == ()


def test_a_correction_keeps_the_published_figure_next_to_the_new_one(published: CityReport) -> None:
    hours = month_hours()
    again = build_report(evidence({"a": hours.assign(so2=hours["so2"] + 5)}, now=LATER + timedelta(days=1)), "en")
    marked = revised(again, published)
    change = next(item for item in marked.changes if item.figure == "concentrations/concentrations/so2/value")
    assert (change.before, change.after) == (pytest.approx(hours["so2"].mean()), pytest.approx(hours["so2"].mean() + 5))
    assert change.unit == "ug/m3"
    page = html_page(marked)
    assert "revised" in page
    assert f"<del>{change.before:.0f}</del>" in page
    assert is_same(revised(build_report(evidence({"a": hours.assign(so2=hours["so2"] + 5)}), "en"), marked), marked)


def test_a_figure_that_rounds_to_zero_has_no_sign(published: CityReport) -> None:
    column, row = ReportColumn(key="days", digits=0), ReportRow(key="a", cells=("a", -0.3))
    assert cell_text(column, row, -0.3, "en") == "0"
    table = ReportTable(
        key="t", columns=(ReportColumn(key="level"), column), rows=(row,), query=FigureQuery(command="")
    )
    above = msgspec.structs.replace(table, rows=(ReportRow(key="a", cells=("a", 0.3)),))
    one, two = (
        msgspec.structs.replace(published, sections=(ReportSection(key="quality", tables=(item,)),))
        for item in (table, above)
    )
    assert revised(two, one).changes == ()


def test_the_label_of_a_change_is_words(published: CityReport, higher: CityReport) -> None:
    labels = [item.label for item in revised(higher, published).changes]
    assert "PM2.5 only · Days" in labels
    assert not [label for label in labels if label.startswith("=")]


def test_a_sentence_with_other_figures_keeps_the_published_one(published: CityReport, higher: CityReport) -> None:
    (change,) = [
        item
        for item in revised(higher, published).changes
        if item.figure.startswith("overview/text/report.city.days_good")
    ]
    assert str(change.before) in html_page(revised(higher, published))
    assert change.before != change.after


@pytest.mark.parametrize("period", ["2026", "2025-06-01_2026-05-31"])
def test_a_period_of_a_year_is_compared_once(period: str) -> None:
    report = build_report(evidence({"a": month_hours()}, period), "en")
    overview = next(item for item in report.sections if item.key == "overview")
    named = [item.figures["period"] for item in overview.sentences if "period" in item.figures]
    assert named == [parse_period(period).year_before().label]


def test_a_table_that_was_not_published_is_no_change(published: CityReport) -> None:
    shorter = msgspec.structs.replace(published, sections=published.sections[:2])
    assert revised(published, shorter).changes == ()


def test_a_preliminary_report_is_followed_without_a_mark(published: CityReport) -> None:
    early = build_report(evidence({"a": month_hours()}, now=datetime(2026, 5, 11, tzinfo=UTC)), "en")
    assert revised(published, early).changes == ()


@pytest.mark.parametrize(
    ("kind", "period", "language"),
    [
        (PlaceKind.CITY, "2026-05-07", "zh"),
        (PlaceKind.PROVINCE, "2026-05-07", "en"),
        (PlaceKind.STATIONS, "2026-05", "zh"),
        (PlaceKind.CITY, "2026", "en"),
    ],
)
def test_every_place_and_period_has_a_page_without_a_raw_key(
    kind: PlaceKind, period: str, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    report = build_report(evidence({"a": month_hours(), "b": month_hours(2)}, period, kind=kind), language)
    page = html_page(report)
    assert "report.city" not in page
    assert len(report.sections) + len(report.absent) == len(SECTIONS)
    assert all(item.text(language) in page for item in report.absent)


def test_the_pdf_embeds_its_fonts_and_its_text_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    report = build_report(evidence({"a": month_hours()}), "zh")
    pages = PdfReader(io.BytesIO(pdf_file(html_page(report)))).pages
    text = "".join(page.extract_text() for page in pages)
    assert report.name in text
    assert "PM2.5" in text
    fonts = [font.get_object() for page in pages for font in page["/Resources"]["/Font"].values()]  # type: ignore[index]
    inner = [font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font for font in fonts]
    assert inner
    assert all({"/FontFile2", "/FontFile3"} & set(font["/FontDescriptor"]) for font in inner)


@pytest.mark.parametrize(("days", "is_compared"), [(10, False), (16, True)])
def test_an_earlier_period_is_compared_with_from_half_of_its_days_on(days: int, is_compared: bool) -> None:  # noqa: FBT001
    hours = month_hours()
    june = hours[: 24 * 30].set_axis(hours.index[: 24 * 30] + timedelta(days=31))
    made = evidence({"a": pd.concat([hours[-24 * days :], june])}, "2026-06")
    assert (made.assessed.before.of("pm25").mean is not None) is is_compared
    assert ("The period before (2026-05) has no AQI" in html_page(build_report(made, "en"))) is not is_compared


def test_figures_are_those_of_the_assessment_and_a_year_with_a_short_month_is_informative_only() -> None:
    made = evidence({"a": month_hours()}, "2026")
    item = made.assessed.period.of("o3_mda8")
    report = build_report(made, "en")
    assert _cell(report, "concentrations", "o3", "value") == item.percentile
    assert _cell(report, "concentrations", "o3", "above_days") == item.exceeded_days
    assert "or than 27 in one of its months" in html_page(report)
