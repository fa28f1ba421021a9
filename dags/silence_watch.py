"""Stations that have fallen silent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import task

from dags.schedule import scheduled
from dags.window import bounds, window_of

DOC = """
### What it makes
Transitions of the silence rules, every ten minutes, and their mails. The streaming `skyground watch` does the same
within seconds; this schedule is the second pair of eyes when that process is down.

### When it is healthy
One green run every ten minutes.

### What to do when it fails
State store or InfluxDB out of reach: `skyground doctor`. All stations silent at once is one alert about the broker or collector.
"""


@scheduled("*/10 * * * *", doc=DOC, tag="warning")
def silence_watch() -> None:
    """One task."""

    @task
    def watch() -> dict[str, int]:
        from alerts.run.round import evaluate_and_deliver
        from alerts.settings import AlertSettings
        from store.settings import load_settings

        now = datetime.now(UTC)
        start, end = bounds(window_of(timedelta(hours=2)))
        return evaluate_and_deliver(load_settings(AlertSettings), start, max(end, now), now)

    watch()


silence_watch()
