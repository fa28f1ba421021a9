from __future__ import annotations

import numpy as np
import pytest

from analysis.forecast.daily.cut import FALLBACK_CUT, warning_choice
from analysis.forecast.daily.fold import BLOCK_D, FOLDS, fold_of
from analysis.forecast.daily.model import from_scale, interval_widening, to_scale


def test_few_events_leave_the_fallback_cut() -> None:
    probability = np.linspace(0.0, 1.0, 100)
    assert warning_choice(np.arange(100) < 19, probability, probability).cut == FALLBACK_CUT


def test_one_lucky_cut_is_not_chosen() -> None:
    rng = np.random.default_rng(1)
    probability = rng.uniform(0.0, 1.0, 4_000)
    event = rng.uniform(0.0, 1.0, 4_000) < probability
    # of calibrated probabilities the best cut of the CSI is half the best F1, here 0.38
    assert warning_choice(event, probability, probability).cut == pytest.approx(0.38, abs=0.06)


def test_held_out_blocks_are_whole_weeks_and_every_fold_has_some() -> None:
    day = np.arange(365)
    folds = fold_of(day)
    assert BLOCK_D % 7 == 0
    assert set(folds) == set(range(FOLDS))
    assert np.flatnonzero(np.diff(folds)).tolist() == list(range(BLOCK_D - 1, 364, BLOCK_D))


def test_too_wide_intervals_are_narrowed() -> None:
    observed = np.linspace(0.0, 1.0, 1001)
    assert interval_widening(observed, np.full(1001, -1.0), np.full(1001, 2.0)) < 0


def test_the_scale_of_training_turns_back() -> None:
    values = np.array([0.0, 35.0, 500.0])
    np.testing.assert_allclose(from_scale(to_scale(values)), values)


def test_rare_events_may_be_warned_of_at_a_low_probability() -> None:
    rng = np.random.default_rng(2)
    probability = np.where(np.arange(20_000) < 2_000, 0.06, 0.001)
    event = rng.uniform(0.0, 1.0, len(probability)) < probability
    assert warning_choice(event, probability, probability).cut < 0.06
