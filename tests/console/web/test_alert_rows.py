"""The list of alerts: one row an event, its alerts below it."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

import pytest

from console.view.alert_event import alert_events, event_row
from console.web.render import Page
from schemas.words import words
from tests.console.build import NOW
from tests.console.view.test_alert_event import STATIONS, history

NAMES = {"a": "Alpha", "b": "<b>Beta</b>"}


def rendered(language: str) -> str:
    page = Page(words=words(language, "page"), zone=ZoneInfo("Asia/Shanghai"), now=NOW)
    alerts = [history(1, "a", "so2", 3), history(2, "b", "so2", 2), history(3, "far", "o3", 9)]
    rows = [event_row(item, page.words, NAMES, NOW) for item in alert_events(alerts, STATIONS, NOW)]
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


def test_names_of_stations_are_shown_as_text() -> None:
    assert "<b>Beta</b>" not in rendered("en")
    assert "&lt;b&gt;Beta&lt;/b&gt;" in rendered("en")
