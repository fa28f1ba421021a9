"""Band of kernel means of autocorrelated hours: corrected for the bias of the kernel and for what the fit takes from the residuals.

The hours at a direction come in a few runs, and hours of a run depend on each other. So the spread of a mean is not taken from these few
runs but from the residuals of all hours: their autocorrelation decides how far hours count together. A smooth fit follows the runs of its
noise and leaves residuals that are too small and too short in memory; simulated noise of known memory, fitted alike with the same wind,
shows by how much. The band is centred at the mean smoothed twice, which has less bias than the mean.

References
----------
Calonico, Cattaneo and Farrell 2018, J. Am. Stat. Assoc. 113, 767 (intervals centred at a bias-corrected estimate, with its own spread);
Gourieroux, Monfort and Renault 1993, J. Appl. Econom. 8, S85 (indirect inference). Cited from memory, not verified.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft
from scipy.signal import lfilter
from scipy.stats import t

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Field = NDArray[np.float64]

MEMORIES = (0.0, 0.4, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99)
"""Autocorrelations from hour to hour that are compared [1]."""
PATHS = 24
"""Simulated series of each."""
LAGS_H = 24
"""[h] The residuals' memory is compared by the sum of their autocorrelations up to this lag; project choice."""
SHRINK = 3.0
"""Independent hours that the spread of all directions counts in that of one direction; project choice."""
LEAST_FREEDOM = 3.0
TIMES = 3
"""Smoothings of the mean at which the band is centred; project choice."""
_HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class Smoother:
    """Weights of a kernel regression.

    Attributes
    ----------
    row : array of float, (rows, n)
        Weight of each sample in each mean [1]; a row without samples is 0, any other has the sum 1.
    node : array of float, (nodes, n)
        The same for the winds at which samples are predicted.
    at : array of int, (n,)
        Number of the node of each sample.
    """

    row: Field
    node: Field
    at: NDArray[np.int64]

    def repeated(self) -> tuple[Field, Field]:
        """Weights of rows and nodes where what a fit leaves is smoothed again and added, `TIMES` in all."""
        row, node = self.row, self.node
        row_by_node, node_by_node = self._by_node(self.row), self._by_node(self.node)
        for _ in range(TIMES - 1):
            row = row + self.row - row_by_node @ node
            node = node + self.node - node_by_node @ node
        return row, node

    def _by_node(self, part: Field) -> Field:
        summed = np.zeros((len(part), len(self.node)))
        np.add.at(summed.T, self.at, part.T)
        return summed


@dataclass(frozen=True, slots=True)
class ResidualNoise:
    """Residuals as a first-order autoregression.

    Attributes
    ----------
    memory : float
        Autocorrelation from hour to hour [1].
    inflation : float
        Variance of the noise in variances of the residuals that the fit leaves [1].
    independent : float
        Independent hours of all [1].
    """

    memory: float
    inflation: float
    independent: float


@dataclass(frozen=True, slots=True)
class MeanBand:
    """Ends of each interval, (rows,), and means of samples that are the fit with simulated noise, (rows, draws) [unit of the values]."""

    low: Field
    high: Field
    drawn: Field


def band_of(smoother: Smoother, value: Field, start_s: Field, *, level: float, seed: int, draws: int = 0) -> MeanBand:
    """Interval of each mean.

    Parameters
    ----------
    smoother : Smoother
    value : array of float, (n,)
    start_s : array of float, (n,)
        Hour of each sample since 1970-01-01 UTC [s], ascending, each once.
    level : float
        Confidence of each interval [1].
    seed : int
        Of the simulated noise.
    draws : int
        Simulated samples of which the means are wanted.

    Examples
    --------
    One mean of 400 independent hours of unit variance: 1.65 times 1 / 20 to either side.

    >>> import numpy as np
    >>> value = np.random.Generator(np.random.PCG64(1)).standard_normal(400)
    >>> every = np.full((1, 400), 1 / 400)
    >>> smoother = Smoother(every, every, np.zeros(400, dtype=np.int64))
    >>> band = band_of(smoother, value, np.arange(400) * 3600.0, level=0.9, seed=1)
    >>> round(float(band.high[0] - band.low[0]) / 2, 1)
    0.1
    """
    hour = np.asarray((start_s - start_s.min()) // _HOUR_S, dtype=np.int64)
    row, node = smoother.repeated()
    fit = (node @ value)[smoother.at]
    noise = _noise_of(value - fit, node, smoother.at, hour, seed)
    deviation = _deviation(smoother, value - fit, noise)
    spread = np.sqrt(_variance(row * deviation, hour, noise.memory))
    half = t.ppf((1 + level) / 2, max(LEAST_FREEDOM, noise.independent)) * spread
    middle = row @ value
    steps = _steps(hour, draws, seed + 1)
    drawn = smoother.row @ (fit[:, None] + deviation[:, None] * _series(steps, noise.memory)[hour])
    return MeanBand(low=middle - half, high=middle + half, drawn=drawn)


def _steps(hour: NDArray[np.int64], draws: int, seed: int) -> Field:
    """Independent steps of each hour."""
    rng = np.random.Generator(np.random.PCG64(seed))  # noqa: TID251  seeded by the caller
    return np.asarray(rng.standard_normal((int(hour.max()) + 1, draws)))


def _noise_of(residual: Field, node: Field, at: NDArray[np.int64], hour: NDArray[np.int64], seed: int) -> ResidualNoise:
    """The noise whose residuals, fitted alike, have the memory of the residuals."""
    steps = _steps(hour, PATHS, seed)
    sums, left = [], []
    for memory in MEMORIES:
        path = _series(steps, memory)[hour]
        persistence, variance = _persistence(path - (node @ path)[at], hour)
        sums.append(float(persistence.mean()))
        left.append(float(variance.mean() / (path**2).mean()))
    found = float(_persistence(residual[:, None], hour)[0][0])
    memory = float(np.interp(found, np.maximum.accumulate(sums), MEMORIES))
    return ResidualNoise(
        memory=memory,
        inflation=1.0 / max(float(np.interp(memory, MEMORIES, left)), 1e-3),
        independent=len(residual) * (1.0 - memory) / (1.0 + memory),
    )


def _series(steps: Field, memory: float) -> Field:
    """First-order autoregressions of unit variance, a column each."""
    scaled = np.sqrt(1.0 - memory**2) * steps
    scaled[0] = steps[0]
    return np.asarray(lfilter([1.0], [1.0, -memory], scaled, axis=0))


def _persistence(residual: Field, hour: NDArray[np.int64]) -> tuple[Field, Field]:
    """Sum of the autocorrelations up to `LAGS_H` of each column, and its variance."""
    length = int(hour.max()) + 1
    grid, known = np.zeros((length, residual.shape[1])), np.zeros((length, 1))
    grid[hour], known[hour] = residual, 1.0
    pairs = np.maximum(np.round(_products(known, length)), 1.0)
    covariance = _products(grid, length) / pairs
    variance = np.maximum(covariance[0], 1e-300)
    return np.asarray(covariance[1:].sum(axis=0) / variance), np.asarray(covariance[0])


def _products(grid: Field, length: int) -> Field:
    """Sums of products by lag, (lags, columns)."""
    size = fft.next_fast_len(length + LAGS_H + 1, real=True)
    power = np.abs(fft.rfft(grid, size, axis=0)) ** 2
    return np.asarray(fft.irfft(power, size, axis=0)[: LAGS_H + 1])


def _deviation(smoother: Smoother, residual: Field, noise: ResidualNoise) -> Field:
    """Standard deviation of the noise of each sample: of its node, drawn to that of all where the node has few independent hours."""
    square = (smoother.node**2).sum(axis=1)
    effective = np.divide(smoother.node.sum(axis=1) ** 2, square, out=np.zeros(len(square)), where=square > 0)
    own = effective * noise.independent / len(residual)
    every = float((residual**2).mean())
    variance = (own * (smoother.node @ residual**2) + SHRINK * every) / (own + SHRINK)
    return np.asarray(np.sqrt(variance * noise.inflation)[smoother.at])


def _variance(weight: Field, hour: NDArray[np.int64], memory: float) -> Field:
    """Variance of weighted sums of a series of unit variance and this memory."""
    grid = np.zeros((len(weight), int(hour.max()) + 1))
    grid[:, hour] = weight
    carried = lfilter([1.0], [1.0, -memory], grid, axis=1)
    return np.asarray(np.maximum(2.0 * (grid * carried).sum(axis=1) - (grid**2).sum(axis=1), 0.0))
