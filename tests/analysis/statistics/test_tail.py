from __future__ import annotations

import numpy as np
import pytest

from analysis.statistics.tail import LEAST_CHANCE, either_chance, tail_chance


def test_of_maxima_of_one_distribution_few_have_a_small_chance() -> None:
    rng = np.random.default_rng(3)
    chances = [tail_chance(rng.gumbel(size=30), rng.gumbel()) for _ in range(2000)]
    assert np.mean(np.array(chances) <= 0.05) == pytest.approx(0.05, abs=0.02)


def test_the_largest_of_several_blocks_is_reached_more_often() -> None:
    maxima = np.random.default_rng(4).gumbel(size=30)
    assert tail_chance(maxima, 3.0) < tail_chance(maxima, 3.0, blocks=7) < 1.0


def test_equal_maxima_leave_two_answers() -> None:
    maxima = np.ones(5)
    assert tail_chance(maxima, 2.0) == LEAST_CHANCE
    assert tail_chance(maxima, 0.0) == pytest.approx(1.0)


def test_too_few_maxima_are_refused() -> None:
    with pytest.raises(ValueError, match="2 maxima; at least 3 are needed"):
        tail_chance(np.ones(2), 1.0)


def test_more_looks_raise_the_chance() -> None:
    assert either_chance(0.02, 1) == pytest.approx(0.02)
    assert either_chance(0.02, 3) == pytest.approx(1 - 0.98**3)
    assert either_chance(1.0, 2) == pytest.approx(1.0)
