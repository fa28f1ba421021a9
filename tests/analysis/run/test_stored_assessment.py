"""Months and years assessed from stored days."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from typer.testing import CliRunner

from analysis.run.coanalysis.stored_assessment import DOCUMENT, assess_days
from analysis.run.hours import save_product
from console.cli import build_app
from store.influx.store import InfluxStore
from store.state import StateStore
from tests.analysis.frames import network_text

if TYPE_CHECKING:
    from pathlib import Path

    from store.settings import SharedSettings

pytestmark = pytest.mark.integration
NOW = datetime(2027, 3, 3, 2, tzinfo=UTC)
LEVEL = {"so2": 12.0, "no2": 30.0, "co": 1.0, "o3_mda8": 120.0, "o3_1h": 130.0, "pm10": 60.0, "pm25": 30.0}


@pytest.fixture
def filled(settings: SharedSettings, tmp_path: Path) -> SharedSettings:
    """Days of two stations and two cities, 2026-01-01 to 2027-03-02; the second city has more PM2.5."""
    path = tmp_path / "network.toml"
    path.write_text(network_text(2), encoding="utf-8")
    own = settings.model_copy(update={"network": path})
    with closing(InfluxStore(own)) as store:
        store.ensure()
        for product, places in (("aqi_daily", ("st-0", "st-1")), ("aqi_city_daily", ("210100", "210200"))):
            for number, place in enumerate(places):
                save_product(store, product, place, days("2026-01-01", "2027-03-02", pm25=30.0 + 10.0 * number))
    return own


def days(first: str, last: str, **values: float) -> pd.DataFrame:
    index = pd.date_range(first, last, freq="D", tz="Asia/Shanghai", name="start").tz_convert("UTC")
    return pd.DataFrame(LEVEL | {"level": 2.0, "aqi": 60.0, "primary": "o3", "stations": 3.0} | values, index=index)


def test_a_month_that_is_over_is_final_with_rank_and_change_and_a_further_run_renews_nothing(
    filled: SharedSettings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run = assess_days(filled, date(2027, 2, 28), date(2027, 3, 2), NOW)
    assert (run.spans, run.places, run.renewed) == (("2027-02", "2027-03", "2027"), 5, 15)
    assert assess_days(filled, date(2027, 2, 28), date(2027, 3, 2), NOW).renewed == 0
    with StateStore(filled.state_url) as state:
        month, running, year, whole = (
            body(state, key) for key in ("210200/2027-02", "210200/2027-03", "210200/2027", "all/2027-02")
        )
    assert (month["kind"], month["is_final"], month["rank"], month["ranked"]) == ("city", True, 2, 2)
    assert {item["percent"] for item in month["changes"]} == {0.0}
    assert (running["is_final"], running["assessment"]["last"]) == (False, "2027-03-02")
    assert {item["is_valid"] for item in running["assessment"]["pollutants"]} == {False}
    assert (year["is_final"], year["assessment"]["last"]) == (False, "2027-02-28")
    for name in ("run_dir", "influx_url", "influx_database", "state_url", "network"):
        monkeypatch.setenv(f"SKYGROUND_{name.upper()}", str(getattr(filled, name)))
    path = tmp_path / "months.csv"
    words = ["export", "--product", "assessments", "--from", "2027-02-01", "--to", "2027-02-02", "--output", str(path)]
    assert CliRunner().invoke(build_app(["export"]), words).exit_code == 0
    table = pd.read_csv(path, comment="#").set_index(["place", "pollutant"])
    assert table.loc[("210200", "pm25"), ["mean", "valid_days", "rank", "change_percent"]].tolist() == [
        40.0,
        28,
        2,
        0.0,
    ]
    assert (whole["kind"], whole["rank"], whole["assessment"]["pollutants"][-1]["mean"]) == ("all", None, 35.0)


def test_a_correction_of_one_place_makes_a_further_version_of_it_and_of_what_it_is_part_of(
    filled: SharedSettings,
) -> None:
    assess_days(filled, date(2026, 5, 1), date(2026, 5, 1), NOW)
    with closing(InfluxStore(filled)) as store:
        save_product(store, "aqi_daily", "st-1", days("2026-05-01", "2026-05-01", so2=50.0))
    assert assess_days(filled, date(2026, 5, 1), date(2026, 5, 1), NOW).renewed == 2
    with StateStore(filled.state_url) as state:
        versions = {key: len(state.documents.list_versions(DOCUMENT, key)) for key in ("st-1/2026-05", "st-0/2026-05")}
        year = body(state, "st-1/2026")
    assert versions == {"st-1/2026-05": 2, "st-0/2026-05": 1}
    assert year["is_final"]
    assert [item["last"] for item in year["assessment"]["parts"]] == ["2026-02-28", "2026-12-31"]


def test_days_without_products_store_nothing(filled: SharedSettings) -> None:
    run = assess_days(filled, date(2031, 1, 1), date(2031, 1, 2), datetime(2031, 1, 3, tzinfo=UTC))
    assert (run.spans, run.places, run.renewed) == (("2031-01",), 0, 0)


def body(state: StateStore, key: str) -> dict[str, Any]:
    found = state.documents.get(DOCUMENT, key)
    assert found is not None, key
    return found.body
