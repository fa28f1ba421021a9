"""Issued forecasts are kept, never changed, and scored as the hours come; on a real InfluxDB."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from typer.testing import CliRunner

from analysis.run.forecast import forecast
from analysis.run.forecast.aqi_scoring import read_aqi_scores
from analysis.run.forecast.history import ISSUED
from analysis.run.forecast.scoring import read_scores, score_days
from console.cli import build_app
from store.influx.store import InfluxStore
from tests.analysis.frames import START
from tests.analysis.run.fill import filled_settings, settings_in
from tests.servers import drop_database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from store.settings import SharedSettings

pytestmark = pytest.mark.integration
DAY = (START + timedelta(days=10, hours=12)).date()
MIDNIGHT = START + timedelta(days=10)


@pytest.fixture
def filled(settings: SharedSettings, tmp_path: Path) -> SharedSettings:
    return filled_settings(settings, tmp_path, 14, 2, run_dir=tmp_path / "run")


@pytest.fixture(scope="module")
def scored(influx_url: str, migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedSettings]:
    """Hours, the forecast of `MIDNIGHT` and the scores of `DAY`; tests only read them."""
    folder = tmp_path_factory.mktemp("scored")
    own = filled_settings(settings_in(folder, influx_url, migrated), folder, 14, 2)
    forecast(own, MIDNIGHT)
    score_days(own, DAY, DAY)
    yield own
    drop_database(influx_url, own.influx_database)


def issued(own: SharedSettings) -> pd.DataFrame:
    found = InfluxStore(own).read_product(ISSUED, START, START + timedelta(days=20)).reset_index()
    return found.sort_values(["slot", "station_id", "parameter", "start"], ignore_index=True)


def test_each_origin_keeps_its_own_points_and_a_repeated_one_changes_nothing(filled: SharedSettings) -> None:
    first = forecast(filled, MIDNIGHT)
    assert (first.already_issued, first.daily) == (False, 3 * 4)
    before = issued(filled)
    assert len(before) == 3 * 6 * 72
    frame = InfluxStore(filled).read_hourly("gas", "st-0", START, MIDNIGHT)
    InfluxStore(filled).write_hourly("gas", "st-0", frame.assign(pm25=frame["pm25"] * 3))
    again = forecast(filled, MIDNIGHT)
    assert (again.already_issued, again.daily) == (True, 0)
    pd.testing.assert_frame_equal(issued(filled), before)
    forecast(filled, MIDNIGHT + timedelta(hours=1))
    after = issued(filled)
    assert len(after) == 2 * len(before)
    kept = after[after["slot"].isin(before["slot"].unique())].reset_index(drop=True)
    pd.testing.assert_frame_equal(kept, before)


def test_an_issue_of_a_past_origin_leaves_the_newest_forecast_in_its_products(filled: SharedSettings) -> None:
    forecast(filled, MIDNIGHT + timedelta(hours=2))
    names = ("forecast_hourly", "forecast_city_hourly", "forecast_daily", "forecast_city_daily")
    store, end = InfluxStore(filled), START + timedelta(days=20)
    before = [store.read_product(name, START, end) for name in names]
    count = len(issued(filled))
    assert forecast(filled, MIDNIGHT).daily == 3 * 4
    for name, table in zip(names, before, strict=True):
        pd.testing.assert_frame_equal(store.read_product(name, START, end), table)
    assert len(issued(filled)) == 2 * count


def test_the_daily_index_of_stations_and_cities_is_stored(filled: SharedSettings) -> None:
    forecast(filled, MIDNIGHT + timedelta(hours=11))
    store = InfluxStore(filled)
    for product, names in (("forecast_daily", {"st-0", "st-1"}), ("forecast_city_daily", {"210100"})):
        rows = store.read_product(product, START, START + timedelta(days=20))
        assert set(rows["station_id"]) == names
        assert len(rows) == 4 * len(names)
        assert rows["aqi"].between(1, 500).all()
        assert set(rows["edition"]) == {"HJ633-2026"}


def test_the_score_counts_the_pairs_of_a_day_and_can_be_renewed(scored: SharedSettings) -> None:
    done = score_days(scored, DAY, DAY)
    assert done.pairs == 3 * 6 * 24
    assert score_days(scored, DAY, DAY) == done
    found = read_scores(scored, DAY, DAY)
    assert sum(item.n for item in found) == done.pairs
    assert {item.leads_h for item in found} == {"1-1", "2-3", "4-6", "7-12", "13-24"}
    so2 = next(item for item in found if (item.parameter, item.leads_h) == ("so2", "13-24"))
    assert (so2.n, so2.mae, so2.coverage) == (36, 0.0, 1.0)
    own = read_scores(scored, DAY, DAY, series=["st-0"], by_station=True)
    assert {item.station_id for item in own} == {"st-0"}


def test_what_was_issued_at_midnight_is_scored_by_lead_day(
    filled: SharedSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("run_dir", "influx_url", "influx_database", "state_url", "network"):
        monkeypatch.setenv(f"SKYGROUND_{name.upper()}", str(getattr(filled, name)))
    line = ["analyse", "backtest", "--stored", "--target", "mda8", "--days", "3", "--history", "8", "--json"]
    line += ["--now", f"{MIDNIGHT + timedelta(days=4):%Y-%m-%dT%H:%MZ}"]
    assert CliRunner().invoke(build_app(["analyse"]), line).exit_code == 1
    midnight = MIDNIGHT - timedelta(hours=MIDNIGHT.hour - 16)
    for hours in (0, 5, 24):
        forecast(filled, midnight + timedelta(hours=hours))
    done = CliRunner().invoke(build_app(["analyse"]), line)
    assert done.exit_code == 0, done.output
    (row,) = done.stdout.splitlines()
    found = json.loads(row)
    assert (found["target"], found["threshold"], found["stations"]) == ("mda8", 160.0, ["210100", "st-0", "st-1"])
    assert [(item["lead_day"], item["site_days"]) for item in found["lead_days"]] == [(0, 3), (1, 6), (2, 6), (3, 3)]
    keys = {"rmse", "mae", "r2", "pod", "far", "csi", "coverage"}
    for item in found["lead_days"]:
        assert keys <= item.keys()
        assert item["persistence"].keys() == keys
        assert item["persistence"]["coverage"] is None  # too few days before the first issue for its interval


def test_the_daily_index_is_scored_against_the_index_of_the_day(
    filled: SharedSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for hours in (0, 5, 24):
        forecast(filled, MIDNIGHT + timedelta(hours=hours))
    store = InfluxStore(filled)
    rows = store.read_product("forecast_daily", START, START + timedelta(days=20), "st-0").sort_index().iloc[:2]
    measured = pd.DataFrame({"aqi": rows["aqi"] + 9, "level": rows["level"], "primary": "o3,pm25"}, index=rows.index)
    store.write_product("aqi_daily", "st-0", measured, {})
    last = DAY + timedelta(days=1)
    done = score_days(filled, DAY, last)
    span = (MIDNIGHT, MIDNIGHT + timedelta(days=2))
    found = {item.lead_day: item for item in read_aqi_scores(filled, *span, series=["st-0"], by_station=True)}
    # the first day has two issues of its own, the second has two of the day before and one of its own
    assert {lead: item.n for lead, item in found.items()} == {0: 3, 1: 2}
    assert done.aqi_rows == 3
    assert sum(item.n for item in read_aqi_scores(filled, *span)) == 5
    for name in ("run_dir", "influx_url", "influx_database", "state_url", "network"):
        monkeypatch.setenv(f"SKYGROUND_{name.upper()}", str(getattr(filled, name)))
    path = tmp_path / "out.csv"
    line = ["export", "--from", str(DAY), "--to", str(last), "--product", "forecast-aqi-scores", "--output", str(path)]
    assert CliRunner().invoke(build_app(["export"]), line).exit_code == 0
    assert pd.read_csv(path, comment="#")["n"].sum() == 5
    line = ["analyse", "score", "--aqi", "--day-from", str(DAY), "--day-to", str(last), "--json"]
    shown = CliRunner().invoke(build_app(["analyse"]), line)
    assert shown.exit_code == 0, shown.output
    assert {json.loads(row)["lead_day"] for row in shown.stdout.splitlines()} == {0, 1}


def test_days_without_a_forecast_have_no_score(filled: SharedSettings) -> None:
    assert score_days(filled, DAY, DAY).pairs == 0
    assert read_scores(filled, DAY, DAY) == []
    with pytest.raises(ValueError, match="is before day_from"):
        score_days(filled, DAY, DAY - timedelta(days=1))


@pytest.mark.parametrize(("product", "rows"), [("forecasts", 6 * 24), ("forecast-days", 1), ("forecast-scores", 6 * 5)])
def test_issued_forecasts_and_scores_are_exported_with_units(
    scored: SharedSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, product: str, rows: int
) -> None:
    for name in ("run_dir", "influx_url", "influx_database", "state_url", "network"):
        monkeypatch.setenv(f"SKYGROUND_{name.upper()}", str(getattr(scored, name)))
    path = tmp_path / "out.csv"
    line = [
        "export",
        "--from",
        str(DAY),
        "--to",
        str(DAY),
        "--product",
        product,
        "--station",
        "st-0",
    ]
    done = CliRunner().invoke(build_app(["export"]), [*line, "--output", str(path)])
    assert done.exit_code == 0, done.output
    table = pd.read_csv(path, comment="#")
    assert len(table) == rows
    if product == "forecast-days":
        assert {"origin", "model", "aqi", "aqi_q10", "aqi_q90", "primary"} <= set(table)
        assert "ug/m3" in path.read_text(encoding="utf-8").split("start,")[0]
    else:
        assert dict(zip(table["parameter"], table["unit"], strict=True))["co"] == "mg/m3"


def test_the_score_is_shown_by_lead(scored: SharedSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("run_dir", "influx_url", "influx_database", "state_url", "network"):
        monkeypatch.setenv(f"SKYGROUND_{name.upper()}", str(getattr(scored, name)))
    line = ["analyse", "score", "--day-from", str(DAY), "--day-to", str(DAY), "--json"]
    of_next_day = [str(DAY + timedelta(days=1)) if part == str(DAY) else part for part in line]
    none = CliRunner().invoke(build_app(["analyse"]), of_next_day)
    assert none.exit_code == 1, none.output
    renewed = CliRunner().invoke(build_app(["analyse"]), [*of_next_day, "--renew"])
    assert (renewed.exit_code, len(renewed.stdout.splitlines())) == (0, 6), renewed.output
    done = CliRunner().invoke(build_app(["analyse"]), line)
    assert done.exit_code == 0, done.output
    found = [json.loads(row) for row in done.stdout.splitlines()]
    assert len(found) == 6 * 5
    assert {item["model"] for item in found} == {"fallback-yesterday-climatology"}
    unknown = CliRunner().invoke(build_app(["analyse"]), [*line, "--station", "st-9"])
    assert (unknown.exit_code, "“st-9”" in unknown.stderr) == (2, True), unknown.stderr
    assert CliRunner().invoke(build_app(["analyse"]), [*line, "--station", "210100"]).exit_code == 0


def test_a_moment_without_hours_before_it_ends_with_1_and_the_reason(
    settings: SharedSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = filled_settings(settings, tmp_path, 1, 1, run_dir=tmp_path / "run")
    for name in ("run_dir", "influx_url", "influx_database", "state_url", "network"):
        monkeypatch.setenv(f"SKYGROUND_{name.upper()}", str(getattr(own, name)))
    done = CliRunner().invoke(build_app(["analyse"]), ["analyse", "forecast", "--now", "2020-01-01", "--json"])
    assert (done.exit_code, json.loads(done.stdout)["forecasts"]) == (1, 0)
    assert "2019-12-31T16:00Z" in done.stderr
    later = CliRunner().invoke(build_app(["analyse"]), ["analyse", "joint", "--day-from", "2999-01-01"])
    assert (later.exit_code, "--day-from" in later.stderr) == (2, True)
