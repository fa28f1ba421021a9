"""Scores of hourly forecasts as sums, so that days, stations and models can be added up."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from analysis.forecast.hourly.feature import FeatureMaker, LeadPairs
from analysis.forecast.hourly.grid import LEVELS, SHOWN_H, TARGETS
from analysis.forecast.hourly.model import HourlyModel, predict
from analysis.forecast.hourly.simple import simple_quantiles
from analysis.forecast.hourly.warning import warning_values

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from analysis.forecast.hourly.grid import HourGrid

_STRIDE_H = 5
"""Hours between scored origins; no divisor of 24, so that every hour of the day is an origin."""


class ScoreSum(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over pairs of forecast and observation.

    Attributes
    ----------
    n : int
        Pairs.
    absolute, signed, squared, pinball : float
        Sums of |median - observed|, median - observed, its square, and the mean pinball loss over the levels; in the unit of the
        pollutant (squared: its square).
    covered : int
        Observations inside the 90 % interval; ``interval_n`` pairs have one.
    hits, false_alarms, misses : int
        Of the threshold, by the warning values.
    """

    n: int = 0
    absolute: float = 0.0
    signed: float = 0.0
    squared: float = 0.0
    pinball: float = 0.0
    covered: int = 0
    interval_n: int = 0
    hits: int = 0
    false_alarms: int = 0
    misses: int = 0

    def __add__(self, other: ScoreSum) -> ScoreSum:
        """Sums of both."""
        return ScoreSum(**{name: getattr(self, name) + getattr(other, name) for name in self.__struct_fields__})


class Scores(msgspec.Struct, frozen=True, kw_only=True):
    """Scores of pairs; None where there is nothing to compute them from.

    Attributes
    ----------
    n, events : int
        LeadPairs, and observations at or above the threshold.
    mae, bias, rmse, pinball : float or None
        In the unit of the pollutant.
    coverage : float or None
        Share of observations inside the 90 % interval [1].
    pod, far, csi : float or None
    """

    n: int
    events: int
    mae: float | None
    bias: float | None
    rmse: float | None
    pinball: float | None
    coverage: float | None
    pod: float | None
    far: float | None
    csi: float | None


def score_sum(
    observed: NDArray[np.float64],
    levels: NDArray[np.float64],
    *,
    threshold: float,
    warn: NDArray[np.float64] | None = None,
) -> ScoreSum:
    """Sums over the pairs with observation and median.

    Parameters
    ----------
    observed : array of float, (n,)
        NaN missing.
    levels : array of float, (n, len(LEVELS))
        Quantiles; those without value (NaN) add nothing to pinball loss and coverage.
    threshold : float
        Observations and warning values at or above it are events and warnings; NaN: none.
    warn : array of float, (n,), optional
        Warning values; the median where there is none. All in the unit of the pollutant.

    Examples
    --------
    >>> import numpy as np
    >>> found = scores(score_sum(np.array([80.0, 20.0]), np.full((2, len(LEVELS)), 75.0), threshold=75.0))
    >>> found.mae, found.far, found.csi
    (30.0, 0.5, 0.5)
    """
    median = levels[:, LEVELS.index(0.5)]
    known = np.isfinite(observed) & np.isfinite(median)
    warn = median if warn is None else np.where(np.isfinite(warn), warn, median)
    observed, levels, median, warn = observed[known], levels[known], median[known], warn[known]
    error = median - observed
    low, high = levels[:, LEVELS.index(0.05)], levels[:, LEVELS.index(0.95)]
    has_interval = np.isfinite(low) & np.isfinite(high)
    event, warned = observed >= threshold, warn >= threshold
    return ScoreSum(
        n=len(observed),
        absolute=float(np.abs(error).sum()),
        signed=float(error.sum()),
        squared=float((error**2).sum()),
        pinball=float(pinball(observed, levels).sum()),
        covered=int((has_interval & (observed >= low) & (observed <= high)).sum()),
        interval_n=int(has_interval.sum()),
        hits=int((event & warned).sum()),
        false_alarms=int((~event & warned).sum()),
        misses=int((event & ~warned).sum()),
    )


def pinball(observed: NDArray[np.float64], levels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean pinball loss of each pair over the levels that have a value; twice it approximates the CRPS.

    References
    ----------
    Gneiting and Raftery 2007, J. Am. Stat. Assoc. 102, 359, doi:10.1198/016214506000001437.
    """
    over = observed[:, None] - levels
    share = np.array(LEVELS)
    loss = np.maximum(share * over, (share - 1) * over)
    count = np.isfinite(loss).sum(axis=1)
    return np.asarray(np.nansum(loss, axis=1) / np.maximum(count, 1), dtype=float)


def scores(sums: ScoreSum) -> Scores:
    """Scores of sums."""
    events, warnings = sums.hits + sums.misses, sums.hits + sums.false_alarms
    squared = _ratio(sums.squared, sums.n)
    return Scores(
        n=sums.n,
        events=events,
        mae=_ratio(sums.absolute, sums.n),
        bias=_ratio(sums.signed, sums.n),
        rmse=None if squared is None else float(np.sqrt(squared)),
        pinball=_ratio(sums.pinball, sums.n),
        coverage=_ratio(sums.covered, sums.interval_n),
        pod=_ratio(sums.hits, events),
        far=_ratio(sums.false_alarms, warnings),
        csi=_ratio(sums.hits, events + sums.false_alarms),
    )


def total(sums: Iterable[ScoreSum]) -> ScoreSum:
    """Sum of sums."""
    return reduce(ScoreSum.__add__, sums, ScoreSum())


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """Sums of a model and of persistence over the same pairs, by pollutant; origins from ``first`` to ``last`` row."""

    model: dict[str, ScoreSum]
    persistence: dict[str, ScoreSum]


def verify(
    grid: HourGrid, model: HourlyModel | None, first: int, last: int, thresholds: Mapping[str, float]
) -> Verification:
    """Score a model on origins of a grid whose next hours are known.

    Parameters
    ----------
    grid : HourGrid
    model : HourlyModel or None
        None: the simple model.
    first, last : int
        Origin rows, half-open.
    thresholds : mapping of target to float
        In the unit of the target; a target without one has no events.
    """
    maker = FeatureMaker(grid)
    found: dict[str, list[ScoreSum]] = {target: [] for target in TARGETS}
    other: dict[str, list[ScoreSum]] = {target: [] for target in TARGETS}
    for row in range(first, last, _STRIDE_H):
        reach = min(SHOWN_H, len(grid.hours) - row)
        if reach < 1:
            break
        pairs = _pairs(maker, row, reach)
        for target in TARGETS:
            threshold = thresholds.get(target, np.nan)
            observed, newest = maker.observed(target, pairs), _newest(grid, target, pairs)
            observed = np.where(np.isfinite(newest), observed, np.nan)
            levels, warn = _levels(maker, model, target, pairs)
            found[target].append(score_sum(observed, levels, threshold=threshold, warn=warn))
            same = np.full((len(pairs), len(LEVELS)), np.nan)
            same[:, LEVELS.index(0.5)] = newest
            other[target].append(score_sum(observed, same, threshold=threshold))
    return Verification(
        model={target: total(items) for target, items in found.items()},
        persistence={target: total(items) for target, items in other.items()},
    )


def _levels(
    maker: FeatureMaker, model: HourlyModel | None, target: str, pairs: LeadPairs
) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    """Quantiles and warning values."""
    if model is None or target not in model.targets:
        return simple_quantiles(maker, target, pairs), None
    _, levels, _ = predict(model, maker, target, pairs)
    return levels, warning_values(levels, pairs, model.targets[target].cuts)


def _pairs(maker: FeatureMaker, row: int, reach: int) -> LeadPairs:
    series = len(maker.grid.series)
    lead = np.tile(np.arange(1, reach + 1), series)
    place = np.repeat(np.arange(series), reach)
    # scored as it runs without a weather forecast: the observed weather ahead would flatter it
    return LeadPairs(place, np.full(len(lead), row), lead, np.zeros(len(lead), dtype=bool))


def _newest(grid: HourGrid, target: str, pairs: LeadPairs) -> NDArray[np.float64]:
    own = grid.target(target)
    return np.asarray(own[np.maximum(pairs.row - 1, 0), pairs.series], dtype=float)


def _ratio(part: float, whole: int) -> float | None:
    return part / whole if whole else None
