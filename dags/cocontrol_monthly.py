"""What to cut first and months without weather, by city, each month up to the end of the month before."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import task

from dags.schedule import scheduled
from dags.window import bounds, window_of

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

DOC = """
### What it makes
Document `cocontrol` of each city with a gas station, key `{city}/{first day of the season}`: precursors ranked by what a cut of their emission lowers of O3 and
of secondary PM2.5, with intervals, over the season (March to May, June to August, and so on) that the day before yesterday is in, up to the end of that day: on the 1st
of June all of March to May.

Document `deweathered` of each city, key `{city}/{parameter}`: NO2, PM2.5 and MDA8 of O3 with the usual weather, months and trend of four years up to the same day.

### When it is healthy
`stored` names the cities. `insufficient` names those with too few days or hours and why: no failure. A list equal to the newest makes no new
version. `normalise` needs 24 months, 365 valid days and weather; `not_usable` names series whose weather model explains too little.

### What to do when it fails
Read the log. Clear the task after `skyground doctor` is clean, or rank by hand with `skyground analyse cocontrol --city CODE --store`,
normalise with `skyground analyse deweather --city CODE --parameter no2 --store`.
For a season of the past trigger it with `end` a day after the season's end.
"""


@scheduled("0 19 1 * *", doc=DOC, tag="analysis")
def cocontrol_monthly() -> None:
    """Two tasks up to the end of the last whole month; neither needs the other."""

    @task
    def rank() -> dict[str, Any]:
        import msgspec

        from analysis.run.coanalysis.cocontrol import rank_cities
        from store.settings import SharedSettings, load_settings

        settings = load_settings(SharedSettings)
        until = _until(settings.stations.timezone)
        last = (until - timedelta(days=1)).date()
        os.nice(10)  # about half a minute of computing a city: the hourly runs come first
        return dict(msgspec.to_builtins(rank_cities(settings, last, until.astimezone(UTC))))

    @task
    def normalise() -> dict[str, Any]:
        import msgspec

        from analysis.run.coanalysis.deweather import deweather_cities
        from store.settings import SharedSettings, load_settings

        settings = load_settings(SharedSettings)
        os.nice(15)  # about a minute of computing a city and parameter
        last = (_until(settings.stations.timezone) - timedelta(days=1)).date()
        return dict(msgspec.to_builtins(deweather_cities(settings, last)))

    rank()
    normalise()


def _until(zone: ZoneInfo) -> datetime:
    """End of the last day: 19:00 UTC on the 1st is the 2nd in China, two days back is the last day of the month before."""
    _, end = bounds(window_of(timedelta(days=1)))
    midnight = end.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=1)


cocontrol_monthly()
