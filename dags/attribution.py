"""Why is it high? Sources of each exceedance in the new hours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import task

from dags.schedule import scheduled
from dags.window import (
    ATTRIBUTED,
    HOURLY,
    announce,
    bounds,
    window_of,
)

DOC = """
### What it makes
For every exceedance in the window a statement with its figures: wind sectors, enriched tracers against the
station's own background, neighbouring stations upwind and downwind. The mail of the alert carries it.

### When it is healthy
It follows `qc_hourly` by the asset `hourly`. No exceedance, no document: that is healthy too.

### What to do when it fails
The alert is mailed without causes. Read the log, clear the task: statements are keyed by episode and replaced.
"""


@scheduled([HOURLY], doc=DOC, tag="analysis")
def attribution() -> None:
    """One task over the window of the asset event."""

    @task(outlets=[ATTRIBUTED])
    def attribute() -> dict[str, Any]:
        import msgspec

        from analysis.run.attribution import attribute as run
        from store.settings import SharedSettings, load_settings

        window = window_of(timedelta(hours=24))
        start, end = bounds(window)
        summary = dict(msgspec.to_builtins(run(load_settings(SharedSettings), start, end, datetime.now(UTC))))
        announce(ATTRIBUTED, window)
        return summary

    attribute()


attribution()
