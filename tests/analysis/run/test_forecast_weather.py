"""The hourly forecast on a real InfluxDB with a folder of weather forecasts."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from analysis.forecast.hourly.model import HourlyOptions
from analysis.run.forecast import forecast, train_model
from analysis.run.forecast.history import read_note
from analysis.run.forecast.train import promote
from schemas.reason import parse_reason
from sensors.weather_forecast import WeatherForecastError
from sensors.weather_forecast.run import RunField, WeatherRun
from sensors.weather_forecast.writer import netcdf_bytes
from store.influx.store import InfluxStore
from store.state import StateStore
from tests.analysis.frames import START
from tests.analysis.run.fill import filled_settings, settings_in
from tests.servers import drop_database

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from store.settings import SharedSettings

pytestmark = [pytest.mark.integration, pytest.mark.slow]
DAYS = 30
END = START + timedelta(days=DAYS)
AHEAD_H = 30
NAMES = {"temperature": 15.0, "wind_speed": 2.0, "wind_direction": 270.0, "relative_humidity": 50.0, "pressure": 1005.0}


@pytest.fixture(scope="module")
def trained(influx_url: str, migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model in force: its files and its state."""
    folder = tmp_path_factory.mktemp("trained")
    own = filled_settings(settings_in(folder, influx_url, migrated), folder, DAYS, 3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("analysis.run.forecast.train.RECENT_D", 1)  # no test asks how good it is
        options = HourlyOptions(rows=1000, trees=5, folds=2, samples=20, targets=("o3",))
        promote(own, train_model(own, END, options=options).version, is_dry_run=False)
    drop_database(influx_url, own.influx_database)
    return folder


@pytest.fixture
def filled(settings: SharedSettings, tmp_path: Path, trained: Path, monkeypatch: pytest.MonkeyPatch) -> SharedSettings:
    """Hours and an empty folder of weather forecasts of the test's own, and a copy of the model.

    Files are not opened in another process first; after ``monkeypatch.undo`` they are.
    """
    monkeypatch.setattr("analysis.run.forecast.weather_forecast.opened", lambda files: (list(files), []))
    (tmp_path / "weather").mkdir()
    shutil.copytree(trained / "run", tmp_path / "run", dirs_exist_ok=True)
    shutil.copyfile(trained / "state.sqlite", tmp_path / "state.sqlite")
    changed = {"run_dir": tmp_path / "run", "weather_forecast": tmp_path / "weather", "language": "en"}
    return filled_settings(settings, tmp_path, DAYS, 3, **changed)


def run(hours: int) -> WeatherRun:
    """A run that begins six hours before the end of the data, over all stations but the easternmost."""
    reference_h = int(END.timestamp()) // 3600 - 6
    fields = {name: RunField(values=np.full((hours + 7, 2, 2), value, np.float32)) for name, value in NAMES.items()}
    axes = {"lat": np.array([41.5, 42.0]), "lon": np.array([123.3, 123.55])}
    return WeatherRun(
        place="", reference_h=reference_h, valid_h=reference_h + np.arange(hours + 7), fields=fields, **axes
    )


def rows(settings: SharedSettings, station: str = "st-0") -> pd.DataFrame:
    found = InfluxStore(settings).read_product("forecast_hourly", END, END + timedelta(days=4), station)
    return found[found["parameter"] == "o3"].sort_index()


def test_the_hourly_forecast_uses_the_run_as_far_as_it_reaches(
    filled: SharedSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    assert filled.weather_forecast is not None
    (filled.weather_forecast / "run.nc").write_bytes(netcdf_bytes(run(AHEAD_H)))
    summary = forecast(filled, END)
    assert summary.models["o3"] == "lightgbm"
    assert summary.weather == f"{END - timedelta(hours=6):%Y-%m-%dT%H:%MZ}"
    assert [text.partition(" km")[0] for text in summary.weather_refused] == ["st-2: 4.1"]
    used = rows(filled)["with_weather"]
    assert rows(filled)["basis"].tolist() == ["stated_widening"] * AHEAD_H + ["without_weather"] * (72 - AHEAD_H)
    assert used.tolist() == [1.0] * AHEAD_H + [0.0] * (72 - AHEAD_H)
    assert rows(filled, "st-2")["with_weather"].eq(0).all()


def test_files_named_for_one_run_take_the_place_of_the_folder(filled: SharedSettings, tmp_path: Path) -> None:
    other = tmp_path / "other.nc"
    other.write_bytes(b"no weather")
    with pytest.raises(WeatherForecastError):
        forecast(filled, END, weather_files=[other])
    assert InfluxStore(filled).read_product("forecast_hourly", END, END + timedelta(days=4)).empty
    other.write_bytes(netcdf_bytes(run(AHEAD_H)))
    assert forecast(filled, END, weather_files=[other]).weather == f"{END - timedelta(hours=6):%Y-%m-%dT%H:%MZ}"


def test_a_run_that_lacks_what_stations_observe_is_not_used_and_is_named(filled: SharedSettings) -> None:
    assert filled.weather_forecast is not None
    whole = run(AHEAD_H)
    windless = replace(whole, fields={name: item for name, item in whole.fields.items() if "wind" not in name})
    (filled.weather_forecast / "run.nc").write_bytes(netcdf_bytes(windless))
    summary = forecast(filled, END)
    assert summary.weather == ""
    assert "run.nc: gives no wind_speed, wind_east, wind_north" in summary.weather_refused[-1]
    assert rows(filled)["with_weather"].eq(0).all()


def test_a_refused_run_leaves_the_forecast_without_weather_and_is_named(filled: SharedSettings) -> None:
    assert filled.weather_forecast is not None
    late = replace(run(AHEAD_H), reference_h=run(AHEAD_H).reference_h - 48, valid_h=run(AHEAD_H).valid_h - 48)
    (filled.weather_forecast / "run.nc").write_bytes(netcdf_bytes(late))
    summary = forecast(filled, END)
    assert (summary.weather, len(summary.weather_refused)) == ("", 1)
    assert "is 54.0 h old, expected at most 24 h" in summary.weather_refused[0]
    with StateStore(filled.state_url) as state:
        note = read_note(state, f"{END:%Y-%m-%dT%H:%MZ}")
    assert (note.weather, [parse_reason(text).kind for text in note.weather_refused]) == ("", ["old"])  # type: ignore[union-attr]
    assert rows(filled)["with_weather"].eq(0).all()
    assert len(rows(filled)) == 72
