"""Spatial consistency: each station's hour against its prediction by the other stations, by optimal interpolation.

Resistant: up to half of the stations may be wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from qc.hourly.space import neighbours
from qc.hourly.space.neighbours import least_sigma
from qc.limits.limit import Positive
from qc.robust import MAD_TO_SIGMA

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from qc.hourly.space.neighbours import Compared, Field, StationCoordinates

_ROUNDS = 10
"""Most rounds in which outliers are excluded and the rest is evaluated again."""


class SpatialConsistency(
    neighbours.SpaceLimit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="spatial_consistency"
):
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


def consistency_test(  # noqa: PLR0913 - the figures of the limit, by keyword
    values: Field,
    places: StationCoordinates,
    *,
    radius_km: float,
    height_m: float,
    min_neighbours: int,
    deviations: float,
    floor: float,
    length_km: float,
    length_m: float,
    noise: float,
    relative: float = 0.0,
) -> Compared:
    """Distance from the prediction by the other stations: leave-one-out optimal interpolation.

    The background of an hour is the median of the stations around, with a resistant slope in height where heights differ.
    Outliers are excluded, the worst of its surroundings first, and all are evaluated again by the remaining ones.

    Parameters
    ----------
    values, places
        As in `qc.hourly.space.buddy.buddy_test`.
    radius_km, height_m, min_neighbours, deviations, floor, length_km, length_m, noise, relative : float
        As in `SpatialConsistency`.

    References
    ----------
    Lussana, C., Uboldi, F. and Salvati, M. R. (2010): A spatial consistency test for surface observations from mesoscale
    meteorological networks. https://doi.org/10.1002/qj.622
    """
    level, sigma, count = values, values, np.zeros(values.shape)
    if values.size:
        near = places.near(radius_km, height_m)
        stations = _Stations(near, _similarity(places, length_km, length_m), places.altitude_m)
        parts = [
            _consistency(values[rows], stations, deviations=deviations, floor=floor, relative=relative, noise=noise)
            for rows in neighbours.hour_blocks(values, len(near))
        ]
        level, sigma, count = (np.concatenate(column) for column in zip(*parts, strict=True))
    counted = count.astype(np.int64)
    return neighbours.compare(values, level, sigma, counted, min_neighbours=min_neighbours, deviations=deviations)


@dataclass(frozen=True, slots=True)
class _Stations:
    """Neighbours and correlation of residuals (station, station), and altitude [m] (station,)."""

    near: NDArray[np.bool_]
    similar: Field
    altitude_m: Field


def _similarity(places: StationCoordinates, length_km: float, length_m: float) -> Field:
    """Correlation of residuals between stations, shape (station, station); 1 on the diagonal, 0 where a place is not known.

    It is not cut at the radius: a matrix that is cut is not a covariance, and its inverse has no meaning.
    """
    distance = np.nan_to_num(places.distance_km(), nan=np.inf)
    similar: Field = np.exp(-distance / length_km - places.height_m() / length_m)
    np.fill_diagonal(similar, 1.0)
    return similar


def _consistency(
    values: Field, stations: _Stations, *, deviations: float, floor: float, relative: float, noise: float
) -> tuple[Field, Field, Field]:
    """Level, standard deviation and count of the neighbours, each (hour, station)."""
    there, index = np.isfinite(values), neighbours.neighbour_index(stations.near)
    least = partial(least_sigma, floor=floor, relative=relative)
    used = there & _is_near_median(values, index, stations.altitude_m, least, deviations)
    level = sigma = np.full(values.shape, np.nan)
    for _ in range(_ROUNDS):
        background = _background(np.where(used, values, np.nan), index, stations.altitude_m)
        known = there & np.isfinite(background)
        residual = np.where(known, values - background, 0.0)
        predicted, variance = _left_out(residual, used & known, stations.similar, noise)
        level = background + predicted
        scaled = (values - level) / np.sqrt(variance)
        scale = _scale(np.where(used, scaled, np.nan), index)
        sigma = np.maximum(scale * np.sqrt(variance), least(level))
        away = np.nan_to_num(np.abs(values - level) / sigma, nan=-np.inf)
        worst = _worst_around(np.where(used, away, -np.inf), index)
        out = used & (away > deviations) & (away >= worst)
        back = known & ~used & (away <= deviations) & ~out
        if not (out.any() or back.any()):
            break
        used = (used & ~out & known) | back
    return level, sigma, (used.astype(np.float64) @ stations.near.astype(np.float64))


def _is_near_median(
    values: Field, index: NDArray[np.int64], altitude_m: Field, least: Callable[[Field], Field], deviations: float
) -> NDArray[np.bool_]:
    """Values so near to the median around that they enter the first round; others are admitted by later rounds.

    Otherwise one gross error would spread over its surroundings and appear usual there.
    """
    background = _background(values, index, altitude_m)
    spread = np.maximum(_scale(values - background, index), least(background))
    near: NDArray[np.bool_] = np.abs(values - background) <= deviations / 2 * spread
    return near


def _background(values: Field, index: NDArray[np.int64], altitude_m: Field) -> Field:
    """Resistant level around each station without itself, at its height, (hour, station)."""
    slope = _slope(values, altitude_m)
    height = np.nan_to_num(altitude_m, nan=float(np.nanmean(altitude_m)) if np.isfinite(altitude_m).any() else 0.0)
    lift = slope[:, None] * height
    return neighbours.row_median(neighbours.around_each(values - lift, index)) + lift


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


def _left_out(residual: Field, used: NDArray[np.bool_], similar: Field, noise: float) -> tuple[Field, Field]:
    """Interpolated residuals at each station without itself, and the variance of the difference by that of the field.

    A station that is used is left out by the identity ``d_i - [C⁻¹ d]_i / [C⁻¹]_ii``; one that is not used is predicted.
    """
    count = similar.shape[0]
    mask = used[:, :, None] & used[:, None, :]
    covariance = np.where(mask, similar, 0.0)
    covariance[:, range(count), range(count)] = 1.0 + noise
    inverse = np.linalg.inv(covariance)
    known = np.where(used, residual, 0.0)
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
    return MAD_TO_SIGMA * neighbours.row_median(np.abs(neighbours.around_each(residual, index)))


def _worst_around(away: Field, index: NDArray[np.int64]) -> Field:
    """Largest distance among the neighbours of each station, (hour, station); minus infinity without neighbours."""
    worst: Field = np.nan_to_num(neighbours.around_each(away, index), nan=-np.inf).max(axis=-1)
    return worst


TEST = neighbours.SpaceTest(
    limit=SpatialConsistency,
    evaluate=consistency_test,
    messages={"apart": ("value", "unit", "count", "level", "deviations", "limit")},
)
