"""Neighbouring stations, and the arguments and functions that tests in space share: all hours at once, pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import numpy as np
from msgspec import Meta

from qc.limits.limit import BaseLimit, Positive
from qc.limits.quality_test import QualityTest
from schemas.flag import Flag
from schemas.geodesy import great_circle_km

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from schemas.network import Station

    Field = NDArray[np.float64]

_BLOCK_VALUES = 16_000_000
"""Numbers in one array at a time, so that a year of a large network fits into memory [1]."""


class SpaceLimit(BaseLimit, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Limit of a test in space; its figures are the arguments of the pure functions.

    Attributes
    ----------
    radius_km, height_m : float
        Largest distance and difference of height of a neighbour [km, m].
    min_neighbours : int
        Fewest neighbours with a value, or the hour is not evaluated.
    deviations : float
        SUSPECT beyond so many robust standard deviations [1].
    floor : float
        Least standard deviation, unit of the parameter.
    relative : float
        Least standard deviation as a part of the predicted level [1].
    """

    radius_km: Positive
    height_m: Positive
    min_neighbours: Annotated[int, Meta(ge=2)]
    deviations: Positive
    floor: Positive
    relative: Annotated[float, Meta(ge=0)] = 0.0


@dataclass(frozen=True, slots=True)
class StationCoordinates:
    """Coordinates of stations, shapes (station,).

    Attributes
    ----------
    lon, lat : array
        WGS-84 [deg]; NaN: not known, such a station has no neighbours.
    altitude_m : array
        [m]; NaN: not known, then height is not compared.
    """

    lon: Field
    lat: Field
    altitude_m: Field

    @classmethod
    def of(cls, stations: Sequence[Station]) -> StationCoordinates:
        """Coordinates as the network file has them."""
        rows = [(item.lon, item.lat, item.altitude_m) for item in stations]
        return cls(*np.array(rows, dtype=np.float64).reshape(-1, 3).T)

    def distance_km(self) -> Field:
        """Great-circle distances, shape (station, station) [km]; NaN where a place is not known."""
        return great_circle_km(self.lon[:, None], self.lat[:, None], self.lon, self.lat)

    def height_m(self) -> Field:
        """Differences of height, shape (station, station) [m]; 0 where one is not known."""
        return np.nan_to_num(np.abs(self.altitude_m[:, None] - self.altitude_m), nan=0.0)

    def near(self, radius_km: float, height_m: float) -> NDArray[np.bool_]:
        """Pairs of neighbours, shape (station, station); no station is its own neighbour."""
        inside: NDArray[np.bool_] = (self.distance_km() <= radius_km) & (self.height_m() <= height_m)
        np.fill_diagonal(inside, val=False)
        return inside


@dataclass(frozen=True, slots=True)
class Compared:
    """Outcome of a test, shapes (hour, station).

    Attributes
    ----------
    flags : array of int8
        PASS, SUSPECT, UNKNOWN (too few neighbours with a value), MISSING.
    level : array
        Prediction by the others, unit of the values; NaN where not evaluated.
    deviations : array
        Distance from it in robust standard deviations, with its sign [1]; NaN where not evaluated.
    count : array of int
        Neighbours with a value.
    """

    flags: NDArray[np.int8]
    level: Field
    deviations: Field
    count: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceTest(QualityTest[SpaceLimit]):
    """One test in space.

    Attributes
    ----------
    evaluate : callable
        Outcome from values (hour, station), `StationCoordinates` and the figures of the limit by keyword.
    """

    evaluate: Callable[..., Compared]


def compare(
    values: Field, level: Field, sigma: Field, count: NDArray[np.int64], *, min_neighbours: int, deviations: float
) -> Compared:
    """Flags of values by their distance from a level in standard deviations ``sigma``, each (hour, station)."""
    evaluated = (count >= min_neighbours) & np.isfinite(values) & np.isfinite(level)
    distance = np.full(values.shape, np.nan)
    np.divide(values - level, sigma, out=distance, where=evaluated)
    flags = np.where(evaluated, Flag.PASS, Flag.UNKNOWN).astype(np.int8)
    flags[evaluated & (np.abs(distance) > deviations)] = Flag.SUSPECT
    flags[~np.isfinite(values)] = Flag.MISSING
    return Compared(flags, np.where(evaluated, level, np.nan), distance, count)


def least_sigma(level: Field, *, floor: float, relative: float) -> Field:
    """Least standard deviation at a level, unit of the values."""
    return np.maximum(floor, relative * np.abs(level))


def hour_blocks(values: Field, width: int) -> list[slice]:
    """Hours that are processed together, where each station needs ``width`` numbers an hour."""
    size = max(1, _BLOCK_VALUES // max(1, values.shape[1] * width))
    return [slice(first, first + size) for first in range(0, len(values), size)]


def neighbour_index(near: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Neighbours of each station, filled up with the number of stations, shape (station, most neighbours)."""
    count = near.sum(axis=1)
    order = np.argsort(~near, axis=1, kind="stable")[:, : max(1, int(count.max(initial=0)))]
    return np.where(np.arange(order.shape[1]) < count[:, None], order, len(near))


def around_each(values: Field, index: NDArray[np.int64]) -> Field:
    """Values of the neighbours of each station, shape (hour, station, neighbour); NaN where missing."""
    padded = np.concatenate([values, np.full((len(values), 1), np.nan)], axis=1)
    return padded[:, index]


def row_median(values: Field) -> Field:
    """Median along the last axis without missing values; NaN where all are missing.

    Sorting puts missing values last, and is several times faster than `numpy.nanmedian` on many short rows.
    """
    ordered = np.sort(values, axis=-1)
    count = np.isfinite(values).sum(axis=-1)
    low, high = (
        np.take_along_axis(ordered, np.maximum(at, 0)[..., None], axis=-1)[..., 0]
        for at in ((count - 1) // 2, np.minimum(count // 2, values.shape[-1] - 1))
    )
    return np.where(count > 0, (low + high) / 2, np.nan)
