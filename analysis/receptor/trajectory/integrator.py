"""Kinematic trajectories, many at once: fourth-order Runge-Kutta on the sphere, forwards or backwards in time.

A place is a unit vector. Stages are taken in space and set back onto the sphere, which keeps the order of the method (the deviation
from the sphere after a step is of fifth order) and follows great circles in uniform motion; poles and date line are places as any.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

import numpy as np

from analysis.receptor.trajectory.grid import LevelKind, WindGrid, WindGridError
from analysis.receptor.trajectory.sphere import EARTH_RADIUS_M, to_degrees, to_vector, unit

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

HOUR_S = 3600.0
_LARGEST_COURANT = 0.75
"""Longest way within a step, in widths of a cell [1]; project choice after HYSPLIT's practice, not verified."""
_STEPS_S = (3600.0, 1800.0, 1200.0, 900.0, 600.0, 300.0, 180.0, 120.0, 60.0)
"""Time steps that divide an hour [s]."""
_MOST_STEPS = 100_000
_STAGES = ((0.0, 1.0, 0.5), (0.5, 2.0, 0.5), (0.5, 2.0, 1.0), (1.0, 1.0, 0.0))
"""Of the classical Runge-Kutta method: moment of the stage, its weight, and how far it carries to the next [parts of a step]."""
_NARROWEST = 0.2
"""Cells next to a pole, narrower than this part of those at the equator, do not shorten the step [1]."""


class TrajectoryEnd(StrEnum):
    """Why a trajectory ended."""

    COMPLETE = "complete"
    TIME = "time"
    EDGE = "edge"
    TOP = "top"
    MISSING = "missing"


class Wind(Protocol):
    """What the integrator asks of wind: `WindGrid`, or an analytic field."""

    def at(
        self, time_s: NDArray[np.float64], place: NDArray[np.float64], level: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Velocity along the surface [m s⁻¹] and change of level (`WindGrid.at`)."""
        ...

    def outside(
        self, time_s: NDArray[np.float64], place: NDArray[np.float64], level: NDArray[np.float64]
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
        """Beyond the times, the edges, the top (`WindGrid.outside`)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Trajectories:
    """Paths of air parcels.

    Attributes
    ----------
    start_s : array of float, (n,)
        Moment of arrival, or of departure where they run forwards, since 1970-01-01 UTC [s].
    age_h : array of float, (points,)
        Hours since ``start_s``, negative backwards [h]; the first is 0.
    lon, lat : array of float, (n, points)
        [deg], longitudes -180 to 180; NaN after the end.
    level : array of float, (n, points)
        [hPa or 1]; NaN after the end.
    end : tuple of TrajectoryEnd, (n,)
    """

    start_s: NDArray[np.float64]
    age_h: NDArray[np.float64]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    level: NDArray[np.float64]
    end: tuple[TrajectoryEnd, ...]

    @property
    def hours(self) -> NDArray[np.float64]:
        """Hours that each trajectory covers [h]."""
        last = np.isfinite(self.lon).sum(axis=1) - 1
        return np.where(last >= 0, np.abs(self.age_h)[last], 0.0)


def trace(
    wind: Wind,
    start_s: NDArray[np.float64],
    place: tuple[NDArray[np.float64] | float, NDArray[np.float64] | float, NDArray[np.float64] | float],
    *,
    hours: int,
    step_s: float = 600.0,
    progress: Callable[[int], None] | None = None,
) -> Trajectories:
    """Trajectories from places and moments.

    Parameters
    ----------
    wind : Wind
    start_s : array of float, (n,)
        Seconds since 1970-01-01 UTC [s].
    place : (lon, lat, level)
        Each an array (n,) or a number: [deg], [deg], [hPa or 1].
    hours : int
        Length [h]; negative: backwards in time. Points are kept every hour.
    step_s : float
        Time step [s], a divisor of an hour (`step_for`).
    progress : callable or None
        Called with the number of hours that all trajectories have gone.

    Returns
    -------
    Trajectories
        A trajectory that leaves the grid or meets missing wind ends with its last whole hour, and says why.

    Raises
    ------
    WindGridError
        For ``hours`` of 0, and for a step that does not divide an hour.

    References
    ----------
    Stohl 1998, Atmos. Environ. 32, 947, doi 10.1016/S1352-2310(97)00457-3, on kinematic trajectories and their errors.

    Examples
    --------
    >>> import numpy as np
    >>> from analysis.receptor.trajectory.grid import wind_grid
    >>> axes = np.array([0.0, 7200.0]), np.array([1000.0]), np.array([-1.0, 0.0, 1.0]), np.array([0.0, 1.0])
    >>> grid = wind_grid(*axes, (np.full((2, 1, 3, 2), 5.0), np.zeros((2, 1, 3, 2)), None))
    >>> path = trace(grid, np.array([7200.0]), (0.5, 0.0, 1000.0), hours=-3)
    >>> path.lon.round(3).tolist(), path.end[0].value
    ([[0.5, 0.338, 0.176, nan]], 'time')
    """
    steps = _steps_an_hour(step_s, hours)
    start_s = np.asarray(start_s, dtype=float)
    lon, lat, level = (np.broadcast_to(np.asarray(part, dtype=float), start_s.shape) for part in place)
    state = _State(to_vector(lon, lat), level.astype(float), np.arange(len(start_s)))
    step = step_s if hours > 0 else -step_s
    points = [_kept(state, len(start_s))]
    end = np.full(len(start_s), TrajectoryEnd.COMPLETE, dtype=object)
    for hour in range(abs(hours)):
        for number in range(steps):
            time_s = start_s[state.member] + (hour * steps + number) * step
            state = _stepped(wind, time_s, state, step, end)
        points.append(_kept(state, len(start_s)))
        if progress is not None:
            progress(hour + 1)
    placed = np.stack(points, axis=1)
    found_lon, found_lat = to_degrees(placed[..., :3])
    age = np.arange(abs(hours) + 1, dtype=np.float64) * float(np.sign(hours))
    return Trajectories(
        start_s=start_s,
        age_h=age,
        lon=found_lon,
        lat=found_lat,
        level=placed[..., 3],
        end=tuple(map(TrajectoryEnd, end)),
    )


def step_for(grid: WindGrid) -> float:
    """Longest time step [s] that moves air by at most 0.75 of a cell in the fastest wind of the grid.

    Examples
    --------
    >>> import numpy as np
    >>> from analysis.receptor.trajectory.grid import wind_grid
    >>> axes = np.array([0.0, 7200.0]), np.array([1000.0]), np.array([0.0, 0.25]), np.array([0.0, 0.25])
    >>> step_for(wind_grid(*axes, (np.full((2, 1, 2, 2), 20.0), np.zeros((2, 1, 2, 2)), None)))
    900.0
    """
    narrow = max(_NARROWEST, float(np.cos(np.radians(np.abs(grid.lat).max()))))
    width = min(float(np.diff(grid.lat).min()), float(np.diff(grid.lon).min()) * narrow)
    longest = _LARGEST_COURANT * np.radians(width) * EARTH_RADIUS_M / max(grid.fastest_m_s, 1e-3)
    return next((step for step in _STEPS_S if step <= longest), _STEPS_S[-1])


def check_start(grid: WindGrid, lon: float, lat: float, level: float) -> None:
    """Raise `WindGridError` for a place where no trajectory can begin: outside the grid, above its top, or at no level.

    Examples
    --------
    >>> import numpy as np
    >>> from analysis.receptor.trajectory.grid import wind_grid
    >>> axes = np.array([0.0, 7200.0]), np.array([850.0]), np.array([0.0, 1.0]), np.array([0.0, 1.0])
    >>> check_start(wind_grid(*axes, (np.ones((2, 1, 2, 2)), np.ones((2, 1, 2, 2)), None)), 5.0, 0.5, 850.0)
    Traceback (most recent call last):
    analysis.receptor.trajectory.grid.WindGridError: 5 E 0.5 N is outside the winds: 0 to 1 E, 0 to 1 N
    """
    if not 0.0 < level < np.inf:
        msg = f"level {level:g}: expected a number above 0"
        raise WindGridError(msg)
    place = to_vector(np.array([lon]), np.array([lat]))
    _, edge, above = grid.outside(grid.time_s[:1], place, np.array([level]))
    if edge.any():
        west, east, south, north = grid.lon[0], grid.lon[-1], grid.lat[0], grid.lat[-1]
        msg = f"{lon:g} E {lat:g} N is outside the winds: {west:g} to {east:g} E, {south:g} to {north:g} N"
        raise WindGridError(msg)
    if above.any():
        unit_text = "hPa" if grid.kind is LevelKind.PRESSURE else "sigma"
        msg = f"level {level:g} is above the top of the winds, {grid.level[0]:g} {unit_text}"
        raise WindGridError(msg)


@dataclass(slots=True)
class _State:
    """Parcels on their way: place, level and number of the trajectory."""

    place: NDArray[np.float64]
    level: NDArray[np.float64]
    member: NDArray[np.int64]


def _steps_an_hour(step_s: float, hours: int) -> int:
    steps = round(HOUR_S / step_s) if step_s > 0 else 0
    if not steps or abs(steps * step_s - HOUR_S) > 1e-6:  # noqa: PLR2004 - rounding
        msg = f"a time step of {step_s:g} s does not divide an hour; take one of {', '.join(f'{item:g}' for item in _STEPS_S)}"
        raise WindGridError(msg)
    if not 0 < abs(hours) * steps <= _MOST_STEPS:
        msg = f"{hours} h in steps of {step_s:g} s; expected 1 to {_MOST_STEPS} steps"
        raise WindGridError(msg)
    return steps


def _stepped(wind: Wind, time_s: NDArray[np.float64], state: _State, step: float, end: NDArray[np.object_]) -> _State:
    """One step of all parcels; those that cannot take it leave, and ``end`` says why."""
    if not len(state.member):
        return state
    place, level = _runge_kutta(wind, time_s, state, step)
    lost = ~np.isfinite(place).all(axis=1) | ~np.isfinite(level)
    if lost.any():
        gone = _State(state.place[lost], state.level[lost], state.member[lost])
        end[gone.member] = _reasons(wind, time_s[lost], gone, step)
    stays = ~lost
    return _State(place[stays], level[stays], state.member[stays])


def _reasons(wind: Wind, time_s: NDArray[np.float64], gone: _State, step: float) -> NDArray[np.object_]:
    """Why parcels cannot take a step: where the wind at its beginning would carry them."""
    velocity, change = wind.at(time_s, gone.place, gone.level)
    known = np.isfinite(velocity).all(axis=1) & np.isfinite(change)
    ahead = unit(gone.place + np.where(known[:, None], velocity, 0.0) * step / EARTH_RADIUS_M)
    beyond, edge, above = wind.outside(time_s + step, ahead, gone.level + np.where(known, change, 0.0) * step)
    found = np.full(len(known), TrajectoryEnd.MISSING, dtype=object)
    for mask, reason in ((above, TrajectoryEnd.TOP), (edge, TrajectoryEnd.EDGE), (beyond, TrajectoryEnd.TIME)):
        found[mask] = reason
    return found


def _runge_kutta(
    wind: Wind, time_s: NDArray[np.float64], state: _State, step: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    place, level = state.place, state.level
    total, total_level = np.zeros_like(place), np.zeros_like(level)
    stage, stage_level = place, level
    for moment, weight, part in _STAGES:
        velocity, change = wind.at(time_s + moment * step, stage, stage_level)
        velocity = velocity / EARTH_RADIUS_M
        total, total_level = total + weight * velocity, total_level + weight * change
        stage, stage_level = unit(place + part * step * velocity), level + part * step * change
    return unit(place + step / 6.0 * total), level + step / 6.0 * total_level


def _kept(state: _State, count: int) -> NDArray[np.float64]:
    """Places and levels of all trajectories, NaN for those that have ended."""
    row = np.full((count, 4), np.nan)
    row[state.member, :3] = state.place
    row[state.member, 3] = state.level
    return row
