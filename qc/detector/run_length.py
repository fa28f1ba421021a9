"""Runs of equal values, and the distance from which a value is odd."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


ODD = 25.0
"""A value is odd from this many robust standard deviations off its 6 h median [1]; project default."""


def run_lengths(values: NDArray[np.generic]) -> NDArray[np.int64]:
    """Length of the run of equal values that each value belongs to; NaN equals nothing.

    Examples
    --------
    >>> run_lengths(np.array([1.0, 1.0, 2.0])).tolist()
    [2, 2, 1]
    """
    if values.size == 0:
        return np.empty(0, dtype=np.int64)
    begins = np.concatenate(([True], values[1:] != values[:-1]))
    number = np.cumsum(begins) - 1
    return np.asarray(np.bincount(number)[number], dtype=np.int64)
