"""Linear first guess of a forecast, one ridge regression a horizon.

The linear part covers persistence and its decay, which trees represent badly; the trees of `analysis.forecast` learn its
residuals, which depend on weather and hour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

PREDICTORS = ("lag_0h", "lag_1h", "lag_2h", "lag_23h", "mean_6h", "mean_24h", "network", "yesterday", "climatology")
_RIDGE = 1e-3
_HORIZONS = 24


@dataclass(frozen=True, slots=True)
class LinearBaseline:
    """First guess by horizon, 24 rows.

    Attributes
    ----------
    coefficients : array of float, (24, len(PREDICTORS) + 1)
        Those of `PREDICTORS`, then the constant.
    spread : array of float, (24,)
        Standard deviation of its residuals; trees that learn residuals in this unit weigh near and far hours equally.
    """

    coefficients: NDArray[np.float64]
    spread: NDArray[np.float64]


def design(matrix: NDArray[np.float32], names: Sequence[str]) -> NDArray[np.float64]:
    """Predictors of a feature matrix; a missing value is replaced by the climatology of the hour, then by 0.

    Parameters
    ----------
    matrix : array of float32, (n, len(names))
        Of `analysis.forecast.model.assemble`; NaN missing.
    names : sequence of str
        Its columns, `PREDICTORS` among them.

    Returns
    -------
    array of float, (n, len(PREDICTORS) + 1)
        The last column is 1.

    Examples
    --------
    >>> import numpy as np
    >>> design(np.full((1, len(PREDICTORS)), np.nan, dtype=np.float32), PREDICTORS)[0, -2:].tolist()
    [0.0, 1.0]
    """
    columns = [list(names).index(name) for name in PREDICTORS]
    chosen = matrix[:, columns].astype(float)
    usual = np.nan_to_num(chosen[:, -1], nan=0.0)
    chosen = np.where(np.isfinite(chosen), chosen, usual[:, None])
    return np.column_stack([chosen, np.ones(len(chosen))])


def fit_baseline(
    predictors: NDArray[np.float64], horizon: NDArray[np.int64], target: NDArray[np.float64]
) -> LinearBaseline:
    """Fit by least squares with a small ridge; a horizon without enough rows takes the coefficients of all rows.

    Parameters
    ----------
    predictors : array of float, (n, k)
        Of `design`.
    horizon : array of int, (n,)
        1 to 24.
    target : array of float, (n,)

    Examples
    --------
    >>> import numpy as np
    >>> predictors = np.column_stack([np.arange(100.0), np.ones(100)])
    >>> horizon, target = np.ones(100, dtype=np.int64), 2 * np.arange(100.0) + 1
    >>> round(float(apply_baseline(fit_baseline(predictors, horizon, target), predictors, horizon)[50]))
    101
    """
    width = predictors.shape[1]
    pooled = _solve(predictors, target)
    rows = []
    for ahead in range(1, _HORIZONS + 1):
        chosen = horizon == ahead
        rows.append(_solve(predictors[chosen], target[chosen]) if chosen.sum() > 5 * width else pooled)
    coefficients = np.vstack(rows)
    left = target - (predictors * coefficients[horizon - 1]).sum(axis=1)
    spread = [_spread(left[horizon == ahead], left) for ahead in range(1, _HORIZONS + 1)]
    return LinearBaseline(coefficients, np.array(spread))


def apply_baseline(
    baseline: LinearBaseline, predictors: NDArray[np.float64], horizon: NDArray[np.int64]
) -> NDArray[np.float64]:
    """First guess of each row; ``predictors`` and ``horizon`` as for `fit_baseline`."""
    return np.asarray((predictors * baseline.coefficients[horizon - 1]).sum(axis=1), dtype=float)


def _spread(left: NDArray[np.float64], pooled: NDArray[np.float64]) -> float:
    return max(float(np.std(left if len(left) >= _HORIZONS else pooled)), 1e-6)


def _solve(predictors: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    gram = predictors.T @ predictors
    penalty = _RIDGE * np.diag(np.append(np.diag(gram)[:-1], 0.0)) + 1e-9 * np.eye(len(gram))
    return np.asarray(np.linalg.solve(gram + penalty, predictors.T @ target), dtype=float)
