"""Robust spread: the median absolute deviation, scaled to the standard deviation of normal noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAD_TO_SIGMA = 1.4826
"""Standard deviation of normal noise by its median absolute deviation, 1 / norm.ppf(3/4), rounded [1]."""


def robust_spread(values: NDArray[np.float64]) -> float:
    """Scaled median absolute deviation of a sample.

    Parameters
    ----------
    values : array of float, (n,)
        Without missing values, any unit.

    Returns
    -------
    float
        In the unit of ``values``; NaN for an empty sample.

    Examples
    --------
    >>> import numpy as np
    >>> robust_spread(np.array([1.0, 2.0, 3.0, 4.0, 100.0]))
    1.4826
    """
    # scipy.stats takes 50 MB and most of a second, which users of the constant alone do not need
    from scipy.stats import median_abs_deviation

    return MAD_TO_SIGMA * float(median_abs_deviation(values))
