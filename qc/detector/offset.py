"""Offsets between two service visits.

When a technician lifts a sonde out of the water, some values are lost or impossible for minutes to hours, and others jump at the
same time. A sensor that was set wrongly at one visit and correctly at the next shows a step at both, of similar size and opposite
sign: all values between them are off. Pure; series are rows of one cadence, times do not enter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from qc.detector.feature import Prepared
    from qc.detector.service_visit import ServiceVisit

#: Longest time between two visits of an offset [h].
LONGEST_H = 1500.0
#: Two visits closer than this can belong to one setting of the sensor [h].
FOLLOW_UP_H = 72.0
#: Steps are certain from this multiple of the usual change; larger ones have the same score.
CERTAIN = 3.0
_DAYS = (-3, -2, -1, 1, 2, 3)


@dataclass(frozen=True, slots=True)
class Offset:
    """Values from the end of one visit to the end of another that are off by a constant.

    Attributes
    ----------
    first, last : int
        Rows, both included.
    size : float
        The smaller of both steps, with the sign of the first, in the unit of the (transformed) values.
    score : float
        0 to `CERTAIN`: steps in units of the usual change and of the daily amplitude, the smaller of all, times the square
        of their similarity [1].
    """

    first: int
    last: int
    size: float
    score: float


def steps_at(series: Prepared, visits: Sequence[ServiceVisit]) -> NDArray[np.float64]:
    """Change of level over each visit beyond that of the neighbouring days at that time of day; NaN where unknown.

    Returns
    -------
    array of float, shape (visits, 2)
        The step in the unit of the (transformed) values, and the usual absolute change over as long a time.
    """
    span = round(1.5 * series.per_hour)
    level = series.clean.rolling(span + 1, min_periods=2).median().to_numpy(dtype=np.float64)
    return np.array([_step(series, level, visit) for visit in visits]).reshape(-1, 2)


def find_offsets(series: Prepared, visits: Sequence[ServiceVisit], least: float) -> list[Offset]:
    """Offsets between visits, weak ones included; the caller applies a cut to the score.

    Parameters
    ----------
    series : Prepared
    visits : sequence of ServiceVisit
    least : float
        Smallest step that is an offset, unit of the values; infinite: the parameter is not set at visits.
    """
    if not np.isfinite(least):
        return []
    steps = steps_at(series, visits)
    return [
        Offset(visits[i].last, visits[j].last, float(np.sign(steps[i, 0]) * np.abs(steps[[i, j], 0]).min()), score)
        for i, j in _pairs(visits, series.per_hour)
        if (score := _score(steps[[i, j]], series.amplitude, least)) > 0
    ]


def _score(steps: NDArray[np.float64], amplitude: float, least: float) -> float:
    sizes = np.abs(steps[:, 0])
    # Written so that an unknown step (NaN) scores nothing.
    if not (steps[0, 0] * steps[1, 0] < 0 and sizes.min() >= least):
        return 0.0
    likeness = (sizes / steps[:, 1]).min() / (sizes / steps[:, 1]).max()
    return float(min((sizes / steps[:, 1]).min(), sizes.min() / amplitude, CERTAIN) * likeness**2)


def _pairs(visits: Sequence[ServiceVisit], per_hour: int) -> list[tuple[int, int]]:
    """Visits that can begin and end one setting: consecutive ones, or with a follow-up visit soon after either."""
    found = []
    for i in range(len(visits)):
        for j in range(i + 1, min(i + 4, len(visits))):
            if visits[j].first - visits[i].last > LONGEST_H * per_hour:
                break
            soon = min(visits[j].first - visits[i + 1].last, visits[j - 1].first - visits[i].last)
            if j == i + 1 or soon <= FOLLOW_UP_H * per_hour:
                found.append((i, j))
    return found


def _step(series: Prepared, level: NDArray[np.float64], visit: ServiceVisit) -> tuple[float, float]:
    per_hour, rows = series.per_hour, len(level)
    before, after = visit.first - 2, visit.last + round(2.5 * per_hour)
    width = after - before
    if before < 0 or after >= rows:
        return np.nan, np.nan
    change = level[width:] - level[:-width]
    days = [before + 24 * per_hour * day for day in _DAYS]
    usual = _median(change[[at for at in days if 0 <= at < len(change)]])
    near = np.abs(change[max(before - 120 * per_hour, 0) : before + 122 * per_hour])
    spread = max(_median(near), series.noise)
    return float(level[after] - level[before] - usual), spread


def _median(values: NDArray[np.float64]) -> float:
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if finite.size else 0.0
