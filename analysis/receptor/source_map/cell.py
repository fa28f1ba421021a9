"""Cells of longitude and latitude, and how long each trajectory was in or near each of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from schemas.geodesy import EARTH_RADIUS_KM

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.receptor.trajectory.integrator import Trajectories

SPREAD_KM_H = 5.4
"""[km h⁻¹] Growth of the standard deviation of a plume with its age; customary for QTBA, not verified."""
_FULL_CIRCLE_DEG = 360.0
_KM_A_DEGREE = float(np.radians(1.0)) * EARTH_RADIUS_KM
_MOST_CELLS = 40_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CellGrid:
    """Equal cells of longitude and latitude.

    Attributes
    ----------
    west, south : float
        Corner [deg].
    step_deg : float
        Side of a cell [deg].
    columns, rows : int
    """

    west: float
    south: float
    step_deg: float
    columns: int
    rows: int

    @property
    def size(self) -> int:
        """Number of cells."""
        return self.columns * self.rows

    def centres(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Longitude and latitude of the centre of each cell [deg], row by row from the south-west."""
        lon = self.west + (np.arange(self.columns) + 0.5) * self.step_deg
        lat = self.south + (np.arange(self.rows) + 0.5) * self.step_deg
        return np.tile(lon, self.rows), np.repeat(lat, self.columns)

    @property
    def half_diagonal_km(self) -> float:
        """Half the diagonal of a cell at the equator [km]."""
        return self.step_deg * _KM_A_DEGREE / float(np.sqrt(2.0))

    def index(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.int64]:
        """Number of the cell of each place, -1 outside and for NaN."""
        with np.errstate(invalid="ignore"):
            column = np.floor(((lon - self.west) % _FULL_CIRCLE_DEG) / self.step_deg)
            row = np.floor((lat - self.south) / self.step_deg)
            inside = (column < self.columns) & (row >= 0) & (row < self.rows)
        return np.where(inside, row * self.columns + column, -1.0).astype(np.int64)


def cell_grid(paths: Trajectories, step_deg: float = 0.5) -> CellGrid:
    """Cells that hold all points of the trajectories.

    Parameters
    ----------
    paths : Trajectories
    step_deg : float
        Side of a cell [deg], above 0.

    Raises
    ------
    ValueError
        Without any point, for a side that is not above 0, and for more than 40,000 cells.

    Examples
    --------
    >>> import numpy as np
    >>> from analysis.receptor.trajectory.integrator import TrajectoryEnd, Trajectories
    >>> row = np.array([[120.2, 119.6]])
    >>> path = Trajectories(start_s=np.zeros(1), age_h=-np.arange(2.0), lon=row, lat=row - 80, level=row, end=(TrajectoryEnd.COMPLETE,))
    >>> cells = cell_grid(path)
    >>> cells.west, cells.columns, cells.rows
    (119.5, 2, 2)
    """
    if not np.isfinite(paths.lon).any():
        msg = "no trajectory has a point; winds for the hours before the samples are needed"
        raise ValueError(msg)
    if step_deg <= 0:
        msg = f"cells of {step_deg:g} degrees; expected more than 0"
        raise ValueError(msg)
    # Longitudes around the first arrival, so that paths across the date line stay together.
    origin = paths.lon[np.isfinite(paths.lon)][0]
    lon = origin + (paths.lon - origin + 180.0) % _FULL_CIRCLE_DEG - 180.0
    west, east = np.floor(np.nanmin(lon) / step_deg), np.floor(np.nanmax(lon) / step_deg) + 1
    south, north = np.floor(np.nanmin(paths.lat) / step_deg), np.floor(np.nanmax(paths.lat) / step_deg) + 1
    cells = CellGrid(
        west=float(west) * step_deg,
        south=float(south) * step_deg,
        step_deg=step_deg,
        columns=int(east - west),
        rows=int(north - south),
    )
    if cells.size > _MOST_CELLS:
        msg = f"{cells.size} cells of {step_deg:g} degrees; expected at most {_MOST_CELLS}: larger cells or shorter trajectories"
        raise ValueError(msg)
    return cells


def residence(paths: Trajectories, cells: CellGrid) -> csr_array:
    """Hourly points of each trajectory in each cell, the arrival itself left out.

    Returns
    -------
    csr_array of float, (trajectories, cells)
        [1]; an hour a point.

    Examples
    --------
    >>> import numpy as np
    >>> from analysis.receptor.trajectory.integrator import TrajectoryEnd, Trajectories
    >>> row = np.array([[120.2, 119.6, 119.6]])
    >>> path = Trajectories(start_s=np.zeros(1), age_h=-np.arange(3.0), lon=row, lat=row - 80, level=row, end=(TrajectoryEnd.COMPLETE,))
    >>> residence(path, cell_grid(path)).toarray().tolist()
    [[2.0, 0.0, 0.0, 0.0]]
    """
    lon, lat = paths.lon[:, 1:], paths.lat[:, 1:]
    number = cells.index(lon, lat)
    member = np.broadcast_to(np.arange(len(lon))[:, None], lon.shape)
    inside = number >= 0
    ones = np.ones(int(inside.sum()))
    return csr_array((ones, (member[inside], number[inside])), shape=(len(lon), cells.size))


def potential(paths: Trajectories, cells: CellGrid, *, spread_km_h: float = SPREAD_KM_H) -> NDArray[np.float64]:
    """Natural transport potential of each trajectory in each cell.

    A normal distribution around each point whose standard deviation grows with the age of the air, averaged over the hours; distances
    on a plane that touches the Earth at the point, so not for cells next to a pole.

    Parameters
    ----------
    paths : Trajectories
    cells : CellGrid
    spread_km_h : float
        Growth of the standard deviation [km h⁻¹].

    Returns
    -------
    array of float, (trajectories, cells)
        [km⁻²]; zero for a trajectory without hours.

    References
    ----------
    Keeler and Samson 1989, Environ. Sci. Technol. 23, 1358; simplified (without deposition and chemistry) by Zhou, Hopke and
    Liu 2004, Atmos. Environ. 38, 1955. Cited from memory, not verified against the text.

    Examples
    --------
    >>> import numpy as np
    >>> from analysis.receptor.trajectory.integrator import TrajectoryEnd, Trajectories
    >>> row = np.array([[120.2, 119.6, 119.6]])
    >>> path = Trajectories(start_s=np.zeros(1), age_h=-np.arange(3.0), lon=row, lat=row - 80, level=row, end=(TrajectoryEnd.COMPLETE,))
    >>> int(potential(path, cell_grid(path)).argmax())
    0
    """
    centre_lon, centre_lat = cells.centres()
    column, row = centre_lon[: cells.columns], centre_lat[:: cells.columns]
    total = np.zeros((len(paths.lon), cells.rows, cells.columns))
    narrowest = cells.step_deg * _KM_A_DEGREE / 2  # half a cell: a narrower plume would fall between the centres
    for point in range(1, len(paths.age_h)):
        known = np.flatnonzero(np.isfinite(paths.lon[:, point]))
        lon, lat = paths.lon[known, point, None], paths.lat[known, point, None]
        sigma = max(spread_km_h * abs(float(paths.age_h[point])), narrowest)
        east = ((column - lon + 180.0) % _FULL_CIRCLE_DEG - 180.0) * np.cos(np.radians(lat)) * _KM_A_DEGREE
        along = np.exp(-0.5 * (east / sigma) ** 2) / (2 * np.pi * sigma**2)
        across = np.exp(-0.5 * ((row - lat) * _KM_A_DEGREE / sigma) ** 2)
        total[known] += across[:, :, None] * along[:, None, :]
    hours = np.maximum(np.isfinite(paths.lon).sum(axis=1) - 1, 1)
    return np.asarray(total.reshape(-1, cells.size) / hours[:, None])
