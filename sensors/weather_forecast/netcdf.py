"""Layout NetCDF: fields with CF names on one-dimensional or two-dimensional latitudes and longitudes.

Valid times are the coordinate with the standard name ``time`` (or the name ``valid_time``); the reference time is that with the standard
name ``forecast_reference_time``. Axes of length one (height, member, reference time) are dropped; on a level of
pressure, or more than 10 m above the ground, a variable is refused. NetCDF 4 is read by h5netcdf, NetCDF 3
by scipy; packed values are unpacked.

What a value represents, from the file alone: a state holds at its time unless ``cell_methods`` state a mean; an amount (mm, kg m⁻², J m⁻²)
is a sum, over the bounds of the time where it has them, with ``GRIB_stepType`` "accum" since the reference time, else since the
preceding time. These rules are the project's; the last two are not verified against the providers' texts.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from sensors.weather_forecast.error import WeatherForecastError, refusal, refuse
from sensors.weather_forecast.interpolation import window
from sensors.weather_forecast.quantity import Per, known_units, quantity_of, unit_of
from sensors.weather_forecast.run import VALUES_MAX, Cell, RunField, WeatherRun, check_grid

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import xarray as xr
    from numpy.typing import NDArray

    from sensors.weather_forecast.quantity import Quantity

    Places = tuple[NDArray[np.float64], NDArray[np.float64]]

BYTES_MAX = 4_000_000_000
"""Largest file [bytes]; project choice."""
_HDF5 = b"\x89HDF\r\n\x1a\n"
_NETCDF3 = b"CDF"
_UNREADABLE = (OSError, ValueError, LookupError, TypeError, ArithmeticError, RuntimeError, MemoryError, EOFError)
"""What the libraries raise for a damaged file."""
_REFERENCE = ("forecast_reference_time", "reference_time", "reftime")
_METHOD = re.compile(r"(\w+):\s*(\w+)")
_CELLS = {
    "point": Cell.POINT, "instantaneous": Cell.POINT, "instant": Cell.POINT,
    "mean": Cell.MEAN, "average": Cell.MEAN, "avg": Cell.MEAN, "sum": Cell.SUM, "accum": Cell.SUM,
}  # fmt: skip
_SINCE_REFERENCE = "accum"
_LEVELS = frozenset({"air_pressure", "isobaricinhpa", "isobaric", "pressure_level", "plev"})
_HEIGHTS = frozenset({"height", "heightaboveground", "height_above_ground"})
_LEVEL_UNITS, _HEIGHT_UNITS = (
    frozenset({"pa", "hpa", "mb", "millibar", "millibars"}),
    frozenset({"m", "metre", "metres", "meter", "meters"}),
)
"""Names of vertical coordinates, in small letters, without digits at their end: CF standard names and names in use."""
_HIGHEST_M = 10.0
"""Height of the wind at stations and in forecasts [m]: WMO-No. 8, Part I, 5.1.2 (not verified against the text)."""


def is_netcdf(head: bytes) -> bool:
    """Whether the first bytes of a file are those of NetCDF 3 or 4."""
    return head.startswith((_HDF5, _NETCDF3))


def read_reference(path: Path) -> int:
    """Forecast reference time of a file [h since 1970]; raises `WeatherForecastError`."""
    with _opened(path) as data:
        return _reference(path.name, data)


def read_netcdf(path: Path, places: Places) -> WeatherRun:
    """The part of a run that is in a file, around some places.

    Parameters
    ----------
    path : Path
    places : tuple of array of float
        Longitudes and latitudes [deg]; of a regular grid only the nodes around them are read.

    Raises
    ------
    WeatherForecastError
        Names the file, variable or axis, and what was expected.
    """
    with _opened(path) as data:
        return _File(path.name, data, places).run()


class _File:
    """One open file."""

    def __init__(self, place: str, data: xr.Dataset, places: Places) -> None:
        self._place = place
        self._reference_h = _reference(place, data)
        self._time = _time_name(place, data)
        self._valid_h = _hours(f"{place}: {self._time}", data[self._time])
        self._bounds = _bounds(place, data, self._time, len(self._valid_h))
        self._lat, self._lon = (_coordinate(place, data, name) for name in ("latitude", "longitude"))
        lat, lon = (np.asarray(item.to_numpy(), dtype=float) for item in (self._lat, self._lon))
        if lat.ndim != lon.ndim or lat.ndim not in {1, 2} or (lat.ndim == 2 and self._lat.dims != self._lon.dims):  # noqa: PLR2004
            refuse(place, "axes", lat=", ".join(map(str, self._lat.dims)), lon=", ".join(map(str, self._lon.dims)))
        check_grid(place, lat, lon)
        self._window = window(lat, lon, places) if lat.ndim == 1 else (slice(None), slice(None))
        self.lat, self.lon = (lat[self._window[0]], lon[self._window[1]]) if lat.ndim == 1 else (lat, lon)
        self._data = data

    def run(self) -> WeatherRun:
        found: dict[str, tuple[xr.DataArray, Quantity]] = {}
        unused = []
        for name, item in self._data.data_vars.items():
            quantity = quantity_of(str(name), str(item.attrs.get("standard_name", "")))
            if quantity is None:
                unused.append(str(name))
            elif quantity.code in found:
                refuse(f"{self._place}: {name}", "twice", other=str(found[quantity.code][0].name))
            else:
                found[quantity.code] = item, quantity
        # before anything is read
        self._check_size([item for item, _ in found.values()])
        return WeatherRun(
            place=self._place,
            reference_h=self._reference_h,
            valid_h=self._valid_h,
            lat=self.lat,
            lon=self.lon,
            fields={code: self._field(item, quantity) for code, (item, quantity) in found.items()},
            unused=tuple(unused),
        )

    def _check_size(self, items: list[xr.DataArray]) -> None:
        nodes = self.lat.size if self.lat.ndim == 2 else self.lat.size * self.lon.size  # noqa: PLR2004
        size = len(items) * len(self._valid_h) * nodes
        if size > VALUES_MAX:
            refuse(self._place, "many_values", count=size, most=VALUES_MAX)

    def _field(self, item: xr.DataArray, quantity: Quantity) -> RunField:
        place = f"{self._place}: {item.name}"
        text = str(item.attrs.get("units", ""))
        unit = unit_of(quantity, text)
        if unit is None:
            refuse(place, "unit", unit=text or "-", expected=known_units(quantity))
        _check_level(place, item)
        cell = _cell(place, item, unit.per)
        values = self._values(place, item) * np.float32(unit.factor) + np.float32(unit.offset)
        return RunField(values=values, cell=cell, start_h=self._start(place, item, cell))

    def _values(self, place: str, item: xr.DataArray) -> NDArray[np.float32]:
        own = [str(name) for name in (*self._time_dims(), *self._lat.dims, *self._lon.dims)]
        wanted = list(dict.fromkeys(own))
        if any(name not in item.dims for name in wanted):
            refuse(place, "lacks_axis", axes=", ".join(map(str, item.dims)), expected=", ".join(wanted))
        for name in item.dims:
            if name not in wanted and item.sizes[name] != 1:
                refuse(place, "long_axis", axis=str(name), count=int(item.sizes[name]))
        item = item.squeeze([name for name in item.dims if name not in wanted])
        cut = dict(zip(wanted[-2:], self._window, strict=True))
        array = item.isel(cut).transpose(*wanted).to_numpy()
        if array.dtype.kind not in "fiu":
            refuse(place, "no_numbers", found=str(array.dtype))
        return np.asarray(array, dtype=np.float32).reshape(len(self._valid_h), *array.shape[-2:])

    def _time_dims(self) -> tuple[str, ...]:
        return tuple(map(str, self._data[self._time].dims))

    def _start(self, place: str, item: xr.DataArray, cell: Cell) -> NDArray[np.int64] | None:
        if cell is Cell.POINT:
            return None
        if self._bounds is not None:
            return self._bounds
        if item.attrs.get("GRIB_stepType") == _SINCE_REFERENCE:
            return np.full(len(self._valid_h), self._reference_h)
        if len(self._valid_h) == 1:
            refuse(place, "no_bounds")
        return None


@contextmanager
def _opened(path: Path) -> Iterator[xr.Dataset]:
    """A file as data set; what the libraries raise meanwhile becomes a `WeatherForecastError`."""
    import xarray as xr

    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            engine = "h5netcdf" if file.read(len(_HDF5)) == _HDF5 else "scipy"
        if size > BYTES_MAX:
            refuse(path.name, "large_file", size=size, most=BYTES_MAX)
        with xr.open_dataset(path, engine=engine, decode_timedelta=False) as data:
            yield data
    except WeatherForecastError:
        raise
    except _UNREADABLE as error:
        refuse(path.name, "unreadable", detail=str(error)[:200])


def _reference(place: str, data: xr.Dataset) -> int:
    found = [
        name for name, item in data.variables.items() if item.attrs.get("standard_name") == "forecast_reference_time"
    ] or [name for name in _REFERENCE if name in data.variables]
    if not found:
        refuse(place, "no_reference")
    hours = _hours(f"{place}: {found[0]}", data[found[0]])
    if len(hours) != 1:
        refuse(f"{place}: {found[0]}", "references", count=len(hours))
    return int(hours[0])


def _time_name(place: str, data: xr.Dataset) -> str:
    by_standard = [str(name) for name, item in data.variables.items() if item.attrs.get("standard_name") == "time"]
    by_name = [name for name in ("valid_time", "time") if name in data.variables]
    found = [
        name
        for name in (*by_standard, *by_name)
        if data[name].attrs.get("standard_name", "time") == "time" and data[name].ndim <= 1
    ]
    if not found:
        raise WeatherForecastError(refusal(place, "no_axis", axis="time", expected="time, valid_time"))
    return found[0]


def _hours(place: str, item: xr.DataArray) -> NDArray[np.int64]:
    """Times as hours since 1970; refuses other times."""
    times = np.atleast_1d(item.to_numpy()).ravel()
    if times.dtype.kind != "M":
        refuse(place, "no_times", found=str(times.dtype))
    if np.isnat(times).any():
        refuse(place, "missing_time")
    seconds = times.astype("datetime64[s]").astype(np.int64)
    odd = seconds % 3600 != 0
    if odd.any():
        refuse(place, "no_whole_hour", at=f"{times[odd][0].astype('datetime64[s]')}Z")
    return np.asarray(seconds // 3600, dtype=np.int64)


def _bounds(place: str, data: xr.Dataset, time: str, count: int) -> NDArray[np.int64] | None:
    """Starts of the intervals of the time axis; None where it has no bounds. They end at the valid time."""
    name = data[time].attrs.get("bounds") or data[time].encoding.get("bounds")
    if name is None:
        return None
    if name not in data.variables or data[name].size != 2 * count:
        refuse(f"{place}: {time}", "bounds", bounds=str(name))
    pairs = _hours(f"{place}: {name}", data[name]).reshape(count, 2)
    ends = _hours(f"{place}: {time}", data[time])
    if (pairs[:, 1] != ends).any() or (pairs[:, 0] > ends).any():
        refuse(f"{place}: {name}", "bounds_end", time=time)
    return np.asarray(pairs[:, 0])


def _coordinate(place: str, data: xr.Dataset, axis: str) -> xr.DataArray:
    """Latitudes or longitudes: by standard name, else by name."""
    by_standard = [str(name) for name, item in data.variables.items() if item.attrs.get("standard_name") == axis]
    names = (*by_standard, axis, axis[:3])
    found = next((name for name in names if name in data.variables), None)
    if found is None:
        refuse(place, "no_axis", axis=axis, expected=f"{axis}, {axis[:3]}")
    unit = str(data[found].attrs.get("units", ""))
    if not unit.startswith("degree"):
        expected = "degrees_north" if axis == "latitude" else "degrees_east"
        refuse(f"{place}: {found}", "unit", unit=unit or "-", expected=expected)
    return data[found]


def _check_level(place: str, item: xr.DataArray) -> None:
    """Refuse a variable of one level that is not near the ground."""
    for name, level in item.coords.items():
        if level.size != 1 or level.dtype.kind not in "fiu":
            continue
        names = {
            re.sub(r"[\d_]+$", "", text.casefold()) for text in (str(name), str(level.attrs.get("standard_name", "")))
        }
        unit = str(level.attrs.get("units", "")).casefold()
        value = float(level.to_numpy().ravel()[0])
        is_height = unit in _HEIGHT_UNITS or bool(names & _HEIGHTS)
        if (is_height and value > _HIGHEST_M) or unit in _LEVEL_UNITS or names & _LEVELS:
            refuse(place, "level", axis=str(name), value=value, most=_HIGHEST_M)


def _cell(place: str, item: xr.DataArray, per: Per) -> Cell:
    """What the values represent in time, by ``cell_methods`` or ``GRIB_stepType``; by the unit where neither states it."""
    methods = _METHOD.findall(str(item.attrs.get("cell_methods", "")))
    stated = [method for axis, method in methods if axis in {"time", "step", "valid_time", *map(str, item.dims[:1])}]
    method = stated[-1] if stated else str(item.attrs.get("GRIB_stepType", ""))
    cell = _CELLS.get(method) if method else (Cell.SUM if per is Per.AMOUNT else Cell.POINT)
    if cell is None or (cell is Cell.SUM) is not (per is Per.AMOUNT):
        refuse(place, "cell_method", method=method, unit=str(item.attrs.get("units", "")))
    return cell
