"""The Great Expectations gate over yesterday's hourly batches, a task a network."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import task

from dags.each import each
from dags.schedule import scheduled
from dags.window import (
    GATED,
    NETWORKS,
    announce,
    bounds,
    window_of,
)

DOC = """
### What it makes
A verdict (pass, warn, hold) on each network's hourly batch of the last 24 h, and the Data Docs page.

### When it is healthy
One run a day at 00:30 Beijing time; seven mapped tasks green; no network held.

### What to do when it fails
A *held* batch is not a failed task: read the failing expectation in the operator's mail or in the Data Docs, then
`skyground qc held release` or `reject`. Until then its hours stay out of co-analysis, attribution and forecasts.
A failed task: `skyground doctor`, then clear it; the gate only reads hourly data and writes its result.
"""


@scheduled("30 16 * * *", doc=DOC, tag="qc")
def gate_daily() -> None:
    """Window, then one task a network, then the asset."""

    @task
    def window() -> dict[str, str]:
        return window_of(timedelta(hours=24))

    @task
    def judge(networks: list[str], window: dict[str, str]) -> list[dict[str, Any]]:
        from qc.run.gate.job import gate
        from store.settings import SharedSettings, load_settings

        start, end = bounds(window)
        settings = load_settings(SharedSettings)
        return each(lambda network: gate(settings, network, start, end, datetime.now(UTC)), networks)

    @task(outlets=[GATED])
    def publish(window: dict[str, str], verdicts: list[list[dict[str, Any]]]) -> int:
        announce(GATED, window)
        return sum(len(part) for part in verdicts)

    span = window()
    # One worker evaluates several networks: importing great_expectations takes seconds and is paid once a task.
    outcomes = judge.partial(window=span).expand(networks=[list(NETWORKS[:3]), list(NETWORKS[3:])])
    publish(span, outcomes)


gate_daily()
