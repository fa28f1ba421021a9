"""Windows over the values that are present: missing ones are left out; a window that spans too much time is not evaluated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.ndimage import median_filter

from qc.native.argument import elapsed_s
from schemas.flag import Flag

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from qc.native.argument import Flags, Times, Values

#: Share of a window that must hold values, or it is not evaluated [1].
MIN_WINDOW_SHARE = 0.75
#: Fewest values of a window that is evaluated.
MIN_WINDOW_VALUES = 3
#: Median steps beyond which values do not follow each other: at least one row is absent [1].
HOLE_STEPS = 1.5


@dataclass(frozen=True, slots=True)
class Present:
    """The finite values of a series.

    Attributes
    ----------
    at : array of int
        Positions in the series.
    numbers, seconds : array of float
        The values, and their times since the first of the series [s].
    step_s : float
        Median step of the whole series, missing values counted [s]; NaN below two times.
    length : int
        Of the series.
    """

    at: NDArray[np.int64]
    numbers: NDArray[np.float64]
    seconds: NDArray[np.float64]
    step_s: float
    length: int

    @classmethod
    def of(cls, values: Values, times: Times) -> Present:
        """Leave out missing values; raises `InvalidInputError` as `elapsed_s`."""
        seconds = elapsed_s(values, times)
        at = np.flatnonzero(np.isfinite(values))
        step_s = float(np.median(np.diff(seconds))) if seconds.size > 1 else np.nan
        return cls(at, values[at], seconds[at], step_s, values.size)

    def count(self, window_s: float) -> int:
        """Values in a full window of ``window_s`` [s], at least 1."""
        return 1 if np.isnan(self.step_s) else max(1, round(window_s / self.step_s))

    def is_dense(self, size: int) -> NDArray[np.bool_]:
        """Whether the ``size`` values that end at each fill at least `MIN_WINDOW_SHARE` of the time they span."""
        dense = np.zeros(self.numbers.size, dtype=bool)
        if size <= self.numbers.size:
            span_s = self.seconds[size - 1 :] - self.seconds[: self.numbers.size - size + 1]
            dense[size - 1 :] = (span_s + self.step_s) * MIN_WINDOW_SHARE <= size * self.step_s
        return dense

    def flags(self, present: Flags) -> Flags:
        """Flags of the series from those of its present values."""
        flags = np.full(self.length, Flag.MISSING, dtype=np.int8)
        flags[self.at] = present
        return flags

    def unknown(self) -> Flags:
        """UNKNOWN for each present value."""
        return np.full(self.numbers.size, Flag.UNKNOWN, dtype=np.int8)


def follows_hole(seconds: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether a time is more than `HOLE_STEPS` median steps after the preceding one; False for the first.

    Parameters
    ----------
    seconds : array of float
        Ascending [s].
    """
    after = np.zeros(seconds.size, dtype=bool)
    if seconds.size > 1:
        steps = np.diff(seconds)
        after[1:] = steps > HOLE_STEPS * np.median(steps)
    return after


def slots(seconds: NDArray[np.float64], step_s: float, longest: int | None = None) -> NDArray[np.int64]:
    """Slots of times on a grid of one step, one a time; the slots of absent rows stay free.

    Parameters
    ----------
    seconds : array of float
        Ascending [s].
    step_s : float
        [s]
    longest : int or None
        Most slots from one time to the next, where longer holes make no difference [1].
    """
    steps = np.clip(np.rint(np.diff(seconds) / step_s), 1, longest).astype(np.int64)
    return np.concatenate(([0], np.cumsum(steps)))[: seconds.size]


def on_grid(values: NDArray[np.float64], place: NDArray[np.int64]) -> NDArray[np.float64]:
    """Values at their slots, NaN between them."""
    grid = np.full(int(place[-1]) + 1 if place.size else 0, np.nan)
    grid[place] = values
    return grid


def trailing(filtered: Callable[..., Any], numbers: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Filter of scipy.ndimage over the ``size`` numbers that end at each; those before the first whole window are undefined.

    Parameters
    ----------
    filtered : callable
        ``filtered(numbers, size, origin=, mode=)``, of one dimension.
    numbers : array of float
        Finite, or infinite in one direction.
    size : int
        At least 1, at most as many as there are numbers.
    """
    # A positive origin makes the centred filters of scipy look back.
    result: NDArray[np.float64] = filtered(numbers, size, origin=(size - 1) // 2, mode="nearest")
    return result


def trailing_median(numbers: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Median of the ``size`` numbers that end at each, `trailing`; the upper one of two middle numbers."""
    return trailing(median_filter, numbers, size)


def true_runs(where: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First positions and lengths of the stretches in which all is true."""
    edges = np.diff(np.concatenate(([0], where.astype(np.int8), [0])))
    first = np.flatnonzero(edges == 1)
    return first, np.flatnonzero(edges == -1) - first


def share_true(where: NDArray[np.bool_], size: int) -> NDArray[np.float64]:
    """Share of trues among the ``size`` that end at each [1]; NaN before the first whole window."""
    share = np.full(where.size, np.nan)
    if size <= where.size:
        counted = np.concatenate(([0], np.cumsum(where)))
        share[size - 1 :] = (counted[size:] - counted[:-size]) / size
    return share
