"""Evidence from hourly frames."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from analysis.receptor.plume import PlumeEvidence, PlumeInputError, Stability, evidence_of
from schemas.interval import Interval
from schemas.network import Station

BEGIN = datetime(2026, 5, 1, tzinfo=UTC)
HOURS = 200
WINDOW = Interval(BEGIN + timedelta(hours=197), BEGIN + timedelta(hours=HOURS))
STATIONS = tuple(
    Station(id=f"s{number}", instruments=(), lon=123.4 + 0.05 * number, lat=41.8 + 0.03 * (number % 2))
    for number in range(4)
)


def frames() -> dict[str, pd.DataFrame]:
    rng = np.random.Generator(np.random.PCG64(2))
    index = pd.date_range(BEGIN, periods=HOURS, freq="h", name="start")
    found = {}
    for number, station in enumerate(STATIONS):
        columns = {"ch4": 2000.0 + rng.normal(0.0, 5.0, HOURS), "temperature": 0.0, "pressure": 1013.25}
        columns |= {"wind_speed": 3.0, "wind_direction": (350.0, 10.0, 350.0, 10.0)[number], "global_radiation": 0.0}
        found[station.id] = pd.DataFrame(columns, index=index)
    found["s2"].loc[found["s2"].index >= pd.Timestamp(WINDOW.start), "ch4"] += 100.0
    return found


def made(hourly: dict[str, pd.DataFrame]) -> PlumeEvidence:
    return evidence_of(STATIONS, hourly, "ch4", WINDOW, precision=1.0)


def test_an_excess_of_methane_is_the_mass_of_cold_air() -> None:
    evidence = made(frames())
    assert evidence.excess_ug_m3.shape == (3, 4)
    assert evidence.excess_ug_m3[:, 2].mean() == pytest.approx(71.6, abs=8.0)
    assert np.abs(evidence.excess_ug_m3[:, [0, 1, 3]]).max() < 20.0


def test_wind_is_the_mean_over_north_with_the_scatter_of_the_stations() -> None:
    wind = made(frames()).wind[0]
    assert abs((wind.from_deg + 180.0) % 360.0 - 180.0) < 1e-6
    assert wind.error_deg == pytest.approx(np.hypot(6.0, 5.0))
    assert wind.stability is Stability.D


def test_radiation_makes_the_air_unstable_and_none_makes_it_neutral() -> None:
    sunny, dark = frames(), frames()
    for station in STATIONS:
        sunny[station.id]["global_radiation"] = 800.0
        dark[station.id]["wind_speed"] = 1.5
    assert made(sunny).wind[0].stability is Stability.B
    assert made(dark).wind[0].stability is Stability.F
    assert (
        made({name: frame.drop(columns="global_radiation") for name, frame in dark.items()}).wind[0].stability
        is Stability.D
    )


def test_spread_of_direction_within_the_hour_is_the_meander() -> None:
    hourly = frames()
    for frame in hourly.values():
        frame["wind_direction__std"] = 12.0
    assert made(hourly).wind[0].meander_deg == pytest.approx(12.0)
    assert np.isnan(made(frames()).wind[0].meander_deg)


def test_without_wind_no_hour_counts() -> None:
    hourly = {name: frame.drop(columns=["wind_speed", "wind_direction"]) for name, frame in frames().items()}
    assert not made(hourly).has_wind.any()


def test_values_that_failed_are_left_out() -> None:
    hourly = frames()
    hourly["s0"]["ch4__flag"] = 4
    assert np.isnan(made(hourly).excess_ug_m3[:, 0]).all()


def test_stations_without_coordinates_are_too_few() -> None:
    nowhere = tuple(Station(id=station.id, instruments=()) for station in STATIONS)
    with pytest.raises(PlumeInputError, match="at least 3 are needed"):
        evidence_of(nowhere, frames(), "ch4", WINDOW, precision=1.0)
