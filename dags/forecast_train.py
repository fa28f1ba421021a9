"""A new model of the hourly forecast each day."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import task

from dags.schedule import scheduled

DOC = """
### What it makes
A model of the hourly forecast, trained on up to two years of stored hours without the last seven days, and its score on these
days against the model in force and persistence. Each pollutant takes the place of the one in force only if it is not worse.

`score`: the running score of the last two days (products `forecast_score_daily`, `forecast_aqi_score_daily`).

### When it is healthy
The result has a `version`; `promoted` says whether any pollutant of it is in force now, `decisions` why. Without 21 days of hours there is no model, the result has
an empty `version`, and the hourly run uses the simple model.

### What to do when it fails
The model in force stays. `skyground analyse model list` shows the versions, `skyground analyse model promote VERSION` goes back to one of
them. Clear the task after `skyground doctor` is clean.
"""


@scheduled("30 18 * * *", doc=DOC, tag="warning", params=None)
def forecast_train() -> None:
    """Train once a day, behind everything else."""

    @task
    def train() -> dict[str, Any]:
        import msgspec

        from analysis.run.forecast import train_model
        from store.settings import SharedSettings, load_settings

        os.nice(10)  # a minute or more of computing: the hourly runs come first
        return dict(msgspec.to_builtins(train_model(load_settings(SharedSettings), datetime.now(UTC))))

    @task
    def score() -> dict[str, Any]:
        import msgspec

        from analysis.run.forecast.scoring import score_days
        from store.settings import SharedSettings, load_settings

        settings = load_settings(SharedSettings)
        today = datetime.now(UTC).astimezone(settings.stations.timezone).date()
        # the day before yesterday again: late hours have come meanwhile
        return dict(msgspec.to_builtins(score_days(settings, today - timedelta(days=2), today - timedelta(days=1))))

    score()
    train()


forecast_train()
