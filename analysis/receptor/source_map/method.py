"""PSCF, CWT and SQTBA on a grid, with significance against rotated days and the spread of the peak by bootstrap.

The three differ in what is averaged and with which weights:

* PSCF, potential source contribution function: share of the hourly points of a cell whose sample is above a threshold;
* CWT, concentration-weighted trajectory: mean concentration of the samples, weighted with their points in the cell;
* SQTBA, simplified quantitative transport bias analysis: the same with the transport potential in place of the points.

"Nothing significant" is an answer: the peak is None unless the excess of a cell in the mean rank of its samples, in standard deviations of the rotations, is larger
than the largest one of any cell in at least 95 % of the rotations.

References
----------
PSCF: Ashbaugh, Malm and Sadeh 1985, Atmos. Environ. 19, 1263. CWT: Hsu, Holsen and Hopke 2003, Atmos. Environ. 37, 545. SQTBA:
`analysis.receptor.source_map.cell.potential`. Largest statistic of all cells: Westfall and Young 1993, Resampling-Based Multiple
Testing. Cited from memory, not verified against the texts.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import rankdata

from analysis.receptor.source_map.cell import cell_grid, potential, residence
from analysis.receptor.source_map.result import MapMethod, Peak, SourceMap
from analysis.statistics.day_shift import drawn_days, excess_chance, turned_by_days
from schemas.geodesy import great_circle_km

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from analysis.receptor.source_map.cell import CellGrid
    from analysis.receptor.trajectory.integrator import Trajectories

    _Weights = NDArray[np.float64] | csr_array

FEWEST_DAYS = 3
"""Different days of arrival that a cell needs to be named [1]; project choice."""
FEWEST_POINTS = 0.5
"""Points that a cell needs to be named, in means of the visited cells [1]; rarely visited cells have the largest excess by chance."""
FEW_POINTS = ((0.5, 0.15), (1.0, 0.5), (2.0, 0.75))
"""Weight of a cell with fewer points than this multiple of the mean over visited cells; customary, not verified."""
QUANTILE = 0.75
"""Threshold of PSCF without a given one; customary."""
_SHARE = 0.9
"""Confidence of intervals, and share of the bootstrap peaks within the radius [1]."""
_DRAWS = 200
_ROUNDING = 1e-9


def source_map(  # noqa: PLR0913 - the samples, the way, and two choices of the map
    method: MapMethod,
    paths: Trajectories,
    station: NDArray[np.int64],
    concentration: NDArray[np.float64],
    *,
    seed: int,
    threshold: float | None = None,
    cells: CellGrid | None = None,
) -> SourceMap:
    """Map of where high concentrations came from.

    Parameters
    ----------
    method : MapMethod
    paths : Trajectories
        Back trajectories, one a sample.
    station : array of int, (n,)
        Number of the station of each sample, from 0.
    concentration : array of float, (n,)
        Hourly samples; NaN missing.
    seed : int
        Of the bootstrap.
    threshold : float or None
        Of PSCF, in the unit of the samples; None: their 75 % quantile.
    cells : CellGrid or None
        None: 0.5 degrees over all trajectories.

    Raises
    ------
    ValueError
        Without a sample that has a trajectory, or where the numbers of trajectories, stations and samples differ.

    Examples
    --------
    Two days, dirty air from the west and clean air from the east: too few days to name a cell.

    >>> import numpy as np
    >>> from analysis.receptor.trajectory.integrator import TrajectoryEnd, Trajectories
    >>> lon = np.array([[120.2, 119.6], [120.2, 120.7]])
    >>> way = {"lon": lon, "lat": lon * 0 + 40.2, "level": lon * 0}
    >>> paths = Trajectories(start_s=np.array([0.0, 86_400.0]), age_h=-np.arange(2.0), end=(TrajectoryEnd.COMPLETE,) * 2, **way)
    >>> found = source_map(MapMethod.CWT, paths, np.zeros(2, dtype=int), np.array([90.0, 10.0]), seed=1)
    >>> found.value.tolist(), found.overall, found.peak, found.is_testable
    ([90.0, nan, 10.0], 50.0, None, False)
    """
    value = np.asarray(concentration, dtype=float)
    _check(paths, station, value)
    cells = cells or cell_grid(paths)
    used = np.isfinite(value) & (paths.hours > 0)
    threshold = threshold if threshold is not None else float(np.quantile(value[used], QUANTILE))
    if method is MapMethod.PSCF:
        value = np.where(np.isnan(value), np.nan, value > threshold)
    points = residence(paths, cells)
    weights = potential(paths, cells) if method is MapMethod.SQTBA else points
    ratio = _ratio(weights, value[:, None], np.isfinite(value)[:, None])[:, 0]
    turned = turned_by_days(paths.start_s, station, _ranks(value))
    count, days = _support(points, paths, used)
    eligible = (days >= FEWEST_DAYS) & (count >= FEWEST_POINTS * _usual(count))
    chance = excess_chance(_ratio(weights, turned, np.isfinite(turned)), eligible)
    found = SourceMap(
        method=method,
        cells=cells,
        value=ratio,
        weighted=ratio * _weight(count),
        points=count,
        chance=chance,
        samples=int(np.isfinite(value).sum()),
        trajectories=int(used.sum()),
        rotations=turned.shape[1] - 1,
        overall=float(value[used].mean()),
        threshold=threshold if method is MapMethod.PSCF else None,
        peak=None,
    )
    return _with_peak(found, weights, (paths.start_s, value), eligible=eligible, days=days, seed=seed)


def _check(paths: Trajectories, station: NDArray[np.int64], value: NDArray[np.float64]) -> None:
    if not len(paths.lon) == len(station) == len(value):
        msg = f"{len(paths.lon)} trajectories, {len(station)} stations, {len(value)} samples; expected one of each a sample"
        raise ValueError(msg)
    if not (np.isfinite(value) & (paths.hours > 0)).any():
        msg = "no sample has both a concentration and a trajectory of at least one hour"
        raise ValueError(msg)


def _ratio(weights: _Weights, value: NDArray[np.float64], counts: NDArray[np.floating]) -> NDArray[np.float64]:
    """Weighted means of samples by cell; columns are rotations or draws. NaN where no air came from."""
    upper = np.asarray(weights.T @ (np.nan_to_num(value) * counts))
    lower = np.asarray(weights.T @ np.asarray(counts, dtype=float))
    # Tails of the transport potential far from any trajectory are no air.
    least = _ROUNDING * lower.max(initial=0.0)
    return np.asarray(np.divide(upper, lower, out=np.full_like(upper, np.nan), where=lower > least))


def _support(
    points: csr_array, paths: Trajectories, used: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Hourly points of each cell and different days of arrival, over the samples with a value."""
    count = np.asarray(points.T @ used.astype(float))
    day = np.asarray(paths.start_s // 86_400, dtype=np.int64)
    _, number = np.unique(day, return_inverse=True)
    member, cell = points.nonzero()
    known = used[member]
    pairs = np.unique(np.stack([number[member[known]], cell[known]]), axis=1)
    return count, np.bincount(pairs[1], minlength=points.shape[1])


def _ranks(value: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks of the samples: a few very high ones, which fall on any cell by chance, decide nothing. NaN stays missing."""
    return np.asarray(rankdata(value, nan_policy="omit"))


def _usual(count: NDArray[np.float64]) -> float:
    """Mean points of the visited cells."""
    visited = count > 0
    return float(count[visited].mean()) if visited.any() else 1.0


def _weight(count: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weight of each cell for few points [1]."""
    usual = _usual(count)
    weight = np.ones(len(count))
    for multiple, part in reversed(FEW_POINTS):
        weight[count < multiple * usual] = part
    return weight


def _with_peak(
    found: SourceMap,
    weights: _Weights,
    samples: tuple[NDArray[np.float64], NDArray[np.float64]],
    *,
    eligible: NDArray[np.bool_],
    days: NDArray[np.int64],
    seed: int,
) -> SourceMap:
    """The map with its peak among the significant cells."""
    if not found.significant.any():
        return found
    start_s, value = samples
    cell = int(np.nanargmax(np.where(found.significant, found.weighted, np.nan)))
    counts = drawn_days(start_s, _DRAWS, seed=seed) * np.isfinite(value)[:, None]
    drawn = _ratio(weights, value[:, None], counts)
    named = eligible[:, None] & np.isfinite(drawn)
    peaks = np.where(named, drawn * _weight(found.points)[:, None], -np.inf).argmax(axis=0)
    lon, lat = found.cells.centres()
    away = great_circle_km(lon[cell], lat[cell], lon[peaks], lat[peaks])
    low, high = np.nanquantile(drawn[cell], [(1 - _SHARE) / 2, (1 + _SHARE) / 2])
    peak = Peak(
        lon=float(lon[cell]),
        lat=float(lat[cell]),
        value=float(found.value[cell]),
        low=float(low),
        high=float(high),
        points=float(found.points[cell]),
        days=int(days[cell]),
        radius_km=float(np.quantile(away, _SHARE)) + found.cells.half_diagonal_km,
        draws=_DRAWS,
    )
    return replace(found, peak=peak)
