"""Tests in space: each station's hour against the stations of like kind around it. Pure, all hours at once.

`buddy_test` compares with the median of the neighbours, `consistency_test` with what all others let expect at the place
by optimal interpolation. Both are resistant: up to half of the stations may be wrong. A station that is too alone is
UNKNOWN. Neither may say more than SUSPECT: a plume is as lonely as a fault.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from qc.robust import MAD_TO_SIGMA
from schemas.flag import Flag
from schemas.geodesy import great_circle_km

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from qc.limits.space import Buddy, SpatialConsistency
    from schemas.network import Station

    Field = NDArray[np.float64]

SPACE_TESTS = ("buddy", "spatial_consistency")
_ROUNDS = 10
"""Most times that outliers are taken out and the rest is looked at again."""
_BLOCK_VALUES = 16_000_000
"""Numbers in one array at a time, so that a year of a large network fits into memory [1]."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where stations stand, shapes (station,).

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
    def of(cls, stations: Sequence[Station]) -> Places:
        """Places of stations as the network file has them."""
        columns = [
            np.array([np.nan if value is None else value for value in values], dtype=np.float64)
            for values in (
                [item.lon for item in stations],
                [item.lat for item in stations],
                [item.altitude_m for item in stations],
            )
        ]
        return cls(*columns)

    def distance_km(self) -> Field:
        """Great-circle distances, shape (station, station) [km]; NaN where a place is not known."""
        return great_circle_km(self.lon[:, None], self.lat[:, None], self.lon, self.lat)

    def height_m(self) -> Field:
        """Differences of height, shape (station, station) [m]; 0 where one is not known."""
        return np.nan_to_num(np.abs(self.altitude_m[:, None] - self.altitude_m), nan=0.0)

    def near(self, radius_km: float, height_m: float) -> NDArray[np.bool_]:
        """Who is whose neighbour, shape (station, station); nobody is his own."""
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
        What the others let expect, unit of the values; NaN where not judged.
    deviations : array
        Distance from it in robust standard deviations, with its sign [1]; NaN where not judged.
    count : array of int
        Neighbours with a value.
    """

    flags: NDArray[np.int8]
    level: Field
    deviations: Field
    count: NDArray[np.int64]


def buddy_test(values: Field, places: Places, limit: Buddy) -> Compared:
    """Distance from the median of the neighbours, by their median absolute deviation with a floor.

    Parameters
    ----------
    values : array, shape (hour, station)
        Canonical unit; NaN: missing or not valid.
    places : Places
    limit : Buddy

    References
    ----------
    The buddy check as in titanlib (https://github.com/metno/titanlib), there with mean and standard deviation; median and
    MAD here, so that a second wrong station does not hide the first.
    """
    near = places.near(limit.radius_km, limit.height_m)
    count = np.isfinite(values).astype(np.int64) @ near.astype(np.int64)
    if not values.size:
        return _compared(values, values, values, count, limit)
    index = _neighbour_index(near)
    blocks = [_buddies(values[rows], index) for rows in _blocks(values, index.shape[1])]
    level, spread = (np.concatenate(column) for column in zip(*blocks, strict=True))
    sigma = np.maximum(np.maximum(spread, limit.floor), limit.relative * np.abs(level))
    return _compared(values, level, sigma, count, limit)


def consistency_test(values: Field, places: Places, limit: SpatialConsistency) -> Compared:
    """Distance from what the other stations let expect at the place: leave-one-out optimal interpolation.

    The background of an hour is the median of the stations around, with a resistant slope in height where heights differ.
    Departures from it resemble each other over ``length_km`` and ``length_m``. Stations that are found wrong are taken
    out, the worst of its surroundings first, and all are judged again by those that stay.

    Parameters
    ----------
    values : array, shape (hour, station)
        Canonical unit; NaN: missing or not valid.
    places : Places
    limit : SpatialConsistency

    References
    ----------
    Lussana, C., Uboldi, F. and Salvati, M. R. (2010): A spatial consistency test for surface observations from mesoscale
    meteorological networks. https://doi.org/10.1002/qj.622
    """
    near = places.near(limit.radius_km, limit.height_m)
    similar = _similarity(places, limit)
    if not values.size:
        return _compared(values, values, values, np.zeros(values.shape, dtype=np.int64), limit)
    parts = [_consistency(values[rows], near, similar, places.altitude_m, limit) for rows in _blocks(values, len(near))]
    joined = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return _compared(values, joined[0], joined[1], joined[2].astype(np.int64), limit)


def _compared(
    values: Field, level: Field, sigma: Field, count: NDArray[np.int64], limit: Buddy | SpatialConsistency
) -> Compared:
    is_judged = (count >= limit.min_neighbours) & np.isfinite(values) & np.isfinite(level)
    deviations = np.full(values.shape, np.nan)
    np.divide(values - level, sigma, out=deviations, where=is_judged)
    flags = np.where(is_judged, Flag.PASS, Flag.UNKNOWN).astype(np.int8)
    flags[is_judged & (np.abs(deviations) > limit.deviations)] = Flag.SUSPECT
    flags[~np.isfinite(values)] = Flag.MISSING
    return Compared(flags, np.where(is_judged, level, np.nan), deviations, count)


def _blocks(values: Field, width: int) -> list[slice]:
    """Hours that are looked at together, where each station needs ``width`` numbers an hour."""
    size = max(1, _BLOCK_VALUES // max(1, values.shape[1] * width))
    return [slice(first, first + size) for first in range(0, len(values), size)]


def _neighbour_index(near: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Neighbours of each station, filled up with the number of stations, shape (station, most neighbours)."""
    count = near.sum(axis=1)
    order = np.argsort(~near, axis=1, kind="stable")[:, : max(1, int(count.max(initial=0)))]
    return np.where(np.arange(order.shape[1]) < count[:, None], order, len(near))


def _around(values: Field, index: NDArray[np.int64]) -> Field:
    """Values of the neighbours of each station, shape (hour, station, neighbour); NaN where there is none."""
    padded = np.concatenate([values, np.full((len(values), 1), np.nan)], axis=1)
    return padded[:, index]


def _median(values: Field) -> Field:
    """Median along the last axis without the missing ones; NaN where all are.

    Sorting puts the missing ones last, and is several times faster than `numpy.nanmedian` on many short rows.
    """
    ordered = np.sort(values, axis=-1)
    count = np.isfinite(values).sum(axis=-1)
    low, high = (
        np.take_along_axis(ordered, np.maximum(at, 0)[..., None], axis=-1)[..., 0]
        for at in ((count - 1) // 2, np.minimum(count // 2, values.shape[-1] - 1))
    )
    return np.where(count > 0, (low + high) / 2, np.nan)


def _buddies(values: Field, index: NDArray[np.int64]) -> tuple[Field, Field]:
    """Median and robust standard deviation of the neighbours, each (hour, station)."""
    others = _around(values, index)
    level = _median(others)
    return level, MAD_TO_SIGMA * _median(np.abs(others - level[..., None]))


def _similarity(places: Places, limit: SpatialConsistency) -> Field:
    """Correlation of departures between stations, shape (station, station); 1 on the diagonal, 0 where a place is not known.

    It falls off by itself and is not cut at the radius: a cut one is no covariance any more, and its inverse has no meaning.
    """
    distance = np.nan_to_num(places.distance_km(), nan=np.inf)
    similar: Field = np.exp(-distance / limit.length_km - places.height_m() / limit.length_m)
    np.fill_diagonal(similar, 1.0)
    return similar


def _consistency(
    values: Field, near: NDArray[np.bool_], similar: Field, altitude_m: Field, limit: SpatialConsistency
) -> tuple[Field, Field, Field]:
    """Level, standard deviation and count of the judging stations, each (hour, station)."""
    there, index = np.isfinite(values), _neighbour_index(near)
    used = there & _is_plain(values, index, altitude_m, limit)
    level = sigma = np.full(values.shape, np.nan)
    for _ in range(_ROUNDS):
        background = _background(np.where(used, values, np.nan), index, altitude_m)
        known = there & np.isfinite(background)
        departure = np.where(known, values - background, 0.0)
        expected, variance = _left_out(departure, used & known, similar, limit.noise)
        level = background + expected
        residual = (values - level) / np.sqrt(variance)
        scale = _scale(np.where(used, residual, np.nan), index)
        floor = np.maximum(limit.floor, limit.relative * np.abs(level))
        sigma = np.maximum(scale * np.sqrt(variance), floor)
        away = np.nan_to_num(np.abs(values - level) / sigma, nan=-np.inf)
        worst = _worst_around(np.where(used, away, -np.inf), index)
        out = used & (away > limit.deviations) & (away >= worst)
        back = known & ~used & (away <= limit.deviations) & ~out
        if not (out.any() or back.any()):
            break
        used = (used & ~out & known) | back
    return level, sigma, (used.astype(np.float64) @ near.astype(np.float64))


def _is_plain(
    values: Field, index: NDArray[np.int64], altitude_m: Field, limit: SpatialConsistency
) -> NDArray[np.bool_]:
    """Values so near to the median around that they may judge the others first; the rest has to be let in by them.

    One gross error would else spread over its whole surroundings and make itself look usual there.
    """
    background = _background(values, index, altitude_m)
    spread = np.maximum(
        _scale(values - background, index), np.maximum(limit.floor, limit.relative * np.abs(background))
    )
    plain: NDArray[np.bool_] = np.abs(values - background) <= limit.deviations / 2 * spread
    return plain


def _background(values: Field, index: NDArray[np.int64], altitude_m: Field) -> Field:
    """Resistant level around each station without itself, at its height, (hour, station)."""
    slope = _slope(values, altitude_m)
    height = np.nan_to_num(altitude_m, nan=float(np.nanmean(altitude_m)) if np.isfinite(altitude_m).any() else 0.0)
    lift = slope[:, None] * height
    return _median(_around(values - lift, index)) + lift


def _slope(values: Field, altitude_m: Field) -> Field:
    """Change with height of each hour (Theil and Sen) [unit per m]; 0 where fewer than 8 pairs differ by 100 m."""
    one, two = np.triu_indices(len(altitude_m), 1)
    rise = altitude_m[two] - altitude_m[one]
    apart = np.abs(rise) >= 100.0  # noqa: PLR2004 - of smaller differences the slope would be noise
    slope = np.zeros(len(values))
    if apart.sum() >= 8:  # noqa: PLR2004 - a median of fewer is no slope
        slopes = (values[:, two[apart]] - values[:, one[apart]]) / rise[apart]
        known = np.isfinite(slopes).sum(axis=1) >= 8  # noqa: PLR2004
        slope[known] = np.nanmedian(slopes[known], axis=1)
    return slope


def _left_out(departure: Field, used: NDArray[np.bool_], similar: Field, noise: float) -> tuple[Field, Field]:
    """Interpolated departures at each station without itself, and the variance of the difference by that of the field.

    A station that is used is left out by the identity ``d_i - [C⁻¹ d]_i / [C⁻¹]_ii``; one that is not is simply predicted.
    """
    count = similar.shape[0]
    mask = used[:, :, None] & used[:, None, :]
    covariance = np.where(mask, similar, 0.0)
    covariance[:, range(count), range(count)] = 1.0 + noise
    inverse = np.linalg.inv(covariance)
    known = np.where(used, departure, 0.0)
    weighted = np.einsum("hij,hj->hi", inverse, known)
    own = np.einsum("hii->hi", inverse)
    left = known - weighted / own
    reach = np.where(used[:, None, :], similar, 0.0)
    predicted = np.einsum("hij,hj->hi", reach, weighted)
    explained = ((reach @ inverse) * reach).sum(axis=-1)
    variance = np.where(used, 1.0 / own, np.maximum(1.0 + noise - explained, noise))
    return np.where(used, left, predicted), np.maximum(variance, 1e-3)


def _scale(residual: Field, index: NDArray[np.int64]) -> Field:
    """Robust standard deviation of the residuals around each station, (hour, station)."""
    return MAD_TO_SIGMA * _median(np.abs(_around(residual, index)))


def _worst_around(away: Field, index: NDArray[np.int64]) -> Field:
    """Largest distance among the neighbours of each station, (hour, station); minus infinity where there is none."""
    worst: Field = np.nan_to_num(_around(away, index), nan=-np.inf).max(axis=-1)
    return worst
