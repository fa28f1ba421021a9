"""Why is it high? Case files of the events in the new hours."""

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
For every event in the window a case file (document `case`): kind of event, sources with intervals, direction, place, enterprises
upwind, similar events, and what would change the answer. It renews the first version that an alert made from minutes.

### When it is healthy
It follows `qc_hourly` by the asset `hourly`. No event, no document: that is healthy too.

### What to do when it fails
Alerts keep their first case file, from minutes. Read the log, clear the task: case files are keyed by event and renewed. A single
event that cannot be computed is in `failed` of the result and stops no other.
"""


@scheduled([HOURLY], doc=DOC, tag="analysis")
def attribution() -> None:
    """One task over the window of the asset event."""

    @task(outlets=[ATTRIBUTED])
    def attribute() -> dict[str, Any]:
        import msgspec

        from analysis.run.case import cases_of_span as run
        from store.settings import SharedSettings, load_settings

        window = window_of(timedelta(hours=24))
        start, end = bounds(window)
        summary = dict(msgspec.to_builtins(run(load_settings(SharedSettings), start, end, datetime.now(UTC))))
        announce(ATTRIBUTED, window)
        return summary

    attribute()


attribution()
