"""Spatial consistency: each station's hour against its prediction by the other stations, by optimal interpolation. Resistant: up to half of the stations may be wrong."""

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
from qc.limits.limit import Positive
from qc.robust import MAD_TO_SIGMA

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Field = NDArray[np.float64]

_ROUNDS = 10
"""Most rounds in which outliers are excluded and the rest is evaluated again."""


class SpatialConsistency(SpaceLimit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="spatial_consistency"):
    """A value against its prediction by the other stations, by optimal interpolation.

    Attributes
    ----------
    length_km, length_m : float
        Correlation lengths of the residuals, horizontal and vertical [km, m].
    noise : float
        Variance of a station alone over that of the field [1].
    """

    length_km: Positive
    length_m: Positive
    noise: Positive


def consistency_test(values: Field, places: StationCoordinates, limit: SpatialConsistency) -> Compared:
    """Distance from the prediction by the other stations: leave-one-out optimal interpolation.

    The background of an hour is the median of the stations around, with a resistant slope in height where heights differ.
    Residuals correlate over ``length_km`` and ``length_m``. Outliers are excluded, the
    worst of its surroundings first, and all are evaluated again by the remaining ones.

    Parameters
    ----------
    values : array, shape (hour, station)
        Canonical unit; NaN: missing or not valid.
    places : StationCoordinates
    limit : SpatialConsistency

    References
    ----------
    Lussana, C., Uboldi, F. and Salvati, M. R. (2010): A spatial consistency test for surface observations from mesoscale
    meteorological networks. https://doi.org/10.1002/qj.622
    """
    near = places.near(limit.radius_km, limit.height_m)
    similar = _similarity(places, limit)
    if not values.size:
        return compare(values, values, values, np.zeros(values.shape, dtype=np.int64), limit)
    parts = [
        _consistency(values[rows], near, similar, places.altitude_m, limit) for rows in hour_blocks(values, len(near))
    ]
    joined = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return compare(values, joined[0], joined[1], joined[2].astype(np.int64), limit)


def _similarity(places: StationCoordinates, limit: SpatialConsistency) -> Field:
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
    """Level, standard deviation and count of the neighbours, each (hour, station)."""
    there, index = np.isfinite(values), neighbour_index(near)
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
    """Values so near to the median around that they enter the first round; others are admitted by later rounds.

    Otherwise one gross error would spread over its surroundings and appear usual there.
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
    return row_median(around_each(values - lift, index)) + lift


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
    return MAD_TO_SIGMA * row_median(np.abs(around_each(residual, index)))


def _worst_around(away: Field, index: NDArray[np.int64]) -> Field:
    """Largest distance among the neighbours of each station, (hour, station); minus infinity where there is none."""
    worst: Field = np.nan_to_num(around_each(away, index), nan=-np.inf).max(axis=-1)
    return worst
