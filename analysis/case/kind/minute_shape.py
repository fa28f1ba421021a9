"""Shape of a rise in minute data: constant, restless, sudden."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd

from analysis.case.minute_hour import in_range

if TYPE_CHECKING:
    from analysis.case.case_input import CaseInput

LEAST_VALUES = 12
"""Values in the window, and before it, that a shape needs; project choice."""
BEFORE = timedelta(hours=6)
_SAME = 1e-9


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """Shape of a parameter's minutes in the window.

    Attributes
    ----------
    flat : float
        Part of the steps without any change, at the cadence of the instrument [1].
    unrest : float
        Logarithm of the median step in the window, relative to the level, by that before it [1].
    rough : float
        Mean step by the standard deviation in the window [1]: about 1.1 where values do not follow each other, near 0 where they
        follow closely.
    usual_rough : float
        Median of the same over stretches of as many values before the window [1].
    steady : float
        Standard deviation in the window, without its first and last tenth, by the mean rise over the time before [1].
    values : int
        Values in the window, repetitions of a slower instrument left out.
    """

    flat: float
    unrest: float
    rough: float
    usual_rough: float
    steady: float
    values: int


def minute_shape(given: CaseInput) -> Shape | None:
    """Shape of the parameter of a case at its station; None without enough minutes in the window and before it."""
    frame = given.minute.get(given.station.id)
    if frame is None or given.parameter not in frame:
        return None
    values = in_range(frame[[given.parameter]])[given.parameter].dropna()
    step = _cadence(given)
    values = values[np.asarray(pd.DatetimeIndex(values.index).as_unit("s").asi8 % step == 0)]
    at = pd.DatetimeIndex(values.index)
    start = pd.Timestamp(given.window.start)
    inside = values[np.asarray((at >= start) & (at < pd.Timestamp(given.window.end)))].to_numpy(dtype=float)
    before = values[np.asarray((at < start) & (at >= start - pd.Timedelta(BEFORE)))].to_numpy(dtype=float)
    if min(len(inside), len(before)) < LEAST_VALUES:
        return None
    return Shape(
        flat=float(np.mean(np.abs(np.diff(inside)) < _SAME)),
        unrest=float(np.log(_relative_step(inside) / _relative_step(before))),
        rough=_rough(inside),
        usual_rough=_usual_rough(before, len(inside)),
        steady=_variation(inside, float(np.median(before))),
        values=len(inside),
    )


def _rough(values: np.ndarray) -> float:
    return float(np.abs(np.diff(values)).mean() / max(values.std(), _SAME))


def _usual_rough(before: np.ndarray, count: int) -> float:
    length = min(count, len(before))
    return float(np.median([_rough(before[at : at + length]) for at in range(0, len(before) - length + 1, length)]))


def _variation(inside: np.ndarray, before: float) -> float:
    edge = len(inside) // 10
    middle = inside[edge : len(inside) - edge]
    return float(middle.std() / max(abs(float(middle.mean()) - before), _SAME))


def _cadence(given: CaseInput) -> int:
    """Seconds between two values of the fastest instrument of the parameter [s]."""
    found = [item.cadence_s for item in given.station.instruments if given.parameter in item.parameters]
    return max(min(found, default=60), 60)


def _relative_step(values: np.ndarray) -> float:
    level = max(float(np.median(np.abs(values))), _SAME)
    return max(float(np.median(np.abs(np.diff(values)))) / level, 1e-4)
