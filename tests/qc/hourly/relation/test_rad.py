"""Wash-out of radon progeny and rises that rain does not explain."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qc.hourly.relation.rad import Rise, dose_rise_test, flags_of, hours_since_rain, shared_wash_out
from schemas.flag import Flag

rises = partial(dose_rise_test, sigma=4.0, relative=0.1, most_relative=1.0, most=50.0, dry_hours=24)
HOURS = 96
TIMES = np.datetime64("2026-07-01T00:00") + np.arange(HOURS) * np.timedelta64(1, "h")


def quiet() -> tuple[np.ndarray, np.ndarray]:
    """Four days at 60 nGy/h with a little noise and no rain."""
    return 60.0 + 0.3 * np.sin(np.arange(HOURS)), np.zeros(HOURS)


def kinds(dose: np.ndarray, rain: np.ndarray) -> np.ndarray:
    return rises(dose, rain, TIMES).kinds


def test_a_rise_that_comes_and_decays_with_rain_is_wash_out() -> None:
    dose, rain = quiet()
    rain[50:52] = 3.0
    dose[50:55] += (15.0, 25.0, 12.0, 6.0, 2.0)
    found = kinds(dose, rain)
    assert found[50:53].tolist() == [Rise.WASH_OUT] * 3
    assert (found[:50] == Rise.NONE).all()


def test_a_rise_without_rain_is_unexplained_and_suspect() -> None:
    dose, rain = quiet()
    dose[50:60] += 20.0
    found = kinds(dose, rain)
    assert (found[50:60] == Rise.UNEXPLAINED).all()
    assert (flags_of(found, dose)[50:60] == Flag.SUSPECT).all()


def test_a_rise_that_persists_after_the_rain_is_unexplained() -> None:
    dose, rain = quiet()
    rain[50] = 5.0
    dose[50:70] += 25.0
    found = kinds(dose, rain)
    assert found[50] == Rise.WASH_OUT
    assert (found[53:70] == Rise.UNEXPLAINED).all()


def test_more_than_rain_can_bring_is_unexplained_even_in_rain() -> None:
    dose, rain = quiet()
    rain[50:55] = 5.0
    dose[52] += 200.0
    assert kinds(dose, rain)[52] == Rise.UNEXPLAINED


def test_without_enough_dry_hours_a_rise_is_unknown() -> None:
    dose, _ = quiet()
    found = rises(dose, np.ones(HOURS), TIMES)
    assert (found.kinds == Rise.UNKNOWN).all()
    assert found.baseline.count == 0


def test_a_gap_in_time_does_not_shift_the_rain() -> None:
    dose, rain = quiet()
    rain[50] = 5.0
    dose[51] += 20.0
    kept = np.r_[0:40, 45:HOURS]
    found = rises(dose[kept], rain[kept], TIMES[kept])
    assert found.kinds[46] == Rise.WASH_OUT
    assert found.since_rain_h[46] == 1
    kept = np.r_[0:50, 51:HOURS]
    assert rises(dose[kept], rain[kept], TIMES[kept]).kinds[50] == Rise.UNEXPLAINED


def test_rain_at_all_neighbours_explains_a_rise_without_own_rain() -> None:
    dose, dry = quiet()
    rain = dry.copy()
    rain[50:52] = 3.0
    dose[50:53] += (15.0, 25.0, 12.0)
    own, near = rises(dose, dry, TIMES), kinds(dose, rain)
    assert shared_wash_out(own, [near, near])[50:53].all()
    assert not shared_wash_out(own, [near]).any()
    assert not shared_wash_out(own, [near, near, own.kinds]).any()
    far_above = rises(dose + np.where(np.arange(HOURS) == 51, 200.0, 0.0), dry, TIMES)
    assert not shared_wash_out(far_above, [near, near])[51]


def test_without_a_gauge_no_rain_is_not_called_dry() -> None:
    dose, rain = quiet()
    assert rises(dose, rain, TIMES).rain_known[3:].all()
    rain[50] = np.nan
    assert not rises(dose, rain, TIMES).rain_known[50:54].any()


@pytest.mark.parametrize("size", [0, 1])
def test_short_series_give_a_defined_result(size: int) -> None:
    found = rises(np.full(size, np.nan), np.zeros(size), TIMES[:size])
    assert found.kinds.tolist() == [Rise.UNKNOWN] * size
    assert flags_of(found.kinds, np.full(size, np.nan)).tolist() == [Flag.MISSING] * size


@given(st.lists(st.sampled_from([0.0, 1.0, float("nan")]), max_size=30))
def test_hours_since_rain_count_from_the_last_hour_with_rain(rain: list[float]) -> None:
    since = hours_since_rain(np.array(rain, dtype=float))
    for at, value in enumerate(since):
        wet = [place for place, amount in enumerate(rain[: at + 1]) if amount > 0]
        assert value == (at - wet[-1] if wet else np.inf)
