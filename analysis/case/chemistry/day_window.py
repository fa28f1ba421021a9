"""Means of the event's hours, and of the same hours of day on earlier days: what an event is compared with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.case.case_hours import DAY_H, mean_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.case.case_hours import CaseHours

    Field = NDArray[np.float64]

LEAST_DAYS = 10
"""Fewer earlier days give no usual level."""
_KNOWN = 0.5
"""Least part of the hours of a window that must be known [1]."""


@dataclass(frozen=True, slots=True)
class DayWindows:
    """Means over the hours of the event, and over the same hours of day before.

    Attributes
    ----------
    event : array, (series,)
        NaN where fewer than half of the hours are known; units of the series.
    days : array, (series, day)
        The most recent first.
    hours : array, (series,)
        Known hours of the event.
    """

    event: Field
    days: Field
    hours: NDArray[np.int64]


def day_windows(case_hours: CaseHours, values: Field) -> DayWindows:
    """Average series over the hours of the event, and over the same hours of each earlier day.

    Parameters
    ----------
    case_hours : CaseHours
    values : array, (series, hour)
        On the hours of the case; NaN where missing.

    Returns
    -------
    DayWindows
        Windows of an event of more than a day do not overlap either: they are as many days apart as it lasts.
    """
    inside, at = _positions(case_hours)
    return DayWindows(
        event=_mean_of_known(values[:, inside]),
        days=_mean_of_known(values[:, at]),
        hours=np.isfinite(values[:, inside]).sum(axis=-1),
    )


def top_windows(case_hours: CaseHours, values: Field, top: int = 3) -> tuple[Field, Field]:
    """Mean of the highest hours of the event, and of each earlier day in the same hours; as `day_windows`.

    Returns
    -------
    event, days : array, (series,) and (series, day)
    """
    inside, at = _positions(case_hours)
    return _mean_of_top(values[:, inside], top), _mean_of_top(values[:, at], top)


def _mean_of_top(values: Field, top: int) -> Field:
    ordered = np.sort(np.where(np.isfinite(values), values, -np.inf), axis=-1)[..., -top:]
    found = np.where(np.isfinite(ordered), ordered, np.nan)
    return np.where(np.isfinite(values).mean(axis=-1) >= _KNOWN, mean_of(found), np.nan)


def _positions(case_hours: CaseHours) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Hours of the event, and those of each earlier day, shape (day, hour)."""
    inside = np.flatnonzero(case_hours.inside)
    step = DAY_H * -(-len(inside) // DAY_H)
    last = int(np.flatnonzero(case_hours.before)[-1]) if case_hours.before.any() else -1
    starts = np.arange(inside[0] - step, -1, -step)
    starts = starts[starts + len(inside) - 1 <= last]
    return inside, starts[:, None] + np.arange(len(inside))[None, :]


def _mean_of_known(values: Field) -> Field:
    known = np.isfinite(values).mean(axis=-1)
    return np.where(known >= _KNOWN, mean_of(values), np.nan)


def count_below(value: float, days: Field) -> tuple[int, int]:
    """Earlier days with a smaller value, and all of them.

    Examples
    --------
    >>> count_below(2.0, np.array([1.0, 3.0, np.nan, 4.0]))
    (1, 3)
    """
    known = days[np.isfinite(days)]
    return int((known < value).sum()), len(known)
