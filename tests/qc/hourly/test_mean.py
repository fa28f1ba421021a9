from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qc.angle import vector_mean
from qc.hourly.mean import Hourly, aggregate, expected_count, merge

START = pd.Timestamp("2026-06-01T00:00Z")


def hours(count: int) -> pd.DatetimeIndex:
    return pd.date_range(START, periods=count, freq="h", unit="us", name="start")


def make(
    minutes: list[float],
    values: dict[str, list[float]],
    flags: dict[str, list[int]] | None = None,
    cadence_s: int = 60,
    count: int = 1,
) -> Hourly:
    index = pd.DatetimeIndex([START + pd.Timedelta(minutes=minute) for minute in minutes])
    given_flags = flags or {code: [1] * len(minutes) for code in values}
    arrays = {code: np.array(flag, dtype=np.int8) for code, flag in given_flags.items()}
    return aggregate(pd.DataFrame(values, index=index), arrays, hours(count), cadence_s=cadence_s)


def test_mean_and_count_are_of_valid_values_only() -> None:
    found = make([0, 1, 2, 3], {"o3": [10.0, 20.0, 900.0, np.nan]}, {"o3": [1, 3, 4, 9]})
    assert found.frame["o3"].iloc[0] == 15
    assert found.frame["o3__n"].iloc[0] == 2
    assert found.completeness["o3"].iloc[0] == pytest.approx(2 / 60)
    assert found.certain["o3"].iloc[0] == pytest.approx(1 / 60)


@pytest.mark.parametrize(("count", "share"), [(60, 1.0), (45, 0.75), (44, 44 / 60), (0, 0.0)])
def test_completeness_is_the_part_of_sixty_minutes(count: int, share: float) -> None:
    found = make(list(range(60)), {"o3": [1.0] * 60}, {"o3": [1] * count + [4] * (60 - count)})
    assert found.completeness["o3"].iloc[0] == pytest.approx(share)


def test_rain_is_summed() -> None:
    assert make([0, 10, 20], {"rain": [0.2, 0.0, 0.4]}).frame["rain"].iloc[0] == pytest.approx(0.6)


def test_an_hour_without_a_value_has_no_mean() -> None:
    found = make([0, 130], {"o3": [1.0, 2.0]}, count=3)
    assert found.frame["o3"].isna().tolist() == [False, True, False]
    assert found.frame["o3__n"].tolist() == [1, 0, 1]


def test_burst_of_readings_covers_its_own_time_only() -> None:
    found = make([index / 10 for index in range(60)], {"o3": [1.0] * 60})
    assert found.frame["o3__n"].iloc[0] == 60
    assert found.completeness["o3"].iloc[0] == pytest.approx(7 / 60)


def test_jitter_of_a_second_does_not_reduce_completeness() -> None:
    jitter = np.random.default_rng(3).uniform(0, 1 / 60, 60)
    found = make(list(np.arange(60) + jitter), {"o3": [1.0] * 60})
    assert found.completeness["o3"].iloc[0] == 1


@pytest.mark.parametrize(
    ("cadence_s", "count"), [(60, 60), (420, 8), (1800, 2), (2400, 1), (3000, 1), (3600, 1), (86_400, 1)]
)
def test_expected_count_follows_from_the_cadence(cadence_s: int, count: int) -> None:
    assert expected_count(cadence_s) == count


def test_hourly_and_fifty_minute_instruments_are_complete_with_one_value() -> None:
    assert make([0], {"benzene": [1.0]}, cadence_s=3600).completeness["benzene"].tolist() == [1.0]
    irregular = make([5, 55, 108, 160], {"gamma_dose_rate": [1.0] * 4}, cadence_s=3000, count=3)
    assert irregular.completeness["gamma_dose_rate"].tolist() == [1.0, 1.0, 1.0]


def test_half_hourly_instrument_needs_both_halves() -> None:
    assert make([30], {"co2_flux": [1.0]}, cadence_s=1800).completeness["co2_flux"].tolist() == [0.5]


def test_slower_than_hourly_has_rows_only_where_a_value_starts() -> None:
    found = make([0, 180], {"o3": [1.0, 2.0]}, cadence_s=10_800, count=6)
    assert found.frame.index.hour.tolist() == [0, 3]
    assert found.completeness["o3"].tolist() == [1.0, 1.0]


def test_wind_around_north_is_north_and_never_360() -> None:
    assert vector_mean(np.array([350.0, 10.0])) == pytest.approx(0, abs=1e-9)
    assert 0 <= vector_mean(np.array([359.9999999999, 0.0])) < 360


def test_wind_is_weighted_by_speed_and_calm_has_no_direction() -> None:
    found = make([0, 1], {"wind_direction": [0.0, 90.0], "wind_speed": [3.0, 0.0]})
    assert found.frame["wind_direction"].iloc[0] == pytest.approx(0)
    calm = make([0, 1], {"wind_direction": [10.0, 90.0], "wind_speed": [0.0, 0.0]})
    assert np.isnan(calm.frame["wind_direction"].iloc[0])
    assert calm.frame["wind_direction__n"].iloc[0] == 0


def test_hour_without_any_valid_speed_weighs_directions_the_same() -> None:
    found = make(
        [0, 1],
        {"wind_direction": [0.0, 90.0], "wind_speed": [9.0, 1.0]},
        {"wind_direction": [1, 1], "wind_speed": [4, 4]},
    )
    assert found.frame["wind_direction"].iloc[0] == pytest.approx(45)


@settings(deadline=None)
@given(st.floats(-1e5, 1e5), st.integers(1, 60))
def test_mean_of_a_constant_is_the_constant(value: float, count: int) -> None:
    assert make(list(range(count)), {"o3": [value] * count}).frame["o3"].iloc[0] == value


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 7199), st.sampled_from([1, 2, 3, 4, 9])),
        min_size=1,
        max_size=80,
        unique_by=lambda item: item[0],
    ),
    st.sampled_from([1, 30, 60, 420, 1800, 3000, 3600]),
)
def test_completeness_is_between_zero_and_one(readings: list[tuple[int, int]], cadence_s: int) -> None:
    ordered = sorted(readings)
    found = make(
        [second / 60 for second, _ in ordered],
        {"o3": [1.0] * len(ordered)},
        {"o3": [flag for _, flag in ordered]},
        cadence_s,
        2,
    )
    assert found.completeness["o3"].between(0, 1).all()
    assert (found.certain["o3"] <= found.completeness["o3"]).all()
    assert ((found.completeness["o3"] > 0) == (found.frame["o3__n"] > 0)).all()


@settings(deadline=None)
@given(st.lists(st.floats(0, 360), min_size=1, max_size=20))
def test_direction_turns_with_the_wind(directions: list[float]) -> None:
    values = np.array(directions)
    first, turned = vector_mean(values), vector_mean((values + 90) % 360)
    length = np.hypot(np.sin(np.radians(values)).mean(), np.cos(np.radians(values)).mean())
    if length > 1e-3:
        assert 0 <= first < 360
        assert (turned - first - 90 + 180) % 360 - 180 == pytest.approx(0, abs=1e-6)


def test_two_instruments_complement_each_other() -> None:
    first = make(list(range(60)), {"o3": [1.0] * 60}, count=2)
    second = make(list(range(30, 120)), {"o3": [2.0] * 90, "no2": [5.0] * 90}, count=2)
    found = merge([first, second])
    assert found.frame["o3"].tolist() == [1.0, 2.0]
    assert found.frame["no2__n"].tolist() == [30, 60]
    assert found.completeness["o3"].tolist() == [1.0, 1.0]


def test_spread_is_the_standard_deviation_of_valid_values() -> None:
    found = make([0, 1, 2, 3], {"o3": [10.0, 20.0, 900.0, 40.0]}, {"o3": [1, 3, 4, 1]})
    assert found.frame["o3__std"].iloc[0] == pytest.approx(np.std([10, 20, 40], ddof=1))


def test_one_value_has_no_spread_and_a_sum_never() -> None:
    assert np.isnan(make([0], {"o3": [10.0]}).frame["o3__std"].iloc[0])
    assert "rain__std" not in make([0, 1], {"rain": [0.0, 0.2]}).frame


@given(st.floats(-1e9, 1e9), st.integers(2, 20))
def test_spread_of_a_constant_is_zero(value: float, count: int) -> None:
    assert make(list(range(count)), {"temperature": [value] * count}).frame["temperature__std"].iloc[0] == 0


def test_spread_of_directions_is_that_of_angles() -> None:
    steady = make([0, 1], {"wind_direction": [350.0, 10.0]}).frame["wind_direction__std"].iloc[0]
    assert steady == pytest.approx(10.0, abs=0.1)
    around = make([0, 1, 2, 3], {"wind_direction": [0.0, 90.0, 180.0, 270.0]}).frame["wind_direction__std"].iloc[0]
    assert np.isnan(around)  # no mean direction, so nothing to spread around


def test_the_spread_is_that_of_the_more_complete_instrument() -> None:
    full, poor = make([0, 1], {"o3": [1.0, 3.0]}), make([0], {"o3": [9.0]})
    for parts in ([full, poor], [poor, full]):
        assert merge(parts).frame["o3__std"].iloc[0] == pytest.approx(2**0.5)
