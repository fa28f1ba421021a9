from __future__ import annotations

import csv
import io
import json
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from analysis.run.receptor.receptor_model import KIND
from analysis.run.to_json import to_json
from console.query.case_file import read_case_file, read_file_of
from console.query.health import KEEP_S
from console.view.query import format_utc
from qc.review.basis import basis_of
from schemas.review import ReviewAction, ReviewDraft, ReviewReason, ReviewTarget, ReviewVerdict
from store.influx.store import InfluxStore
from store.state import Process, StateStore
from tests.analysis.report.test_product_table import hours, solution
from tests.console.conftest import Running, console_settings, start

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration


def _get(url: str) -> tuple[int, str, bytes]:
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return answer.status, answer.headers["content-type"], answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["content-type"], error.read()


def _json(url: str) -> Any:
    return json.loads(_get(url)[2])


def test_stations_list_instruments_and_channels(running: Running) -> None:
    found = _json(f"{running.url}/api/v1/stations")
    assert [item["id"] for item in found["stations"]] == ["ln-sy-01", "ln-dl-01"]
    assert found["stations"][0]["instruments"][0]["parameters"] == ["o3", "no2"]


def test_series_are_half_open_and_carry_count_completeness_and_reasons(running: Running) -> None:
    start_at, end = (
        format_utc(running.hour.replace(minute=0) - step)
        for step in (running.hour - running.hour.replace(hour=0), running.hour - running.hour)
    )
    found = _json(f"{running.url}/api/v1/series?station=ln-sy-01&parameter=o3&from={start_at}&to={end}&period=24h")
    points = found["series"][0]["points"]
    assert (len(points), found["to"], points[-1]["start"] < end) == (24, end, True)
    assert (points[-1]["value"], points[-1]["n"], points[-1]["completeness"], points[-1]["flag"]) == (47.0, 45, 0.75, 1)
    assert (points[-2]["flag"], points[-2]["notes"]) == (3, "step: a leap of 99 ug/m3")


def test_csv_holds_the_same_values(running: Running) -> None:
    status, kind, body = _get(f"{running.url}/api/v1/series?station=ln-sy-01&parameter=o3&period=24h&format=csv")
    rows = list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))
    assert (status, kind, rows[-1]["value"], rows[-1]["unit"]) == (200, "text/csv; charset=utf-8", "47.0", "ug/m3")
    assert rows[-1]["start"].endswith("Z")


def test_a_long_answer_names_the_address_of_the_rest(running: Running) -> None:
    address: str | None = "/api/v1/series?station=ln-sy-01&parameter=o3&period=3d&limit=20"
    starts, asked = list[str](), 0
    while address:
        with urllib.request.urlopen(running.url + address, timeout=20) as answer:
            found, link = json.load(answer), answer.headers["link"]
        address, asked = found["next"], asked + 1
        assert link == (f'<{address}>; rel="next"' if address else None)
        starts += [point["start"] for item in found["series"] for point in item["points"]]
        assert len(found["series"][0]["points"]) <= 20
    assert (len(starts), len(set(starts)), asked >= 4) == (48, 48, True)


def test_native_series_name_their_instrument(running: Running) -> None:
    found = _json(f"{running.url}/api/v1/series?station=ln-sy-01&parameter=no2&period=24h&level=native")
    assert (found["series"][0]["instrument"], len(found["series"][0]["points"])) == ("gas1", 89)


def test_native_values_are_not_evaluated_until_a_run_has_screened_them(running: Running) -> None:
    address = f"{running.url}/api/v1/series?station=ln-sy-01&parameter=no2&period=24h&level=native"
    points = _json(address)["series"][0]["points"]
    assert {point["flag"] for point in points} == {2}
    middle = points[40]["start"]
    with StateStore(running.settings.state_url) as state:
        state.screened.add("gas", ["ln-sy-01"], running.hour - timedelta(hours=3), datetime.fromisoformat(middle))
        flags = [point["flag"] for point in _json(address)["series"][0]["points"]]
        assert flags[:40] == [1] * 40
        assert set(flags[40:]) == {2}


def test_flags_are_listed_with_test_and_reason(running: Running) -> None:
    found = _json(f"{running.url}/api/v1/flags?station=ln-sy-01&period=24h")["flags"]
    assert [(row["test"], row["flag"], row["reason"]) for row in found] == [("step", 3, "a leap of 99 ug/m3")]


def test_why_shows_the_hour_and_its_flags(running: Running) -> None:
    (row,) = _json(f"{running.url}/api/v1/flags?station=ln-sy-01&period=24h")["flags"]
    found = _json(f"{running.url}/api/v1/flags/why?station=ln-sy-01&parameter={row['parameter']}&at={row['start']}")
    assert [(item["test"], item["flag"], item["count"], item["run_id"]) for item in found["verdicts"]] == [
        ("step", 3, 1, None)
    ]
    assert found["hours"][0]["flag"] in {1, 3}


def test_alerts_are_listed_and_filtered_by_time(running: Running) -> None:
    assert [row["value"] for row in _json(f"{running.url}/api/v1/alerts?station=ln-sy-01")["alerts"]] == [231.4]
    assert _json(f"{running.url}/api/v1/alerts?to=2020-01-01")["alerts"] == []
    bounded = _json(f"{running.url}/api/v1/alerts?limit=1&before=1")
    assert (bounded["limit"], bounded["next"], bounded["alerts"]) == (1, None, [])


def test_health_shows_the_state_of_every_station(running: Running) -> None:
    found = _json(f"{running.url}/api/v1/health")
    assert (found["ok"], {row["id"]: row["state"] for row in found["stations"]}) == (
        True,
        {"ln-sy-01": "up", "ln-dl-01": "silent"},
    )
    assert next(row["rejected_24h"] for row in found["stations"] if row["id"] == "ln-sy-01") == 2


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("series?station=nowhere&parameter=o3", "station"),
        ("series?parameter=o3", "station"),
        ("sources?network=gas", "network"),
        ("sources?network=pm&station=nowhere", "station"),
        ("sources?network=pm&from=2026-01-01&to=2026-11-01", "from"),
        ("sources?network=pm&from=2010-01-01&to=2026-11-01&format=csv", "from"),
        ("sources?network=pm&from=2026-11-02&to=2026-11-01", "to"),
        ("flags?from=x", "from"),
        ("series?station=ln-sy-01&parameter=o3&format=xml", "format"),
        ("series?station=ln-sy-01&parameter=o3&limit=0", "limit"),
        ("flags?limit=1e9", "limit"),
        ("alerts?station=zz", "station"),
        ("alerts?limit=1001", "limit"),
        ("alerts?limit=0", "limit"),
        (f"alerts?limit={'9' * 5000}", "limit"),
        (f"alerts?before={'9' * 5000}", "before"),
        (f"series?station=ln-sy-01&parameter=o3&limit={'9' * 5000}", "limit"),
        ("alerts?from=2027-01-01&to=2026-01-01", "to"),
        ("series?station=ln-sy-01&station=ln-dl-01&parameter=o3", "station"),
        ("flags?statoin=ln-sy-01", "statoin"),
        ("flags/why?station=ln-sy-01&parameter=o3&at=2026-01-01&asof=2026-01-01", "asof"),
        ("alerts?before=x", "before"),
        ("alerts?from=2026-02-30", "from"),
        ("flags/why?station=zz&parameter=o3", "station"),
        ("flags/why?station=ln-sy-01&parameter=o3", "at"),
        ("flags/why?station=ln-sy-01&parameter=o33&at=2026-01-01", "parameter"),
    ],
)
def test_a_wrong_question_gets_a_problem_that_says_what_was_expected(
    running: Running, path: str, parameter: str
) -> None:
    status, kind, body = _get(f"{running.url}/api/v1/{path}")
    found = json.loads(body)
    assert (status, kind, found["parameter"]) == (400, "application/problem+json", parameter)
    assert found["expected"] in found["detail"]


def test_every_call_is_in_the_openapi_description(running: Running) -> None:
    paths = _json(f"{running.url}/api/openapi.json")["paths"]
    assert set(paths) == {
        f"/api/v1/{name}"
        for name in (
            "stations",
            "series",
            "flags",
            "flags/why",
            "alerts",
            "cases",
            "cases/{case}",
            "cases/{case}/actions",
            "cases/{case}/map",
            "case-files",
            "case-files/{station}/{parameter}/{start}",
            "case-files/{station}/{parameter}/{start}/picture",
            "mutes",
            "mutes/{mute}",
            "health",
            "sources",
            "reports",
            "reports/{place}/{period}/{language}",
        )
    }


def test_a_case_file_is_answered_with_its_sentences_and_picture(running: Running) -> None:
    address = f"{running.url}/api/v1/case-files"
    (listed,) = _json(f"{address}?station=ln-sy-01")["cases"]
    one = _json(f"{address}/{listed['key']}")
    assert one == listed | {"joint_episodes": []}
    first = one["statements"][0]
    assert (first["topic"], bool(first["zh"]), bool(first["en"])) == ("answer", True, True)
    status, kind, body = _get(f"{running.url}{one['picture']}?language=en&theme=dark")
    assert (status, kind, body[:8]) == (200, "image/png", b"\x89PNG\r\n\x1a\n")


def test_the_picture_on_the_page_of_an_alert_has_the_threshold_of_the_alert(running: Running) -> None:
    (listed,) = _json(f"{running.url}/api/v1/case-files?station=ln-sy-01")["cases"]
    with StateStore(running.settings.state_url) as state:
        stored = read_case_file(state, listed["key"])
        case = state.cases.get(running.case_id)
        assert stored is not None
        assert case is not None
        assert stored[0].chart is not None
        found = read_file_of(state, running.settings.stations, case).item
    assert found is not None
    assert found.chart is not None
    assert (stored[0].chart.threshold, found.chart.threshold, case.alerts[0].threshold) == (150.0, 200.0, 200.0)
    drawn = _get(f"{running.url}{listed['picture']}?language=en")
    of_alert = _get(f"{running.url}{listed['picture']}?language=en&alert={running.alert_id}")
    assert (of_alert[0], of_alert[2] != drawn[2]) == (200, True)
    assert f"alert={running.alert_id}".encode() in _get(f"{running.url}/cases/{running.case_id}")[2]
    assert _get(f"{running.url}{listed['picture']}?alert=999999")[0] == 400


def test_an_unknown_case_file_or_word_is_a_problem_that_names_it(running: Running) -> None:
    address = f"{running.url}/api/v1/case-files"
    status, kind, body = _get(f"{address}/ln-sy-01/o3/2020-01-01T00:00Z")
    assert (status, kind) == (404, "application/problem+json")
    assert b"ln-sy-01/o3/2020-01-01T00:00Z" in body
    assert _get(f"{address}?station=nowhere")[0] == 400
    key = _json(address)["cases"][0]["key"]
    assert _get(f"{address}/{key}/picture?theme=blue")[0] == 400


def test_a_dead_database_is_named(tmp_path: Path) -> None:
    settings = console_settings(tmp_path, "http://127.0.0.1:9")
    process = start(settings)
    try:
        status, kind, body = _get(f"{settings.console_url}/api/v1/series?station=ln-sy-01&parameter=o3")
        page = _get(settings.console_url + "/")[2].decode()
    finally:
        process.terminate()
        assert process.wait(20) is not None
    assert (status, kind) == (503, "application/problem+json")
    assert b"127.0.0.1:9" in body
    assert "时序数据库没有应答" in page
    assert "Traceback" not in page


def test_the_switch_of_language_never_leads_to_another_host(running: Running) -> None:
    command = [
        "curl",
        "-s",
        "-o",
        "/dev/null",
        "-w",
        "%{redirect_url}",
        f"{running.url}/language/en?next=//evil.example/",
    ]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == f"{running.url}/"


def test_level_2_is_served_with_what_reviewers_said(running: Running) -> None:
    hour = running.hour - timedelta(hours=2)
    target = ReviewTarget(
        network="gas", station_id="ln-sy-01", parameter="o3", start=hour, end=hour + timedelta(hours=1)
    )
    influx = InfluxStore(running.settings)
    basis = basis_of(influx.read_hourly("gas", "ln-sy-01", target.start, target.end), "o3", target.start, target.end)
    influx.close()
    draft = ReviewDraft(target=target, verdict=ReviewVerdict.INVALID, reason=ReviewReason.INSTRUMENT_FAULT, basis=basis)
    with StateStore(running.settings.state_url) as state:
        ids = state.reviews.add([draft], who="li", note="lamp", at=running.hour)
        address = (
            f"{running.url}/api/v1/series?station=ln-sy-01&parameter=o3&level=L2&from={format_utc(hour)}"
            f"&to={format_utc(running.hour)}"
        )
        before = _json(address)["series"][0]["points"]
        state.reviews.act(ids, ReviewAction.CONFIRM, who="wang", note="", at=running.hour)
        after = _json(address)["series"][0]["points"]
        state.reviews.act(ids, ReviewAction.WITHDRAW, who="wang", note="test", at=running.hour)
    assert [point["flag"] for point in before] == [
        3,
        1,
    ]  # as at level hourly: the flag of a test holds until a review
    assert [point["flag"] for point in after] == [4, 1]
    assert after[0]["value"] == before[0]["value"]
    assert after[0]["notes"] == "review: invalid (instrument fault), confirmed, li"


def test_the_masses_of_sources_are_answered_with_units_and_intervals(running: Running) -> None:
    found = solution("ln-sy-01", "dust", None)
    with closing(InfluxStore(running.settings)) as store, StateStore(running.settings.state_url) as state:
        state.documents.put(KIND, found.key, to_json(found))
        product = hours("ln-sy-01", [[1.0, float("nan")]]).drop(columns="station_id")
        store.write_product("pm_factor_hourly", "ln-sy-01", product, {})
    address = f"{running.url}/api/v1/sources?network=pm&station=ln-sy-01&from=2026-11-22T00:00Z&to=2026-11-23"
    body = _json(address)
    first, second = body["rows"]
    assert (first["start"], first["kind"], first["mass"], first["mass_high"]) == (
        "2026-11-22T00:00:00Z",
        "dust",
        1.0,
        2.0,
    )
    assert (second["mass"], second["quality"]) == (None, "too_few_species")
    assert body["units"]["mass_low"] == "ug/m3"
    rows = list(csv.DictReader(io.StringIO(_get(f"{address}&format=csv")[2].decode("utf-8-sig"))))
    assert [row["mass"] for row in rows] == ["1.0", ""]
    both = _json(address.replace("station=ln-sy-01", "station=ln-sy-01,ln-dl-01"))
    assert (both["without_solution"], len(both["rows"])) == (["ln-dl-01"], 2)


@pytest.mark.parametrize("form", ["json", "csv"])
def test_stations_without_a_stored_solution_are_named_with_the_command(running: Running, form: str) -> None:
    status, kind, body = _get(f"{running.url}/api/v1/sources?network=voc&station=ln-dl-01&format={form}")
    assert (status, kind) == (404, "application/problem+json")
    assert "skyground analyse pmf --stored ln-dl-01 --network voc" in json.loads(body)["detail"]


@pytest.mark.parametrize(
    "path",
    [
        *(f"alerts/{number}" for number in ("0", "-1", "99999999999999999999", "9" * 4000, "9" * 5000, "o3")),
        "stations/nowhere",
        "cases/nowhere",
        "case-files/ln-sy-01/o3/2020-01-01T00:00Z",
        "nothing/at/all",
    ],
)
def test_a_page_of_what_does_not_exist_is_404_and_names_it(running: Running, path: str) -> None:
    status, kind, body = _get(f"{running.url}/{path}")
    assert (status, kind) == (404, "text/html; charset=utf-8")
    assert "没有找到".encode() in body
    assert path.rpartition("/")[2][:100].encode() in body


def test_a_plot_of_an_unknown_station_is_a_wrong_question(running: Running) -> None:
    status, _, body = _get(f"{running.url}/series?station=nowhere&parameter=o3")
    assert status == 400
    assert b"nowhere" in body


def test_an_unknown_address_of_the_api_is_a_problem_document(running: Running) -> None:
    assert _get(f"{running.url}/api/v1/nothing")[:2] == (404, "application/problem+json")


def test_data_docs_that_do_not_exist_yet_are_not_found(tmp_path: Path, influx_url: str) -> None:
    settings = console_settings(tmp_path, influx_url)
    process = start(settings)
    try:
        assert _get(f"{settings.console_url}/datadocs/index.html")[0] == 404
    finally:
        process.terminate()
        process.wait(20)


def test_data_docs_are_served_and_nothing_else(running: Running) -> None:
    site = running.settings.run_dir / "data_docs"
    (site / "gas" / "validations").mkdir(parents=True, exist_ok=True)
    (site / "index.html").write_text("<h1>docs</h1>")
    assert _get(f"{running.url}/datadocs/index.html")[::2] == (200, b"<h1>docs</h1>")
    for path in ("../state.sqlite", "%2e%2e/state.sqlite", "..%2fstate.sqlite", "gas/../../network.toml"):
        assert _get(f"{running.url}/datadocs/{path}")[0] in {400, 404}


def test_health_names_processes_that_are_gone(running: Running) -> None:
    now = datetime.now(UTC)
    lost = Process(
        name="watch/host-9", host="host-9", pid=1, started_at=now, beat_at=now - timedelta(hours=1), every_s=15.0
    )
    with StateStore(running.settings.state_url) as state:
        state.processes.note(lost)
        try:
            time.sleep(KEEP_S)
            answer = _json(f"{running.url}/api/v1/health")
        finally:
            state.processes.end(lost.name)
    found = {item["name"]: item["state"] for item in answer["processes"]}
    assert found.pop("watch/host-9") == "gone"
    assert [(name.partition("/")[0], word) for name, word in found.items()] == [("console", "well")]
