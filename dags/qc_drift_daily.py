"""Drift of every station against the others of its network."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from airflow.sdk import task

from dags.each import each
from dags.schedule import scheduled

DOC = """
### What it makes
Flags of the test `drift` on the hours of the last thirty days, a network after the other: days on which a station is further from the
median of the others than at the beginning. What no longer holds is taken back.

### When it is healthy
One run a day, done within a minute or two. The task's return value names the drifting stations.

### What to do when it fails
Read the log, `skyground doctor`, clear the task: testing again is harmless. `skyground qc drifts --dry-run` does the same by hand.
"""


@scheduled("40 17 * * *", doc=DOC, tag="qc", params=None)
def qc_drift_daily() -> None:
    """One task for all networks."""

    @task
    def judge() -> list[dict[str, Any]]:
        from qc.run.drift import run_drift
        from store.settings import SharedSettings, load_settings

        settings, now = load_settings(SharedSettings), datetime.now(UTC)
        networks = dict.fromkeys(item.network.value for item in settings.stations.instruments.values())
        return each(lambda network: run_drift(settings, network, now), networks)

    judge()


qc_drift_daily()
