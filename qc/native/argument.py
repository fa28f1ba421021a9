"""Arguments that tests share, and their checks: the docstring of a test documents only the others.

Errors of every test::

    InvalidInputError    lengths differ, times unsorted or doubled, a threshold that is not above zero
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
"""One parameter in its canonical unit, NaN where missing."""
Times = NDArray[np.datetime64]
"""Starts of the intervals of the values, UTC, ascending, unique."""
Flags = NDArray[np.int8]
"""`schemas.flag.Flag` of each value, MISSING where the value is missing."""

_NANOSECONDS_IN_SECOND = 1_000_000_000


class InvalidInputError(ValueError):
    """Input that a test cannot evaluate; the message states what was found and what was expected."""


def check_positive(**thresholds: float) -> None:
    """Raise `InvalidInputError` at the first threshold, by its name, that is not above zero."""
    for name, value in thresholds.items():
        if not value > 0:
            msg = f"{name}: {value}, expected a number above zero"
            raise InvalidInputError(msg)


def elapsed_s(values: Values | None, times: Times) -> NDArray[np.float64]:
    """Seconds since the first time [s]; raises `InvalidInputError` if the times do not ascend or do not fit the values."""
    if values is not None and values.shape != times.shape:
        msg = f"{values.size} values but {times.size} times"
        raise InvalidInputError(msg)
    if times.size == 0:
        return np.empty(0)
    seconds: NDArray[np.float64] = (times - times[0]).astype("timedelta64[ns]").astype(
        np.int64
    ) / _NANOSECONDS_IN_SECOND
    steps = np.diff(seconds)
    if (steps <= 0).any():
        at = int(np.argmax(steps <= 0))
        what = "doubled time" if steps[at] == 0 else "unsorted times"
        msg = f"{what}: {times[at]} is followed by {times[at + 1]}"
        raise InvalidInputError(msg)
    return seconds
