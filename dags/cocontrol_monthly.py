"""What to cut first, by city, each month for the season up to the end of the month before."""

from __future__ import annotations

import os
from datetime import UTC, timedelta
from typing import Any

from airflow.sdk import task

from dags.schedule import scheduled
from dags.window import bounds, window_of

DOC = """
### What it makes
Document `cocontrol` of each city with a gas station, key `{city}/{first day of the season}`: precursors ranked by what a cut of their emission lowers of O3 and
of secondary PM2.5, with intervals, over the season (March to May, June to August, and so on) that the day before yesterday is in, up to the end of that day: on the 1st
of June all of March to May.

### When it is healthy
`stored` names the cities. `insufficient` names those with too few days or hours and why: no failure. A list equal to the newest makes no new
version.

### What to do when it fails
Read the log. Clear the task after `skyground doctor` is clean, or rank by hand with `skyground analyse cocontrol --city CODE --store`.
For a season of the past trigger it with `end` a day after the season's end.
"""


@scheduled("0 19 1 * *", doc=DOC, tag="analysis")
def cocontrol_monthly() -> None:
    """The season of the last whole month."""

    @task
    def rank() -> dict[str, Any]:
        import msgspec

        from analysis.run.coanalysis.cocontrol import rank_cities
        from store.settings import SharedSettings, load_settings

        _, end = bounds(window_of(timedelta(days=1)))
        settings = load_settings(SharedSettings)
        # 19:00 UTC on the 1st is the 2nd in China: two days back is the last day of the month before
        midnight = end.astimezone(settings.stations.timezone).replace(hour=0, minute=0, second=0, microsecond=0)
        until = midnight - timedelta(days=1)
        last = (until - timedelta(days=1)).date()
        os.nice(10)  # about half a minute of computing a city: the hourly runs come first
        return dict(msgspec.to_builtins(rank_cities(settings, last, until.astimezone(UTC))))

    rank()


cocontrol_monthly()
