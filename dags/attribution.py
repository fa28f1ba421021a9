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

`split` stores the mass from each factor of a station's solution in the new hours (products `pm_factor_hourly`, `voc_factor_hourly`).

### When it is healthy
It follows `qc_hourly` by the asset `hourly`. No event, no document: that is healthy too.

### What to do when it fails
Alerts keep their first case file, from minutes. Read the log, clear the task: case files are keyed by event and renewed. A single
event that cannot be computed is in `failed` of the result and stops no other. `left_out` above 0: more events than a run may compute; the
next run goes on with them, `skyground analyse attribution` computes all.
"""

MOST_EVENTS = 60
"""Case files of one run, the strongest events first; `left_out` of the result counts the others. Project's choice."""


@scheduled([HOURLY], doc=DOC, tag="analysis")
def attribution() -> None:
    """Two tasks over the window of the asset event, neither needs the other."""

    @task(outlets=[ATTRIBUTED])
    def attribute() -> dict[str, Any]:
        import msgspec

        from analysis.run.case import cases_of_span as run
        from store.settings import SharedSettings, load_settings

        window = window_of(timedelta(hours=24))
        start, end = bounds(window)
        found = run(load_settings(SharedSettings), start, end, datetime.now(UTC), most=MOST_EVENTS)
        announce(ATTRIBUTED, window)
        return dict(msgspec.to_builtins(found))

    @task
    def split() -> dict[str, Any]:
        import msgspec

        from analysis.run.receptor.receptor_model import split_hours
        from store.settings import SharedSettings, load_settings

        start, end = bounds(window_of(timedelta(hours=24)))
        return dict(msgspec.to_builtins(split_hours(load_settings(SharedSettings), start, end)))

    attribute()
    split()


attribution()
