"""Quality control of what has arrived, each hour, a task a network."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import task

from dags.schedule import scheduled
from dags.window import (
    HOURLY,
    NETWORKS,
    announce,
    bounds,
    window_of,
)

DOC = """
### What it makes
Native flags, hourly means with count and completeness (L1.5) and hourly flags, for all stations of each network.
The window is the last three hours, so that late readings are taken up; trigger it with `start` and `end` to re-run history.

### When it is healthy
One run an hour, seven mapped tasks green, and the asset `hourly` renewed.

### What to do when it fails
1. `skyground doctor`: is InfluxDB up, are the credentials right?
2. A single network red: read that task's log; a wrong limit in `qc/limits/thresholds.toml` names its key.
3. Clear the failed task: the run is idempotent.
"""


@scheduled("5 * * * *", doc=DOC, tag="qc")
def qc_hourly() -> None:
    """Window, then one task a network, then the asset."""

    @task
    def window() -> dict[str, str]:
        return window_of(timedelta(hours=3))

    @task(map_index_template="{{ task.op_kwargs['network'] }}")
    def check(network: str, window: dict[str, str]) -> dict[str, Any]:
        import msgspec

        from qc.run.job import run
        from store.settings import SharedSettings, load_settings

        start, end = bounds(window)
        return dict(msgspec.to_builtins(run(load_settings(SharedSettings), network, start, end, datetime.now(UTC))))

    @task(outlets=[HOURLY])
    def publish(window: dict[str, str], summaries: list[dict[str, Any]]) -> int:
        announce(HOURLY, window)
        return len(summaries)

    span = window()
    checked = check.partial(window=span).expand(network=list(NETWORKS))
    publish(span, checked)


qc_hourly()
