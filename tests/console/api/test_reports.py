"""The list of published reports and their files, by the API of a running console."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from analysis.report.city.build import build_report
from analysis.run.report.city_report import publish_reports
from store.state import StateStore
from tests.analysis.report.city.made import LATER, evidence, month_hours

if TYPE_CHECKING:
    from tests.console.conftest import Running

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def published(running: Running) -> str:
    """Base address of the API; a month is published and revised, a day is published once, in English alone."""
    hours = month_hours()
    with StateStore(running.settings.state_url) as state:
        for language in ("zh", "en"):
            publish_reports(state, [build_report(evidence({"a": hours}), language)])
            later = evidence({"a": hours.assign(so2=hours["so2"] + 5)}, now=LATER + timedelta(days=1))
            publish_reports(state, [build_report(later, language)])
        publish_reports(state, [build_report(evidence({"a": hours}, "2026-05-07"), "en")])
    return f"{running.url}/api/v1/reports"


def _get(url: str) -> tuple[int, str, str, bytes]:
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            head = answer.headers
            return answer.status, head["content-type"], head["content-disposition"], answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["content-type"], "", error.read()


def _rows(url: str) -> Any:
    return json.loads(_get(url)[3])["reports"]


def test_reports_are_listed_with_state_version_and_files(published: str) -> None:
    month_zh, month_en, day = sorted(_rows(published), key=lambda row: (row["period"], row["language"] == "en"))
    assert (month_en["state"], month_en["version"], month_en["kind"]) == ("revised", 2, "month")
    assert [item["state"] for item in month_zh["older"]] == ["final"]
    assert (day["language"], day["state"], day["older"]) == ("en", "final", [])
    assert (day["checked_at"], month_en["checked_at"]) == (None, None)
    assert set(day["files"]) == {"html", "pdf", "xlsx"}


@pytest.mark.parametrize(
    ("query", "periods"),
    [
        ("kind=day", {"2026-05-07"}),
        ("state=revised", {"2026-05"}),
        ("period=2026-05-07", {"2026-05-07"}),
        ("period=2026-05", {"2026-05", "2026-05-07"}),
        ("place=999999", set()),
        ("limit=1", {"2026-05"}),
    ],
)
def test_the_list_is_narrowed(published: str, query: str, periods: set[str]) -> None:
    assert {row["period"] for row in _rows(f"{published}?{query}")} == periods


def test_a_file_is_the_stored_version(published: str) -> None:
    status, kind, place, now = _get(f"{published}/210100/2026-05/en")
    assert (status, kind) == (200, "text/html; charset=utf-8")
    assert place.startswith("inline")
    before = _get(f"{published}/210100/2026-05/en?version=1")[3]
    assert b"<del>" in now
    assert b"<del>" not in before
    status, kind, place, body = _get(f"{published}/210100/2026-05/en?format=xlsx&version=2")
    assert (status, body[:2], place) == (200, b"PK", 'attachment; filename="210100-2026-05-en-v2.xlsx"')
    assert "spreadsheetml" in kind
    assert _get(f"{published}/210100/2026-05-07/en?format=pdf")[3][:5] == b"%PDF-"


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/210100/2026-05/en?version=9", 404, "no report 210100/2026-05/en, version 9"),
        ("/210100/2026-05/fr", 404, "GET /api/v1/reports lists them"),
        ("/210100/2026-05/en?format=docx", 400, "one of html, pdf, xlsx"),
        ("?kind=week", 400, "one of day, month, year, span"),
        ("?period=May", 400, "a year, month or day"),
        ("?city=210100", 400, "city"),
    ],
)
def test_what_is_wrong_is_named(published: str, path: str, status: int, words: str) -> None:
    found, kind, _, body = _get(published + path)
    assert (found, kind) == (status, "application/problem+json")
    assert words in body.decode()
