"""One run of a numerical weather forecast on its grid: parts (files) joined and checked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from sensors.weather_forecast.error import hour_text, hours_text, refuse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Hours = NDArray[np.int64]

STEP_MAX_H = 3
"""Longest step of a run [h]: over a longer one the sun's course between two times is lost; project choice."""
VALUES_MAX = 60_000_000
"""Values of a run that are read at most [1]; project choice, 240 MB."""
_SPACING_TOLERANCE = 0.01
"""Part of the spacing by which nodes may be off [1]: rounding, and Gaussian latitudes."""
_CURVED_TOLERANCE = 0.5
"""The same for a grid with two-dimensional coordinates, whose spacing varies with the projection."""
_SPAN_MAX_H = 24 * 46
"""Longest run [h]; project choice."""


class Cell(StrEnum):
    """What a value represents in time, as ``cell_methods`` of CF names it."""

    POINT = "point"
    MEAN = "mean"
    SUM = "sum"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunField:
    """Values of one quantity.

    Attributes
    ----------
    values : array of float32, (time, y, x)
        In the unit of the registry; of a sum, that unit times hours. NaN where missing.
    cell : Cell
    start_h : array of int, (time,), or None
        Start of the interval that ends at the valid time [h since 1970]; None: the preceding valid time. Not used of points.
    """

    values: NDArray[np.float32]
    cell: Cell = Cell.POINT
    start_h: Hours | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WeatherRun:
    """One run, or a part of one.

    Attributes
    ----------
    place : str
        Name of the file, for reasons.
    reference_h : int
        Forecast reference time [h since 1970, UTC].
    valid_h : array of int, (time,)
        Valid times, ascending [h since 1970, UTC].
    lat, lon : array of float
        WGS-84 [deg]: (y,) and (x,), or both (y, x).
    fields : mapping of str to RunField
        By the code of `sensors.weather_forecast.quantity`.
    unused : tuple of str
        Variables of the file that no quantity is.
    """

    place: str
    reference_h: int
    valid_h: Hours
    lat: NDArray[np.float64]
    lon: NDArray[np.float64]
    fields: Mapping[str, RunField]
    unused: tuple[str, ...] = ()

    @property
    def is_regular(self) -> bool:
        """Whether latitudes and longitudes are one-dimensional."""
        return self.lat.ndim == 1


def checked_part(run: WeatherRun) -> WeatherRun:
    """The same part; raises `WeatherForecastError` where its times or its grid are not as expected."""
    _check_times(run)
    check_grid(run.place, run.lat, run.lon)
    if not run.fields:
        refuse(run.place, "no_variable")
    return run


def joined(parts: Sequence[WeatherRun]) -> WeatherRun:
    """One run of parts with the same reference time, which may continue each other in time or in variables.

    Parameters
    ----------
    parts : sequence of WeatherRun
        At least one; each `checked_part`.

    Returns
    -------
    WeatherRun
        Every field at every time; a field may lack the first time (NaN), as amounts often do.

    Raises
    ------
    WeatherForecastError
        Another grid, values that differ between two parts, missing hours, steps above `STEP_MAX_H`, no two times. Steps may grow on
        the way (hourly, then 3-hourly).
    """
    first = parts[0]
    for part in parts[1:]:
        if not _same_grid(first, part):
            refuse(part.place, "other_grid", other=first.place)
    valid_h = np.unique(np.concatenate([part.valid_h for part in parts]))
    place = first.place if len(parts) == 1 else f"{first.place} (+{len(parts) - 1})"
    _check_steps(place, valid_h)
    codes = dict.fromkeys(code for part in parts for code in part.fields)
    fields = {code: _joined_field(code, [part for part in parts if code in part.fields], valid_h) for code in codes}
    return WeatherRun(
        place=place,
        reference_h=first.reference_h,
        valid_h=valid_h,
        lat=first.lat,
        lon=first.lon,
        fields=fields,
        unused=tuple(dict.fromkeys(name for part in parts for name in part.unused)),
    )


def check_grid(place: str, lat: NDArray[np.float64], lon: NDArray[np.float64]) -> None:
    """Raise `WeatherForecastError` unless there are at least two by two nodes of one spacing within the globe."""
    if min(lat.shape) < 2 or min(lon.shape) < 2:  # noqa: PLR2004 - two by two nodes span a cell
        refuse(place, "small_grid", lat=int(lat.shape[0]), lon=int(lon.shape[-1]))
    for axis, values, most in (("latitude", lat, 90.0), ("longitude", lon, 360.0)):
        if not (np.isfinite(values).all() and np.abs(values).max() <= most):
            odd = values[~(np.abs(values) <= most)].flat[0]
            refuse(place, "coordinate", axis=axis, value=float(odd), most=most)
    if lat.ndim == 1:
        _check_spacing(place, "latitude", lat)
        _check_spacing(place, "longitude", np.unwrap(lon, period=360.0))
        return
    for number, axis in enumerate(("y", "x")):
        east = np.diff(np.unwrap(lon, period=360.0, axis=number), axis=number) * np.cos(np.radians(lat.mean()))
        _check_curved(place, axis, np.hypot(east, np.diff(lat, axis=number)))


def _check_times(run: WeatherRun) -> None:
    steps = np.diff(run.valid_h)
    for kind, wrong in (("duplicate_time", steps == 0), ("unsorted_time", steps < 0)):
        if wrong.any():
            refuse(run.place, kind, at=hour_text(int(run.valid_h[1:][wrong][0])))
    if not len(run.valid_h):
        refuse(run.place, "no_time")
    if run.valid_h[0] < run.reference_h:
        refuse(run.place, "before_reference", at=hour_text(int(run.valid_h[0])), reference=hour_text(run.reference_h))
    if run.valid_h[-1] - run.reference_h > _SPAN_MAX_H:
        refuse(run.place, "long_run", at=hour_text(int(run.valid_h[-1])), most=_SPAN_MAX_H)


def _check_steps(place: str, valid_h: Hours) -> None:
    if len(valid_h) < 2:  # noqa: PLR2004 - an hour lies between two times
        refuse(place, "one_time", at=hour_text(int(valid_h[0])))
    steps = np.diff(valid_h)
    expected = _expected_steps(steps)
    holes = np.flatnonzero(steps > expected)
    if len(holes):
        missing = np.concatenate([np.arange(valid_h[at] + expected[at], valid_h[at + 1], expected[at]) for at in holes])
        refuse(
            place,
            "missing_hours",
            hours=hours_text(list(map(int, missing))),
            count=len(missing),
            step=int(expected[holes[0]]),
        )
    if steps.max() > STEP_MAX_H:
        refuse(place, "long_step", step=int(steps.max()), most=STEP_MAX_H)


def _expected_steps(steps: Hours) -> Hours:
    """Step that each one should have: steps may grow once and stay, as where a run is hourly first and 3-hourly later.

    A step that is longer than any that follows is a hole, and so is a longer one at the end, which nothing confirms.
    """
    expected = np.minimum.accumulate(steps[::-1])[::-1]
    if len(steps) > 1 and steps[-1] > steps[-2]:
        expected[-1] = steps[-2]
    return np.asarray(expected, dtype=np.int64)


def _joined_field(code: str, parts: Sequence[WeatherRun], valid_h: Hours) -> RunField:
    own = [part.fields[code] for part in parts]
    first = own[0]
    shape = (len(valid_h), *first.values.shape[1:])
    values, start_h, known = (
        np.full(shape, np.nan, np.float32),
        np.zeros(len(valid_h), np.int64),
        np.zeros(len(valid_h), bool),
    )
    for part, field in zip(parts, own, strict=True):
        if field.cell is not first.cell or (field.start_h is None) is not (first.start_h is None):
            refuse(part.place, "other_cell", variable=code, other=parts[0].place)
        rows = np.searchsorted(valid_h, part.valid_h)
        start = rows if field.start_h is None else field.start_h
        again = known[rows]
        same = np.array_equal(values[rows[again]], field.values[again], equal_nan=True)
        if not (same and np.array_equal(start_h[rows[again]], start[again])):
            refuse(
                part.place, "differs", variable=code, other=parts[0].place, at=hour_text(int(part.valid_h[again][0]))
            )
        values[rows], start_h[rows], known[rows] = field.values, start, True
    absent = valid_h[1:][~known[1:]]
    if len(absent):
        refuse(
            f"{parts[0].place}: {code}",
            "missing_hours",
            hours=hours_text(list(map(int, absent))),
            count=len(absent),
            step=int(np.diff(valid_h).min()),
        )
    return RunField(values=values, cell=first.cell, start_h=None if first.start_h is None else start_h)


def _same_grid(first: WeatherRun, other: WeatherRun) -> bool:
    return all(
        own.shape == found.shape and np.allclose(own, found, atol=1e-4)
        for own, found in ((first.lat, other.lat), (first.lon, other.lon))
    )


def _check_spacing(place: str, axis: str, values: NDArray[np.float64]) -> None:
    steps = np.diff(values)
    usual = float(np.median(steps))
    wrong = np.abs(steps - usual) > _SPACING_TOLERANCE * abs(usual)
    if usual == 0 or wrong.any():
        at = int(np.argmax(wrong))
        refuse(place, "spacing", axis=axis, at=float(values[at + 1]), found=float(steps[at]), expected=usual)


def _check_curved(place: str, axis: str, steps: NDArray[np.float64]) -> None:
    usual = float(np.median(steps))
    wrong = np.abs(steps - usual) > _CURVED_TOLERANCE * usual
    if usual == 0 or wrong.any():
        at = np.unravel_index(int(np.argmax(wrong)), steps.shape)
        refuse(place, "spacing", axis=axis, at=f"{at[0]}, {at[1]}", found=float(steps[at]), expected=usual)
