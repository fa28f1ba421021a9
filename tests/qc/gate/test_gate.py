"""The batch, its suites and the gate with the real Great Expectations."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd
import pytest

from qc.gate import gate
from qc.gate.batch import AGE, SHARE_VALID, make_batch
from qc.gate.suite import DIRECTORY, describe, network_json
from qc.run.gate import data_docs
from qc.run.gate.suite_file import read_suite
from schemas.message import NetworkCode
from schemas.network import Instrument, Station
from schemas.words import sentence
from store.state import GateOutcome

if TYPE_CHECKING:
    from pathlib import Path

CODES = ("so2", "no", "no2", "nox", "co", "o3", "pm10", "pm25")
LEVELS = {"so2": 10.0, "no": 5.0, "no2": 30.0, "nox": 37.7, "co": 0.6, "o3": 80.0, "pm10": 70.0, "pm25": 40.0}
START = datetime(2026, 6, 1, tzinfo=UTC)
END = START + timedelta(days=1)
HOURS = pd.date_range(START, END, freq="h", inclusive="left", unit="us", name="start")
STATIONS = [
    Station(id=f"s{index}", instruments=(Instrument(id="a", network=NetworkCode.GAS, cadence_s=60, parameters=CODES),))
    for index in range(4)
]


def healthy() -> dict[str, pd.DataFrame]:
    columns = {
        name: value
        for code in CODES
        for name, value in ((code, LEVELS[code]), (f"{code}__n", 60), (f"{code}__flag", 1))
    }
    return {station.id: pd.DataFrame(columns, index=HOURS) for station in STATIONS}


def report_of(hourly: dict[str, pd.DataFrame], run_dir: Path) -> gate.GateReport:
    batch = make_batch(hourly, STATIONS, "gas", START, END)
    evaluated = gate.evaluate(batch, read_suite("gas"), CODES)
    (page,) = data_docs.publish([evaluated], "gas", run_dir=run_dir, now=END)
    return msgspec.structs.replace(evaluated.report, page=page)


def failed(report: gate.GateReport) -> list[str]:
    return [item.id for item in report.failures]


@pytest.mark.parametrize("network", list(NetworkCode))
def test_stored_suite_is_what_the_description_makes(network: NetworkCode) -> None:
    assert (DIRECTORY / f"{network}.json").read_text(encoding="utf-8") == network_json(network)
    assert list(read_suite(network).expectations) == describe(network)
    ids = [item.id for item in describe(network)]
    assert len(set(ids)) == len(ids)


def test_batch_shows_the_hours_that_did_not_come() -> None:
    hourly = healthy()
    del hourly["s0"]
    hourly["s1"] = hourly["s1"].iloc[:20]
    batch = make_batch(hourly, STATIONS, "gas", START, END).set_index("station_id")
    assert len(batch) == 96
    assert batch.loc["s0", SHARE_VALID].eq(0).all()
    assert batch.loc["s0", AGE].eq(24).all()
    assert batch.loc["s1", AGE].eq(4).all()


def test_batch_leaves_out_values_that_may_not_enter_statistics() -> None:
    hourly = healthy()
    hourly["s0"]["o3__flag"] = np.int8(4)
    batch = make_batch(hourly, STATIONS, "gas", START, END)
    assert batch.loc[batch["station_id"] == "s0", "o3"].isna().all()


@pytest.mark.slow
def test_healthy_batch_passes_and_its_page_needs_no_other_host(tmp_path: Path) -> None:
    report = report_of(healthy(), tmp_path)
    assert (report.result, report.failures, report.skipped) == (GateOutcome.PASS, (), ())
    pages = list((tmp_path / "data_docs").rglob("*.html"))
    assert tmp_path / "data_docs" / report.page in pages
    assert (tmp_path / "data_docs" / "index.html") in pages
    assert not any('src="http' in page.read_text() or "cdn" in page.read_text() for page in pages)


def test_unit_mistake_holds_the_batch_in_two_languages(tmp_path: Path) -> None:
    hourly = healthy()
    for frame in hourly.values():
        frame["co"] = 600.0
    report = report_of(hourly, tmp_path)
    assert report.result is GateOutcome.HOLD
    assert failed(report) == ["co.range", "co.level"]
    assert sentence(report.failures[0].reason, "en").endswith("in 96 valid hours (100.0 %), e.g. 600, 600, 600")
    assert sentence(report.failures[0].reason, "zh").startswith("CO：96 个有效小时值（100.0 %）超出物理范围")


def test_soft_failures_warn(tmp_path: Path) -> None:
    hourly = healthy()
    for frame in hourly.values():
        frame["pm25"] = 120.0
    del hourly["s0"]
    report = report_of(hourly, tmp_path)
    assert report.result is GateOutcome.WARN
    assert failed(report) == ["freshness_stations", "pm25_excess"]


def test_wrong_flags_and_shifted_hours_hold(tmp_path: Path) -> None:
    hourly = healthy()
    hourly["s0"]["o3__flag"] = 7
    hourly["s1"].index += pd.Timedelta(minutes=1)
    assert {"flag_codes", "whole_hours", "ordered_hours"} <= set(failed(report_of(hourly, tmp_path)))


def test_nothing_at_all_holds(tmp_path: Path) -> None:
    report = report_of({}, tmp_path)
    assert report.result is GateOutcome.HOLD
    assert "has_rows" in failed(report)


def test_parameter_that_never_came_is_named(tmp_path: Path) -> None:
    hourly = {key: frame.drop(columns=["so2", "so2__n", "so2__flag"]) for key, frame in healthy().items()}
    report = report_of(hourly, tmp_path)
    assert failed(report) == ["columns"]
    assert sentence(report.failures[0].reason, "en") == "configured parameters that no station reported: so2"
    assert set(report.skipped) == {"so2.range", "so2.level"}


@pytest.mark.parametrize("case", ["healthy", "range", "level", "share", "edge", "infinite"])
def test_screen_gives_the_verdict_that_every_single_limit_would(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    hourly = healthy()
    frame = hourly["s0"]
    changes = {"range": ("co", 600.0), "level": ("o3", 590.0), "share": ("pm25", 120.0), "edge": ("so2", 2620.0)}
    if case in changes:
        name, value = changes[case]
        frame[name] = value
    if case == "infinite":
        frame.iloc[3, frame.columns.get_loc("no2")] = np.inf
    batch = make_batch(hourly, STATIONS, "gas", START, END)
    screened = gate.evaluate(batch, read_suite("gas"), CODES).report
    monkeypatch.setattr(gate, "to_evaluate", lambda chosen, _: list(chosen))
    assert gate.evaluate(batch, read_suite("gas"), CODES).report == screened


def test_verdict_names_the_version_of_its_suite(tmp_path: Path) -> None:
    assert report_of(healthy(), tmp_path).suite_version == read_suite("gas").version
    number, digest = read_suite("gas").version.split("-")
    assert number.isdigit()
    assert len(digest) == 8


def test_pages_are_bounded_listed_and_need_no_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_docs, "KEEP_PAGES", 2)
    evaluated = gate.evaluate(make_batch(healthy(), STATIONS, "gas", START, END), read_suite("gas"), CODES)
    for day in range(3):
        data_docs.publish([evaluated], "gas", run_dir=tmp_path, now=END + timedelta(days=day))
    pages = sorted((tmp_path / "data_docs" / "gas" / "validations").glob("*.html"))
    assert [page.stem for page in pages] == ["20260603T000000Z-00", "20260604T000000Z-00"]
    index = (tmp_path / "data_docs" / "index.html").read_text(encoding="utf-8")
    assert [page.name in index for page in pages] == [True, True]
    assert "常规气体与颗粒物 · Gases and particles · gas" in index
    assert "2026-06-04 00:00:00 UTC" in index
    text = pages[0].read_text(encoding="utf-8")
    assert "<script" not in text
    assert "static/" not in text
    assert "width=device-width" in text


def test_only_the_newest_and_what_did_not_pass_get_a_page() -> None:
    good = gate.evaluate(make_batch(healthy(), STATIONS, "gas", START, END), read_suite("gas"), CODES)
    bad = gate.evaluate(make_batch({}, STATIONS, "gas", START, END), read_suite("gas"), CODES)
    assert gate.worth_a_page([good, bad, good, good]) == [bad, good]
    assert gate.worth_a_page([]) == []
