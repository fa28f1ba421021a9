"""Buddy check: each station's hour against the median of its neighbours. Resistant: up to half of the neighbours may be wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from qc.hourly.space import neighbours
from qc.robust import MAD_TO_SIGMA

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from qc.hourly.space.neighbours import Compared, Field, StationCoordinates


class Buddy(neighbours.SpaceLimit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="buddy"):
    """A value against the median of its neighbours."""


def buddy_test(  # noqa: PLR0913 - the figures of the limit, by keyword
    values: Field,
    places: StationCoordinates,
    *,
    radius_km: float,
    height_m: float,
    min_neighbours: int,
    deviations: float,
    floor: float,
    relative: float = 0.0,
) -> Compared:
    """Distance from the median of the neighbours, by their median absolute deviation.

    Parameters
    ----------
    values : array, shape (hour, station)
        Canonical unit; NaN: missing or not valid.
    places : StationCoordinates
    radius_km, height_m, min_neighbours, deviations, floor, relative : float
        As in `SpaceLimit`.

    References
    ----------
    The buddy check as in titanlib (https://github.com/metno/titanlib), there with mean and standard deviation; median and
    MAD here, so that a second wrong station does not hide the first.
    """
    near = places.near(radius_km, height_m)
    count = np.isfinite(values).astype(np.int64) @ near.astype(np.int64)
    level = sigma = values
    if values.size:
        index = neighbours.neighbour_index(near)
        blocks = [_buddies(values[rows], index) for rows in neighbours.hour_blocks(values, index.shape[1])]
        level, spread = (np.concatenate(column) for column in zip(*blocks, strict=True))
        sigma = np.maximum(spread, neighbours.least_sigma(level, floor=floor, relative=relative))
    return neighbours.compare(values, level, sigma, count, min_neighbours=min_neighbours, deviations=deviations)


def _buddies(values: Field, index: NDArray[np.int64]) -> tuple[Field, Field]:
    """Median and robust standard deviation of the neighbours, each (hour, station)."""
    others = neighbours.around_each(values, index)
    level = neighbours.row_median(others)
    return level, MAD_TO_SIGMA * neighbours.row_median(np.abs(others - level[..., None]))


TEST = neighbours.SpaceTest(
    limit=Buddy,
    evaluate=buddy_test,
    messages={"apart": ("value", "unit", "deviations", "level", "count", "limit", "radius")},
)
