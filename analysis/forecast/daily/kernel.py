"""Support vector regression of the value: a smooth companion of the trees, which are coarse where effects of weather add up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sklearn.svm import SVR

from analysis.forecast.daily.site_hours import POLLUTANTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_AIR = (*POLLUTANTS, "oxidant", "daily", "simulated")
"""First words of the names of concentrations."""
_LIMIT = 4.0
"""Standard deviations at which features are cut off."""
_COST, _MARGIN, _WIDTH = 3.0, 0.3, 0.3


@dataclass(frozen=True, slots=True)
class KernelModel:
    """Trained regression, and how features are brought to one size.

    Attributes
    ----------
    rooted : array of bool, (features,)
        Concentrations, of which the square root is taken.
    usual, mean, size : array, (features,)
        Median in place of missing values; mean and standard deviation.
    """

    rooted: NDArray[np.bool_]
    usual: NDArray[np.float64]
    mean: NDArray[np.float64]
    size: NDArray[np.float64]
    regression: SVR

    def predict(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """Value of each row on the scale of training."""
        drawn = (_drawn(matrix, self.rooted, self.usual) - self.mean) / self.size
        return np.asarray(self.regression.predict(np.clip(drawn, -_LIMIT, _LIMIT)), dtype=float)


def fit_kernel(matrix: NDArray[np.float32], names: Sequence[str], scaled: NDArray[np.float64]) -> KernelModel:
    """Fit to values on the scale of training.

    Parameters
    ----------
    matrix : array of float32, (rows, features)
        NaN missing.
    names : sequence of str
        Of the features.
    scaled : array, (rows,)

    Examples
    --------
    >>> import numpy as np
    >>> matrix = np.linspace(-1, 1, 200, dtype=np.float32)[:, None]
    >>> model = fit_kernel(matrix, ["north"], 3 * matrix[:, 0])
    >>> bool(abs(model.predict(matrix) - 3 * matrix[:, 0]).max() < 0.7)
    True
    """
    known = np.isfinite(matrix)
    usual = np.array(
        [np.median(column[kept]) if kept.any() else 0.0 for column, kept in zip(matrix.T, known.T, strict=True)]
    )
    is_air = np.array([name.split("_")[0] in _AIR for name in names])
    rooted = is_air & (np.where(known, matrix, 0.0).min(axis=0) >= 0)
    drawn = _drawn(matrix, rooted, usual)
    mean, size = drawn.mean(axis=0), drawn.std(axis=0) + 1e-9
    regression = SVR(C=_COST, epsilon=_MARGIN, gamma=_WIDTH / matrix.shape[1])
    regression.fit(np.clip((drawn - mean) / size, -_LIMIT, _LIMIT), scaled)
    return KernelModel(rooted, usual, mean, size, regression)


def _drawn(matrix: NDArray[np.float32], rooted: NDArray[np.bool_], usual: NDArray[np.float64]) -> NDArray[np.float64]:
    filled = np.where(np.isfinite(matrix), matrix, usual).astype(float)
    return np.where(rooted, np.sqrt(np.maximum(filled, 0.0)), filled)
