"""Intervals of correlations from blocks of days."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from analysis.statistics.block_correlation import MINIMUM_DAYS, block_correlations


def persistent(n: int, rng: np.random.Generator, phi: float = 0.95) -> np.ndarray:
    return np.asarray(lfilter([np.sqrt(1 - phi**2)], [1, -phi], rng.normal(size=n + 300))[300:])


@pytest.mark.slow
def test_intervals_hold_the_true_correlation_at_all_lags_together() -> None:
    rng = np.random.default_rng(7)
    lags, n, rho, phi = range(-12, 13), 24 * 120, 0.4, 0.95
    held = 0
    for _ in range(60):
        first, other = persistent(n, rng, phi), persistent(n, rng, phi)
        second = rho * first + np.sqrt(1 - rho**2) * other
        found = block_correlations(first, second, np.arange(n) // 24, lags, minimum_pairs=100)
        truth = [rho * phi ** abs(item.lag) for item in found]
        held += all(item.low <= true <= item.high for item, true in zip(found, truth, strict=True))  # type: ignore[operator]
    assert held / 60 >= 0.85


def test_what_both_owe_to_the_weather_is_taken_out() -> None:
    rng = np.random.default_rng(8)
    weather, n = persistent(24 * 60, rng), 24 * 60
    first, second = (weather + 0.5 * rng.normal(size=n) for _ in range(2))
    plain = block_correlations(first, second, np.arange(n) // 24, (0,), minimum_pairs=100)[0]
    partial = block_correlations(first, second, np.arange(n) // 24, (0,), given=[weather], minimum_pairs=100)[0]
    assert plain.low is not None
    assert plain.low > 0.5
    assert partial.low is not None
    assert partial.high is not None
    assert partial.low < 0 < partial.high


def test_the_plain_coefficient_is_pearsons() -> None:
    rng = np.random.default_rng(9)
    first, second = rng.normal(size=240), rng.normal(size=240)
    second[5:20] = np.nan
    kept = np.isfinite(second)
    found = block_correlations(first, second, np.arange(240) // 24, (0,), minimum_pairs=10)[0]
    assert found.r == pytest.approx(np.corrcoef(first[kept], second[kept])[0, 1])
    assert found.n == 225


def test_few_days_have_no_interval() -> None:
    rng = np.random.default_rng(10)
    n = 24 * (MINIMUM_DAYS - 1)
    found = block_correlations(rng.normal(size=n), rng.normal(size=n), np.arange(n) // 24, (0,), minimum_pairs=10)[0]
    assert found.r is not None
    assert found.low is None
    assert found.high is None


def test_nothing_and_a_constant_series_have_no_coefficient() -> None:
    nothing = np.full(48, np.nan)
    day = np.arange(48) // 24
    assert block_correlations(nothing, nothing, day, (0, 60), minimum_pairs=10)[1].n == 0
    assert block_correlations(np.ones(48), np.arange(48.0), day, (0,), minimum_pairs=10)[0].r is None


def test_a_given_series_without_spread_is_refused() -> None:
    with pytest.raises(ValueError, match="given series 1"):
        block_correlations(
            np.arange(48.0), np.arange(48.0), np.arange(48) // 24, (0,), given=[np.ones(48)], minimum_pairs=9
        )


def test_days_of_which_only_one_differs_have_no_interval() -> None:
    n = 24 * 40
    first, second = np.zeros(n), np.zeros(n)
    first[:24] = second[:24] = np.arange(24.0)
    found = block_correlations(first, second, np.arange(n) // 24, (-1, 0, 1), minimum_pairs=10)
    assert [item.low for item in found] == [None] * 3
    assert found[1].r == pytest.approx(1.0)
