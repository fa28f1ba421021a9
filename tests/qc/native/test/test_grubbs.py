from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t as student

from qc.native.argument import InvalidInputError
from qc.native.test.grubbs import critical_value, grubbs_test
from schemas.flag import Flag
from tests.qc.native.series import minutes, noise, suspects


def test_a_value_far_from_the_preceding_ones_is_suspect() -> None:
    values = noise(120)
    values[[60, 100]] = 70.0, 30.0
    assert suspects(grubbs_test(values, minutes(120), alpha=0.001, window_s=3600.0)) == [60, 100]


def test_every_flag_is_that_of_the_window_by_itself() -> None:
    values, times = noise(80), minutes(80)
    values[::7] += 4.0
    flags = grubbs_test(values, times, alpha=0.05, window_s=1800.0)
    for at in range(29, 80):
        window = values[at - 29 : at + 1]
        statistic = abs(window[-1] - window.mean()) / window.std(ddof=1)
        quantile = student.ppf(1 - 0.05 / 60, 28)
        critical = 29 / np.sqrt(30) * np.sqrt(quantile**2 / (28 + quantile**2))
        assert (flags[at] == Flag.SUSPECT) == (statistic > critical)


def test_a_flag_does_not_depend_on_where_the_series_begins() -> None:
    values = noise(200)
    values[150] = 70.0
    whole = grubbs_test(values, minutes(200), alpha=0.001, window_s=3600.0)
    part = grubbs_test(values[90:], minutes(200)[90:], alpha=0.001, window_s=3600.0)
    assert whole[150:].tolist() == part[60:].tolist()


def test_a_window_with_few_values_is_unknown_and_a_missing_value_missing() -> None:
    flags = grubbs_test(np.array([1.0, np.nan, 9.0]), minutes(3), alpha=0.01, window_s=60.0)
    assert flags.tolist() == [Flag.UNKNOWN, Flag.MISSING, Flag.UNKNOWN]
    assert grubbs_test(np.array([]), minutes(0), alpha=0.01, window_s=60.0).size == 0


def test_constant_values_pass() -> None:
    assert set(grubbs_test(np.ones(60), minutes(60), alpha=0.01, window_s=3600.0)[9:]) == {Flag.PASS}


@pytest.mark.parametrize(("count", "critical"), [(3, 1.155), (10, 2.290), (30, 2.908)])
def test_critical_values_are_those_of_the_tables(count: int, critical: float) -> None:
    assert critical_value(count, 0.05) == pytest.approx(critical, abs=1e-3)


def test_a_level_without_meaning_is_an_error() -> None:
    with pytest.raises(InvalidInputError):
        grubbs_test(noise(60), minutes(60), alpha=0.0, window_s=3600.0)
