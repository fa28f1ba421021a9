"""Conformal quantiles of residuals by lead and spread, and joint ranks of residuals of the same origin."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analysis.forecast.hourly.grid import LAST_LEAD_H, LEVELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

SPREAD_BINS = 4
"""Bins of the predicted spread, with the same number of residuals each."""
FEWEST_OF_BIN = 100
"""Residuals of a bin that its quantiles need: the 1 % and 99 % are order statistics of it; project choice."""
_HALF = 0.5


class SpreadCalibration(NamedTuple):
    """Quantiles of residuals by lead and predicted spread.

    Attributes
    ----------
    centres : array of float, (LAST_LEAD_H, SPREAD_BINS)
        Natural logarithm of the spread in each bin, ascending.
    quantiles : array of float, (LAST_LEAD_H, SPREAD_BINS, len(LEVELS))
        Residuals in units of their spread, ascending in the last axis. Where no residual is near: NaN.
    """

    centres: NDArray[np.float64]
    quantiles: NDArray[np.float64]


def conformal_quantiles(
    residual: NDArray[np.float64], spread: NDArray[np.float64], lead: NDArray[np.int64]
) -> SpreadCalibration:
    """Quantiles of residuals of each lead and its neighbours, apart for small and large predicted spreads.

    With ``n`` residuals the quantile of level ``p`` above one half is the ``ceil((n + 1) p)``-th smallest, and below one half its
    mirror image: the interval covers a further residual at least as often as it says. Bins of the spread make it do so in calm and in
    unsettled weather, at low and at high concentrations: one quantile for all is too wide in clean months and too narrow in winter.

    Parameters
    ----------
    residual : array of float, (n,)
        In units of their spread; NaN is left out.
    spread : array of float, (n,)
        Predicted, above zero, in any unit that is the same for all [1].
    lead : array of int, (n,)
        Hours ahead, 1 to LAST_LEAD_H.

    Returns
    -------
    SpreadCalibration
        With fewer than `FEWEST_OF_BIN` residuals a bin, all bins have the quantiles of all.

    References
    ----------
    Lei et al. 2018, doi:10.1080/01621459.2017.1307116, section 2; by bins: Boström and Johansson 2020, PMLR 128, 24 (Mondrian
    conformal regressors).

    Examples
    --------
    >>> import numpy as np
    >>> found = conformal_quantiles(np.linspace(-1.0, 1.0, 9999), np.ones(9999), np.full(9999, 5))
    >>> found.quantiles[4, 0, [2, 12]].round(2).tolist()
    [-0.9, 0.9]
    """
    known = np.isfinite(residual)
    residual, spread, lead = residual[known], np.log(spread[known]), lead[known]
    centres = np.zeros((LAST_LEAD_H, SPREAD_BINS)) + np.arange(SPREAD_BINS)
    found = np.full((LAST_LEAD_H, SPREAD_BINS, len(LEVELS)), np.nan)
    for ahead in range(1, LAST_LEAD_H + 1):
        near = np.abs(lead - ahead) <= max(1, ahead // 8)
        if near.any():
            centres[ahead - 1], found[ahead - 1] = _of_bins(residual[near], spread[near])
    return SpreadCalibration(centres, found)


def calibrated(
    calibration: SpreadCalibration, spread: NDArray[np.float64], lead: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Quantiles of each pair in units of its spread, linear in the logarithm of the spread between bins, (n, len(LEVELS)).

    Parameters
    ----------
    calibration : SpreadCalibration
    spread : array of float, (n,)
        In the unit of the calibration.
    lead : array of int, (n,)
    """
    centres, levels, at = calibration.centres[lead - 1], calibration.quantiles[lead - 1], np.log(spread)
    found = levels[:, 0].copy()
    for place in range(SPREAD_BINS - 1):
        width = np.maximum(centres[:, place + 1] - centres[:, place], 1e-9)
        part = np.clip((at - centres[:, place]) / width, 0.0, 1.0)
        found += part[:, None] * (levels[:, place + 1] - levels[:, place])
    return np.asarray(found, dtype=float)


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


def _of_bins(
    residual: NDArray[np.float64], spread: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if len(residual) < SPREAD_BINS * FEWEST_OF_BIN:
        every = [_order_statistic(np.sort(residual), level) for level in LEVELS]
        return np.arange(float(SPREAD_BINS)), np.tile(every, (SPREAD_BINS, 1))
    owner = np.searchsorted(np.quantile(spread, np.arange(1, SPREAD_BINS) / SPREAD_BINS), spread)
    centres, found = np.empty(SPREAD_BINS), np.empty((SPREAD_BINS, len(LEVELS)))
    for place in range(SPREAD_BINS):
        own = owner == place
        # equal spreads may leave a bin empty: it takes its neighbour's
        centres[place] = np.median(spread[own]) if own.any() else centres[place - 1]
        ordered = np.sort(residual[own if own.sum() >= FEWEST_OF_BIN else slice(None)])
        found[place] = [_order_statistic(ordered, level) for level in LEVELS]
    return centres, found


def _order_statistic(ordered: NDArray[np.float64], level: float) -> float:
    n = len(ordered)
    if level >= _HALF:
        return float(ordered[min(n, int(np.ceil((n + 1) * level - 1e-9))) - 1])
    return float(ordered[max(1, n + 1 - int(np.ceil((n + 1) * (1 - level) - 1e-9))) - 1])
