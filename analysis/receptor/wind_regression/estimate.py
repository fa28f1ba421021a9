"""Nonparametric wind regression (NWR): mean concentration by wind direction, and by direction and speed, with bands.

By direction: a Gaussian kernel over the angle. By direction and speed (bivariate polar plot): a Gaussian kernel over the wind vector.
Bands are from bootstrap draws of blocks of whole days, since hours of a day depend on each other; a direction is named only where its
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
from scipy.stats import t

from analysis.receptor.cpf import CHANCE
from analysis.receptor.wind import CALM_BELOW_M_S
from analysis.receptor.wind_regression.result import DirectionPeak, WindRegression
from analysis.statistics.day_shift import drawn_days, excess_chance, turned_by_days

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
_FEWEST_ALIKE = 2.0
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
        Of the bootstrap.
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
    found, drawn = _regression(samples, kernel, width, seed)
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
        Of the bootstrap.
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
    east = speed * np.sin(angle)
    north = speed * np.cos(angle)
    own = np.radians(samples.angle)
    away = (east[:, None] - samples.speed * np.sin(own)) ** 2 + (north[:, None] - samples.speed * np.cos(own)) ** 2
    kernel = np.exp(-0.5 * away / bandwidth_m_s**2)
    kernel[kernel < 1e-4] = 0.0  # noqa: PLR2004 - beyond four standard deviations
    return _regression(samples, kernel, bandwidth_m_s, seed)[0]


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
    samples: _Samples, kernel: NDArray[np.float64], bandwidth: float, seed: int
) -> tuple[WindRegression, NDArray[np.float64]]:
    """Means with bands and chance, and the means of the bootstrap draws."""
    turned = turned_by_days(samples.start_s, np.zeros(len(samples.value), dtype=np.int64), samples.value)
    table = _ratio(kernel, turned, np.isfinite(turned).astype(float))
    effective = _effective(kernel)
    _, day = np.unique(samples.day, return_inverse=True)
    days_of = np.stack([np.bincount(day, weights=row) for row in kernel > 0.1]).astype(bool).sum(axis=1)  # noqa: PLR2004
    eligible = (effective >= FEWEST_HOURS) & (days_of >= FEWEST_DAYS)
    drawn = _ratio(kernel, samples.value[:, None], drawn_days(samples.start_s, _DRAWS, seed=seed))
    mean = np.where(days_of > 1, table[:, 0], np.nan)
    # Few days take part in a mean, some with little weight: as many as count alike decide how far their draws can be trusted.
    alike = np.maximum(_effective(_by_day(kernel, day)), _FEWEST_ALIKE)
    spread = np.nanstd(np.where(days_of[:, None] > 1, drawn, 0.0), axis=1) * np.sqrt(alike / (alike - 1.0))
    half = t.ppf((1 + _LEVEL) / 2, alike - 1.0) * spread
    found = WindRegression(
        mean=mean,
        low=mean - half,
        high=mean + half,
        effective_hours=effective,
        chance=excess_chance(table, eligible),
        bandwidth=bandwidth,
        hours=len(samples.value),
        days=int(day.max()) + 1,
        rotations=turned.shape[1] - 1,
        overall=float(samples.value.mean()),
    )
    return found, np.where(eligible[:, None], drawn, np.nan)


def _effective(kernel: NDArray[np.float64]) -> NDArray[np.float64]:
    """Hours that take part in each mean, by Kish's formula [h]."""
    square = (kernel**2).sum(axis=1)
    return np.asarray(np.divide(kernel.sum(axis=1) ** 2, square, out=np.zeros(len(kernel)), where=square > 1e-12))  # noqa: PLR2004


def _by_day(kernel: NDArray[np.float64], day: NDArray[np.int64]) -> NDArray[np.float64]:
    """Weight of each day in each mean."""
    return np.stack([np.bincount(day, weights=row) for row in kernel])


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
