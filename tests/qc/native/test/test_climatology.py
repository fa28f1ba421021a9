from __future__ import annotations

import numpy as np
import pytest

from qc.native.argument import InvalidInputError
from qc.native.test.climatology import Spans, climatology_test


def test_spans_hold_by_month_and_hour_and_bounds_pass() -> None:
    spans = Spans.of_months([[0.0]] * 12, [[10.0]] * 6 + [list(np.arange(1.0, 25.0))] * 6)
    months, hours = np.array([1, 1, 1, 7, 7, 12, 1]), np.array([0, 23, 5, 0, 1, 23, 0])
    values = np.array([10.0, 10.1, -0.1, 1.1, 2.0, 24.1, np.nan])
    assert climatology_test(values, months, hours, spans).tolist() == [1, 3, 3, 3, 1, 3, 9]
    assert climatology_test(values, months, hours, spans, fail_span=(0, 24))[5] == 4


def test_cell_without_a_span_is_unknown() -> None:
    spans = Spans(np.full((12, 24), np.nan), np.full((12, 24), np.nan))
    assert climatology_test(np.array([1.0]), np.array([1]), np.array([0]), spans).tolist() == [2]


def test_one_side_may_be_open() -> None:
    spans = Spans.of_months([], [[1.0]] * 12)
    assert climatology_test(np.array([-1e9, 2.0]), np.array([1, 1]), np.array([0, 0]), spans).tolist() == [1, 3]


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [([[0.0]] * 11, [], "low"), ([], [[0.0, 1.0]] * 12, "high"), ([[1.0]] * 12, [[1.0]] * 12, "month 1, hour 0")],
)
def test_spans_of_another_shape_are_errors(low: list[list[float]], high: list[list[float]], words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        Spans.of_months(low, high)


def test_lengths_must_agree() -> None:
    with pytest.raises(InvalidInputError, match="2 values but 1 months"):
        climatology_test(np.zeros(2), np.ones(1, dtype=int), np.zeros(2, dtype=int), Spans.of_months([], [[1.0]] * 12))
