from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qc.detector.label_agreement import label_agreement
from qc.native.argument import InvalidInputError
from tests.qc.detector.sonde import hours


def mask(rows: int, *at: int) -> np.ndarray:
    found = np.zeros(rows, dtype=bool)
    found[list(at)] = True
    return found


def test_a_flag_within_the_hour_is_right_and_finds_the_label() -> None:
    score = label_agreement(mask(20, 4), mask(20, 8), hours(20))
    assert (score.precision, score.recall, score.f1) == (1.0, 1.0, 1.0)


def test_a_flag_beyond_the_hour_is_wrong() -> None:
    score = label_agreement(mask(20, 3), mask(20, 8), hours(20))
    assert (score.precision, score.recall, score.f1) == (0.0, 0.0, 0.0)


def test_every_point_counts_once() -> None:
    score = label_agreement(mask(40, 0, 1, 30), mask(40, 0, 10, 20, 30), hours(40), tolerance_s=0)
    assert score.precision == pytest.approx(2 / 3)
    assert score.recall == pytest.approx(2 / 4)
    assert score.f1 == pytest.approx(4 / 7)


def test_the_tolerance_is_in_time_and_not_in_rows() -> None:
    times = hours(4)
    times[2:] += np.timedelta64(6, "h")
    assert label_agreement(mask(4, 1), mask(4, 2), times).f1 == 0.0


def test_without_flags_or_labels_the_score_is_zero() -> None:
    nothing = mask(5)
    assert label_agreement(nothing, mask(5, 1), hours(5)).f1 == 0.0
    assert label_agreement(mask(5, 1), nothing, hours(5)).f1 == 0.0
    assert label_agreement(mask(0), mask(0), hours(0)).labels == 0


def test_what_cannot_be_scored_is_named() -> None:
    with pytest.raises(InvalidInputError, match="3 flags and 3 labels but 4 times"):
        label_agreement(mask(3), mask(3), hours(4))
    with pytest.raises(InvalidInputError, match="unsorted"):
        label_agreement(mask(3), mask(3), hours(3)[::-1])
    with pytest.raises(InvalidInputError, match="tolerance_s"):
        label_agreement(mask(3), mask(3), hours(3), tolerance_s=-1)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=60), st.integers(0, 7200))
def test_scores_are_ratios_and_a_wider_tolerance_never_hurts(rows: list[tuple[bool, bool]], tolerance_s: int) -> None:
    flags = np.array([row[0] for row in rows], dtype=bool)
    labels = np.array([row[1] for row in rows], dtype=bool)
    near = label_agreement(flags, labels, hours(len(rows)), tolerance_s=tolerance_s)
    wide = label_agreement(flags, labels, hours(len(rows)), tolerance_s=tolerance_s + 900)
    assert 0 <= near.precision <= wide.precision <= 1
    assert 0 <= near.recall <= wide.recall <= 1


@given(st.lists(st.booleans(), min_size=1, max_size=60))
def test_flags_that_are_the_labels_are_perfect(rows: list[bool]) -> None:
    labels = np.array(rows)
    assert label_agreement(labels, labels, hours(len(rows))).f1 == (1.0 if any(rows) else 0.0)
