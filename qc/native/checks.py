"""Tests of native values: pure functions, arrays in, QARTOD flags out, at the instrument's own resolution.

Gross range, spike, rate of change and flat line follow the QARTOD definitions as the IOOS library codes them
(https://github.com/ioos/ioos_qc, `ioos_qc.qartod`); what differs is said in the docstring of the test. A missing value
(NaN, infinite) is always MISSING. The empty array gives the empty array.

Errors::

    CheckError    input that cannot be judged: lengths differ, times unsorted or doubled, a threshold without meaning
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.ndimage import maximum_filter1d, minimum_filter1d

from qc.native.rolling import MIN_WINDOW_SHARE, follows_hole, on_grid, slots, trailing
from schemas.flag import Flag
from schemas.reading import Status

if TYPE_CHECKING:
    from numpy.typing import NDArray

NANOSECONDS_IN_SECOND = 1_000_000_000
#: Letters on which a value fails: the instrument itself says that it did not measure the air.
HARD_LETTERS = frozenset(
    {Status.CALIBRATION, Status.MAINTENANCE, Status.FAULT, Status.COMMUNICATION_ERROR, Status.STOPPED}
)
_MIN_FLAT_POINTS = 3


class CheckError(ValueError):
    """Input that cannot be judged; says what was found and what was expected."""


class SpikeMethod(StrEnum):
    """How the distance of a value from its neighbours is measured."""

    AVERAGE = "average"
    """``|v[i] - (v[i-1] + v[i+1]) / 2|``, QARTOD's."""
    DIFFERENTIAL = "differential"
    """The smaller of both steps, if they go opposite ways: a step of the level is no spike."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Consecutive intervals without any reading.

    Attributes
    ----------
    after, before : numpy.datetime64
        Starts of the last interval before and the first interval after the gap, UTC.
    count : int
        Missing intervals between them, at least 1.
    """

    after: np.datetime64
    before: np.datetime64
    count: int


def status_test(letters: NDArray[np.object_]) -> NDArray[np.int8]:
    """Judge values by what the instrument said of itself.

    C, M, D, B and F fail (a hard ground); T (over range), S (set by hand) and an unknown letter are SUSPECT: a value set
    by hand was not measured by the instrument, but somebody meant it. N, None, NaN and "" pass.

    Parameters
    ----------
    letters : array of str or None
        HJ 212 letters, one a value.

    References
    ----------
    HJ 212-2017, data flags; the grouping is the project's own rule (docs/qc-tests.md).
    """
    codes, found = pd.factorize(letters)
    verdicts = np.array([_letter_flag(letter) for letter in found] + [Flag.PASS], dtype=np.int8)
    # The code of a missing letter is -1: the last of the verdicts.
    return verdicts[codes]


def gross_range_test(
    values: NDArray[np.float64], fail_span: tuple[float, float], suspect_span: tuple[float, float] | None = None
) -> NDArray[np.int8]:
    """FAIL outside ``fail_span``, SUSPECT outside ``suspect_span``; the bounds themselves pass.

    Parameters
    ----------
    values : array of float
        In the parameter's canonical unit, NaN where missing.
    fail_span, suspect_span : (low, high)
        Same unit; may be infinite. The suspect span must lie within the fail span.

    Raises
    ------
    CheckError
        If a span is upside down or the suspect span reaches out of the fail span.
    """
    _check_spans(fail_span, suspect_span)
    flags = np.full(values.shape, Flag.PASS, dtype=np.int8)
    if suspect_span is not None:
        flags[(values < suspect_span[0]) | (values > suspect_span[1])] = Flag.SUSPECT
    flags[(values < fail_span[0]) | (values > fail_span[1])] = Flag.FAIL
    flags[~np.isfinite(values)] = Flag.MISSING
    return flags


def spike_test(
    values: NDArray[np.float64],
    suspect: float,
    *,
    times: NDArray[np.datetime64] | None = None,
    fail: float | None = None,
    relative: float = 0.0,
    method: SpikeMethod = SpikeMethod.AVERAGE,
) -> NDArray[np.int8]:
    """Flag single values that stand out from both neighbours.

    The first and the last value, and a value with a missing neighbour, are UNKNOWN.

    Parameters
    ----------
    values : array of float
        NaN where missing.
    suspect, fail : float
        Distance above which a value is SUSPECT or FAIL, same unit as the values, > 0.
    times : array of datetime64 or None
        UTC, ascending, unique; a neighbour beyond a hole is missing. None: the values follow each other.
    relative : float
        A distance must also be above this part of the neighbours' mean [1]; 0 as in QARTOD. So that the noise of a high
        level is no spike.
    method : SpikeMethod

    Raises
    ------
    CheckError
        If the times are unsorted or doubled, or a threshold is not above zero.
    """
    check_positive("suspect", suspect)
    values = _finite(values)
    flags = np.full(values.shape, Flag.UNKNOWN, dtype=np.int8)
    if values.size > 2:  # noqa: PLR2004 - a value and its two neighbours
        distance, level = _distance(values, method)
        if times is not None:
            apart = follows_hole(elapsed_s(values, times))
            distance[apart[1:-1] | apart[2:]] = np.nan
        flags[1:-1][np.isfinite(distance)] = Flag.PASS
        floor = relative * np.abs(level)
        flags[1:-1][(distance > suspect) & (distance > floor)] = Flag.SUSPECT
        if fail is not None:
            flags[1:-1][(distance > fail) & (distance > floor)] = Flag.FAIL
    flags[~np.isfinite(values)] = Flag.MISSING
    return flags


def rate_of_change_test(
    values: NDArray[np.float64],
    times: NDArray[np.datetime64],
    suspect_per_s: float,
    *,
    fail_per_s: float | None = None,
    across_holes: bool = True,
) -> NDArray[np.int8]:
    """Flag values that changed faster than possible since the value of the interval before.

    A value without one before it (the first, or after a missing one) passes, as in QARTOD.

    Parameters
    ----------
    values : array of float
        NaN where missing.
    times : array of datetime64
        UTC, ascending, unique.
    suspect_per_s, fail_per_s : float
        Unit of the values per second, > 0.
    across_holes : bool
        Whether a hole is one long step, as in QARTOD; else rows that are absent are missing values.

    Raises
    ------
    CheckError
        If the times are unsorted or doubled, or a threshold is not above zero.
    """
    seconds = elapsed_s(values, times)
    check_positive("suspect_per_s", suspect_per_s)
    values = _finite(values)
    flags = np.full(values.shape, Flag.PASS, dtype=np.int8)
    if values.size > 1:
        with np.errstate(invalid="ignore", over="ignore"):
            rate = np.abs(np.diff(values)) / np.diff(seconds)
        if not across_holes:
            rate[follows_hole(seconds)[1:]] = 0.0
        flags[1:][rate > suspect_per_s] = Flag.SUSPECT
        if fail_per_s is not None:
            flags[1:][rate > fail_per_s] = Flag.FAIL
    flags[~np.isfinite(values)] = Flag.MISSING
    return flags


def flat_line_test(
    values: NDArray[np.float64],
    times: NDArray[np.datetime64],
    suspect_s: float,
    *,
    tolerance: float,
    fail_s: float | None = None,
    qartod: bool = False,
) -> NDArray[np.int8]:
    """Flag values that end a period in which nothing moved.

    The window is counted in values: ``suspect_s`` divided by the median step, plus one. A value is flagged if the range of
    the window that ends at it is below ``tolerance``. Fewer than three values, and values before the first whole window,
    pass. Time does not depend on the window's length. Other than in ioos_qc, a window with less than 75 % of its values present
    proves nothing (there, a value after a long gap is flat), nor does a window shorter than two values (there, all are flat).
    Rows that are absent are missing values.

    Parameters
    ----------
    values : array of float
        NaN where missing.
    times : array of datetime64
        UTC, ascending, unique.
    suspect_s, fail_s : float
        How long the value may stay within the tolerance [s].
    tolerance : float
        Unit of the values, > 0.
    qartod : bool
        Whether to judge thin and short windows as ioos_qc does.

    Raises
    ------
    CheckError
        If the times are unsorted or doubled, or a threshold is not above zero.
    """
    seconds = elapsed_s(values, times)
    check_positive("suspect_s", suspect_s)
    check_positive("tolerance", tolerance)
    flags = np.full(values.shape, Flag.PASS, dtype=np.int8)
    if values.size >= _MIN_FLAT_POINTS:
        step_s = float(np.median(np.diff(seconds)))
        least = 0.0 if qartod else MIN_WINDOW_SHARE
        for limit_s, flag in ((suspect_s, Flag.SUSPECT), (fail_s, Flag.FAIL)):
            if limit_s is not None:
                size = int(int(limit_s) / step_s) + 1
                flat = _is_flat if qartod else partial(_is_flat_in_time, seconds=seconds, step_s=step_s)
                flags[flat(values, size, tolerance, least) & (qartod or size > 1)] = flag
    flags[~np.isfinite(values)] = Flag.MISSING
    return flags


def gap_test(times: NDArray[np.datetime64], cadence_s: int) -> list[Gap]:
    """Find intervals that should have come and did not.

    Between two readings lie ``round(step / cadence) - 1`` missing ones, so jitter of half a cadence is no gap. What is before
    the first and after the last reading is not known here. QARTOD's test of this name judges only the newest reading.

    Parameters
    ----------
    times : array of datetime64
        UTC, ascending, unique.
    cadence_s : int
        Seconds between two readings, > 0.

    Raises
    ------
    CheckError
        If the times are unsorted or doubled, or the cadence is not above zero.
    """
    check_positive("cadence_s", cadence_s)
    steps = np.diff(elapsed_s(None, times))
    missing = np.floor(steps / cadence_s + 0.5).astype(np.int64) - 1
    return [Gap(times[at], times[at + 1], int(missing[at])) for at in np.flatnonzero(missing > 0)]


def _letter_flag(letter: str) -> Flag:
    if letter in {"", Status.NORMAL}:
        return Flag.PASS
    return Flag.FAIL if letter in HARD_LETTERS else Flag.SUSPECT


def _check_spans(fail_span: tuple[float, float], suspect_span: tuple[float, float] | None) -> None:
    for name, span in (("fail_span", fail_span), ("suspect_span", suspect_span)):
        if span is not None and not span[0] < span[1]:
            msg = f"{name}: {span}, expected low < high"
            raise CheckError(msg)
    if suspect_span is not None and (suspect_span[0] < fail_span[0] or suspect_span[1] > fail_span[1]):
        msg = f"suspect_span: {suspect_span} must lie within fail_span {fail_span}"
        raise CheckError(msg)


def _finite(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.isfinite(values), values, np.nan)


def check_positive(name: str, value: float) -> None:
    """Raise `CheckError` unless a threshold is above zero."""
    if not value > 0:
        msg = f"{name}: {value}, expected a number above zero"
        raise CheckError(msg)


def elapsed_s(values: NDArray[np.float64] | None, times: NDArray[np.datetime64]) -> NDArray[np.float64]:
    """Seconds since the first time [s]; raises `CheckError` if the times do not ascend or do not fit the values."""
    if values is not None and values.shape != times.shape:
        msg = f"{values.size} values but {times.size} times"
        raise CheckError(msg)
    if times.size == 0:
        return np.empty(0)
    seconds: NDArray[np.float64] = (times - times[0]).astype("timedelta64[ns]").astype(np.int64) / NANOSECONDS_IN_SECOND
    steps = np.diff(seconds)
    if (steps <= 0).any():
        at = int(np.argmax(steps <= 0))
        what = "doubled time" if steps[at] == 0 else "unsorted times"
        msg = f"{what}: {times[at]} is followed by {times[at + 1]}"
        raise CheckError(msg)
    return seconds


def _distance(values: NDArray[np.float64], method: SpikeMethod) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Distance from the neighbours and the neighbours' mean, of the inner values; NaN where one is missing."""
    with np.errstate(invalid="ignore", over="ignore"):
        level = (values[:-2] + values[2:]) / 2
        if method is SpikeMethod.AVERAGE:
            return np.abs(values[1:-1] - level), level
        steps = np.diff(values)
        distance = np.minimum(np.abs(steps[:-1]), np.abs(steps[1:]))
        distance[steps[:-1] * steps[1:] >= 0] = 0.0
        return distance, level


def _is_flat_in_time(  # noqa: PLR0917 - as `_is_flat`, with times
    values: NDArray[np.float64],
    size: int,
    tolerance: float,
    least: float,
    seconds: NDArray[np.float64],
    step_s: float,
) -> NDArray[np.bool_]:
    """`_is_flat` with a missing value for every row that is absent."""
    # a hole that no window bridges may be drawn together
    place = slots(seconds, step_s, longest=int(size * (1 - least)) + 2)
    return _is_flat(on_grid(values, place), size, tolerance, least)[place]


def _is_flat(values: NDArray[np.float64], size: int, tolerance: float, least: float) -> NDArray[np.bool_]:
    """Whether the range of the ``size`` values that end at each is below the tolerance, of windows filled to ``least``."""
    flat = np.zeros(values.shape, dtype=bool)
    if size > values.size:
        return flat
    present = np.isfinite(values)
    high = trailing(maximum_filter1d, np.where(present, values, -np.inf), size)
    high -= trailing(minimum_filter1d, np.where(present, values, np.inf), size)
    filled = np.cumsum(present, dtype=np.int32)
    filled[size:] -= filled[:-size].copy()
    # An empty window has the range -inf, and its last value is missing anyway.
    flat[size - 1 :] = ((high < tolerance) & (filled >= least * size))[size - 1 :]
    return flat
