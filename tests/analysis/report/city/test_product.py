"""Sections on products: chemistry, what to cut, case files, outlook and scores; figures with n, and no raw key on a page."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd
import pytest

from analysis.case.case_file import (
    Basis,
    CaseFile,
    EventKind,
    EventPeak,
    EventSpan,
    KindShare,
)
from analysis.chemistry.period_summary import chemistry_of
from analysis.coanalysis.cocontrol.ranking import Part, PrecursorPart
from analysis.coanalysis.cocontrol.result import CoControl, CutList, DaySet
from analysis.report.city.build import build_report
from analysis.report.city.document import FigureQuery, PlaceKind, ReportSection
from analysis.report.city.page import html_page
from analysis.report.city.products import LeadScore, Outlook, OutlookDay, ReportProducts
from analysis.report.city.revision import is_same, revised
from analysis.report.city.section.chemistry import chemistry
from analysis.report.city.section.cut import cut
from analysis.report.city.section.episode import episodes
from analysis.report.city.section.outlook import outlook
from schemas.interval import Interval
from schemas.statement import Confidence, Statement
from tests.analysis.report.city.made import ZONE, evidence, month_hours

if TYPE_CHECKING:
    from analysis.report.city.document import ReportTable
    from analysis.report.city.evidence import ReportEvidence

QUERY = FigureQuery(command="skyground export")
ANSWER = Statement(topic="answer", key="attribution.missing.wind", figures={}, confidence=Confidence.MEDIUM)


def cut_list(*, first: str, indistinct: tuple[str, ...], groups: tuple[str, ...] = ()) -> CoControl:
    part = Part(mean=2.0, low=-1.0, high=4.0)
    row = PrecursorPart(
        precursor=first, o3_ug_m3=part, pm25_ug_m3=None, joint_pct=part, probability_first=0.45, indistinct=indistinct
    )
    return CoControl(
        first_day=date(2026, 5, 1),
        last_day=date(2026, 5, 31),
        season="spring",
        lists=(
            CutList(
                days=DaySet(name="all", days=31, o3_days=0, pm25_days=2),
                precursors=(
                    row,
                    PrecursorPart(
                        **{name: getattr(row, name) for name in row.__struct_fields__} | {"precursor": "nox"}
                    ),
                ),
                first=first,
                is_first_distinct=not indistinct,
                is_nox_sign_known=False,
                indistinct=indistinct,
            ),
        ),
        cut_pct=20.0,
        pm_weight=1.0,
        members=64,
        missing=("ions",),
        missing_groups=groups,
        coverage={},
        without_koh=(),
        misfit=1.0,
        constants=(),
    )


def case_file(hour: int, hours: int) -> CaseFile:
    start = datetime(2026, 5, 3, hour, tzinfo=UTC)
    end = datetime(2026, 5, 3, hour + hours, tzinfo=UTC)
    return CaseFile(
        key=f"a/pm25/{start:%Y-%m-%dT%H:%MZ}",
        station_id="a",
        parameter="pm25",
        basis=Basis.HOURLY,
        computed_at=end,
        event=EventSpan(start=start, peak_at=start, end=end, parameters=("pm25",), stations=("a",)),
        peak=EventPeak(unit="ug/m3", value=120.0, mean=90.0, usual=30.0, usual_hours=500, hours=hours),
        kind=EventKind.HAZE,
        kinds=(KindShare(kind=EventKind.HAZE, probability=0.8),),
        sources=(),
        bearing=None,
        place=None,
        enterprises=(),
        similar=(),
        statements=(ANSWER,),
        missing=(),
    )


def air() -> pd.DataFrame:
    """Three days of toluene, and of all that PM2.5 is reconstructed from."""
    index = pd.date_range("2026-04-30T16:00", periods=72, freq="h", tz="UTC", name="start")
    means = {"toluene": 10.0, "sulfate": 4.0, "nitrate": 8.0, "ammonium": 4.0, "oc": 5.0, "ec": 1.0, "pm25": 40.0, "no2": 30.0, "so2": 5.0}  # fmt: skip
    wave = 1 + 0.2 * np.sin(np.arange(72))
    return pd.DataFrame({name: value * wave for name, value in means.items()}, index=index)


def with_products(**changes: object) -> ReportEvidence:
    return replace(evidence({"a": month_hours()}), products=ReportProducts(**changes))  # type: ignore[arg-type]


def chemistry_evidence() -> ReportEvidence:
    period = Interval(datetime(2026, 4, 30, 16, tzinfo=UTC), datetime(2026, 5, 3, 16, tzinfo=UTC))
    return with_products(chemistry=(chemistry_of("a", air(), period, ZONE),))


def issued() -> Outlook:
    days = tuple(
        OutlookDay(
            series="210100",
            day=date(2026, 6, day),
            aqi=90,
            low=60,
            high=130,
            primary="pm25",
            primary_probability=0.7,
            above_100=0.3,
        )
        for day in (1, 2, 3)
    )
    return Outlook(origin="2026-06-01 00:00", model="v1", days=days, is_out_of_range=True, query=QUERY)


def lead(parameter: str, leads_h: str, n: int, model: str = "v1") -> LeadScore:
    return LeadScore(
        parameter=parameter, model=model, leads_h=leads_h, n=n, events=3, mae=9.0, bias=-1.0, coverage=0.88, csi=0.4
    )


def table(found: object, key: str) -> ReportTable:
    assert isinstance(found, ReportSection)
    return next(item for item in found.tables if item.key == key)


def test_components_have_share_hours_and_coverage_and_species_are_ranked() -> None:
    found = chemistry(chemistry_evidence(), "en")
    parts = table(found, "composition")
    assert [column.key for column in parts.columns] == [
        "component",
        "mean",
        "mass_share",
        "n_hours",
        "coverage",
    ]
    assert parts.rows[0].key == "a.ammonium_nitrate"
    assert sum(float(row.cells[2] or 0) for row in parts.rows) == pytest.approx(100)
    assert parts.rows[0].cells[3] == 72
    assert table(found, "ofp").rows[0].cells[:3] == (
        "Toluene",
        pytest.approx(10, rel=0.01),
        pytest.approx(40, rel=0.01),
    )
    figures = {row.key: row.cells for row in table(found, "chemistry").rows}
    assert 0 < float(figures["a.sor"][2] or 0) < 1


def test_what_cannot_be_told_apart_is_said_and_what_was_not_measured_is_named() -> None:
    found = cut(with_products(cut=cut_list(first="aromatic", indistinct=("so2", "nh3"), groups=("alkene",))), "en")
    assert isinstance(found, ReportSection)
    said = [item.text("en") for item in found.sentences]
    assert said[0].startswith("Over all 31 days the data cannot tell what to cut first: aromatics leads in 45 %")
    assert "SO2, NH3" in said[0]
    assert any("Not measured at all: alkenes" in line for line in said)
    row = table(found, "cut_all").rows[0]
    assert row.cells[1:4] == (2.0, -1.0, 4.0)
    assert not any(column.key.startswith("cut_pm25") for column in table(found, "cut_all").columns)


def test_the_longest_case_files_are_printed_and_all_are_in_the_excel_file() -> None:
    cases = tuple(case_file(hour, 1 + hour % 3) for hour in range(15))
    found = episodes(with_products(cases=cases), "en")
    assert len(table(found, "cases").rows) == 12
    every = table(found, "all_cases")
    assert (len(every.rows), every.is_detail) == (15, True)
    assert every.rows[0].cells[2:4] == ("=word.event_kind.haze", 80)


def test_without_a_case_file_no_number_is_named() -> None:
    found = episodes(replace(with_products(cases=()), days=evidence({"a": month_hours()}).days.assign(aqi=120.0)), "en")
    assert isinstance(found, ReportSection)
    assert found.sentences[-1].text("en") == "No case file of an event meets the period."


def test_the_outlook_has_range_and_level_and_warns_outside_the_training() -> None:
    found = outlook(with_products(outlook=issued()), "en")
    assert isinstance(found, ReportSection)
    said = [item.text("en") for item in found.sentences]
    assert "outside the range" in said[0]
    assert "AQI 90 (Good), 80 % range 60 to 130; primary pollutant most probably PM2.5" in said[1]
    assert table(found, "outlook").rows[0].cells[5] == "Good – Lightly polluted"


def test_a_score_is_of_the_model_with_most_pairs() -> None:
    scores = (lead("pm25", "13-24", 40, "old"), lead("pm25", "13-24", 400), lead("o3", "1-1", 9))
    found = outlook(with_products(scores=scores), "en")
    rows = table(found, "scores").rows
    assert [(row.key, row.cells[-2], row.cells[-1]) for row in rows] == [("pm25.13-24", 400, "v1")]


@pytest.mark.usefixtures("unrendered")
def test_what_was_issued_scored_or_concluded_after_publication_is_no_change() -> None:
    one = with_products(cases=(case_file(2, 2),), outlook=issued(), scores=(lead("pm25", "13-24", 400),))
    later = msgspec.structs.replace(issued(), origin="2026-06-01 01:00", days=issued().days[:1])
    scores = (lead("pm25", "13-24", 424, "v2"),)
    two = replace(one, products=ReportProducts(cases=(case_file(2, 3), case_file(8, 1)), outlook=later, scores=scores))
    published, report = build_report(one, "en"), build_report(two, "en")
    assert revised(report, published).changes == ()
    assert not is_same(report, published)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_report_with_all_products_has_no_raw_key(language: str) -> None:
    whole = replace(
        chemistry_evidence().products,
        cut=cut_list(first="co", indistinct=()),
        cases=(case_file(2, 2),),
        outlook=issued(),
        scores=(lead("pm25", "13-24", 40),),
    )
    report = build_report(replace(evidence({"a": month_hours()}, kind=PlaceKind.CITY), products=whole), language)
    page = html_page(report)
    assert [item.key for item in report.sections][-4:] == ["chemistry", "cut", "outlook", "quality"]
    for prefix in ("report.city", "cocontrol.", "word.", "coanalysis."):
        assert prefix not in page
