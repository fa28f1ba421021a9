"""Which quantile of a forecast warns of a level: chosen on held-out blocks by the largest CSI, or by the least cost.

The median warns too seldom: it leaves out half of the chance of an event. A cut is the level of the quantile that is compared with
the concentration; it is chosen for each pollutant, lead group and warning level, with and without weather ahead, from blocks that the
forecasts in question were not trained on. The days that state the score of a model are no part of them.

`warning_values` turns the cuts into one number a forecast hour, the largest concentration that is warned of, so that a rule with any
limit can use them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.forecast.hourly.grid import LEAD_GROUPS, LEVELS
from analysis.forecast.hourly.model import WarningCut
from analysis.forecast.skill import MINIMUM_EVENTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from analysis.forecast.hourly.feature import LeadPairs

WARNING_INDICES = (100, 150, 200, 300)
"""Individual index at which the warning levels of a pollutant lie: the upper edges of the AQI levels 2 to 5 (HJ 633)."""
MINIMUM_BLOCKS = 3
"""Fewest held-out blocks with an event: the hours of one episode are one experience; project choice."""
USUAL_FAR, LARGEST_FAR = 0.5, 0.7
"""False alarm ratio that warnings should keep [1]: the first where that costs at most `MAXIMUM_LOSS` of the largest CSI, else the second;
a level whose warnings cannot keep it warns by the median. Without a bound, a forecast without skill has its largest CSI where it always
warns. Project choice."""
MAXIMUM_LOSS = 0.2
LARGEST_BIAS = 2.0
"""Warnings for each event [1]: where events are frequent and skill is small, the largest CSI is that of a warning that never ends; project
choice."""
_SHARES = np.arange(0.1, 0.951, 0.025)
_SMOOTHED = 5
_MEDIAN = 0.5


def choose_cuts(
    observed: NDArray[np.float64],
    quantiles: NDArray[np.float64],
    block: NDArray[np.int64],
    levels: Sequence[float],
    *,
    miss_cost: float | None = None,
) -> tuple[WarningCut, ...]:
    """Cuts of one pollutant and lead group.

    The criterion is averaged over neighbouring shares, as events are few. A level with fewer than `MINIMUM_EVENTS` events, or events in
    fewer than `MINIMUM_BLOCKS` blocks, takes the share of the level below, the lowest one the median (with ``miss_cost`` r: r / (1 + r),
    which is best for calibrated quantiles). The CSI is that of a bounded false alarm ratio (`USUAL_FAR`, `LARGEST_FAR`)
    and number of warnings (`LARGEST_BIAS`).

    Parameters
    ----------
    observed : array of float, (n,)
        Without NaN [unit of the pollutant].
    quantiles : array of float, (n, len(LEVELS))
        Forecasts by models that did not see the block of the pair.
    block : array of int, (n,)
    levels : sequence of float
        Ascending concentrations [unit of the pollutant].
    miss_cost : float or None
        Cost of a missed event in false alarms [1]; None: the largest CSI.

    Returns
    -------
    tuple of WarningCut
        A cut a level.

    References
    ----------
    Cost and loss: Richardson 2000, Q. J. R. Meteorol. Soc. 126, 649, doi:10.1002/qj.49712656313.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> observed = rng.normal(100, 30, 4000)
    >>> signal = observed + rng.normal(0, 30, 4000)
    >>> middle = 100 + (signal - 100) / 2
    >>> from scipy.stats import norm
    >>> forecast = middle[:, None] + 21.2 * norm.ppf(LEVELS)
    >>> seldom, often = (choose_cuts(observed, forecast, np.arange(4000) // 400, [130.0], miss_cost=cost)[0].share for cost in (1.0, 9.0))
    >>> 0.4 < seldom < 0.6, 0.85 < often < 0.95
    (True, True)
    """
    share = _MEDIAN if miss_cost is None else miss_cost / (1 + miss_cost)
    found = []
    for level in levels:
        event = observed >= level
        is_enough = event.sum() >= MINIMUM_EVENTS and len(np.unique(block[event])) >= MINIMUM_BLOCKS
        if is_enough:
            share = _best_share(event, quantiles, level, miss_cost)
        found.append(WarningCut(level=float(level), share=float(share), events=int(event.sum()) if is_enough else 0))
    return tuple(found)


def warning_values(
    quantiles: NDArray[np.float64], pairs: LeadPairs, cuts: Sequence[Sequence[Sequence[WarningCut]]]
) -> NDArray[np.float64]:
    """The largest concentration that each pair warns of: at or above a level exactly where the pair warns of it or of a higher one.

    Parameters
    ----------
    quantiles : array of float, (n, len(LEVELS))
        Ascending [unit of the pollutant]; a pair without median has no value.
    pairs : LeadPairs
    cuts : sequence of sequence of sequence of WarningCut
        Without and with weather ahead, of each lead group, levels ascending; a group without any warns by its median.

    Returns
    -------
    array of float, (n,)
        [unit of the pollutant]. Between two levels it is interpolated, so that limits between them have cuts between theirs.

    Examples
    --------
    >>> import numpy as np
    >>> from analysis.forecast.hourly.feature import LeadPairs
    >>> forecast = np.interp(LEVELS, (0, 1), (50.0, 150.0))[None, :]
    >>> cuts = (WarningCut(level=75.0, share=0.6, events=40), WarningCut(level=125.0, share=0.7, events=30))
    >>> pairs = LeadPairs(np.array([0]), np.array([0]), np.array([5]), np.array([False]))
    >>> warning_values(forecast, pairs, [[cuts] * len(LEAD_GROUPS)] * 2).round(1).tolist()
    [118.8]
    """
    found = quantiles[:, LEVELS.index(_MEDIAN)].astype(float)
    for mode, of_mode in zip((False, True), cuts, strict=True):
        is_mode = np.isfinite(found) & (pairs.weather == mode)
        for (first, last), own in zip(LEAD_GROUPS, of_mode, strict=True):
            chosen = np.flatnonzero(is_mode & (pairs.lead >= first) & (pairs.lead <= last))
            if len(chosen) and own:
                found[chosen] = _warned(quantiles[chosen], own)
    return found


def _warned(quantiles: NDArray[np.float64], cuts: Sequence[WarningCut]) -> NDArray[np.float64]:
    excess = [_at_share(quantiles, cut.share) - cut.level for cut in cuts]
    found = cuts[0].level + np.minimum(excess[0], 0.0)
    for place, cut in enumerate(cuts):
        reached = excess[place] >= 0
        if place + 1 == len(cuts):
            value = cut.level + excess[place]
        else:
            # where the next level is reached it takes over below
            over, under = np.maximum(excess[place], 0.0), np.minimum(excess[place + 1], 0.0)
            part = np.divide(over, over - under, out=np.zeros(len(over)), where=over > under)
            value = cut.level + np.minimum(part, 1 - 1e-9) * (cuts[place + 1].level - cut.level)
        found = np.where(reached, value, found)
    return np.asarray(found, dtype=float)


def _best_share(
    event: NDArray[np.bool_], quantiles: NDArray[np.float64], level: float, miss_cost: float | None
) -> float:
    warned = np.stack([_at_share(quantiles, share) >= level for share in _SHARES])
    hits, false_alarms = (warned & event).sum(axis=1), (warned & ~event).sum(axis=1)
    misses = event.sum() - hits
    if miss_cost is not None:
        return _middle_of_best(_smooth(-(miss_cost * misses + false_alarms)))
    skill = _smooth(hits / (event.sum() + false_alarms))
    # without a warning the ratio is not known: such a share gains nothing and must not steady its neighbours
    wrong = _smooth(np.where(hits + false_alarms > 0, false_alarms / np.maximum(hits + false_alarms, 1), 1.0))
    skill = np.where(hits + false_alarms <= LARGEST_BIAS * event.sum(), skill, 0.0)
    for bound, loss in ((USUAL_FAR, MAXIMUM_LOSS), (LARGEST_FAR, 1.0)):
        allowed = np.where(wrong <= bound, skill, 0.0)
        if allowed.max() > 0 and allowed.max() >= (1 - loss) * skill.max():
            return _middle_of_best(allowed)
    return _MEDIAN


def _smooth(values: NDArray[np.float64] | NDArray[np.int64]) -> NDArray[np.float64]:
    half = _SMOOTHED // 2
    return np.convolve(np.pad(values, half, mode="edge"), np.full(_SMOOTHED, 1 / _SMOOTHED), mode="valid")


def _middle_of_best(gain: NDArray[np.float64]) -> float:
    best = np.flatnonzero(gain >= gain.max() - 1e-12)
    return float(_SHARES[int(best[len(best) // 2])])


def _at_share(quantiles: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """Quantile between the known levels, linear in the level."""
    place = int(np.clip(np.searchsorted(LEVELS, share, side="right"), 1, len(LEVELS) - 1))
    low, high = LEVELS[place - 1], LEVELS[place]
    part = (share - low) / (high - low)
    return np.asarray((1 - part) * quantiles[:, place - 1] + part * quantiles[:, place], dtype=float)
