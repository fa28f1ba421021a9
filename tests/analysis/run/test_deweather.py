"""Results without weather, stored and exported; dew point from humidity."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from analysis.run.coanalysis import deweather as run
from analysis.run.coanalysis.deweather import DOCUMENT, daily_values, deweather_cities, store_deweathered
from analysis.run.hour_source import StationHours
from console.cli import build_app
from schemas.network import Station
from store.state import StateStore
from tests.analysis.run.fill import filled_settings
from tests.console.cli.analyse.test_deweather import result

if TYPE_CHECKING:
    from pathlib import Path

    from store.settings import SharedSettings


@pytest.mark.integration
def test_a_result_is_stored_once_and_its_months_are_exported(
    settings: SharedSettings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert store_deweathered(settings, "210100", result()) == "210100/no2"
    store_deweathered(settings, "210100", result())
    with StateStore(settings.state_url) as state:
        assert len(state.documents.list_versions(DOCUMENT, "210100/no2")) == 1
        state.documents.put(DOCUMENT, "210200/no2", {"of": "another version"})
    for name in ("run_dir", "influx_url", "influx_database", "state_url", "network"):
        monkeypatch.setenv(f"SKYGROUND_{name.upper()}", str(getattr(settings, name)))
    path = tmp_path / "months.csv"
    words = ["export", "--product", "deweathered", "--from", "2013-07-01", "--to", "2013-08-02", "--output", str(path)]
    done = CliRunner().invoke(build_app(["export"]), words)
    assert done.exit_code == 0, done.output
    table = pd.read_csv(path, comment="#")
    assert table[["of", "place", "month", "is_valid"]].to_numpy().tolist() == [
        [210100, "all", "2013-07", True],
        [210100, "all", "2013-08", True],
        [210100, "st-1", "2013-07", False],
        [210100, "st-1", "2013-08", True],
    ]
    assert table["after_low"].notna().all()


@pytest.mark.integration
def test_the_monthly_run_stores_each_city_and_names_what_was_too_little(
    settings: SharedSettings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    own = filled_settings(settings, tmp_path, 3)
    found = deweather_cities(own, date(2026, 5, 3), cities=["210100", "999999"])
    assert found.stored == ()
    assert set(found.insufficient) == {"210100/no2", "210100/pm25", "210100/o3", "999999"}
    assert "no station there" in found.insufficient["999999"]
    monkeypatch.setattr(
        run, "deweather_hours", lambda _, parameter: result(parameter=parameter, is_usable=parameter != "o3")
    )
    found = deweather_cities(own, date(2026, 5, 3))
    assert found.stored == ("210100/no2", "210100/pm25", "210100/o3")
    assert found.not_usable == ("210100/o3",)
    with StateStore(own.state_url) as state:
        assert {item.key for item in state.documents.list(DOCUMENT)} == set(found.stored)


def test_dew_point_follows_from_humidity_where_only_that_was_measured() -> None:
    start = datetime(2026, 5, 1, 16, tzinfo=UTC)
    index = pd.date_range(start, periods=48, freq="h", name="start")
    humid = np.where(np.arange(48) == 3, np.nan, 100.0)
    frame = pd.DataFrame({"pm25": 10.0, "temperature": 20.0, "relative_humidity": humid}, index=index)
    station = Station(id="a", name_zh="a", name_en="a", instruments=())
    found = StationHours(
        hourly={"a": frame}, stations={"a": station}, zone=ZoneInfo("Asia/Shanghai"), start=start, end=start + timedelta(hours=48),
        source="stored",
    )  # fmt: skip
    hours, daily = daily_values(found, "pm25")
    assert daily.tolist() == [[10.0], [10.0]]
    assert hours.hourly["dew_point"][0, 0] == pytest.approx(20.0, abs=0.01)
    assert np.isnan(hours.hourly["dew_point"][3, 0])
    assert not np.isfinite(hours.hourly["wind_speed"]).any()
