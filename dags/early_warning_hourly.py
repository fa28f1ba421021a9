"""The next 72 hours, and the alerts that follow from what is and what is forecast."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import task

from dags.schedule import scheduled
from dags.window import ATTRIBUTED, bounds, window_of

DOC = """
### What it makes
A forecast of PM2.5, PM10, O3, NO2, SO2 and CO for the next 72 h by station and city, with quantiles, by the model in force (DAG
`forecast_train`), then the transitions of all alert rules over the window; each is claimed once and mailed.

### When it is healthy
It follows `attribution` by the asset `attributed`, so that a mail can state the cause. `model_version` names the model; empty: none is in
force, and the simple model is used.

### What to do when it fails
`refused` names model files that cannot be read, and why; the previous one serves. `forecast` red: alerts on measured values are still sent (`warn` runs in any case). `warn` red: check the mail server with
`skyground alerts test-mail`; undelivered mails wait and go out with the next run.
"""


@scheduled([ATTRIBUTED], doc=DOC, tag="warning")
def early_warning_hourly() -> None:
    """Forecast, then warn even where the forecast failed."""

    @task
    def forecast() -> dict[str, Any]:
        import msgspec

        from analysis.run.forecast import forecast as run
        from store.settings import SharedSettings, load_settings

        return dict(msgspec.to_builtins(run(load_settings(SharedSettings), datetime.now(UTC))))

    @task(trigger_rule="all_done")
    def warn() -> dict[str, int]:
        from alerts.run.round import evaluate_and_deliver
        from alerts.settings import AlertSettings
        from store.settings import load_settings

        start, end = bounds(window_of(timedelta(hours=24)))
        return evaluate_and_deliver(load_settings(AlertSettings), start, end, datetime.now(UTC))

    forecast() >> warn()


early_warning_hourly()
