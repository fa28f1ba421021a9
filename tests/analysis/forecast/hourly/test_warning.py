"""Warnings of the hourly forecast: cuts by CSI or cost, chosen on held-out blocks, as one value an hour."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest
from scipy.stats import norm

from analysis.forecast.hourly.feature import LeadPairs
from analysis.forecast.hourly.grid import LEAD_GROUPS, LEVELS
from analysis.forecast.hourly.model import WarningCut
from analysis.forecast.hourly.warning import choose_cuts, warning_values

if TYPE_CHECKING:
    from numpy.typing import NDArray

LIMIT = 130.0


class Drawn(NamedTuple):
    """Observations, calibrated forecasts of a known part of them, and blocks of 200."""

    observed: NDArray[np.float64]
    quantiles: NDArray[np.float64]
    block: NDArray[np.int64]


def drawn(seed: int, n: int = 8000) -> Drawn:
    rng = np.random.default_rng(seed)
    middle = 100 + rng.normal(0, 21.2, n)
    observed = middle + rng.normal(0, 21.2, n)
    return Drawn(observed, middle[:, None] + 21.2 * norm.ppf(LEVELS), np.arange(n) // 200)


def pairs(n: int, *, lead: int = 3, weather: bool = False) -> LeadPairs:
    zero = np.zeros(n, dtype=np.int64)
    return LeadPairs(zero, zero, np.full(n, lead), np.full(n, weather))


def table(data: Drawn, warned: NDArray[np.float64]) -> tuple[int, int, int]:
    event, alarm = data.observed >= LIMIT, warned >= LIMIT
    return int((event & alarm).sum()), int((~event & alarm).sum()), int((event & ~alarm).sum())


def warned_by(data: Drawn, cuts: tuple[WarningCut, ...]) -> NDArray[np.float64]:
    return warning_values(data.quantiles, pairs(len(data.observed)), [[cuts] * len(LEAD_GROUPS)] * 2)


def test_a_chosen_cut_has_a_larger_csi_than_the_median_on_fresh_data() -> None:
    cuts = choose_cuts(*drawn(1), [LIMIT])
    fresh = drawn(2)
    hits, false_alarms, misses = table(fresh, warned_by(fresh, cuts))
    other = table(fresh, fresh.quantiles[:, LEVELS.index(0.5)])
    assert hits / (hits + false_alarms + misses) > other[0] / sum(other) + 0.05


def test_dear_misses_are_fewer_and_the_cost_is_least() -> None:
    costs = []
    for miss_cost in (1.0, 8.0):
        fresh = drawn(2)
        _, false_alarms, misses = table(fresh, warned_by(fresh, choose_cuts(*drawn(1), [LIMIT], miss_cost=miss_cost)))
        costs.append((8.0 * misses + false_alarms, misses))
    assert costs[1][0] < costs[0][0]
    assert costs[1][1] < costs[0][1]


def test_a_forecast_without_skill_does_not_warn_always() -> None:
    data = drawn(1)
    blind = np.tile(100 + 30.0 * norm.ppf(LEVELS), (len(data.observed), 1))
    (cut,) = choose_cuts(data.observed, blind, data.block, [LIMIT])
    assert (cut.share, cut.events > 0) == (0.5, True)


def test_frequent_events_do_not_make_a_warning_that_never_ends() -> None:
    data = drawn(1)
    blind = 100 + np.random.default_rng(5).normal(0, 4, (len(data.observed), 1)) + 30.0 * norm.ppf(LEVELS)
    # 41 % of the observations: always to warn has the largest CSI
    limit = float(np.quantile(data.observed, 0.59))
    (cut,) = choose_cuts(data.observed, blind, data.block, [limit])
    warned = warning_values(blind, pairs(len(blind)), [[(cut,)] * len(LEAD_GROUPS)] * 2) >= limit
    assert warned.mean() < 0.85
    assert cut.share < 0.7


def test_too_few_events_take_the_cut_of_the_level_below_and_the_lowest_the_median() -> None:
    data = drawn(1)
    low, high = choose_cuts(*data, [LIMIT, 500.0])
    assert (high.share, high.events) == (low.share, 0)
    assert low.events > 20
    (only,) = choose_cuts(*data, [500.0])
    assert (only.share, only.events) == (0.5, 0)
    # many hours of one episode are one event
    (once,) = choose_cuts(data.observed, data.quantiles, np.zeros(8000, dtype=np.int64), [LIMIT])
    assert (once.share, once.events) == (0.5, 0)
    assert choose_cuts(*data, [500.0], miss_cost=4.0)[0].share == pytest.approx(0.8)


def test_the_warning_value_reaches_a_level_exactly_where_its_quantile_or_that_of_a_higher_level_does() -> None:
    data = drawn(3)
    cuts = tuple(
        WarningCut(level=level, share=share, events=30) for level, share in ((90.0, 0.6), (130.0, 0.8), (160.0, 0.5))
    )
    found = warned_by(data, cuts)
    reached = [data.quantiles[:, LEVELS.index(cut.share)] >= cut.level for cut in cuts]
    for place, cut in enumerate(cuts):
        np.testing.assert_array_equal(found >= cut.level, np.any(reached[place:], axis=0))
    assert np.isfinite(found).all()


def test_cuts_belong_to_their_leads_and_to_forecasts_with_or_without_weather() -> None:
    often, median = WarningCut(level=90.0, share=0.9, events=30), WarningCut(level=90.0, share=0.5, events=30)
    cuts = [[(often,)] + [(median,)] * 4, [()] * 5]
    forecast = drawn(4, 10).quantiles
    near, far = (warning_values(forecast, pairs(10, lead=lead), cuts) for lead in (6, 7))
    assert (near > far).all()
    np.testing.assert_array_equal(warning_values(forecast, pairs(10, weather=True), cuts), forecast[:, 7])
    gap = np.full((1, len(LEVELS)), np.nan)
    assert np.isnan(warning_values(gap, pairs(1), cuts)).all()
