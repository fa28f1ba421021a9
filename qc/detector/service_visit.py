"""Service visits, found in the record itself. Pure; series are rows of one cadence.

When a technician lifts a sonde out of the water, some values are lost or impossible for minutes to hours, and others jump at the
same time.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from qc.detector.run_length import run_lengths

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

VISIT_H = 3.0
"""Longest stretch of lost or impossible values that is a visit rather than a fault [h]; project default."""
JOINED_H = 6.0
"""Stretches closer than this are one visit [h]; project default."""


class ServiceVisit(NamedTuple):
    """First and last row of a visit, both included."""

    first: int
    last: int


def find_visits(
    hard: Sequence[NDArray[np.bool_]], odd: Sequence[NDArray[np.bool_]], per_hour: int
) -> list[ServiceVisit]:
    """Visits of a sonde.

    Parameters
    ----------
    hard : sequence of array of bool, shape (n,)
        By parameter, where a value is lost or impossible.
    odd : sequence of array of bool, shape (n,)
        By parameter, where a value is lost, impossible or far off.
    per_hour : int
        Rows an hour.

    Returns
    -------
    list of ServiceVisit
        Short stretches of ``hard`` in one parameter with two parameters odd within the hour.
    """
    if not hard:
        return []
    short = np.zeros(hard[0].shape, dtype=bool)
    for mask in hard:
        short |= mask & (run_lengths(mask) <= VISIT_H * per_hour)
    nearby = (
        pd.Series(sum(mask.astype(int) for mask in odd)).rolling(2 * per_hour + 1, center=True, min_periods=1).max()
    )
    return _stretches(short & (nearby.to_numpy() >= min(2, len(hard))), round(JOINED_H * per_hour))


def _stretches(mask: NDArray[np.bool_], joined: int) -> list[ServiceVisit]:
    rows = np.flatnonzero(mask)
    if rows.size == 0:
        return []
    breaks = np.flatnonzero(np.diff(rows) > joined)
    bounds = [0, *(breaks + 1).tolist(), rows.size]
    return [ServiceVisit(int(rows[begin]), int(rows[end - 1])) for begin, end in pairwise(bounds)]
