from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.receptor.direction import Direction, DirectionBasis, direction_of_frames, leading_direction
from analysis.receptor.direction.cluster import DirectionInputError
from schemas.interval import Interval
from sensors.simulator.labelled import labelled_event, noise_event

PLACES = {"a": (123.40, 41.80), "b": (123.45, 41.80), "c": (123.38, 41.83), "d": (123.38, 41.77)}
HOURS, LAST = 724, 4
INDEX = pd.date_range("2026-05-01", periods=HOURS, freq="h", tz="UTC", name="start")
WINDOW = Interval(INDEX[-LAST].to_pydatetime(), (INDEX[-1] + pd.Timedelta(hours=1)).to_pydatetime())


def noise(seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(rng.normal(20.0, 2.0, (HOURS, 4)), index=INDEX, columns=list(PLACES))


STEADY = 2
"""Hours before the episode in which its wind blows already."""


def wind(from_deg: float = 90.0, seed: int = 2) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    angle = np.where(np.arange(HOURS) < HOURS - LAST - STEADY, rng.uniform(0, 360, HOURS), from_deg)
    return pd.DataFrame({"a": angle}, index=INDEX)


def plume(size: float = 60.0, station: str = "a") -> pd.DataFrame:
    values = noise()
    values.loc[INDEX[-LAST:], station] += size
    return values


def found(values: pd.DataFrame, direction: pd.DataFrame, station_id: str = "a") -> Direction:
    return leading_direction(
        values, direction * 0 + 3.0, direction, places=PLACES, station_id=station_id, window=WINDOW
    )


def kinds(direction: Direction) -> list[str]:
    return [str(item.key).rsplit(".", 1)[-1] for item in direction.reasons]


@pytest.mark.parametrize("from_deg", [0.0, 90.0, 200.0, 355.0])
def test_the_excess_of_one_station_came_with_its_wind(from_deg: float) -> None:
    result = found(plume(), wind(from_deg))
    assert result.basis is DirectionBasis.EVENT
    assert result.from_deg == pytest.approx(from_deg, abs=1e-6) or result.from_deg == pytest.approx(360.0, abs=1e-6)
    assert result.interval_deg is not None
    low, high = result.interval_deg
    assert (from_deg - low) % 360.0 < (high - low) % 360.0 < 60.0
    assert (result.stations, result.hours, result.days) == (4, LAST, 30)


def test_without_an_excess_no_direction_is_named_and_both_looks_say_why() -> None:
    result = found(noise(), wind())
    assert (result.basis, result.from_deg, result.interval_deg) == (None, None, None)
    assert kinds(result) == ["chance", "background_chance"]
    assert result.chance is not None
    assert result.chance > 0.05


def test_a_rise_that_all_stations_share_has_no_direction() -> None:
    values = noise()
    values.iloc[-LAST:] += 60.0
    assert found(values, wind()).basis is None


def test_two_stations_are_too_few_for_the_episode() -> None:
    values = plume()[["a", "b"]]
    assert kinds(found(values, wind())) == ["few_stations", "background_chance"]


def test_stations_far_away_do_not_count() -> None:
    places = PLACES | {"c": (124.5, 41.8), "d": (124.6, 41.8)}
    angle = wind()
    result = leading_direction(plume(), angle * 0 + 3.0, angle, places=places, station_id="a", window=WINDOW)
    assert kinds(result)[0] == "few_stations"


def test_without_wind_in_the_episode_no_direction_is_named() -> None:
    angle = wind()
    angle.iloc[-LAST:] = np.nan
    assert kinds(found(plume(), angle))[0] == "no_wind"


def test_calm_air_has_no_direction() -> None:
    angle = wind()
    speed = angle * 0 + 3.0
    speed.iloc[-LAST:] = 0.2
    result = leading_direction(plume(), speed, angle, places=PLACES, station_id="a", window=WINDOW)
    assert kinds(result)[0] == "no_wind"


def test_a_short_history_is_stated() -> None:
    values = plume()
    values.iloc[: -LAST - 5 * 24] = np.nan
    assert kinds(found(values, wind()))[0] == "few_days"


def test_days_before_the_first_value_are_no_days_of_the_background() -> None:
    values = plume()
    values.iloc[: -LAST - 5 * 24] = np.nan
    figures = {str(item.key).rsplit(".", 1)[-1]: item.figures for item in found(values, wind()).reasons}
    assert figures["background_chance"]["days"] <= 5


def test_a_background_with_a_source_is_named_as_background() -> None:
    values, angle = noise(), wind(270.0)
    near = ((angle["a"] - 90.0).abs() < 30.0).to_numpy()
    values.loc[near, "a"] += 8.0
    result = found(values, angle)
    assert result.basis is DirectionBasis.BACKGROUND
    assert result.from_deg is not None
    assert abs(result.from_deg - 90.0) <= 33.75
    assert kinds(result)[:2] == ["background", "chance"]


def test_the_episode_is_no_part_of_its_background() -> None:
    small, large = (found(plume(size)[["a", "b"]], wind()) for size in (0.0, 500.0))
    assert small.reasons[1:] == large.reasons[1:]


def test_missing_hours_leave_the_direction() -> None:
    values = plume()
    values.iloc[::5, 1] = np.nan
    values.iloc[-2, 0] = np.nan
    result = found(values, wind())
    assert result.basis is DirectionBasis.EVENT
    assert result.hours == LAST - 1


def test_invalid_hours_of_frames_are_left_out() -> None:
    event = labelled_event(7)
    plain = direction_of_frames(
        event.stations, event.hourly, event.parameter, event.window, station_id=event.station_id
    )
    failed = {name: frame.copy() for name, frame in event.hourly.items()}
    failed[event.station_id][f"{event.parameter}__flag"] = np.int8(4)
    without = direction_of_frames(event.stations, failed, event.parameter, event.window, station_id=event.station_id)
    assert plain.basis is DirectionBasis.EVENT
    assert without.basis is None


@pytest.mark.parametrize("seed", [0, 2, 5, 10])
def test_simulated_plumes_are_traced_to_their_side(seed: int) -> None:
    event = labelled_event(seed)
    result = direction_of_frames(
        event.stations, event.hourly, event.parameter, event.window, station_id=event.station_id
    )
    assert event.bearing_deg is not None
    if result.basis is DirectionBasis.EVENT:
        assert result.from_deg is not None
        assert abs((result.from_deg - event.bearing_deg + 180.0) % 360.0 - 180.0) < 45.0


@pytest.mark.parametrize("seed", range(6))
def test_simulated_noise_has_no_direction(seed: int) -> None:
    event = noise_event(seed)
    result = direction_of_frames(
        event.stations, event.hourly, event.parameter, event.window, station_id=event.station_id
    )
    assert result.basis is None


def test_a_station_without_values_or_place_is_refused() -> None:
    with pytest.raises(DirectionInputError, match="station z has no values or no place"):
        found(noise(), wind(), "z")


def test_a_window_without_an_hour_is_refused() -> None:
    angle = wind()
    window = Interval(WINDOW.start, WINDOW.start)
    with pytest.raises(DirectionInputError, match="at least one is needed"):
        leading_direction(noise(), angle * 0 + 3.0, angle, places=PLACES, station_id="a", window=window)
