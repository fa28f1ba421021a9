"""Buddy check: each station's hour against the median of its neighbours. Resistant: up to half of the neighbours may be wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from qc.hourly.space.neighbours import (
    Compared,
    SpaceLimit,
    StationCoordinates,
    around_each,
    compare,
    hour_blocks,
    neighbour_index,
    row_median,
)
from qc.robust import MAD_TO_SIGMA

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Field = NDArray[np.float64]


class Buddy(SpaceLimit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="buddy"):
    """A value against the median of its neighbours."""


def buddy_test(values: Field, places: StationCoordinates, limit: Buddy) -> Compared:
    """Distance from the median of the neighbours, by their median absolute deviation with a floor.

    Parameters
    ----------
    values : array, shape (hour, station)
        Canonical unit; NaN: missing or not valid.
    places : StationCoordinates
    limit : Buddy

    References
    ----------
    The buddy check as in titanlib (https://github.com/metno/titanlib), there with mean and standard deviation; median and
    MAD here, so that a second wrong station does not hide the first.
    """
    near = places.near(limit.radius_km, limit.height_m)
    count = np.isfinite(values).astype(np.int64) @ near.astype(np.int64)
    if not values.size:
        return compare(values, values, values, count, limit)
    index = neighbour_index(near)
    blocks = [_buddies(values[rows], index) for rows in hour_blocks(values, index.shape[1])]
    level, spread = (np.concatenate(column) for column in zip(*blocks, strict=True))
    sigma = np.maximum(np.maximum(spread, limit.floor), limit.relative * np.abs(level))
    return compare(values, level, sigma, count, limit)


def _buddies(values: Field, index: NDArray[np.int64]) -> tuple[Field, Field]:
    """Median and robust standard deviation of the neighbours, each (hour, station)."""
    others = around_each(values, index)
    level = row_median(others)
    return level, MAD_TO_SIGMA * row_median(np.abs(others - level[..., None]))
