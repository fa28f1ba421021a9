"""Fewer points for drawing: gaps are found before any point is left out, and directions are not treated as numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from qc.angle import vector_mean
from schemas.flag import Flag
from schemas.frames import holes_after

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

    from numpy.typing import NDArray

GAP = "gap"


def thin(points: pd.DataFrame, limit: int, cadence: timedelta, *, is_direction: bool = False) -> pd.DataFrame:
    """About ``limit`` points at most for drawing, with the column ``gap``: whether a hole follows the point.

    Parameters
    ----------
    points : DataFrame
        `console.view.series.PlotSeries.points`.
    cadence : timedelta
        Time between two values; a hole is found by it in all points, before any is left out.
    is_direction : bool
        Angles [deg]: of each stretch the value nearest to the direction of the mean vector is kept, else lowest and highest.

    Returns
    -------
    DataFrame
        Lowest and highest of each stretch, both sides of a hole, and the points that are SUSPECT or FAIL; of more than ``limit`` of
        either of the latter only some.
    """
    holes = holes_after(pd.DatetimeIndex(points.index), cadence)
    if len(points) <= limit:
        return points.assign(**{GAP: holes})
    keep = np.zeros(len(points), dtype=np.bool_)
    keep[[0, -1]] = True
    values = points["value"].to_numpy(dtype=np.float64)
    for part in _stretches(len(points), limit if is_direction else limit // 2):
        known = part[np.isfinite(values[part])]
        if known.size:
            keep[_middle(values, known) if is_direction else _extremes(values, known)] = True
    keep[_some(np.flatnonzero(points["flag"].isin([Flag.SUSPECT, Flag.FAIL]).to_numpy()), limit)] = True
    sides = np.flatnonzero(holes)
    keep[_some(np.union1d(sides, np.minimum(sides + 1, len(points) - 1)), limit)] = True
    kept = np.flatnonzero(keep)
    before = np.concatenate([[0], np.cumsum(holes)])
    gap = np.append(before[kept[1:]] > before[kept[:-1]], False) if kept.size else np.zeros(0, dtype=np.bool_)
    return points.iloc[kept].assign(**{GAP: gap})


def _stretches(count: int, parts: int) -> Iterator[NDArray[np.int64]]:
    return iter(np.array_split(np.arange(count), max(1, parts)))


def _extremes(values: NDArray[np.float64], known: NDArray[np.int64]) -> list[int]:
    return [int(known[np.argmin(values[known])]), int(known[np.argmax(values[known])])]


def _middle(values: NDArray[np.float64], known: NDArray[np.int64]) -> list[int]:
    mean = vector_mean(values[known])
    if np.isnan(mean):
        return [int(known[len(known) // 2])]
    apart = np.abs((values[known] - mean + 180.0) % 360.0 - 180.0)
    return [int(known[np.argmin(apart)])]


def _some(positions: NDArray[np.int64], limit: int) -> NDArray[np.int64]:
    return positions[:: max(1, -(-len(positions) // limit))]
