"""A run at stations: hours with the parameters and units of the registry, as stations measure them.

An hour is labelled by its start. A state that holds at times is taken as linear between them, and the hour is the mean of its two ends; means
and sums over intervals are spread evenly over their hours; sums since the reference time are subtracted from each other. The wind is
interpolated as components; its speed is that of the components at each time, its direction that of their mean over the hour, none in calm.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from schemas.parameter import parameter
from sensors.weather_forecast.error import WeatherForecastError, hour_text, refusal, refuse
from sensors.weather_forecast.interpolation import Stencil, stencil
from sensors.weather_forecast.moist_air import dew_point, relative_humidity, station_pressure
from sensors.weather_forecast.run import Cell, RunField, WeatherRun

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from schemas.network import Station
    from schemas.reason import Reason

    Field = NDArray[np.float64]

PARAMETERS = (
    "temperature", "relative_humidity", "dew_point", "pressure", "wind_speed", "wind_direction", "rain", "global_radiation",
    "boundary_layer_height",
)  # fmt: skip
"""Parameters of the registry that a run may give."""
COMPONENTS = ("wind_east", "wind_north")
"""Further columns: where the air goes, mean of the hour [m s⁻¹]."""
_CALM_M_S = 1e-6
"""[m s⁻¹] A mean wind no faster has no direction."""
_FALL = 0.01
"""Part of the largest amount by which an amount may fall [1]: packed values are rounded; project choice."""
_RISING_STEPS = 12
"""An amount since the preceding time that never falls over so many steps, and rises, is taken for one since the start; project choice."""


class RunStep(NamedTuple):
    """A step between the times of a run [h], and the hour from which on it holds, UTC."""

    start: datetime
    step_h: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WeatherForecast:
    """Weather ahead of stations.

    Attributes
    ----------
    reference_at : datetime
        Forecast reference time, UTC: when the run begins.
    start, end : datetime
        Hours that are known, ``[start, end)``, UTC.
    files : tuple of str
    hourly : mapping of station id to frame
        Index ``start`` (UTC, every hour of the span): columns of `PARAMETERS` in units of the registry and `COMPONENTS`, without those that
        are missing. NaN only for the direction in calm.
    missing : tuple of str
        Parameters that the run does not give at any station.
    refused : tuple of Reason
        Stations that have no weather, with the reason.
    unused : tuple of str
        Variables of the files that are not read.
    steps : tuple of RunStep
        Steps of the run; more than one where it is hourly first and coarser later. Hours within a step are interpolated.
    """

    reference_at: datetime
    start: datetime
    end: datetime
    files: tuple[str, ...]
    hourly: Mapping[str, pd.DataFrame]
    missing: tuple[str, ...] = ()
    refused: tuple[Reason, ...] = ()
    unused: tuple[str, ...] = ()
    steps: tuple[RunStep, ...] = ()


def station_weather(run: WeatherRun, stations: Sequence[Station], files: Sequence[str] = ()) -> WeatherForecast:
    """Hourly weather at stations.

    Parameters
    ----------
    run : WeatherRun
        As `sensors.weather_forecast.run.joined` gives it.
    stations : sequence of Station
    files : sequence of str
        Names for the result; none: the place of the run.

    Returns
    -------
    WeatherForecast
        A station without coordinates, outside the grid, or with a missing value is refused, and the others are not.

    Raises
    ------
    WeatherForecastError
        Where no station has weather; its reason is that of the first station.
    """
    hourly, refused = {}, []
    for station in stations:
        try:
            hourly[station.id] = _station_hours(run, station)
        except WeatherForecastError as error:
            refused.append(error.reason)
    if not hourly:
        if refused:
            raise WeatherForecastError(refused[0])
        refuse(run.place, "no_station")
    given = {name for frame in hourly.values() for name in frame.columns}
    first, last = int(run.valid_h[0]), int(run.valid_h[-1])
    return WeatherForecast(
        reference_at=_moment(run.reference_h),
        start=_moment(first),
        end=_moment(last),
        files=tuple(files) or (run.place,),
        hourly=hourly,
        missing=tuple(name for name in PARAMETERS if name not in given),
        refused=tuple(refused),
        unused=run.unused,
        steps=_steps(run.valid_h),
    )


def _steps(valid_h: NDArray[np.int64]) -> tuple[RunStep, ...]:
    steps = np.diff(valid_h)
    changed = np.flatnonzero(np.diff(steps, prepend=0))
    return tuple(RunStep(_moment(int(valid_h[at])), int(steps[at])) for at in changed)


def _moment(hour: int) -> datetime:
    return datetime.fromtimestamp(hour * 3600, UTC)


def _station_hours(run: WeatherRun, station: Station) -> pd.DataFrame:
    import pandas as pd

    if station.lon is None or station.lat is None:
        raise WeatherForecastError(refusal(station.id, "no_place"))
    found = stencil(run.lat, run.lon, (station.lon, station.lat))
    if not isinstance(found, Stencil):
        raise WeatherForecastError(refusal(station.id, "outside", distance=round(found, 1)))
    series = {code: _interpolated(item, found) for code, item in _components_of(run.fields).items()}
    if set(COMPONENTS) <= series.keys():
        series["wind_speed"] = np.hypot(series["wind_east"], series["wind_north"])
    hours = {code: _hours(f"{station.id}: {code}", run, series[code], _cell_of(run, code)) for code in series}
    columns = _parameters(hours, station)
    _check_values(station.id, columns, int(run.valid_h[0]))
    index = pd.date_range(
        _moment(int(run.valid_h[0])), periods=int(run.valid_h[-1] - run.valid_h[0]), freq="h", name="start"
    )
    return pd.DataFrame(columns, index=index)


def _cell_of(run: WeatherRun, code: str) -> RunField:
    """The field whose cells a series has: components and speed may be computed from each other."""
    wind = ("wind_east", "wind_speed")
    sources = wind if code == "wind_speed" else (code, *reversed(wind)) if code in COMPONENTS else (code,)
    return next(run.fields[name] for name in sources if name in run.fields)


def _components_of(fields: Mapping[str, RunField]) -> dict[str, NDArray[np.float32]]:
    """Values by code and node; the wind as components where speed and direction are given."""
    values = {code: field.values for code, field in fields.items()}  # noqa: PD011 - no frame
    if "wind_direction" in values and "wind_speed" in values and not set(COMPONENTS) <= values.keys():
        angle, speed = np.radians(values["wind_direction"]), values["wind_speed"]
        # a calm has no direction
        values["wind_east"] = np.where(speed == 0, 0, -np.sin(angle) * speed).astype(np.float32)
        values["wind_north"] = np.where(speed == 0, 0, -np.cos(angle) * speed).astype(np.float32)
    values.pop("wind_direction", None)
    if set(COMPONENTS) <= values.keys():
        values.pop("wind_speed", None)
    else:
        for name in COMPONENTS:
            values.pop(name, None)
    return values


def _interpolated(values: NDArray[np.float32], found: Stencil) -> Field:
    used = found.weight > 0
    at = values[:, found.y[used], found.x[used]].astype(float)
    return np.asarray(at @ found.weight[used])


def _hours(place: str, run: WeatherRun, values: Field, cell: RunField) -> Field:
    """Hours of a series at valid times, (hours,)."""
    valid_h = run.valid_h
    if cell.cell is not Cell.POINT:
        return _spread(place, run, values, cell)
    whole = np.interp(np.arange(valid_h[0], valid_h[-1] + 1), valid_h, values)
    return np.asarray((whole[1:] + whole[:-1]) / 2)


def _spread(place: str, run: WeatherRun, values: Field, cell: RunField) -> Field:
    """Rate an hour from means or sums over intervals that end at the valid times."""
    valid_h = run.valid_h
    start_h = np.append(valid_h[0] - 1, valid_h[:-1]) if cell.start_h is None else cell.start_h
    if cell.start_h is None and cell.cell is Cell.SUM:
        _check_restart(place, values)
    total = values if cell.cell is Cell.SUM else values * (valid_h - start_h)
    begin, amount = start_h[1:].copy(), total[1:].copy()
    goes_on = start_h[1:] == start_h[:-1]
    before = np.where(valid_h[:-1] == start_h[:-1], 0.0, total[:-1])
    amount[goes_on] -= before[goes_on]
    begin[goes_on] = valid_h[:-1][goes_on]
    if (begin != valid_h[:-1]).any():
        at = int(np.argmax(begin != valid_h[:-1]))
        refuse(
            place,
            "interval",
            at=hour_text(int(valid_h[1:][at])),
            start=hour_text(int(begin[at])),
            expected=hour_text(int(valid_h[at])),
        )
    least = -_FALL * float(np.nanmax(np.abs(total), initial=0.0))
    if cell.cell is Cell.SUM:
        if (amount < least).any():
            refuse(place, "falling_amount", at=hour_text(int(valid_h[1:][np.argmax(amount < least)])))
        amount = np.maximum(amount, 0.0)
    lengths = np.diff(valid_h)
    return np.repeat(amount / lengths, lengths)


def _check_restart(place: str, values: Field) -> None:
    """Refuse an amount that looks like one since the start of the run though nothing states it."""
    known = values[np.isfinite(values)]
    if len(known) > _RISING_STEPS and (np.diff(known) >= 0).all() and known[-1] > known[0]:
        refuse(place, "unclear_amount", count=len(known))


def _parameters(hours: dict[str, Field], station: Station) -> dict[str, Field]:
    """Columns of the frame: what follows from others is added."""
    columns = {name: hours[name] for name in (*PARAMETERS, *COMPONENTS) if name in hours}
    temperature = hours.get("temperature")
    if temperature is not None:
        if "relative_humidity" in hours and "dew_point" not in hours:
            columns["dew_point"] = dew_point(temperature, hours["relative_humidity"])
        if "dew_point" in hours and "relative_humidity" not in hours:
            columns["relative_humidity"] = relative_humidity(temperature, hours["dew_point"])
        if "pressure" not in hours and "sea_level_pressure" in hours and station.altitude_m is not None:
            columns["pressure"] = station_pressure(hours["sea_level_pressure"], temperature, station.altitude_m)
    if set(COMPONENTS) <= hours.keys():
        east, north = hours["wind_east"], hours["wind_north"]
        direction = (270.0 - np.degrees(np.arctan2(north, east))) % 360.0
        columns["wind_direction"] = np.where(np.hypot(east, north) > _CALM_M_S, direction, np.nan)
    return {name: columns[name] for name in (*PARAMETERS, *COMPONENTS) if name in columns}


def _check_values(station_id: str, columns: Mapping[str, Field], first_h: int) -> None:
    """Refuse a station with a missing value, or one outside the physical range of the registry."""
    for code, values in columns.items():
        absent = ~np.isfinite(values)
        if code != "wind_direction" and absent.any():
            at = int(np.argmax(absent))
            refuse(f"{station_id}: {code}", "no_value", at=hour_text(first_h + at), count=int(absent.sum()))
        if code in COMPONENTS:
            continue
        known = parameter(code)
        assert known.range_min is not None, "the registry bounds the weather"
        assert known.range_max is not None, "the registry bounds the weather"
        odd = (values < known.range_min) | (values > known.range_max)
        if odd.any():
            at = int(np.argmax(odd))
            refuse(
                f"{station_id}: {code}", "range", value=float(values[at]), unit=known.unit, at=hour_text(first_h + at),
                low=known.range_min, high=known.range_max,
            )  # fmt: skip
