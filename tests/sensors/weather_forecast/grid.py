"""A small run of known fields."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from schemas.network import Network, Station
from sensors.weather_forecast.run import Cell, RunField, WeatherRun

if TYPE_CHECKING:
    from numpy.typing import NDArray

REFERENCE_H = 499_000
"""2026-12-04T16:00Z."""
LAT, LON = np.array([42.0, 41.5, 41.0]), np.array([122.0, 122.5, 123.0, 123.5])


def station(name: str = "st-1", lon: float | None = 122.75, lat: float | None = 41.25, **keys: float) -> Station:
    return Station(id=name, instruments=(), lon=lon, lat=lat, **keys)


def network(*stations: Station) -> Network:
    return Network(zone="Asia/Shanghai", station_list=stations or (station(),))


def field(value: float | NDArray[np.float64] = 0.0, hours: int = 7, cell: Cell = Cell.POINT) -> RunField:
    """The same value at each node and time, or values by time."""
    by_time = np.broadcast_to(np.asarray(value, dtype=np.float32), (hours,))
    return RunField(values=np.repeat(by_time, 12).reshape(hours, 3, 4).astype(np.float32), cell=cell)


def run(hours: int = 7, **fields: RunField) -> WeatherRun:
    """Hourly from the reference time on; 5 m/s to the east at 10 degC where no fields are given."""
    given = fields or {
        "temperature": field(10.0, hours),
        "relative_humidity": field(50.0, hours),
        "pressure": field(1005.0, hours),
        "wind_east": field(5.0, hours),
        "wind_north": field(0.0, hours),
        "rain": field(0.5, hours, Cell.SUM),
        "global_radiation": field(100.0, hours),
    }
    valid_h = REFERENCE_H + np.arange(hours)
    return WeatherRun(place="run", reference_h=REFERENCE_H, valid_h=valid_h, lat=LAT, lon=LON, fields=given)


def only(item: WeatherRun, rows: slice) -> WeatherRun:
    """Some of the times of a run."""
    fields = {code: replace(one, values=one.values[rows]) for code, one in item.fields.items()}
    return replace(item, valid_h=item.valid_h[rows], fields=fields)
