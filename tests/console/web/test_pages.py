from __future__ import annotations

import shutil
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, sync_playwright

from qc.gate.batch import make_batch
from qc.gate.gate import evaluate
from qc.run.gate.data_docs import publish
from qc.run.gate.suite_file import read_suite
from store.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.console.conftest import Running

pytestmark = [pytest.mark.integration, pytest.mark.e2e]
DAY = timedelta(days=1)
CHROMIUM = shutil.which("chromium")
TITLES = {
    "/": ("网络状态", "Network health"),
    "/stations/ln-sy-01": ("沈阳一号", "Shenyang 1"),
    "/series?station=ln-sy-01&parameter=o3": ("数据曲线", "Series"),
    "/alerts": ("告警", "Alerts"),
    "/case-files": ("事件研判", "Case files"),
    "/aqi": ("空气质量", "Air quality"),
    "/forecast": ("预报", "Forecast"),
    "/forecast?at=ln-sy-01": ("预报", "Forecast"),
    "/reports": ("报告", "Reports"),
    "/api": ("HTTP 接口", "HTTP API"),
}


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with sync_playwright() as player:
        browser = player.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield browser.new_page(viewport={"width": 1280, "height": 900})
        browser.close()


@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("path", list(TITLES))
def test_a_page_loads_in_its_language_alone_and_fits(
    running: Running, page: Page, path: str, language: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 850})
    page.context.add_cookies([{"name": "skyground_language", "value": language, "url": running.url}])
    seen: list[str] = []
    page.on("console", lambda message: seen.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: seen.append(str(error)))
    page.on(
        "request",
        lambda request: (
            seen.append(request.url)
            if not request.url.startswith((running.url, running.url.replace("http", "ws"), "data:", "blob:"))
            else None
        ),
    )
    page.goto(running.url + path)
    page.get_by_role("heading", level=1).wait_for()
    page.wait_for_timeout(300)
    assert page.get_by_role("heading", level=1).inner_text() == TITLES[path][language == "en"]
    assert page.evaluate("document.documentElement.lang") == ("zh-CN" if language == "zh" else "en")
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    assert seen == []


def test_names_and_details_from_outside_are_shown_as_text(running: Running, page: Page) -> None:
    page.context.add_cookies([{"name": "skyground_language", "value": "en", "url": running.url}])
    page.goto(running.url + "/")
    page.locator("table.data").get_by_text("<b>Dalian</b>").wait_for()
    page.goto(running.url + "/stations/ln-sy-01")
    page.get_by_text("units.o3: 'furlong' <script>").wait_for()


def test_the_language_is_remembered(running: Running, page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 850})
    page.context.clear_cookies()
    page.goto(running.url + "/alerts")
    page.get_by_role("link", name="English").click()
    page.get_by_role("heading", level=1, name="Alerts").wait_for()
    page.goto(running.url + "/")
    page.get_by_role("heading", level=1, name="Network health").wait_for()


def test_a_filter_leaves_only_what_matches(running: Running, page: Page) -> None:
    page.context.add_cookies([{"name": "skyground_language", "value": "en", "url": running.url}])
    page.goto(running.url + "/?state=silent")
    page.locator("table.data tbody tr").first.wait_for()
    assert page.locator("table.data tbody th a").all_inner_texts() == ["<b>Dalian</b>"]


@pytest.mark.parametrize("width", [1280, 380])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_of_an_alert_is_that_of_its_case(running: Running, page: Page, language: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 850})
    page.context.add_cookies([{"name": "skyground_language", "value": language, "url": running.url}])
    page.goto(f"{running.url}/alerts/{running.alert_id}")
    title = page.get_by_role("heading", level=1).inner_text()
    # the value of now, which the hours after the alert have
    assert title.startswith("Shenyang 1 O3 4" if language == "en" else "沈阳一号 O3 4")
    assert (">200 since" if language == "en" else "（限200）") in title
    assert page.url == f"{running.url}/cases/{running.case_id}"
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    assert page.locator(".answers dt").count() == 6


def test_on_a_phone_a_case_of_the_list_is_one_line(running: Running, page: Page) -> None:
    page.set_viewport_size({"width": 380, "height": 850})
    page.goto(running.url + "/alerts")
    box = page.locator(".case-list tbody tr").first.bounding_box()
    assert box is not None
    assert box["height"] <= 46


def test_a_case_is_taken_commented_and_resolved_on_its_page(running: Running, page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 850})
    page.context.add_cookies([{"name": "skyground_language", "value": "en", "url": running.url}])
    page.goto(f"{running.url}/cases/{running.case_id}")
    page.get_by_role("button", name="Take it").click()
    page.get_by_text("Please fill in the marked field").wait_for()
    page.get_by_label("You").fill("Li Lei")
    page.get_by_label("You").press("Enter")
    page.get_by_label("Note").fill("called the station")
    page.get_by_role("button", name="Take it").click()
    page.get_by_text("Li Lei took it").first.wait_for()
    page.get_by_text("called the station").wait_for()
    page.locator("summary", has_text="Resolve with a cause").click()
    page.get_by_label("Cause").click()
    page.get_by_role("option", name="instrument fault").click()
    page.get_by_role("button", name="Resolve", exact=True).click()
    page.locator(".facts").get_by_text("instrument fault").wait_for()
    case = StateStore(running.settings.state_url).cases.get(running.case_id)
    assert case is not None
    assert (case.taken_by, case.cause, case.steps[1].figures["text"]) == (
        "Li Lei",
        "instrument",
        "called the station",
    )


@pytest.mark.parametrize("width", [1280, 400])
def test_data_docs_need_no_other_host_and_fit(running: Running, page: Page, width: int) -> None:
    batch = make_batch({}, running.settings.stations.station_list, "gas", running.hour - DAY, running.hour)
    evaluated = evaluate(batch, read_suite("gas"), ["o3", "no2"])
    publish([evaluated], "gas", run_dir=running.settings.run_dir, now=running.hour)
    page.set_viewport_size({"width": width, "height": 850})
    seen: list[str] = []
    page.on("requestfailed", lambda request: seen.append(request.url))
    page.on("response", lambda answer: seen.append(answer.url) if answer.status >= 400 else None)
    page.on("request", lambda request: seen.append(request.url) if running.url not in request.url else None)
    page.goto(running.url + "/datadocs/index.html")
    page.locator("li a").first.click()
    page.get_by_text("本批次没有任何小时数据").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    assert [url for url in seen if not url.startswith("data:")] == []


def test_the_forecast_of_a_station_has_a_plot_its_days_and_what_it_was_made_with(running: Running, page: Page) -> None:
    page.context.add_cookies([{"name": "skyground_language", "value": "en", "url": running.url}])
    page.goto(running.url + "/forecast?at=ln-sy-01")
    page.get_by_role("heading", level=2).get_by_text("Ozone").wait_for()
    assert page.locator("table.data tbody tr").count() == 4
    page.get_by_text("Without a weather forecast.").wait_for()
    page.get_by_text("Without a trained model").wait_for()
    page.goto(running.url + "/forecast?at=ln-dl-01")
    page.get_by_text("No forecast in the last 24 h").wait_for()
    assert page.goto(running.url + "/forecast?at=x").status == 404  # type: ignore[union-attr]
