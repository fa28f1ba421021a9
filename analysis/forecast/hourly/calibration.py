"""Conformal quantiles of residuals by lead, and joint ranks of residuals of the same origin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.forecast.hourly.grid import LAST_LEAD_H
from analysis.forecast.hourly.model import LEVELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

_HALF = 0.5


def conformal_quantiles(residual: NDArray[np.float64], lead: NDArray[np.int64]) -> NDArray[np.float64]:
    """Quantiles of residuals by lead, from the residuals of that lead and its neighbours.

    With ``n`` residuals the quantile of level ``p`` above one half is the ``ceil((n + 1) p)``-th smallest, and below one half its
    mirror image: the interval covers a further residual at least as often as it says.

    Parameters
    ----------
    residual : array of float, (n,)
        Residuals in units of their spread; NaN is left out.
    lead : array of int, (n,)
        Hours ahead, 1 to LAST_LEAD_H.

    Returns
    -------
    array of float, (LAST_LEAD_H, len(LEVELS))
        Ascending in each row. Where no residual is near: NaN.

    References
    ----------
    Lei et al. 2018, doi:10.1080/01621459.2017.1307116, section 2.

    Examples
    --------
    >>> import numpy as np
    >>> found = conformal_quantiles(np.linspace(-1.0, 1.0, 9999), np.full(9999, 5))
    >>> found[4, [2, 12]].round(2).tolist()
    [-0.9, 0.9]
    """
    known = np.isfinite(residual)
    residual, lead = residual[known], lead[known]
    found = np.full((LAST_LEAD_H, len(LEVELS)), np.nan)
    for ahead in range(1, LAST_LEAD_H + 1):
        near = np.sort(residual[np.abs(lead - ahead) <= max(1, ahead // 8)])
        if len(near):
            found[ahead - 1] = [_order_statistic(near, level) for level in LEVELS]
    return found


def joint_ranks(residuals: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Rank of each residual among the samples, by pollutant and lead.

    Parameters
    ----------
    residuals : array of float, (samples, targets, leads)
        At most 255 samples. A missing one takes the mean of its sample and pollutant, then 0.

    Returns
    -------
    array of uint8, (samples, targets, leads)

    References
    ----------
    Clark et al. 2004, J. Hydrometeorol. 5, 243 (the reordering known as Schaake shuffle).

    Examples
    --------
    >>> import numpy as np
    >>> joint_ranks(np.array([3.0, 1.0, 2.0]).reshape(3, 1, 1)).ravel().tolist()
    [2, 0, 1]
    """
    known = np.isfinite(residuals)
    count = known.sum(axis=2, keepdims=True)
    mean = np.divide(
        np.where(known, residuals, 0.0).sum(axis=2, keepdims=True), count, out=np.zeros(count.shape), where=count > 0
    )
    filled = np.where(known, residuals, mean)
    return np.asarray(filled.argsort(axis=0, kind="stable").argsort(axis=0, kind="stable"), dtype=np.uint8)


def _order_statistic(ordered: NDArray[np.float64], level: float) -> float:
    n = len(ordered)
    if level >= _HALF:
        return float(ordered[min(n, int(np.ceil((n + 1) * level - 1e-9))) - 1])
    return float(ordered[max(1, n + 1 - int(np.ceil((n + 1) * (1 - level) - 1e-9))) - 1])
