"""Archived weather forecasts as training takes them: one run a day, on the grid of the hours."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.forecast.hourly.archive import ArchivedRun
from analysis.forecast.hourly.grid import LAST_LEAD_H, WEATHER, city_frames
from analysis.run.forecast.weather_forecast import past_runs

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from analysis.forecast.hourly.grid import HourGrid
    from analysis.run.forecast.reading import NetworkHours
    from store.settings import SharedSettings

DELAY_H = 6
"""Hours from the reference time of a run to the first forecast that would have used it [h]; project choice."""
DAYS_MAX = 120
"""Days with a run that are read, the newest [d]; project choice: a run takes up to a second."""


def read_archive(settings: SharedSettings, hours: NetworkHours, until: datetime) -> list[ArchivedRun]:
    """One run a day before a moment, the newest `DAYS_MAX` days; none where no folder is set or no file is usable.

    Parameters
    ----------
    settings : SharedSettings
    hours : NetworkHours
        With a grid.
    until : datetime
        UTC.
    """
    grid = hours.grid
    if grid is None:
        return []
    found = []
    for weather in past_runs(settings, settings.stations, until, days=DAYS_MAX):
        origin = pd.Timestamp(weather.reference_at + timedelta(hours=DELAY_H))
        row = grid.row_of(origin)
        if row < len(grid.hours) and grid.hours[row] == origin:
            frames = dict(weather.hourly)
            found.append(ArchivedRun(row, _ahead(grid, frames | city_frames(frames, hours.cities), origin)))
    return found


def _ahead(grid: HourGrid, frames: Mapping[str, pd.DataFrame], origin: pd.Timestamp) -> np.ndarray:
    hours = pd.date_range(origin, periods=LAST_LEAD_H, freq="h")
    found = np.full((len(WEATHER), LAST_LEAD_H, len(grid.series)), np.nan, dtype=np.float32)
    for place, name in enumerate(grid.series):
        if name in frames:
            known = frames[name].reindex(index=hours, columns=list(WEATHER))
            found[:, :, place] = known.to_numpy(dtype=np.float32).T
    return found
