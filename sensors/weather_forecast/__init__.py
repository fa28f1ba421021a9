"""Numerical weather forecasts by time and grid: files of known layouts, read to weather ahead of stations.

The table `LAYOUTS` names the layouts; one module reads one. Parts of a run (files) are joined and checked in ``run``, brought to stations in
``station_weather``. Whatever is not understood is refused with its place (``error``); nothing is guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sensors.weather_forecast import netcdf, table
from sensors.weather_forecast.error import WeatherForecastError, refusal, refuse
from sensors.weather_forecast.run import WeatherRun, checked_part, joined
from sensors.weather_forecast.station_weather import COMPONENTS, PARAMETERS, WeatherForecast, station_weather

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sensors.weather_forecast.netcdf import Places

__all__ = [
    "COMPONENTS",
    "LAYOUTS",
    "PARAMETERS",
    "WeatherForecast",
    "WeatherForecastError",
    "WeatherRun",
    "joined",
    "read_part",
    "read_reference",
    "station_weather",
]
_HEAD = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One layout of files.

    Attributes
    ----------
    name : str
    is_of : callable
        Whether the first bytes of a file are of this layout.
    read_reference : callable
        Forecast reference time [h since 1970].
    read : callable
        The part of a run that a file holds, around places (longitudes and latitudes).
    """

    name: str
    is_of: Callable[[bytes], bool]
    read_reference: Callable[[Path], int]
    read: Callable[[Path, Places], WeatherRun]


LAYOUTS = (
    Layout(name="NetCDF", is_of=netcdf.is_netcdf, read_reference=netcdf.read_reference, read=netcdf.read_netcdf),
    Layout(name="CSV", is_of=table.is_table, read_reference=table.read_reference, read=table.read_table),
)


def read_reference(path: Path) -> int:
    """Forecast reference time of a file of any layout [h since 1970, UTC]; raises `WeatherForecastError`."""
    return _layout(path).read_reference(path)


def read_part(path: Path, places: Places) -> WeatherRun:
    """The part of a run that a file of any layout holds, checked.

    Parameters
    ----------
    path : Path
    places : tuple of array of float
        Longitudes and latitudes around which it is read [deg], at least one.

    Raises
    ------
    WeatherForecastError
        The file is of no layout, or not as its layout expects.
    """
    return checked_part(_layout(path).read(path, places))


def _layout(path: Path) -> Layout:
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        refuse(path.name, "unreadable", detail=error.strerror or str(error))
    found = next((item for item in LAYOUTS if item.is_of(head)), None)
    if found is None:
        raise WeatherForecastError(refusal(path.name, "layout", expected=", ".join(item.name for item in LAYOUTS)))
    return found
