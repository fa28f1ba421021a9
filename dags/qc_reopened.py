"""Quality control of hours that late or corrected readings have re-opened."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from airflow.sdk import task
from airflow.sdk.exceptions import AirflowSkipException

from dags.schedule import scheduled
from dags.window import HOURLY, announce

DOC = """
### What it makes
The same as `qc_hourly`, for exactly the hours whose readings came late or were corrected after they had been tested; analysis
and alerts follow by the asset `hourly` over the time from the first to the last of them.

### When it is healthy
One run an hour; the task is skipped where nothing waits. `skyground qc reopened --dry-run` lists what waits.

### What to do when it fails
Read the log, `skyground doctor`, clear the task: hours stay on the list until they are tested.
"""


@scheduled("35 * * * *", doc=DOC, tag="qc", params=None)
def qc_reopened() -> None:
    """One task that tests and announces."""

    @task(outlets=[HOURLY])
    def check() -> list[dict[str, Any]]:
        import msgspec

        from qc.run.job import run_reopened
        from store.settings import SharedSettings, load_settings

        summaries = run_reopened(load_settings(SharedSettings), datetime.now(UTC))
        if not summaries:
            msg = "no hour waits"
            raise AirflowSkipException(msg)
        start, end = min(item.start for item in summaries), max(item.end for item in summaries)
        announce(HOURLY, {"start": start.isoformat(), "end": end.isoformat()})
        return [dict(msgspec.to_builtins(item)) for item in summaries]

    check()


qc_reopened()
