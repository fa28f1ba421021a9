"""A run as a file of either layout: for the simulator and for tests."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import numpy as np

from sensors.weather_forecast.error import hour_text
from sensors.weather_forecast.quantity import QUANTITIES, Per
from sensors.weather_forecast.run import Cell

if TYPE_CHECKING:
    import xarray as xr

    from sensors.weather_forecast.quantity import Quantity
    from sensors.weather_forecast.run import RunField, WeatherRun

_EPOCH = "hours since 1970-01-01T00:00:00Z"
_UNITS = {
    "degc": "degC", "k": "K", "hpa": "hPa", "m/s": "m s-1", "mm": "kg m-2", "mm/h": "mm h-1", "w/m2": "W m-2", "%": "%", "deg": "degree", "m": "m",
    "j/m2": "J m-2",
}  # fmt: skip
_DECIMALS = 3


def netcdf_bytes(run: WeatherRun) -> bytes:
    """NetCDF 4 after CF: regular or curved grid, bounds of the time where a field is a mean or a sum.

    Parameters
    ----------
    run : WeatherRun
        In canonical units. All means and sums have the same intervals.
    """
    buffer = io.BytesIO()
    to_dataset(run).to_netcdf(buffer, engine="h5netcdf", encoding={code: {"zlib": True} for code in run.fields})
    return buffer.getvalue()


def to_dataset(run: WeatherRun) -> xr.Dataset:
    """The same as a data set of xarray."""
    import xarray as xr

    dims = ("lat", "lon") if run.is_regular else ("y", "x")
    starts = next((item.start_h for item in run.fields.values() if item.start_h is not None), None)
    time = {"standard_name": "time", "units": _EPOCH, "axis": "T"} | ({} if starts is None else {"bounds": "time_bnds"})
    coordinates: dict[str, object] = {
        "time": ("time", run.valid_h, time),
        "forecast_reference_time": (
            (), run.reference_h, {"standard_name": "forecast_reference_time", "units": _EPOCH},
        ),
        "lat": (dims[:1] if run.is_regular else dims, run.lat, {"standard_name": "latitude", "units": "degrees_north"}),
        "lon": (dims[1:] if run.is_regular else dims, run.lon, {"standard_name": "longitude", "units": "degrees_east"}),
    }  # fmt: skip
    variables: dict[str, object] = {code: _variable(code, item, dims) for code, item in run.fields.items()}
    if starts is not None:
        variables["time_bnds"] = (("time", "bnds"), np.stack([starts, run.valid_h], axis=1))
    return xr.Dataset(variables, coordinates, {"Conventions": "CF-1.8"})


def table_text(run: WeatherRun) -> str:
    """CSV of a run on a regular grid; three decimals, missing values empty.

    Parameters
    ----------
    run : WeatherRun
        In canonical units; its sums are since the preceding valid time.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    heads = [f"{_quantity(code).standard[0]} [{_unit(_quantity(code), item)}]" for code, item in run.fields.items()]
    writer.writerow(["reference_time", "valid_time", "lon", "lat", *heads])
    for row, hour in enumerate(map(int, run.valid_h)):
        for y, lat in enumerate(run.lat):
            for x, lon in enumerate(run.lon):
                cells = (_cell(float(item.values[row, y, x])) for item in run.fields.values())
                writer.writerow([hour_text(run.reference_h), hour_text(hour), f"{lon:.6g}", f"{lat:.6g}", *cells])
    return text.getvalue()


def _variable(code: str, item: RunField, dims: tuple[str, str]) -> tuple[tuple[str, ...], object, dict[str, str]]:
    quantity = _quantity(code)
    attributes = {
        "standard_name": quantity.standard[0],
        "units": _unit(quantity, item),
        "cell_methods": f"time: {item.cell}",
        "coordinates": "forecast_reference_time lat lon",
    }
    return ("time", *dims), item.values, attributes


def _quantity(code: str) -> Quantity:
    return next(item for item in QUANTITIES if item.code == code)


def _unit(quantity: Quantity, item: RunField) -> str:
    """Unit in which the values are as they are: factor 1, an amount for a sum."""
    per = Per.AMOUNT if item.cell is Cell.SUM else Per.STATE
    return next(
        _UNITS[name]
        for name, unit in quantity.units.items()
        if unit.per is per and unit[:2] == (1.0, 0.0) and name in _UNITS
    )


def _cell(value: float) -> str:
    return "" if np.isnan(value) else f"{round(value, _DECIMALS):g}" if abs(value) < 1000 else f"{value:.2f}"  # noqa: PLR2004 - digits of pressure
