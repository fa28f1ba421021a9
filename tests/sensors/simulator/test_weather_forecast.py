"""The simulated weather forecast: the province's own later weather with the stated error."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from sensors.simulator import Province
from sensors.simulator.weather_forecast import ADDED_ERRORS, forecast_run
from sensors.simulator.world import Site, World
from sensors.weather_forecast import PARAMETERS, joined, read_part, station_weather

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.command import Done

START = datetime(2026, 5, 1, tzinfo=UTC)
REFERENCE = START + timedelta(hours=12)


@pytest.fixture(scope="module")
def world() -> World:
    return World(3, START, START + timedelta(days=6))


def test_without_an_error_it_is_the_weather_of_the_stations(world: World) -> None:
    stations = Province(3, START, START + timedelta(days=6)).stations
    found = station_weather(joined([forecast_run(world, REFERENCE, error=0.0)]), stations)
    assert (found.refused, found.missing, len(found.hourly)) == ((), (), len(stations))
    station = next(item for item in stations if item.id == "ln-sy-01")
    frame = found.hourly[station.id]
    assert set(PARAMETERS) <= set(frame.columns)
    times = np.array([moment.timestamp() + 1800 for moment in frame.index])
    own = Site(world, station).field("temperature", times)
    assert np.abs(frame["temperature"] - own).max() < 0.5
    assert len(frame) == 96


def test_the_error_grows_with_the_root_of_the_lead(world: World) -> None:
    errors = []
    for hour in range(0, 48, 2):
        at = START + timedelta(hours=hour)
        exact, erring = (forecast_run(world, at, error=factor).fields["temperature"].values for factor in (0.0, 1.0))
        errors.append((erring - exact)[:, 0, 0])
    spread = np.sqrt(np.mean(np.square(errors), axis=0))
    assert spread[0] == 0
    assert spread[24] == pytest.approx(ADDED_ERRORS["temperature"], rel=0.4)
    assert spread[96] == pytest.approx(2 * ADDED_ERRORS["temperature"], rel=0.4)


def test_it_goes_on_after_the_end_of_the_province() -> None:
    world = World(3, START, START + timedelta(days=1))
    values = forecast_run(world, REFERENCE, error=0.0).fields["temperature"].values
    assert np.isfinite(values).all()
    assert np.abs(np.diff(values, axis=0)).max() < 6
    again = forecast_run(World(3, START, START + timedelta(days=1)), REFERENCE, error=0.0).fields["temperature"].values
    assert np.array_equal(values, again)


def test_the_command_writes_a_run_that_is_read(tmp_path: Path, command: Callable[..., Done]) -> None:
    span = ("--from", "2026-05-01T00:00Z", "--to", "2026-05-01T20:00Z")
    done = command("simulate", *span, "--no-publish", "--weather-out", str(tmp_path / "weather"))
    assert done.returncode == 0
    (path,) = (tmp_path / "weather").iterdir()
    assert path.name == "weather_20260501T18Z.nc"
    assert len(read_part(path, (np.array([123.4]), np.array([41.8]))).valid_h) == 97
