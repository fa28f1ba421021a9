"""Flags combine by precedence, and one policy defines what is valid."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from schemas.flag import PRECEDENCE, Flag, combine, is_valid

flags = st.sampled_from(list(PRECEDENCE))


def _array(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int8)


def test_fail_wins_and_pass_wins_over_missing() -> None:
    combined = combine([_array(1, 2, 3, 9, 1), _array(4, 1, 1, 1, 9)])
    assert combined.tolist() == [4, 1, 3, 1, 1]


@given(st.lists(flags, min_size=1, max_size=6), flags)
def test_adding_a_test_never_improves_a_flag_but_by_pass(values: list[Flag], more: Flag) -> None:
    before = combine([_array(value) for value in values])[0]
    after = combine([_array(value) for value in [*values, more]])[0]
    assert PRECEDENCE.index(after) <= PRECEDENCE.index(before)


def test_only_fail_and_missing_are_invalid() -> None:
    assert is_valid(_array(*PRECEDENCE)).tolist() == [False, True, True, True, False]
