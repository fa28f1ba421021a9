"""The way of the air, and the direction of an excess along it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.receptor.direction.cluster import Cluster, cluster_of
from analysis.receptor.direction.fine_wind import FineWind, fine_wind
from analysis.receptor.direction.way import AWAY_KM, LONGEST_H, STEPS_H, hourly_ways
from analysis.receptor.direction.wind_of_excess import _mean, wind_of_excess
from schemas.interval import Interval

LAST = 2
HOURS = 30 * 24 + LAST
INDEX = pd.date_range("2026-05-01", periods=HOURS, freq="h", tz="UTC")
PLACES = {"a": (123.40, 41.80), "b": (123.45, 41.80), "c": (123.38, 41.83)}
WINDOW = Interval(INDEX[-LAST].to_pydatetime(), (INDEX[-1] + pd.Timedelta(hours=1)).to_pydatetime())


def cluster(angle: np.ndarray, speed: float = 1.0) -> Cluster:
    wind = pd.DataFrame({"a": angle}, index=INDEX)
    values = pd.DataFrame(20.0, index=INDEX, columns=list(PLACES))
    return cluster_of(values, (wind * 0 + speed, wind), places=PLACES, station_id="a", window=WINDOW)


def turned(before: float, after: float, hours: int = LAST) -> np.ndarray:
    return np.where(np.arange(HOURS) < HOURS - hours, before, after)


def minutes(angle: np.ndarray, level: np.ndarray, speed: float | np.ndarray = 2.0) -> dict[str, pd.DataFrame]:
    index = pd.date_range(INDEX[-LAST] - pd.Timedelta(hours=LONGEST_H), periods=len(angle), freq="min", name="start")
    return {"a": pd.DataFrame({"wind_speed": speed, "wind_direction": angle, "so2": level}, index=index)}


def excess(*last: float) -> np.ndarray:
    return np.concatenate([np.zeros(HOURS - len(last)), last])


@pytest.mark.parametrize("angle", [0.0, 90.0, 233.0])
def test_a_steady_wind_comes_from_its_direction_at_all_distances_that_it_reaches(angle: float) -> None:
    ways = hourly_ways(cluster(np.full(HOURS, angle)))
    assert ways.shape == (HOURS, len(AWAY_KM))
    near = np.array(AWAY_KM) <= LONGEST_H * 3.6
    away = (ways[:, near] - angle + 180) % 360 - 180
    assert np.abs(away).max() < 1e-6


def test_light_wind_does_not_come_from_far_away() -> None:
    ways = hourly_ways(cluster(np.full(HOURS, 90.0), speed=0.5))
    assert np.isfinite(ways[-1]).tolist() == [away <= 0.5 * 3.6 * LONGEST_H / 0.6 for away in AWAY_KM]


def test_far_air_came_with_the_wind_before_it_turned() -> None:
    last = hourly_ways(cluster(turned(180.0, 270.0)))[-1]
    assert last[0] == pytest.approx(270.0)
    assert last[AWAY_KM.index(9.0)] == pytest.approx(180.0 + np.degrees(np.arctan2(1.0, 1.5)), abs=15.0)


def test_calm_air_keeps_the_last_direction_and_without_any_wind_there_is_no_way() -> None:
    angle = np.full(HOURS, 90.0)
    angle[-4:] = np.nan
    assert hourly_ways(cluster(angle))[-1, 0] == pytest.approx(90.0)
    assert np.isnan(hourly_ways(cluster(np.full(HOURS, np.nan)))).all()


def test_the_minutes_with_excess_give_the_direction_of_an_hour() -> None:
    """The wind turns from the south to the east within each hour, and the excess is there in its second half only."""
    turning = np.tile(np.repeat([180.0, 90.0], 30), LONGEST_H + LAST)
    high = np.where(np.arange(len(turning)) % 60 < 30, 0.0, 60.0)
    fine = fine_wind(minutes(turning, high, speed=8.0), "so2", places=PLACES, station_id="a", vanes=["a"])
    found = wind_of_excess(cluster(np.full(HOURS, 135.0)), excess(30.0, 30.0), fine)
    plain = wind_of_excess(cluster(np.full(HOURS, 135.0)), excess(30.0, 30.0))
    assert found is not None
    assert plain is not None
    assert plain.from_deg == pytest.approx(135.0, abs=1.0)
    assert abs(found.from_deg - 100.0) < 15.0


def test_an_hour_without_minutes_counts_with_its_mean_wind() -> None:
    gone = minutes(np.full(60 * (LONGEST_H + LAST), 90.0), np.full(60 * (LONGEST_H + LAST), 30.0))
    gone["a"].iloc[-60:, 0] = np.nan
    fine = fine_wind(gone, "so2", places=PLACES, station_id="a", vanes=["a"])
    found = wind_of_excess(cluster(np.full(HOURS, 105.0)), excess(30.0, 30.0), fine)
    assert found is not None
    assert found.hours == LAST
    assert found.from_deg == pytest.approx(97.5, abs=1.0)


def test_the_interval_is_wider_where_the_direction_depends_on_the_distance() -> None:
    steady, light = (wind_of_excess(cluster(turned(180.0, 225.0), speed), excess(0.0, 30.0)) for speed in (12.0, 0.8))
    assert steady is not None
    assert light is not None
    assert light.half_width_deg > 1.2 * steady.half_width_deg


def test_without_excess_or_wind_there_is_none() -> None:
    assert wind_of_excess(cluster(np.full(HOURS, 90.0)), excess(0.0, 0.0)) is None
    assert wind_of_excess(cluster(np.full(HOURS, np.nan)), excess(3.0, 3.0)) is None


def test_stations_without_wind_or_out_of_reach_give_no_steps() -> None:
    steady = minutes(np.full(60, 90.0), np.full(60, 5.0))["a"]
    assert fine_wind({"a": steady[["so2"]]}, "so2", places=PLACES, station_id="a", vanes=["a"]) is None
    assert fine_wind({"x": steady}, "so2", places=PLACES | {"x": (120.0, 30.0)}, station_id="a", vanes=["a"]) is None
    assert fine_wind({"a": steady}, "so2", places={}, station_id="a", vanes=["a"]) is None
    found = fine_wind({"a": steady}, "no2", places=PLACES, station_id="a", vanes=["a"])
    assert isinstance(found, FineWind)
    assert len(found.starts) == STEPS_H
    assert np.isnan(found.level).all()


def test_steps_that_come_from_elsewhere_than_the_hour_do_not_count() -> None:
    """The hour passed quality control and the comparison with other days; its steps should have the same mean."""
    length = 60 * (LONGEST_H + LAST)
    turned_round = fine_wind(
        minutes(np.full(length, 130.0), np.full(length, 30.0)), "so2", places=PLACES, station_id="a", vanes=["a"]
    )
    found = wind_of_excess(cluster(np.full(HOURS, 310.0)), excess(30.0, 30.0), turned_round)
    assert found == wind_of_excess(cluster(np.full(HOURS, 310.0)), excess(30.0, 30.0))


def test_every_vane_has_the_same_weight_and_few_of_them_are_no_mean() -> None:
    length = 60
    one, two = (
        minutes(np.full(length, angle), np.full(length, 5.0), speed)["a"]
        for angle, speed in ((90.0, 2.0), (210.0, 60.0))
    )
    names = ["a", "b", "c"]
    found = fine_wind({"a": one, "b": two, "c": one}, "so2", places=PLACES, station_id="a", vanes=names)
    assert found is not None
    assert np.hypot(found.east, found.north) == pytest.approx(2.0)
    assert np.degrees(np.arctan2(found.east, found.north)) == pytest.approx(120.0)
    alone = fine_wind({"b": two}, "so2", places=PLACES, station_id="a", vanes=names)
    assert alone is not None
    assert np.isnan(alone.east).all()


def test_hours_whose_air_came_from_nowhere_do_not_narrow_the_interval() -> None:
    bearing = np.full((4, 5), 90.0)
    far = bearing.copy()
    far[2:] = np.nan
    numbers, share = np.arange(4), np.full(4, 10.0)
    known, partly = _mean(bearing, share, numbers), _mean(far, share, numbers)
    assert known is not None
    assert partly is not None
    assert (known.hours, known.effective_hours) == (4, pytest.approx(4.0))
    assert (partly.hours, partly.effective_hours) == (2, pytest.approx(2.0))
    assert partly.half_width_deg > known.half_width_deg
