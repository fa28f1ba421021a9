"""A report is published once, again only where it says something else, and then names the cause."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from analysis.report.city.build import build_report
from analysis.report.city.period import parse_period
from analysis.run.hour_source import StationHours
from analysis.run.report.city_report import (
    ReportFormat,
    evidence_of_files,
    publish_reports,
    published_reports,
    query_of_stored,
    write_report,
)
from schemas.network import Station
from tests.analysis.report.city.made import LATER, ZONE, evidence, month_hours

if TYPE_CHECKING:
    from analysis.run.report.city_report import PublishedReport
    from store.state import StateStore


def test_publishing_the_same_again_makes_no_version(state: StateStore) -> None:
    hours = {"a": month_hours()}
    (first,) = publish_reports(state, [build_report(evidence(hours), "en")])
    (again,) = publish_reports(state, [build_report(evidence(hours, now=LATER + timedelta(days=1)), "en")])
    assert (first.version, first.is_new, again.version, again.is_new) == (1, True, 1, False)
    assert [item.checked_at is not None for item in state.documents.list("report")] == [True]


@pytest.mark.usefixtures("unrendered")
def test_reports_of_other_files_of_a_layout_do_not_replace_each_other(state: StateStore) -> None:
    def published(station: str, file: str, **change: float) -> PublishedReport:
        hours = month_hours().assign(**change)
        found = StationHours(
            hourly={station: hours}, stations={station: Station(id=station, name_zh="", name_en=station.upper(), instruments=())},
            zone=ZONE, start=hours.index[0], end=LATER, source="beijing",
        )  # fmt: skip
        made = evidence_of_files(found, [Path("/data", file)], parse_period("2026-05"), LATER)
        return publish_reports(state, [build_report(made, "en")])[0]

    first, other = published("a", "a.csv"), published("b", "b.csv")
    assert (first.version, other.version) == (1, 1)
    assert first.report.key != other.report.key
    assert first.report.name == "Beijing (UCI data set): A"
    assert not published("a", "a.csv").is_new
    changed = published("a", "a.csv", so2=5.0)
    assert (changed.version, changed.is_revised) == (2, True)


@pytest.mark.usefixtures("unrendered")
def test_a_changed_figure_makes_a_revised_version_with_its_cause(state: StateStore) -> None:
    hours = month_hours()
    publish_reports(state, [build_report(evidence({"a": hours}), "en")])
    changed = build_report(evidence({"a": hours.assign(no2=hours["no2"] + 9)}, now=LATER + timedelta(days=1)), "en")
    (found,) = publish_reports(state, [changed])
    assert (found.version, found.report.is_revised) == (2, True)
    assert [cause.key for cause in found.report.causes] == ["report.city.cause_unknown"]
    assert [item.key for item in published_reports(state)] == [found.report.key]
    assert not publish_reports(state, [changed])[0].is_new
    (later,) = publish_reports(state, [msgspec.structs.replace(changed, digest="other")])
    assert (later.version, later.is_revised, later.report.causes) == (3, False, found.report.causes)


@pytest.mark.usefixtures("unrendered")
def test_files_are_named_by_place_period_and_language(tmp_path: Path) -> None:
    report = build_report(evidence({"a": month_hours()}), "zh")
    written = write_report(report, [ReportFormat.HTML, ReportFormat.XLSX], tmp_path / "new")
    assert [path.name for path in written] == ["210100-2026-05-zh.html", "210100-2026-05-zh.xlsx"]


@pytest.mark.usefixtures("unrendered")
def test_two_runs_that_write_the_same_report_leave_whole_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = build_report(evidence({"a": month_hours()}), "zh")
    write = Path.write_bytes

    def write_twice(path: Path, content: bytes) -> int:
        monkeypatch.setattr(Path, "write_bytes", write)
        write_report(report, [ReportFormat.HTML], tmp_path)  # the other run, between the two steps of this one
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", write_twice)
    (path,) = write_report(report, [ReportFormat.HTML], tmp_path)
    assert path.read_text(encoding="utf-8").endswith("</html>")
    assert list(tmp_path.iterdir()) == [path]


def test_the_query_of_stored_hours_uses_the_words_of_the_api() -> None:
    found = query_of_stored(parse_period("2026-05"), ["a", "b"])
    assert found.address == "/api/v1/series?station=a&parameter=pm25&from=2026-05-01&to=2026-05-31"
    assert "--station a --station b --from 2026-05-01 --to 2026-05-31" in found.command
