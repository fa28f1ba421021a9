"""Where high concentrations of a file of samples come from: by wind, and on a map by trajectories from files of winds.

The file is comma or tab separated: ``time`` (start of the hour; without offset UTC), the parameter, ``wind_speed`` [m s⁻¹] and ``wind_direction`` [deg] for
the regression, ``lon`` and ``lat`` [deg] where it holds several stations. Blank and -999 are missing.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.receptor.cpf import CHANCE
from analysis.receptor.source_map.method import source_map
from analysis.receptor.source_map.result import MapMethod, SourceMap
from analysis.receptor.trajectory.grid import LevelKind, WindGrid, WindGridError
from analysis.receptor.trajectory.integrator import Trajectories, check_start, step_for, trace
from analysis.receptor.wind import sector_code
from analysis.receptor.wind_regression.estimate import DIRECTIONS
from analysis.run.text_table import TextTableError, moments_of, read_table
from analysis.run.to_json import to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from analysis.receptor.wind_regression.result import WindRegression
    from analysis.run.receptor.receptor_analysis import WindAnalysis
    from analysis.run.text_table import TextTable

_MISSING = -999.0
_HOUR = timedelta(hours=1)
_MINUTES = "%Y-%m-%dT%H:%MZ"
_FEWEST_HOURS = 48
_MOST_TURNED = 100_000_000
"""Samples times days that are turned in memory at once: five years of hours."""
_BOUNDS = {"wind_speed": (0.0, 200.0), "wind_direction": (0.0, 360.0), "lon": (-180.0, 360.0), "lat": (-90.0, 90.0)}
"""[m s⁻¹], [deg]"""


class SampleFileError(ValueError):
    """A file of samples that cannot be used; the message names file and column."""


def read_samples(path: Path, parameter: str) -> pd.DataFrame:
    """Samples with ``start`` (UTC), the parameter and what else of wind and place the file holds, NaN missing.

    Raises
    ------
    SampleFileError
        For a file that cannot be read, a column that is absent or holds no numbers or impossible ones, a time that is none or occurs
        twice at a station, a place that is empty, fewer than 48 values, and a span that is too long.
    """
    try:
        table = read_table(path)
        for name in ("time", parameter):
            if name not in table.names:
                msg = f"{path}: no column {name}; found {', '.join(table.names)}"
                raise SampleFileError(msg)
        known = [name for name in dict.fromkeys((parameter, *_BOUNDS)) if name in table.names]
        result = pd.DataFrame({name: _numbers(table, name) for name in known}, dtype=float)
    except TextTableError as error:
        raise SampleFileError(str(error)) from error
    result.insert(0, "start", moments_of(table.texts("time")).floor("h"))
    _check_samples(table, result, parameter)
    return result


def wind_products(both: WindAnalysis | None) -> dict[str, Any]:
    """CPF and wind regression of one place as plain JSON, with the answer ``named``, ``nothing_significant``, ``too_few_days``
    or, without an analysis, ``no_wind``.
    """  # noqa: D205
    if both is None:
        return {"answer": "no_wind", "needed": "columns wind_speed [m/s] and wind_direction [deg] with values"}
    found, lead = both.regression, both.sectors.leading()
    return {
        **_answer(found),
        "hours": found.hours,
        "days": found.days,
        "regression": _regression(found),
        "cpf": to_json(both.sectors) | {"leading": sector_code(lead.sector) if lead else None},
    }


def back_trajectories(
    grid: WindGrid,
    start: pd.DatetimeIndex,
    place: tuple[NDArray[np.float64], NDArray[np.float64]],
    level: float,
    hours: int,
    *,
    progress: Callable[[int], None] | None = None,
) -> Trajectories:
    """Back trajectories of hours at places; ``progress`` as that of `trace`.

    Raises
    ------
    analysis.receptor.trajectory.grid.WindGridError
        For a place outside the winds or above their top.
    """
    level = float(grid.level[-1]) if grid.kind is LevelKind.SURFACE else level
    for lon, lat in sorted(set(zip(place[0].tolist(), place[1].tolist(), strict=True))):
        check_start(grid, lon, lat, level)
    start_s = start.as_unit("s").asi8.astype(float)
    return trace(grid, start_s, (place[0], place[1], level), hours=-hours, step_s=step_for(grid), progress=progress)


def source_maps(
    paths: Trajectories, samples: pd.DataFrame, parameter: str, place: tuple[float, float] | None, *, seed: int
) -> Iterator[SourceMap]:
    """PSCF, CWT and SQTBA of samples."""
    lon, lat = places(samples, place)
    station = np.unique(np.stack([lon, lat]), axis=1, return_inverse=True)[1].reshape(-1)
    for method in MapMethod:
        yield source_map(method, paths, station, samples[parameter].to_numpy(dtype=float), seed=seed)


def places(samples: pd.DataFrame, place: tuple[float, float] | None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Longitude and latitude of each sample [deg]: those of the file, else the given one.

    Raises
    ------
    SampleFileError
        Where neither is known.
    """
    if {"lon", "lat"} <= set(samples):
        lon, lat = (samples[name].to_numpy(dtype=float) for name in ("lon", "lat"))
        return lon, lat
    if place is None:
        msg = "the place of the station is not known: expected columns lon and lat, or --lon and --lat"
        raise SampleFileError(msg)
    return np.full(len(samples), place[0]), np.full(len(samples), place[1])


def trajectory_rows(paths: Trajectories) -> Iterator[dict[str, Any]]:
    """One trajectory a row as plain JSON: start, why it ended, hours, points up to its end."""
    for number, start_s in enumerate(paths.start_s):
        count = int(np.isfinite(paths.lon[number]).sum())
        columns = (paths.age_h, paths.lon[number], paths.lat[number], paths.level[number])
        points = [
            [round(float(item), 4) for item in row] for row in zip(*(part[:count] for part in columns), strict=True)
        ]
        yield {
            "start": f"{pd.Timestamp(start_s, unit='s'):%Y-%m-%dT%H:%M:%SZ}",
            "end": paths.end[number].value,
            "hours": float(paths.hours[number]),
            "points": points,
        }


def arrivals(grid: WindGrid, start: datetime, end: datetime) -> pd.DatetimeIndex:
    """Hours from ``start`` on that are before ``end``.

    Raises
    ------
    analysis.receptor.trajectory.grid.WindGridError
        Where one is before the first or after the last moment of the winds.

    Examples
    --------
    >>> from datetime import UTC
    >>> from analysis.receptor.trajectory.grid import wind_grid
    >>> axes = np.array([0.0, 7200.0]), np.array([1000.0]), np.array([0.0, 1.0]), np.array([0.0, 1.0])
    >>> grid = wind_grid(*axes, (np.ones((2, 1, 2, 2)), np.ones((2, 1, 2, 2)), None))
    >>> len(arrivals(grid, datetime(1970, 1, 1, 1, tzinfo=UTC), datetime(1970, 1, 1, 3, tzinfo=UTC)))
    2
    """
    last = start + (end - start - timedelta(microseconds=1)) // _HOUR * _HOUR
    if start.timestamp() < grid.time_s[0] or last.timestamp() > grid.time_s[-1]:
        first_wind, last_wind = (f"{pd.Timestamp(second, unit='s'):{_MINUTES}}" for second in grid.time_s[[0, -1]])
        msg = (
            f"arrivals from {start:{_MINUTES}} to {last:{_MINUTES}} are not all within the winds, "
            f"{first_wind} to {last_wind}"
        )
        raise WindGridError(msg)
    return pd.date_range(start, last, freq="h")


def _numbers(table: TextTable, name: str) -> list[float]:
    numbers = [math.nan if value == _MISSING else value for value in table.numbers(name)]
    low, high = _BOUNDS.get(name, (-math.inf, math.inf))
    for row, value in enumerate(numbers):
        if not (math.isnan(value) or low <= value <= high):
            msg = f"{table.place(row, name)}: {value:g}, expected {low:g} to {high:g}, or blank or -999 where it is missing"
            raise SampleFileError(msg)
    return numbers


def _check_samples(table: TextTable, samples: pd.DataFrame, parameter: str) -> None:
    if (wrong := samples["start"].isna()).any():
        row = int(wrong.to_numpy().argmax())
        msg = f"{table.place(row, 'time')}: {table.texts('time')[row][:40]!r}, expected a time as 2026-11-22T08:00[+08:00]"
        raise SampleFileError(msg)
    places = [name for name in ("lon", "lat") if name in samples]
    for name in places:
        if (empty := samples[name].isna()).any():
            msg = f"{table.place(int(empty.to_numpy().argmax()), name)}: empty, expected the place of each sample"
            raise SampleFileError(msg)
    if (twice := samples.duplicated(["start", *places])).any():
        msg = f"{table.place(int(twice.to_numpy().argmax()), 'time')}: the hour occurs twice at one place"
        raise SampleFileError(msg)
    count = int(samples[parameter].notna().sum())
    if count < _FEWEST_HOURS:
        msg = f"{table.path}: {count} hours of {parameter}; at least {_FEWEST_HOURS} are needed"
        raise SampleFileError(msg)
    days = (samples["start"].max() - samples["start"].min()).days + 1
    if len(samples) * days > _MOST_TURNED:
        first, last = samples["start"].min(), samples["start"].max()
        msg = (
            f"{table.path}: {len(samples)} samples from {first:%Y-%m-%d} to {last:%Y-%m-%d} are too many to be turned by "
            f"whole days: samples times days are {len(samples) * days:.1e}, expected at most {_MOST_TURNED:.0e}"
        )
        raise SampleFileError(msg)


def _answer(found: WindRegression | SourceMap) -> dict[str, str]:
    if found.peak is not None:
        return {"answer": "named"}
    if found.is_testable:
        return {"answer": "nothing_significant"}
    needed = f"{math.ceil(1 / CHANCE)} days from the first to the last sample used, found {found.rotations + 1}"
    return {"answer": "too_few_days", "needed": needed}


def _regression(found: WindRegression) -> dict[str, Any]:
    columns = {
        "mean": found.mean,
        "low": found.low,
        "high": found.high,
        "hours": found.effective_hours,
        "chance": found.chance,
    }
    rows = [
        {"direction_deg": number * 360.0 / DIRECTIONS} | {name: float(part[number]) for name, part in columns.items()}
        for number in range(DIRECTIONS)
    ]
    plain: dict[str, Any] = to_json(
        {
            "peak": found.peak,
            "bandwidth_deg": found.bandwidth,
            "hours": found.hours,
            "days": found.days,
            "rotations": found.rotations,
            "overall": found.overall,
            "rows": rows,
        }
    )
    return plain


def map_json(found: SourceMap) -> dict[str, Any]:
    """A map as plain JSON; the answer is ``named``, ``nothing_significant`` or ``too_few_days``."""
    lon, lat = found.cells.centres()
    columns = {"lon": lon, "lat": lat, "value": found.value, "points": found.points, "chance": found.chance}
    shown = np.flatnonzero(found.points > 0)
    plain: dict[str, Any] = to_json(
        {
            "method": found.method.value,
            **_answer(found),
            "peak": found.peak,
            "significant_cells": int(found.significant.sum()),
            "samples": found.samples,
            "trajectories": found.trajectories,
            "rotations": found.rotations,
            "overall": found.overall,
            "threshold": found.threshold,
            "step_deg": found.cells.step_deg,
            "cells": [{name: float(part[number]) for name, part in columns.items()} for number in shown],
        }
    )
    return plain
