from __future__ import annotations

import numpy as np
import pytest

from qc.hourly.drift.drift import DriftScale, drift_test
from qc.native.argument import InvalidInputError

DAYS = 30


def hours(count: int = 24 * DAYS) -> np.ndarray:
    return np.datetime64("2026-01-01", "us") + np.arange(count) * np.timedelta64(3600, "s")


def pair(seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    air = 50 + 20 * np.sin(np.arange(24 * DAYS) / 24 * 2 * np.pi) + rng.normal(0, 5, 24 * DAYS)
    return air + rng.normal(0, 2, air.size), air + rng.normal(0, 2, air.size)


def test_instrument_that_follows_its_reference_passes() -> None:
    flags, drift = drift_test(*pair(), hours(), suspect=5.0)
    assert set(flags) == {1}
    assert abs(drift.slope_per_day) < 0.05
    assert drift.blocks == DAYS


def test_a_drift_of_the_zero_is_suspect_beyond_the_tolerance() -> None:
    values, reference = pair()
    values += np.linspace(0, 15, values.size)
    flags, drift = drift_test(values, reference, hours(), suspect=5.0)
    first = np.flatnonzero(flags == 3)[0] / 24
    assert 10 < first <= 15
    assert set(flags[-240:]) == {3}
    assert drift.slope_per_day == pytest.approx(0.5, abs=0.05)
    assert drift.is_certain


def test_a_drift_of_the_gain_is_suspect_by_the_ratio() -> None:
    values, reference = pair()
    values *= np.linspace(1, 1.6, values.size)
    flags, drift = drift_test(values, reference, hours(), suspect=0.15, scale=DriftScale.LOG_RATIO)
    assert flags[-1] == 3
    assert drift.level == pytest.approx(np.log(1.6), abs=0.08)


def test_a_single_day_is_no_drift() -> None:
    values, reference = pair()
    values[24 * 20 : 24 * 21] += 100
    assert 3 not in drift_test(values, reference, hours(), suspect=5.0)[0]


def test_pairs_at_or_below_the_floor_are_left_out() -> None:
    values, reference = pair()
    flags, drift = drift_test(values - 1e6, reference, hours(), suspect=5.0, scale=DriftScale.LOG_RATIO)
    assert set(flags) == {2}
    assert drift.blocks == 0
    assert np.isnan(drift.level)


@pytest.mark.parametrize("count", [0, 1, 24 * 4])
def test_short_series_are_unknown(count: int) -> None:
    values, reference = (array[:count] for array in pair())
    flags, _ = drift_test(values, reference, hours(count), suspect=5.0)
    assert set(flags) <= {2}


def test_missing_values_are_missing_and_without_a_reference_unknown() -> None:
    values, reference = pair()
    values[:48], reference[-48:] = np.nan, np.nan
    flags, drift = drift_test(values, reference, hours(), suspect=5.0)
    assert set(flags[:48]) == {9}
    assert set(flags[-48:]) == {2}
    assert drift.blocks == DAYS - 4


def test_lengths_and_figures_without_meaning_are_errors() -> None:
    values, reference = pair()
    with pytest.raises(InvalidInputError, match="of the reference"):
        drift_test(values, reference[:-1], hours(), suspect=5.0)
    with pytest.raises(InvalidInputError, match="block_s"):
        drift_test(values, reference, hours(), suspect=5.0, block_s=0.0)
