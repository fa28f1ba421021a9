"""Seeded random series. Every series has its own generator, named by what it is for, so that nothing depends on order."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np
from scipy.signal import lfilter

if TYPE_CHECKING:
    from numpy.typing import NDArray


def generator(seed: int, *names: str) -> np.random.Generator:
    """Generator for one purpose: the same seed and names give the same numbers on every machine."""
    return np.random.default_rng([seed, zlib.crc32("/".join(names).encode())])  # noqa: TID251  seeded by the caller


def ar1(rng: np.random.Generator, shape: tuple[int, ...], correlation: float) -> NDArray[np.float64]:
    """First-order autoregressive series of mean 0 and standard deviation 1 along the first axis.

    Parameters
    ----------
    rng : numpy.random.Generator
    shape : tuple of int
        Time first.
    correlation : float
        Between neighbours in time, in [0, 1).
    """
    shocks = rng.standard_normal(shape)
    shocks[1:] *= np.sqrt(1.0 - correlation**2)
    series: NDArray[np.float64] = lfilter([1.0], [1.0, -correlation], shocks, axis=0)
    return series


def smooth(series: NDArray[np.float64], steps: float) -> NDArray[np.float64]:
    """Exponential smoothing along the first axis with a time constant of ``steps``; starts at the first value."""
    weight = 1.0 - np.exp(-1.0 / steps)
    smoothed: NDArray[np.float64] = series[0] + lfilter([weight], [1.0, weight - 1.0], series - series[0], axis=0)
    return smoothed
