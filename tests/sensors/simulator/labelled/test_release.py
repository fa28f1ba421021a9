from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from schemas.frames import valid_values
from sensors.simulator.geography import offset_km
from sensors.simulator.labelled import LabelledRelease, labelled_release


@pytest.fixture(scope="module")
def case() -> LabelledRelease:
    return labelled_release(13)


def test_the_same_seed_gives_the_same_release(case: LabelledRelease) -> None:
    again = labelled_release(13)
    assert again.release == case.release
    pd.testing.assert_frame_equal(again.hourly["park-03"], case.hourly["park-03"])


def test_stations_are_three_to_five_kilometres_from_the_middle(case: LabelledRelease) -> None:
    middle = case.stations[0]
    for station in case.stations[1:]:
        way = offset_km(middle.lon or 0, middle.lat or 0, station.lon or 0, station.lat or 0)
        assert 2.9 < np.hypot(*way) < 5.1


def test_all_stations_measure_the_species_and_the_wind_over_the_same_hours(case: LabelledRelease) -> None:
    for frame in case.hourly.values():
        assert {case.species, "wind_speed", "wind_direction", "wind_direction__std"} <= set(frame)
        assert frame.index.equals(case.hourly["park-01"].index)
        assert valid_values(frame, case.species).notna().all()
    assert case.hourly["park-01"].index[0] <= pd.Timestamp(case.window.start) - pd.Timedelta(days=5)


def test_the_excess_is_in_the_window_and_makes_a_station_reached(case: LabelledRelease) -> None:
    assert case.reached
    for frame in case.excess.values():
        assert frame["excess"].loc[: pd.Timestamp(case.window.start) - pd.Timedelta(hours=1)].max() == 0
    most = max(case.excess, key=lambda name: float(case.excess[name]["excess"].max()))
    assert most in case.reached


def test_the_mean_rate_of_the_release_is_the_stated_one(case: LabelledRelease) -> None:
    interval = case.release.interval
    times = np.arange(interval.start.timestamp(), interval.end.timestamp(), 60.0) + 30.0
    assert case.release.rates(times).mean() == pytest.approx(case.release.rate_kg_h)


@pytest.mark.slow
def test_about_half_of_the_releases_reach_three_stations() -> None:
    reached = [len(labelled_release(seed).reached) for seed in range(300, 312)]
    assert 3 <= sum(count >= 3 for count in reached) <= 9
