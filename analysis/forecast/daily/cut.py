"""Probability from which on a day is warned of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.forecast.skill import MINIMUM_EVENTS, contingency

if TYPE_CHECKING:
    from numpy.typing import NDArray

FALLBACK_CUT = 0.4
"""With too few events to choose by; near the best cut of forecasts whose CSI is 0.65, which is F1 / 2 of calibrated probabilities."""
_CUTS = np.arange(0.08, 0.725, 0.01)
_SMOOTHED = 9


def warning_cut(event: NDArray[np.bool_], probability: NDArray[np.float64]) -> float:
    """Probability with the largest CSI, the CSI averaged over neighbouring cuts because events are few.

    Parameters
    ----------
    event : array of bool, (n,)
    probability : array of float, (n,)
        Of predictions that were held out of training.

    Returns
    -------
    float
        `FALLBACK_CUT` with fewer than `MINIMUM_EVENTS` events.

    Examples
    --------
    >>> import numpy as np
    >>> event = np.arange(200) >= 150
    >>> 0.25 < warning_cut(event, np.where(event, 0.6, 0.2)) < 0.55
    True
    """
    if int(event.sum()) < MINIMUM_EVENTS:
        return FALLBACK_CUT
    tables = [contingency(event.astype(float), probability, 1.0, float(cut)) for cut in _CUTS]
    skills = np.array([table.csi or 0.0 for table in tables])
    half = _SMOOTHED // 2
    smooth = np.convolve(np.pad(skills, half, mode="edge"), np.full(_SMOOTHED, 1 / _SMOOTHED), mode="valid")
    best = np.flatnonzero(smooth >= smooth.max() - 1e-12)
    return float(_CUTS[int(best[len(best) // 2])])
