"""Gridded winds from NetCDF files in the layouts of ERA5 and GFS.

Variables are found by their CF standard name or by the names in use: ``u``, ``v``, ``w`` (ERA5, cfgrib), ``u10``, ``v10``, ``u100``,
``v100`` (ERA5, one level), ``u-component_of_wind_isobaric`` and so on (GFS by THREDDS), ``UGRD``, ``VGRD``, ``VVEL`` (wgrib2). Packed
values, falling latitudes, 0 to 360 or -180 to 180 degrees, pressure in Pa or hPa, sigma levels, the two parts of a recent ERA5 file
(``expver``) and both time axes of ERA5 (``time``, ``valid_time``) are understood. NetCDF 4 is read by h5netcdf, NetCDF 3 by scipy.

Names, units and layouts are as the files are commonly met; they are not verified against the providers' texts.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.receptor.trajectory.grid import LevelKind, WindGrid, WindGridError, wind_grid

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import xarray as xr
    from numpy.typing import NDArray

_UNREADABLE = (OSError, ValueError, LookupError, TypeError, ArithmeticError, RuntimeError, MemoryError, EOFError)
"""What the libraries raise for a damaged file."""
_LARGEST_HPA = 1100.0
"""[hPa] Pressure at the ground is lower; a larger level is in another unit than the file states."""
_HDF5 = b"\x89HDF\r\n\x1a\n"
_NETCDF3 = b"CDF"
_FIELDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "wind to the east": (
        ("eastward_wind", "x_wind"),
        ("u", "ua", "uwnd", "u100", "u10", "10u", "100u", "u-component_of_wind_isobaric", "u-component_of_wind_sigma",
         "u-component_of_wind_height_above_ground", "UGRD", "ugrdprs"),
    ),
    "wind to the north": (
        ("northward_wind", "y_wind"),
        ("v", "va", "vwnd", "v100", "v10", "10v", "100v", "v-component_of_wind_isobaric", "v-component_of_wind_sigma",
         "v-component_of_wind_height_above_ground", "VGRD", "vgrdprs"),
    ),
    "change of level": (
        ("lagrangian_tendency_of_air_pressure", "lagrangian_tendency_of_atmosphere_sigma_coordinate"),
        ("w", "wap", "omega", "Vertical_velocity_pressure_isobaric", "VVEL", "vvelprs", "sigmadot"),
    ),
}  # fmt: skip
"""CF standard names and names of variables, in order of preference."""
_AXES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "time": (("time",), ("valid_time", "time")),
    "level": (
        ("air_pressure", "atmosphere_sigma_coordinate"),
        ("pressure_level", "level", "isobaricInhPa", "isobaric", "plev", "lev", "sigma"),
    ),
    "latitude": (("latitude",), ("latitude", "lat")),
    "longitude": (("longitude",), ("longitude", "lon")),
}
_HPA_PER_UNIT = {
    "pa": 0.01,
    "pascal": 0.01,
    "pascals": 0.01,
    "hpa": 1.0,
    "millibars": 1.0,
    "millibar": 1.0,
    "mb": 1.0,
    "mbar": 1.0,
}
_SPEED_UNITS = frozenset({"m s**-1", "m s-1", "m/s", "m.s-1", "m s^-1", "meter/sec", ""})
_CHANGE_PER_UNIT = {"pa s**-1": 0.01, "pa/s": 0.01, "pa s-1": 0.01, "pa.s-1": 0.01, "pa s^-1": 0.01, "pascal/s": 0.01,
                    "hpa s-1": 1.0, "hpa/s": 1.0, "s-1": 1.0, "s**-1": 1.0, "1/s": 1.0}  # fmt: skip
_SIGMA_UNITS = frozenset({"1", "", "sigma", "sigma_level", "dimensionless"})


def read_winds(paths: Sequence[Path]) -> WindGrid:
    """Read one grid from files that continue each other in time.

    Parameters
    ----------
    paths : sequence of Path
        NetCDF 3 or 4; each with the same levels, latitudes and longitudes.

    Returns
    -------
    WindGrid
        Vertical motion only where the file has it in the unit of its levels.

    Raises
    ------
    WindGridError
        For a file that is not NetCDF, or whose variables, axes or units are not understood; the message names file and variable.
    """
    parts = [_read(path) for path in paths]
    if not parts:
        msg = "no file of winds is given"
        raise WindGridError(msg)
    first = parts[0]
    for path, part in zip(paths, parts, strict=True):
        _check_same(path, first, part)
    times = np.concatenate([part.time_s for part in parts])
    order = np.unique(times, return_index=True)[1]
    u, v, change = (_joined([part.fields[number] for part in parts], order) for number in range(3))
    assert u is not None
    assert v is not None
    return wind_grid(times[order], first.level, first.lat, first.lon, (u, v, change), kind=first.kind)


class _Part:
    """Arrays of one file, axes in the order time, level, latitude, longitude."""

    def __init__(self, path: Path, data: xr.Dataset) -> None:
        self.path = path
        u, v, change = (_field(data, name) for name in _FIELDS)
        if u is None or v is None:
            name = "wind to the east" if u is None else "wind to the north"
            msg = f"{path}: no variable is {name}; expected one of {', '.join(_FIELDS[name][1])}, found {', '.join(map(str, data.data_vars))}"
            raise WindGridError(msg)
        self.axes = {name: _axis(data, u, name) for name in _AXES}
        for name in ("time", "latitude", "longitude"):
            if self.axes[name] is None:
                msg = f"{path}: {u.name} has no axis of {name}; it has {', '.join(map(str, u.dims))}"
                raise WindGridError(msg)
        self.time_s = _seconds(path, _values(data, self.axes["time"]))
        self.lat, self.lon = (_values(data, self.axes[name]).astype(float) for name in ("latitude", "longitude"))
        self.level, self.kind = _levels(path, data, self.axes["level"])
        per_unit = _change_factor(change, self.kind)
        factors = (_speed_factor(path, u), _speed_factor(path, v), per_unit)
        self.fields = [
            None if item is None or factor is None else self._array(item) * factor
            for item, factor in zip((u, v, change), factors, strict=True)
        ]

    def _array(self, item: xr.DataArray) -> NDArray[np.float64]:
        wanted = [name for name in (self.axes[key] for key in _AXES) if name is not None]
        item = _without_parts(item)
        extra = [name for name in item.dims if name not in wanted]
        for name in extra:
            if item.sizes[name] != 1:
                msg = f"{self.path}: {item.name} has {item.sizes[name]} values along {name}; expected 1"
                raise WindGridError(msg)
        array = item.squeeze(extra).transpose(*wanted).to_numpy().astype(float)
        return array if self.axes["level"] is not None else array[:, None]


def _read(path: Path) -> _Part:
    import xarray as xr

    try:
        with path.open("rb") as file:
            head = file.read(8)
    except OSError as error:
        msg = f"{path}: {error.strerror}"
        raise WindGridError(msg) from error
    engine = "h5netcdf" if head == _HDF5 else "scipy" if head.startswith(_NETCDF3) else None
    if engine is None:
        msg = f"{path}: not a NetCDF file (GRIB files are converted with `grib_to_netcdf` or `cdo -f nc4 copy`)"
        raise WindGridError(msg)
    with ExitStack() as stack:
        try:
            data = stack.enter_context(xr.open_dataset(path, engine=engine, decode_timedelta=False))
            return _Part(path, data)
        except WindGridError:
            raise
        except _UNREADABLE as error:
            msg = f"{path}: the file cannot be read: {error}"
            raise WindGridError(msg) from error


def _field(data: xr.Dataset, name: str) -> xr.DataArray | None:
    standard, names = _FIELDS[name]
    for wanted in names:
        if wanted in data.data_vars:
            return data[wanted]
    for item in data.data_vars:
        if data[item].attrs.get("standard_name") in standard:
            return data[item]
    return None


def _axis(data: xr.Dataset, field: xr.DataArray, name: str) -> str | None:
    """Dimension of a field that is an axis, by its name, its standard name, or, as THREDDS numbers them, the start of its name."""
    standard, names = _AXES[name]
    dims = [str(item) for item in field.dims]
    by_name = next((item for item in names if item in dims), None)
    if by_name is not None:
        return by_name
    for item in dims:
        coordinate = data.coords.get(item)
        known = coordinate is not None and coordinate.attrs.get("standard_name") in standard
        if known or item.rstrip("0123456789") in names:
            return item
    return None


def _values(data: xr.Dataset, name: str | None) -> NDArray[Any]:
    if name is not None and name not in data.coords:
        # xarray numbers the nodes of an axis without coordinates from 0, which would pass for degrees
        msg = f"axis {name} has no coordinates: a variable {name} with the place of each node is needed"
        raise ValueError(msg)
    return np.asarray(data[name].to_numpy())


def _seconds(path: Path, times: NDArray[Any]) -> NDArray[np.float64]:
    if times.dtype.kind != "M":
        msg = f"{path}: times are {times.dtype}, expected a unit as `hours since 1900-01-01`"
        raise WindGridError(msg)
    if np.isnat(times).any():
        msg = f"{path}: a time is missing, expected one at each node"
        raise WindGridError(msg)
    return np.asarray(times.astype("datetime64[s]").astype(np.int64), dtype=float)


def _levels(path: Path, data: xr.Dataset, name: str | None) -> tuple[NDArray[np.float64], LevelKind]:
    if name is None:
        return np.array([1000.0]), LevelKind.SURFACE
    unit = str(data[name].attrs.get("units", "")).strip().lower()
    values = _values(data, name).astype(float)
    if not np.isfinite(values).all() or (values < 0).any():
        msg = f"{path}: levels {name} are {np.array2string(values, threshold=6)}; expected numbers of at least 0"
        raise WindGridError(msg)
    if unit in _HPA_PER_UNIT:
        return _pressure(path, name, values * _HPA_PER_UNIT[unit]), LevelKind.PRESSURE
    if unit in _SIGMA_UNITS and values.max() <= 1.0:
        return values, LevelKind.SIGMA
    if not unit and name in {"level", "isobaricInhPa", "pressure_level"}:
        return _pressure(path, name, values), LevelKind.PRESSURE
    msg = f"{path}: levels {name} are in {unit or 'no unit'}; expected hPa, Pa, or sigma from 0 to 1"
    raise WindGridError(msg)


def _pressure(path: Path, name: str, values: NDArray[np.float64]) -> NDArray[np.float64]:
    if values.size and values.max() > _LARGEST_HPA:
        msg = f"{path}: levels {name} reach {values.max():g} hPa; expected at most {_LARGEST_HPA:g}: check their unit"
        raise WindGridError(msg)
    return values


def _speed_factor(path: Path, item: xr.DataArray) -> float:
    unit = str(item.attrs.get("units", "")).strip()
    if unit not in _SPEED_UNITS:
        msg = f"{path}: {item.name} is in {unit}; expected m s-1"
        raise WindGridError(msg)
    return 1.0


def _change_factor(item: xr.DataArray | None, kind: LevelKind) -> float | None:
    """Factor to the unit of the levels a second; None for vertical wind in another unit (m/s), which is not used."""
    if item is None or kind is LevelKind.SURFACE:
        return None
    unit = str(item.attrs.get("units", "")).strip().lower()
    factor = _CHANGE_PER_UNIT.get(unit)
    is_sigma = unit in {"s-1", "s**-1", "1/s"}
    return factor if factor is not None and is_sigma is (kind is LevelKind.SIGMA) else None


def _without_parts(item: xr.DataArray) -> xr.DataArray:
    """Final and preliminary part of an ERA5 file as one: where the first has no value, that of the next."""
    if "expver" not in item.dims:
        return item
    joined = item.isel(expver=0, drop=True)
    for number in range(1, item.sizes["expver"]):
        joined = joined.fillna(item.isel(expver=number, drop=True))
    return joined.rename(item.name)


def _check_same(path: Path, first: _Part, part: _Part) -> None:
    same = part.kind is first.kind and all(
        len(own) == len(other) and np.allclose(own, other, equal_nan=True)
        for own, other in ((part.level, first.level), (part.lat, first.lat), (part.lon, first.lon))
    )
    if not same:
        msg = f"{path}: levels, latitudes or longitudes differ from those of {first.path}"
        raise WindGridError(msg)


def _joined(parts: list[NDArray[np.float64] | None], order: NDArray[np.int64]) -> NDArray[np.float64] | None:
    known = [part for part in parts if part is not None]
    return np.concatenate(known)[order] if len(known) == len(parts) else None
