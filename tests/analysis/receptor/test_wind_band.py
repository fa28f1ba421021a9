from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from analysis.receptor.wind_regression.band import Smoother, band_of

HOURS = 600


def mean_of_all(hours: int) -> Smoother:
    every = np.full((1, hours), 1 / hours)
    return Smoother(every, every, np.zeros(hours, dtype=np.int64))


def noise(seed: int, memory: float, series: int) -> np.ndarray:
    steps = np.sqrt(1 - memory**2) * np.random.Generator(np.random.PCG64(seed)).standard_normal((HOURS + 300, series))
    return np.asarray(lfilter([1.0], [1.0, -memory], steps, axis=0)[300:])


@pytest.mark.parametrize("memory", [0.0, 0.9])
def test_the_interval_of_a_mean_holds_it_nine_times_in_ten(memory: float) -> None:
    start, smoother = np.arange(HOURS) * 3600.0, mean_of_all(HOURS)
    bands = [band_of(smoother, item, start, level=0.9, seed=1) for item in noise(7, memory, 120).T]
    held = np.mean([band.low[0] <= 0.0 <= band.high[0] for band in bands])
    assert 0.82 <= held <= 0.97


def test_memory_widens_the_interval() -> None:
    start, smoother = np.arange(HOURS) * 3600.0, mean_of_all(HOURS)
    short, long = (band_of(smoother, noise(3, item, 1)[:, 0], start, level=0.9, seed=1) for item in (0.0, 0.9))
    assert long.high[0] - long.low[0] > 2.5 * (short.high[0] - short.low[0])


def test_hours_that_are_missing_do_not_count() -> None:
    kept = np.sort(np.random.Generator(np.random.PCG64(2)).permutation(HOURS)[: HOURS // 2])
    value, start = noise(5, 0.8, 1)[:, 0], np.arange(HOURS) * 3600.0
    whole = band_of(mean_of_all(HOURS), value, start, level=0.9, seed=1)
    half = band_of(mean_of_all(len(kept)), value[kept], start[kept], level=0.9, seed=1)
    assert half.high[0] - half.low[0] > 0.8 * (whole.high[0] - whole.low[0])


def test_a_constant_has_an_interval_of_no_width() -> None:
    band = band_of(mean_of_all(48), np.full(48, 30.0), np.arange(48) * 3600.0, level=0.9, seed=1)
    assert (band.low[0], band.high[0]) == (pytest.approx(30.0), pytest.approx(30.0))


def test_simulated_means_vary_about_the_mean() -> None:
    value = 30.0 + noise(9, 0.5, 1)[:, 0]
    band = band_of(mean_of_all(HOURS), value, np.arange(HOURS) * 3600.0, level=0.9, seed=1, draws=200)
    assert band.drawn.shape == (1, 200)
    assert band.low[0] < band.drawn.mean() < band.high[0]
