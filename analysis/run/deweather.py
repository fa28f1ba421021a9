"""Weather taken out of the daily values of the stations of a source."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from analysis.forecast.daily.site_hours import POLLUTANTS, WEATHER, DailyTarget, site_hours
from analysis.forecast.deweather.model import daily_means
from analysis.forecast.deweather.predictor import predictors
from analysis.forecast.deweather.summary import DeweatherError, deweathered
from schemas.frames import valid_values
from sensors.weather_forecast.moist_air import dew_point

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from analysis.forecast.daily.site_hours import SiteHours
    from analysis.forecast.deweather.summary import Deweathered
    from analysis.run.hour_source import StationHours


def deweather_hours(
    found: StationHours, parameter: str, *, progress: Callable[[float], None] | None = None
) -> Deweathered:
    """Months and trends of a parameter before and after the weather is taken out.

    Parameters
    ----------
    found : StationHours
    parameter : str
        One of `analysis.forecast.daily.site_hours.POLLUTANTS`.
    progress : callable or None
        Called with the part that is done [1].

    Raises
    ------
    analysis.forecast.deweather.summary.DeweatherError
        An unknown parameter, fewer than two years, too few valid days, or missing weather.
    """
    hours, daily = daily_values(found, parameter)
    return deweathered(hours, predictors(hours), daily, parameter, progress=progress)


def daily_values(found: StationHours, parameter: str) -> tuple[SiteHours, NDArray[np.float64]]:
    """Hours of pollutants and weather on one axis, and the daily values of a parameter; of ``o3`` MDA8."""
    if parameter not in POLLUTANTS:
        msg = f"{parameter!r}: expected one of {', '.join(POLLUTANTS)}"
        raise DeweatherError(msg)
    frames = {name: _columns(frame) for name, frame in found.hourly.items()}
    hours = site_hours(frames, DailyTarget.MDA8 if parameter == "o3" else DailyTarget.PM25, found.zone)
    return hours, hours.daily if parameter == "o3" else daily_means(hours, parameter)


def _columns(frame: pd.DataFrame) -> pd.DataFrame:
    """Valid values; dew point from humidity where only that was measured."""
    columns = {name: valid_values(frame, name) for name in (*POLLUTANTS, *WEATHER)}
    if not columns["dew_point"].notna().any() and "relative_humidity" in frame:
        humidity = valid_values(frame, "relative_humidity").where(lambda item: item > 0)
        temperature = columns["temperature"].to_numpy(dtype=float)
        columns["dew_point"] = pd.Series(dew_point(temperature, humidity.to_numpy(dtype=float)), index=frame.index)
    return pd.DataFrame(columns)
