"""Probability from which on a day is warned of."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analysis.forecast.skill import MINIMUM_EVENTS, contingency

if TYPE_CHECKING:
    from numpy.typing import NDArray

FALLBACK_CUT = 0.4
"""With too few events to choose by; near the best cut of forecasts whose CSI is 0.65, which is F1 / 2 of calibrated probabilities."""
_CUTS = np.arange(0.02, 0.725, 0.01)
_SMOOTHED = 9
_SHARES = (1.0, 0.5, 0.0)


class WarningChoice(NamedTuple):
    """How warnings are given: weight of the first of two probabilities, probability from which on, and the CSI so smoothed."""

    share: float
    cut: float
    csi: float


def warning_choice(
    event: NDArray[np.bool_], of_value: NDArray[np.float64], of_event: NDArray[np.float64]
) -> WarningChoice:
    """Mixture of two probabilities, one alone or their mean, and cut with the largest CSI.

    The CSI is averaged over neighbouring cuts because events are few.

    Parameters
    ----------
    event : array of bool, (n,)
    of_value, of_event : array of float, (n,)
        Probabilities by predictions that were held out of training.

    Returns
    -------
    WarningChoice
        Their mean and `FALLBACK_CUT` with fewer than `MINIMUM_EVENTS` events.

    Examples
    --------
    >>> import numpy as np
    >>> event = np.arange(200) >= 150
    >>> chosen = warning_choice(event, np.where(event, 0.6, 0.2), np.full(200, 0.25))
    >>> chosen.share, 0.2 < chosen.cut < 0.6, round(chosen.csi, 3)
    (1.0, True, 1.0)
    """
    if int(event.sum()) < MINIMUM_EVENTS:
        return WarningChoice(0.5, FALLBACK_CUT, 0.0)
    choices = [_best_cut(event, share * of_value + (1 - share) * of_event, share) for share in _SHARES]
    return max(choices, key=lambda item: item.csi)


def _best_cut(event: NDArray[np.bool_], probability: NDArray[np.float64], share: float) -> WarningChoice:
    tables = [contingency(event.astype(float), probability, 1.0, float(cut)) for cut in _CUTS]
    skills = np.array([table.csi or 0.0 for table in tables])
    half = _SMOOTHED // 2
    smooth = np.convolve(np.pad(skills, half, mode="edge"), np.full(_SMOOTHED, 1 / _SMOOTHED), mode="valid")
    best = np.flatnonzero(smooth >= smooth.max() - 1e-12)
    return WarningChoice(share, float(_CUTS[int(best[len(best) // 2])]), float(smooth.max()))
