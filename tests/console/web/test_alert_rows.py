"""The list of alerts: one row an event, its alerts below it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec
import pytest

from analysis.case.case_file import EventKind
from console.view.alert_event import alert_events, event_row
from console.web.render import Page
from schemas.statement import Confidence
from schemas.words import words
from tests.console.build import NOW, stored_case
from tests.console.view.test_alert_event import STATIONS, history

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analysis.case.case_file import CaseFile

NAMES = {"a": "Alpha", "b": "<b>Beta</b>"}


def rendered(language: str, cases: Mapping[int, CaseFile] | None = None) -> str:
    page = Page(words=words(language, "page"), zone=ZoneInfo("Asia/Shanghai"), now=NOW)
    alerts = [history(1, "a", "so2", 3), history(2, "b", "so2", 2), history(3, "far", "o3", 9)]
    rows = [event_row(item, page.words, NAMES, NOW, cases) for item in alert_events(alerts, STATIONS, NOW)]
    return page.render("alert_rows.html", open=rows, open_alerts=3, past=[], more=False)


@pytest.mark.parametrize(
    ("language", "folded", "count"),
    [("en", "2 alerts of one event", "3 alerts, 2 events"), ("zh", "同一事件的 2 条告警", "3 条告警，2 个事件")],
)
def test_the_alerts_of_an_event_are_folded_below_its_row(language: str, folded: str, count: str) -> None:
    text = rendered(language)
    assert text.count(f"<summary>{folded}</summary>") == 1
    assert count in text
    assert re.findall(r'row-link" href="/alerts/(\d+)"', text) == ["1", "1", "2", "3"]


@pytest.mark.parametrize(
    ("language", "line", "undecided"),
    [
        (
            "en",
            "Case file: very probably a local plume, source probably iron and steel",
            "Case file: kind of event undecided",
        ),
        ("zh", "研判：极可能是局地污染源排放，来源很可能是钢铁", "研判：事件类型尚不能确定"),
    ],
)
def test_the_answer_of_a_case_file_is_in_the_row_of_its_alert(language: str, line: str, undecided: str) -> None:
    text = rendered(language, {2: case_of("very", "steel"), 3: case_of("unknown", None)})
    # the row of the event, and that of the alert below it
    assert text.count(line) == 2
    assert text.count(undecided) == 1
    assert "case-line" not in rendered(language)


def case_of(what: str, source: str | None) -> CaseFile:
    found = stored_case("b", "so2", NOW).case
    figures = {"source": source, "source_likely": "medium"}
    answer = msgspec.structs.replace(found.answer, figures=figures, confidence=Confidence.HIGH)
    kind = EventKind.UNKNOWN if what == "unknown" else EventKind.PLUME
    return msgspec.structs.replace(found, kind=kind, statements=(answer, *found.statements[1:]))


def test_names_of_stations_are_shown_as_text() -> None:
    assert "<b>Beta</b>" not in rendered("en")
    assert "&lt;b&gt;Beta&lt;/b&gt;" in rendered("en")
