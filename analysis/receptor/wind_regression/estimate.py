"""Nonparametric wind regression (NWR): mean concentration by wind direction, and by direction and speed, with bands.

By direction: a Gaussian kernel over the angle. By direction and speed (bivariate polar plot): a Gaussian kernel over the wind vector.
Bands are from the residuals of all hours and their memory (`analysis.receptor.wind_regression.band`); a direction is named only where its
excess holds against the rotations of the concentrations by whole days (`analysis.statistics.day_shift`), as in `analysis.receptor.cpf`.

References
----------
Henry, Chang and Spiegelman 2002, Atmos. Environ. 36, 2237 (direction); Henry et al. 2009, Environ. Sci. Technol. 43, 4090 (direction and
speed); Carslaw and Beevers 2013, Environ. Model. Softw. 40, 325 (bivariate polar plots). Cited from memory, not verified.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.receptor.cpf import CHANCE
from analysis.receptor.wind import CALM_BELOW_M_S
from analysis.receptor.wind_regression.band import Smoother, band_of
from analysis.receptor.wind_regression.result import DirectionPeak, WindRegression
from analysis.statistics.day_shift import excess_chance, turned_by_days

if TYPE_CHECKING:
    from numpy.typing import NDArray

DIRECTIONS = 72
"""Directions at which the regression is computed, every 5 degrees."""
BANDWIDTHS_DEG = (5.0, 7.5, 10.0, 15.0, 20.0, 30.0)
"""Bandwidths that are compared [deg]."""
BANDWIDTH_M_S = 0.8
"""[m s⁻¹] Of the wind vector in a polar plot; project choice."""
FEWEST_HOURS = 10.0
"""Effective hours that a direction needs to be named [1]; project choice."""
FEWEST_DAYS = 3
_LEVEL = 0.9
"""Confidence of each band [1]."""
_DRAWS = 200
_NODES_A_BANDWIDTH = 1.5
"""Winds of a polar plot at which samples are predicted, along each axis."""
_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class _Samples:
    """Hours with value and wind."""

    start_s: NDArray[np.float64]
    value: NDArray[np.float64]
    speed: NDArray[np.float64]
    angle: NDArray[np.float64]

    @property
    def day(self) -> NDArray[np.int64]:
        return np.asarray(self.start_s // _DAY_S, dtype=np.int64)


def regress_direction(
    values: pd.Series,
    speed_m_s: pd.Series,
    direction_deg: pd.Series,
    *,
    seed: int,
    bandwidth_deg: float | None = None,
) -> WindRegression:
    """Mean by wind direction at 0, 5, ... 355 degrees.

    Parameters
    ----------
    values : pd.Series of float, index UTC hour starts
        NaN missing.
    speed_m_s, direction_deg : pd.Series of float, same index
        [m s⁻¹], and where the wind comes from [deg]; NaN missing. Hours below 0.5 m s⁻¹ have no direction.
    seed : int
        Of the simulated noise.
    bandwidth_deg : float or None
        Standard deviation of the kernel [deg]; None: the one of `BANDWIDTHS_DEG` with the least error on days left out in turn.

    Raises
    ------
    ValueError
        Without an hour with value and wind.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> index = pd.date_range("2026-05-01", periods=1440, freq="h", tz="UTC")
    >>> rng = np.random.Generator(np.random.PCG64(1))
    >>> angle = pd.Series(rng.uniform(0, 360, 1440), index=index)
    >>> values = 20.0 + 60.0 * np.exp(-0.5 * ((angle - 90.0) / 20.0) ** 2)
    >>> found = regress_direction(values, pd.Series(3.0, index=index), angle, seed=1)
    >>> found.peak.direction_deg, found.hours, found.rotations
    (90.0, 1440, 59)
    """
    samples = _samples(values, speed_m_s, direction_deg)
    width = bandwidth_deg or min(BANDWIDTHS_DEG, key=lambda item: _left_out_error(samples, item))
    rows = np.arange(DIRECTIONS, dtype=np.float64) * (360.0 / DIRECTIONS)
    kernel = _angle_kernel(rows, samples.angle, width)
    nearest = np.round(samples.angle / (360.0 / DIRECTIONS)).astype(np.int64) % DIRECTIONS
    found, drawn = _regression(samples, kernel, (kernel, nearest), width, seed=seed, draws=_DRAWS)
    return _with_peak(found, drawn, rows)


def regress_vector(
    values: pd.Series,
    speed_m_s: pd.Series,
    direction_deg: pd.Series,
    cells: tuple[NDArray[np.float64], NDArray[np.float64]],
    *,
    seed: int,
    bandwidth_m_s: float = BANDWIDTH_M_S,
) -> WindRegression:
    """Mean by direction and speed of the wind, for a bivariate polar plot.

    Parameters
    ----------
    values, speed_m_s, direction_deg : pd.Series
        As in `regress_direction`; calm hours count, at the centre.
    cells : (array, array), each (rows,)
        Speed [m s⁻¹] and direction [deg] at which the mean is computed.
    seed : int
        Of the simulated noise.
    bandwidth_m_s : float
        Standard deviation of the kernel [m s⁻¹].

    Raises
    ------
    ValueError
        Without an hour with value and wind.

    Examples
    --------
    >>> import pandas as pd
    >>> index = pd.date_range("2026-05-01", periods=48, freq="h", tz="UTC")
    >>> series = [pd.Series(item, index=index) for item in (30.0, 3.0, 90.0)]
    >>> found = regress_vector(*series, (np.array([3.0, 3.0]), np.array([90.0, 270.0])), seed=1)
    >>> found.mean.tolist(), found.effective_hours.tolist()
    ([30.0, nan], [48.0, 0.0])
    """
    samples = _samples(values, speed_m_s, direction_deg, calm=True)
    speed, angle = cells[0], np.radians(cells[1])
    own = np.radians(samples.angle)
    winds = samples.speed[:, None] * np.stack([np.sin(own), np.cos(own)], axis=1)
    kernel = _vector_kernel(speed[:, None] * np.stack([np.sin(angle), np.cos(angle)], axis=1), winds, bandwidth_m_s)
    step = bandwidth_m_s / _NODES_A_BANDWIDTH
    nodes, nearest = np.unique(np.round(winds / step), axis=0, return_inverse=True)
    predicted = _vector_kernel(nodes * step, winds, bandwidth_m_s), nearest.reshape(-1)
    return _regression(samples, kernel, predicted, bandwidth_m_s, seed=seed)[0]


def _samples(values: pd.Series, speed: pd.Series, direction: pd.Series, *, calm: bool = False) -> _Samples:
    start_s = pd.DatetimeIndex(values.index).as_unit("s").asi8.astype(float)
    value, wind, angle = (part.to_numpy(dtype=float) for part in (values, speed, direction))
    known = np.isfinite(value) & np.isfinite(wind) & np.isfinite(angle)
    known &= calm | (wind >= CALM_BELOW_M_S)
    if not known.any():
        msg = (
            f"no hour has a value and wind of at least {CALM_BELOW_M_S:g} m/s; {np.isfinite(value).sum()} have a value"
        )
        raise ValueError(msg)
    return _Samples(start_s[known], value[known], wind[known], angle[known])


def _angle_kernel(rows: NDArray[np.float64], angle: NDArray[np.float64], width_deg: float) -> NDArray[np.float64]:
    away = (rows[:, None] - angle + 180.0) % 360.0 - 180.0
    return np.asarray(np.exp(-0.5 * (away / width_deg) ** 2))


def _vector_kernel(rows: NDArray[np.float64], winds: NDArray[np.float64], width_m_s: float) -> NDArray[np.float64]:
    away = (rows[:, None, 0] - winds[:, 0]) ** 2 + (rows[:, None, 1] - winds[:, 1]) ** 2
    kernel = np.exp(-0.5 * away / width_m_s**2)
    kernel[kernel < 1e-4] = 0.0  # noqa: PLR2004 - beyond four standard deviations
    return np.asarray(kernel)


def _left_out_error(samples: _Samples, width_deg: float) -> float:
    """Mean square error of the values, each predicted without the hours of its own day [square of the unit]."""
    rows = np.arange(DIRECTIONS, dtype=np.float64) * (360.0 / DIRECTIONS)
    kernel = _angle_kernel(rows, samples.angle, width_deg)
    _, day = np.unique(samples.day, return_inverse=True)
    member = np.zeros((len(day), int(day.max()) + 1))
    member[np.arange(len(day)), day] = 1.0
    upper, lower = kernel @ (member * samples.value[:, None]), kernel @ member
    others_upper, others_lower = upper.sum(axis=1, keepdims=True) - upper, lower.sum(axis=1, keepdims=True) - lower
    nearest = np.round(samples.angle / (360.0 / DIRECTIONS)).astype(int) % DIRECTIONS
    own_lower = others_lower[nearest, day]
    usual = samples.value.mean()
    predicted = np.where(own_lower > 1e-9, others_upper[nearest, day] / np.maximum(own_lower, 1e-9), usual)  # noqa: PLR2004
    return float(((samples.value - predicted) ** 2).mean())


def _ratio(kernel: NDArray[np.float64], value: NDArray[np.float64], counts: NDArray[np.float64]) -> NDArray[np.float64]:
    upper, lower = kernel @ (np.nan_to_num(value) * counts), kernel @ counts
    return np.asarray(np.divide(upper, lower, out=np.full_like(upper, np.nan), where=lower > 1e-6))  # noqa: PLR2004 - no hours near


def _regression(
    samples: _Samples,
    kernel: NDArray[np.float64],
    predicted: tuple[NDArray[np.float64], NDArray[np.int64]],
    bandwidth: float,
    *,
    seed: int,
    draws: int = 0,
) -> tuple[WindRegression, NDArray[np.float64]]:
    """Means with bands and chance, and simulated means of rows that may be named.

    ``predicted``: kernel of the nodes, and the node of each sample.
    """
    turned = turned_by_days(samples.start_s, np.zeros(len(samples.value), dtype=np.int64), samples.value)
    table = _ratio(kernel, turned, np.isfinite(turned).astype(float))
    effective = _effective(kernel)
    _, day = np.unique(samples.day, return_inverse=True)
    days_of = np.stack([np.bincount(day, weights=row) for row in kernel > 0.1]).astype(bool).sum(axis=1)  # noqa: PLR2004
    eligible = (effective >= FEWEST_HOURS) & (days_of >= FEWEST_DAYS)
    smoother = Smoother(_weights(kernel), _weights(predicted[0]), predicted[1])
    band = band_of(smoother, samples.value, samples.start_s, level=_LEVEL, seed=seed, draws=draws)
    mean = np.where(days_of > 1, table[:, 0], np.nan)
    found = WindRegression(
        mean=mean,
        low=np.minimum(mean, band.low),
        high=np.maximum(mean, band.high),
        effective_hours=effective,
        chance=excess_chance(table, eligible),
        bandwidth=bandwidth,
        hours=len(samples.value),
        days=int(day.max()) + 1,
        rotations=turned.shape[1] - 1,
        overall=float(samples.value.mean()),
    )
    return found, np.where(eligible[:, None], band.drawn, np.nan)


def _weights(kernel: NDArray[np.float64]) -> NDArray[np.float64]:
    """Kernel with rows of sum 1; 0 without hours near."""
    total = kernel.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(kernel, total, out=np.zeros_like(kernel), where=total > 1e-6))  # noqa: PLR2004


def _effective(kernel: NDArray[np.float64]) -> NDArray[np.float64]:
    """Hours that take part in each mean, by Kish's formula [h]."""
    square = (kernel**2).sum(axis=1)
    return np.asarray(np.divide(kernel.sum(axis=1) ** 2, square, out=np.zeros(len(kernel)), where=square > 1e-12))  # noqa: PLR2004


def _with_peak(found: WindRegression, drawn: NDArray[np.float64], rows: NDArray[np.float64]) -> WindRegression:
    with np.errstate(invalid="ignore"):
        significant = found.chance <= CHANCE
    if not significant.any():
        return found
    row = int(np.nanargmax(np.where(significant, found.mean, np.nan)))
    peaks = rows[np.where(np.isfinite(drawn), drawn, -np.inf).argmax(axis=0)]
    away = np.abs((peaks - rows[row] + 180.0) % 360.0 - 180.0)
    peak = DirectionPeak(
        direction_deg=float(rows[row]),
        half_width_deg=float(np.quantile(away, _LEVEL)),
        mean=float(found.mean[row]),
        low=float(found.low[row]),
        high=float(found.high[row]),
        effective_hours=float(found.effective_hours[row]),
        chance=float(found.chance[row]),
    )
    return replace(found, peak=peak)
