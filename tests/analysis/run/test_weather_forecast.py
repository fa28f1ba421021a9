"""The newest usable run of a folder; what is refused has its place, and nothing raises."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from analysis.forecast.hourly.grid import WEATHER, hour_grid
from analysis.run.forecast.reading import NetworkHours
from analysis.run.forecast.weather_archive import read_archive
from analysis.run.forecast.weather_forecast import FILES_MAX, past_runs, weather_forecast
from analysis.run.forecast.weather_opening import opened
from schemas.words import render
from sensors.weather_forecast.writer import netcdf_bytes, table_text
from store.settings import SharedSettings
from tests.network import instrument, network_text
from tests.network import station as station_text
from tests.sensors.weather_forecast.grid import REFERENCE_H, field, network, only, run, station

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sensors.weather_forecast.run import WeatherRun
    from tests.command import Done

REFERENCE = datetime.fromtimestamp(REFERENCE_H * 3600, UTC)
NOW = REFERENCE + timedelta(hours=2, minutes=20)


@pytest.fixture(autouse=True)
def opened_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are not opened in another process first, which takes a second a time; after ``monkeypatch.undo`` they are."""
    monkeypatch.setattr("analysis.run.forecast.weather_forecast.opened", lambda files: (list(files), []))


def shifted(part: WeatherRun, hours: int) -> WeatherRun:
    return replace(part, reference_h=part.reference_h + hours, valid_h=part.valid_h + hours)


def used(folder: Path, now: datetime = NOW, **settings: float) -> tuple[datetime | None, list[str]]:
    found = weather_forecast(SharedSettings(weather_forecast=folder, **settings), network(), now)
    assert all(render(item, language) for item in found.refused for language in ("zh", "en"))
    return None if found.weather is None else found.weather.reference_at, [item.kind for item in found.refused]


def test_the_newest_usable_run_is_used_and_what_is_newer_has_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    (tmp_path / "a.nc").write_bytes(netcdf_bytes(run()))
    (tmp_path / "b.csv").write_text(table_text(shifted(run(), -6)), encoding="utf-8")
    (tmp_path / "c.nc").write_bytes(netcdf_bytes(shifted(run(), 12)))
    (tmp_path / "broken.nc").write_bytes(b"CDF\x01")
    (tmp_path / "e.csv.part").write_bytes(b"")
    assert used(tmp_path) == (REFERENCE, ["unreadable", "future"])


@pytest.mark.parametrize(("later_h", "kind"), [(-1, "future"), (25, "old"), (6, "ended")])
def test_a_run_of_another_time_is_refused(tmp_path: Path, later_h: int, kind: str) -> None:
    (tmp_path / "a.nc").write_bytes(netcdf_bytes(run()))
    assert used(tmp_path, REFERENCE + timedelta(hours=later_h)) == (None, [kind])


def test_a_run_that_begins_after_the_present_hour_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.nc").write_bytes(netcdf_bytes(only(run(), slice(4, None))))
    assert used(tmp_path) == (None, ["begins_late"])


def test_the_oldest_age_is_a_setting(tmp_path: Path) -> None:
    (tmp_path / "a.nc").write_bytes(netcdf_bytes(run()))
    assert used(tmp_path, weather_forecast_max_age_h=2) == (None, ["old"])


def test_parts_of_a_run_that_differ_give_way_to_the_run_before(tmp_path: Path) -> None:
    (tmp_path / "a.nc").write_bytes(netcdf_bytes(run(temperature=field(10.0))))
    (tmp_path / "b.nc").write_bytes(netcdf_bytes(run(temperature=field(11.0))))
    (tmp_path / "c.nc").write_bytes(netcdf_bytes(shifted(run(12), -6)))
    assert used(tmp_path) == (REFERENCE - timedelta(hours=6), ["differs"])


@pytest.mark.parametrize("make", [lambda _: None, lambda path: path.mkdir(), lambda path: path.write_bytes(b"")])
def test_a_folder_without_files_gives_no_weather_and_a_reason(tmp_path: Path, make: Callable[[Path], object]) -> None:
    make(tmp_path / "folder")
    assert used(tmp_path / "folder")[0] is None
    assert len(used(tmp_path / "folder")[1]) == 1


def test_without_a_folder_there_is_nothing_to_refuse() -> None:
    found = weather_forecast(SharedSettings(weather_forecast=None), network(), NOW)
    assert (found.weather, found.refused, dict(found.frames)) == (None, (), {})


def test_of_very_many_files_the_newest_are_read(tmp_path: Path) -> None:
    for number in range(FILES_MAX + 1):
        (tmp_path / f"{number}.txt").touch()
    (tmp_path / "a.nc").write_bytes(netcdf_bytes(run()))
    assert used(tmp_path)[0] == REFERENCE
    os.utime(tmp_path / "a.nc", (0, 0))
    assert used(tmp_path)[0] is None


def test_stations_without_weather_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.nc").write_bytes(netcdf_bytes(run()))
    settings = SharedSettings(weather_forecast=tmp_path)
    found = weather_forecast(settings, network(station(), station("far", lon=130.0), station("none", lat=None)), NOW)
    assert list(found.frames) == ["st-1"]
    assert [item.figures["place"] for item in found.refused] == ["far", "none"]
    assert weather_forecast(settings, network(station(lat=None)), NOW).refused[0].kind == "no_station"


def test_a_thousand_columns_of_the_globe_are_read_around_the_stations_only(tmp_path: Path) -> None:
    lat, lon = np.linspace(-90, 90, 61), np.arange(0, 360, 3.0)
    values = np.broadcast_to((lat[:, None] + lon)[None] / 10, (7, 61, 120)).astype(np.float32)
    part = replace(run(temperature=replace(field(), values=values)), lat=lat, lon=lon)
    (tmp_path / "a.nc").write_bytes(netcdf_bytes(part))
    found = weather_forecast(SharedSettings(weather_forecast=tmp_path), network(), NOW)
    assert found.frames["st-1"]["temperature"].iloc[0] == pytest.approx((41.25 + 122.75) / 10, abs=1e-3)


def test_the_command_shows_a_run_and_ends_with_1_without_one(
    tmp_path: Path, command: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "network.toml").write_text(
        network_text(station_text("st-1", instrument("gas1", "gas", 60, "pm25"), lon=122.75, lat=41.25)),
        encoding="utf-8",
    )
    (tmp_path / "a.nc").write_bytes(netcdf_bytes(run()))
    settings = {"network": tmp_path / "network.toml", "language": "en", "weather_forecast": ""}
    words = ("analyse", "weather", str(tmp_path / "a.nc"), "--now", f"{NOW:%Y-%m-%dT%H:%MZ}")
    with monkeypatch.context() as patch:
        patch.setattr("analysis.run.forecast.weather_forecast.opened", opened)
        done = command(*words, "--json", **settings)
    assert done.stderr == ""
    seen = json.loads(done.stdout)
    assert (done.returncode, seen["hours"], seen["stations"]) == (0, 6, ["st-1"])
    assert seen["missing"] == ["boundary_layer_height"]
    assert "Missing: boundary_layer_height" in command(*words, **settings).stdout
    late = command(*words[:-1], f"{NOW + timedelta(days=3):%Y-%m-%dT%H:%MZ}", "--json", **settings)
    assert (late.returncode, json.loads(late.stdout)["reference_at"]) == (1, None)
    assert command("analyse", "weather", **settings).returncode == 2


def test_the_first_usable_run_of_each_past_day_is_archived_weather(tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir()
    midnight_h = -(REFERENCE_H % 24)
    for name, hours in (("archive/a.nc", midnight_h - 24), ("archive/b.nc", midnight_h - 18), ("c.nc", midnight_h)):
        (tmp_path / name).write_bytes(netcdf_bytes(shifted(run(), hours)))
    (tmp_path / "archive" / "broken.nc").write_bytes(b"CDF\x01")
    settings = SharedSettings(weather_forecast=tmp_path)
    midnight = REFERENCE + timedelta(hours=midnight_h)
    found = [item.reference_at for item in past_runs(settings, network(), midnight + timedelta(hours=1), days=9)]
    assert found == [midnight, midnight - timedelta(hours=24)]
    assert [item.reference_at for item in past_runs(settings, network(), midnight, days=1)] == found[1:]
    assert past_runs(SharedSettings(), network(), midnight, days=9) == []


def test_archived_weather_begins_hours_after_its_run(tmp_path: Path) -> None:
    (tmp_path / "a.nc").write_bytes(netcdf_bytes(run(30, temperature=field(np.arange(30.0), 30))))
    hours = pd.date_range(REFERENCE - timedelta(hours=40), periods=80, freq="h", name="start")
    grid = hour_grid(
        {name: pd.DataFrame({"temperature": 9.0}, index=hours) for name in ("other", "st-1")}, ZoneInfo("UTC")
    )
    path = tmp_path / "network.toml"
    path.write_text(
        network_text(station_text("st-1", instrument("gas1", "gas", 60, "pm25"), lon=122.75, lat=41.25)),
        encoding="utf-8",
    )
    settings = SharedSettings(weather_forecast=tmp_path, network=path)
    known = NetworkHours(grid=grid, wanted={}, cities={"210100": ("st-1",)}, held_batches=0)
    (only_one,) = read_archive(settings, known, REFERENCE + timedelta(hours=50))
    assert only_one.row == 46
    temperature = only_one.ahead[WEATHER.index("temperature")]
    assert temperature[:3, 1].tolist() == [6.5, 7.5, 8.5]
    assert np.isnan(temperature[:, 0]).all()
    assert np.isnan(temperature[23:, 1]).all()
