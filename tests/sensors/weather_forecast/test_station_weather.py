from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.geodesy import great_circle_km
from sensors.weather_forecast import WeatherForecastError, joined, station_weather
from sensors.weather_forecast.interpolation import Stencil, stencil
from sensors.weather_forecast.run import Cell, RunField, WeatherRun, checked_part
from tests.sensors.weather_forecast.grid import LAT, LON, REFERENCE_H, field, only, run, station

HERE = (station(),)


def hours(item: WeatherRun, code: str) -> list[float]:
    return station_weather(joined([checked_part(item)]), HERE).hourly["st-1"][code].tolist()


def refused(*parts: WeatherRun) -> str:
    with pytest.raises(WeatherForecastError) as found:
        station_weather(joined([checked_part(part) for part in parts]), HERE)
    return found.value.reason.kind


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_linear_field_is_interpolated_exactly_on_both_kinds_of_grid(east: float, north: float) -> None:
    lon, lat = 122.0 + 1.5 * east, 41.0 + north
    grid_lon, grid_lat = np.meshgrid(LON, LAT)
    for axes in ((LAT, LON), (grid_lat, grid_lon)):
        found = stencil(*axes, (lon, lat))
        assert isinstance(found, Stencil)
        assert found.weight.sum() == pytest.approx(1)
        assert found.weight @ grid_lon[found.y, found.x] == pytest.approx(lon, abs=1e-6)
        assert found.weight @ grid_lat[found.y, found.x] == pytest.approx(lat, abs=1e-6)


def test_a_rotated_grid_gives_the_place_back() -> None:
    x, y = np.meshgrid(np.arange(5.0), np.arange(4.0))
    lon, lat = 122 + 0.3 * x - 0.1 * y, 41 + 0.1 * x + 0.3 * y
    found = stencil(lat, lon, (122.5, 41.6))
    assert isinstance(found, Stencil)
    assert found.weight @ lon[found.y, found.x] == pytest.approx(122.5, abs=1e-6)
    assert found.weight @ lat[found.y, found.x] == pytest.approx(41.6, abs=1e-6)


def test_a_place_outside_has_the_distance_to_the_grid() -> None:
    expected = float(great_circle_km(124.0, 41.25, 123.5, 41.25))
    assert stencil(LAT, LON, (124.0, 41.25)) == pytest.approx(expected)
    assert isinstance(stencil(*np.meshgrid(LON, LAT)[::-1], (124.0, 41.25)), float)


@pytest.mark.parametrize("west", [0.0, -180.0])
def test_a_grid_round_the_globe_is_closed(west: float) -> None:
    lon = west + np.arange(0, 360, 90.0)
    found = stencil(np.array([-10.0, 10.0]), lon, (west + 315.0, 0.0))
    assert isinstance(found, Stencil)
    assert found.x.tolist() == [3, 0, 3, 0]


def test_an_hour_is_the_mean_of_its_two_ends() -> None:
    assert hours(run(temperature=field(np.arange(7.0))), "temperature") == pytest.approx(np.arange(6) + 0.5)


def test_a_step_of_three_hours_is_linear_between_its_times() -> None:
    part = run(temperature=field(np.array([0.0, 3.0, 6.0]), 3), hours=3)
    part = replace(part, valid_h=REFERENCE_H + np.array([0, 3, 6]))
    assert hours(part, "temperature") == pytest.approx(np.arange(6) + 0.5)


def stepped(*at: int) -> WeatherRun:
    part = run(temperature=field(np.array(at, dtype=float), len(at)), hours=len(at))
    return replace(part, valid_h=REFERENCE_H + np.array(at))


def test_a_run_that_is_hourly_first_and_3_hourly_later_is_taken_and_says_so() -> None:
    found = station_weather(joined([checked_part(stepped(0, 1, 2, 3, 6, 9, 12))]), HERE)
    assert found.hourly["st-1"]["temperature"].tolist() == pytest.approx(np.arange(12) + 0.5)
    assert [(item.start.hour - found.start.hour, item.step_h) for item in found.steps] == [(0, 1), (3, 3)]
    (only_one,) = station_weather(joined([checked_part(run())]), HERE).steps
    assert only_one.step_h == 1


@pytest.mark.parametrize(
    "at",
    [
        (0, 1, 2, 5, 6, 7),  # a hole, after which it is hourly again
        (0, 1, 2, 3, 6),  # a longer step that nothing follows
        (0, 1, 2, 3, 6, 12, 15),  # a hole in the 3-hourly part
    ],
)
def test_a_longer_step_that_does_not_stay_is_a_hole(at: tuple[int, ...]) -> None:
    assert refused(stepped(*at)) == "missing_hours"


def test_opposite_winds_cancel_and_a_calm_has_no_direction() -> None:
    east = np.array([4.0, -4.0, -4.0, 0.0, 0.0])
    part = run(wind_east=field(east, 5), wind_north=field(0.0, 5), hours=5)
    frame = station_weather(joined([part]), HERE).hourly["st-1"]
    assert frame["wind_speed"].tolist() == pytest.approx([4, 4, 2, 0])
    assert frame["wind_east"].tolist() == pytest.approx([0, -4, -2, 0])
    assert frame["wind_direction"].tolist() == pytest.approx([np.nan, 90, 90, np.nan], nan_ok=True)


def test_directions_around_north_are_averaged_as_vectors() -> None:
    part = run(wind_speed=field(2.0, 2), wind_direction=field(np.array([350.0, 20.0]), 2), hours=2)
    frame = station_weather(joined([part]), HERE).hourly["st-1"]
    assert frame["wind_direction"].tolist() == pytest.approx([5.0], abs=1e-4)
    assert frame["wind_speed"].tolist() == pytest.approx([2.0])


def test_a_calm_without_direction_at_a_node_is_calm() -> None:
    part = run(wind_speed=field(0.0, 2), wind_direction=field(np.nan, 2), hours=2)
    assert station_weather(joined([part]), HERE).hourly["st-1"]["wind_speed"].tolist() == [0.0]


def test_amounts_since_the_reference_time_become_hourly_amounts() -> None:
    total = np.array([np.nan, 1.0, 1.0, 3.0, 3.5])
    own = replace(field(total, 5, Cell.SUM), start_h=np.full(5, REFERENCE_H))
    assert hours(run(rain=own, hours=5), "rain") == pytest.approx([1, 0, 2, 0.5])


def test_amounts_of_three_hours_are_spread_evenly() -> None:
    part = run(rain=field(np.array([0.0, 3.0, 1.5]), 3, Cell.SUM), hours=3)
    part = replace(part, valid_h=REFERENCE_H + np.array([0, 3, 6]))
    assert hours(part, "rain") == pytest.approx([1, 1, 1, 0.5, 0.5, 0.5])


def test_running_means_since_the_reference_time_become_hourly_means() -> None:
    own = RunField(
        values=field(np.array([0.0, 100.0, 150.0]), 3).values, cell=Cell.MEAN, start_h=np.full(3, REFERENCE_H)
    )
    assert hours(run(global_radiation=own, hours=3), "global_radiation") == pytest.approx([100, 200])


def test_what_follows_from_other_quantities_is_added() -> None:
    part = run(temperature=field(20.0), dew_point=field(10.0), sea_level_pressure=field(1015.0))
    frame = station_weather(joined([part]), (station(altitude_m=100.0),)).hourly["st-1"]
    assert frame["relative_humidity"].iloc[0] == pytest.approx(52.5, abs=0.1)
    assert frame["pressure"].iloc[0] == pytest.approx(1003.2, abs=0.3)
    assert "pressure" in station_weather(joined([part]), HERE).missing


def test_stations_outside_or_without_a_value_are_refused_and_the_others_are_served() -> None:
    values = field(10.0).values.copy()
    values[:, :, 3] = np.nan
    stations = (station(), station("far", lon=125.0), station("coast", lon=123.25), station("nowhere", lon=None))
    found = station_weather(joined([run(temperature=RunField(values=values))]), stations)
    assert list(found.hourly) == ["st-1"]
    assert [item.kind for item in found.refused] == ["outside", "no_value", "no_place"]
    assert found.refused[0].figures["distance"] == pytest.approx(125.2, abs=0.5)
    assert found.refused[1].figures["place"] == "coast: temperature"


def test_a_value_that_is_missing_at_a_node_of_no_weight_does_not_matter() -> None:
    values = field(10.0).values.copy()
    values[:, :, 3] = np.nan
    found = station_weather(joined([run(temperature=RunField(values=values))]), (station(lon=123.0),))
    assert found.hourly["st-1"]["temperature"].tolist() == [10.0] * 6


def test_parts_in_time_and_in_variables_are_one_run() -> None:
    whole = run()
    parts = [
        only(whole, slice(0, 3)),
        only(whole, slice(3, None)),
        run(boundary_layer_height=field(800.0)),
    ]
    found = station_weather(joined(parts), HERE)
    assert len(found.hourly["st-1"]) == 6
    assert found.missing == ()


@pytest.mark.parametrize(
    ("parts", "kind"),
    [
        ((only(run(), slice(0, 3)), only(run(), slice(4, None))), "missing_hours"),
        ((replace(run(2), valid_h=np.array([REFERENCE_H, REFERENCE_H + 6])),), "long_step"),
        ((run(1),), "one_time"),
        ((replace(run(3), valid_h=REFERENCE_H + np.array([0, 2, 1])),), "unsorted_time"),
        ((replace(run(3), valid_h=REFERENCE_H + np.array([0, 1, 1])),), "duplicate_time"),
        ((replace(run(), valid_h=REFERENCE_H - 1 + np.arange(7)),), "before_reference"),
        ((run(), replace(run(), lon=LON + 0.5)), "other_grid"),
        ((run(temperature=field(10.0)), run(temperature=field(11.0))), "differs"),
        ((replace(run(), lon=np.array([122.0, 122.5, 123.0, 123.9])),), "spacing"),
        ((run(temperature=field(283.0)),), "range"),
        ((run(temperature=field(np.nan)),), "no_value"),
        ((run(20, rain=field(np.arange(20.0), 20, Cell.SUM)),), "unclear_amount"),
        (
            (
                run(
                    rain=replace(field(np.array([0, 1, 5, 2, 2, 2, 2.0]), 7, Cell.SUM), start_h=np.full(7, REFERENCE_H))
                ),
            ),
            "falling_amount",
        ),
    ],
)
def test_a_run_that_is_not_as_expected_is_refused(parts: tuple[WeatherRun, ...], kind: str) -> None:
    assert refused(*parts) == kind


def test_a_missing_hour_is_named() -> None:
    with pytest.raises(WeatherForecastError, match=r"1 valid time is missing at steps of 1 h: 2026-12-04T19:00Z"):
        joined([only(run(), slice(0, 3)), only(run(), slice(4, None))])


def test_the_same_file_twice_is_one_run() -> None:
    assert joined([run(), run()]).valid_h.tolist() == run().valid_h.tolist()
