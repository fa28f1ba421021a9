"""Evidence from the minutes of an event that is going on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from analysis.receptor.plume import PlumeEvidence, PlumeInputError, evidence_of, evidence_of_minutes
from schemas.interval import Interval
from schemas.network import Station

BEGIN = datetime(2026, 5, 1, tzinfo=UTC)
START = BEGIN + timedelta(hours=200, minutes=10)
EVENT = Interval(START, START + timedelta(minutes=50))
STATIONS = tuple(
    Station(id=f"s{number}", instruments=(), lon=123.4 + 0.05 * number, lat=41.8 + 0.03 * (number % 2))
    for number in range(4)
)


def hours() -> dict[str, pd.DataFrame]:
    rng = np.random.Generator(np.random.PCG64(4))
    index = pd.date_range(BEGIN, periods=202, freq="h", name="start")
    columns = {"wind_speed": 3.0, "wind_direction": 90.0}
    return {
        item.id: pd.DataFrame({"ch4": 2000.0 + rng.normal(0.0, 5.0, len(index)), **columns}, index=index)
        for item in STATIONS
    }


def minutes(added: float = 100.0) -> dict[str, pd.DataFrame]:
    index = pd.date_range(START - timedelta(hours=1), EVENT.end + timedelta(hours=1), freq="min", name="start")
    weather = {"wind_speed": 3.0, "wind_direction": np.where(np.arange(len(index)) % 2, 350.0, 10.0)}
    return {
        item.id: pd.DataFrame({"ch4": 2000.0 + added * (item.id == "s2"), **weather}, index=index) for item in STATIONS
    }


def made(minute: dict[str, pd.DataFrame]) -> PlumeEvidence:
    return evidence_of_minutes(STATIONS, hours(), minute, "ch4", EVENT, precision=1.0)


def test_blocks_of_the_event_show_the_excess_and_the_wind_of_its_minutes() -> None:
    found = made(minutes())
    assert found.excess_ug_m3.shape == (3, 4)
    assert (found.excess_ug_m3[:, 2] > 3 * found.sigma_ug_m3[:, 2]).all()
    assert [item.from_deg for item in found.wind] == pytest.approx([0.0] * 3, abs=1e-6)
    assert found.wind[0].meander_deg == pytest.approx(10.0)


def test_hours_from_the_begin_of_the_event_on_are_not_used() -> None:
    spoilt = hours()
    for frame in spoilt.values():
        frame.loc[frame.index >= pd.Timestamp(START) - pd.Timedelta(hours=1), "ch4"] = 1e6
    found = evidence_of_minutes(STATIONS, spoilt, minutes(), "ch4", EVENT, precision=1.0)
    np.testing.assert_allclose(found.excess_ug_m3, made(minutes()).excess_ug_m3)


def test_a_shorter_mean_has_a_larger_deviation_than_an_hour() -> None:
    window = Interval(BEGIN + timedelta(hours=200), BEGIN + timedelta(hours=202))
    hourly = evidence_of(STATIONS, hours(), "ch4", window, precision=1.0)
    assert made(minutes()).sigma_ug_m3[0] == pytest.approx(np.sqrt(3.0) * hourly.sigma_ug_m3[0], rel=0.02)


def test_a_station_without_minutes_is_missing_and_none_at_all_is_an_error() -> None:
    some = minutes()
    del some["s1"]
    assert np.isnan(made(some).excess_ug_m3[:, 1]).all()
    with pytest.raises(PlumeInputError, match="minutes of at least 3 are needed"):
        made({})
