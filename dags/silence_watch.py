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
        from alerts.run.delivery import deliver
        from alerts.run.evaluation import evaluate
        from alerts.settings import AlertSettings
        from store.settings import load_settings

        start, end = bounds(window_of(timedelta(hours=2)))
        settings = load_settings(AlertSettings)
        now = datetime.now(UTC)
        mails = deliver(settings, now)  # first, so that an evaluation that fails does not hold up what waits
        try:
            found = evaluate(settings, start, max(end, now), now)
        finally:  # one rule that fails does not hold up the mails of the others
            mails += deliver(settings, now)
        return {"transitions": found, "mails": mails}

    watch()


silence_watch()
