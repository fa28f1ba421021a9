"""The simple model: the same hour of the day before, blended with the usual value of that hour. It needs no training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.forecast.hourly.grid import LEVELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.forecast.hourly.feature import FeatureMaker, LeadPairs

_BLEND_H = 18.0
_FEWEST = 24


def simple_quantiles(maker: FeatureMaker, target: str, pairs: LeadPairs) -> NDArray[np.float64]:
    """Quantiles at `LEVELS` of pairs of one origin, (n, len(LEVELS)), in the unit of the target.

    The interval is that of the changes over 24 h per lead in the observed hours of all series; without 24 of them the quantiles
    but the median are NaN. A series without a value at that hour in the last days has NaN throughout.

    Parameters
    ----------
    maker : FeatureMaker
    target : str
    pairs : LeadPairs
    """
    matrix, names = maker.matrix(target, pairs, is_seasonal=False)
    before, usual = (matrix[:, names.index(name)].astype(float) for name in ("same_hour", "usual"))
    weight = np.where(np.isfinite(before), np.exp(-pairs.lead / _BLEND_H), 0.0)
    middle = weight * np.nan_to_num(before) + (1 - weight) * usual
    own = maker.grid.target(target)[: int(pairs.row.max(initial=0))]
    found = np.full((len(pairs), len(LEVELS)), np.nan)
    for day in np.unique(-(-pairs.lead // 24)):
        change = (own[24 * day :] - own[: -24 * day]).ravel() if len(own) > 24 * day else np.empty(0)
        change = change[np.isfinite(change)]
        shifts = np.full(len(LEVELS), np.nan) if len(change) < _FEWEST else np.quantile(change, LEVELS)
        shifts[LEVELS.index(0.5)] = 0.0
        chosen = -(-pairs.lead // 24) == day
        found[chosen] = middle[chosen, None] + shifts
    return np.maximum(np.where(np.isfinite(found), _ordered(found), np.nan), 0.0)


def _ordered(found: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ascending around the median, which stays: the changes may lie all on one side of zero."""
    place = LEVELS.index(0.5)
    middle = found[:, [place]]
    below, above = np.fmin(found[:, :place], middle), np.fmax(found[:, place + 1 :], middle)
    missing = ~np.isfinite(found)
    return np.where(missing, np.nan, np.concatenate([below, middle, above], axis=1))
