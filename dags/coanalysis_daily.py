"""PM2.5 and O3 together, as soon as a day's batch has passed the gate."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import task

from dags.each import each
from dags.schedule import scheduled
from dags.window import COANALYSED, GATED, announce, bounds, window_of

DOC = """
### What it makes
AQI by station and day in the edition in force, MDA8 and 24-h means with their validity, days and hours of joint
PM2.5/O3 exceedance, lagged correlation, ozone formation potential by class, and the chemistry of
VOC and PM2.5 components over the last 60 days (products, L3); the assessment of the months and years that the days touch (final
when they are over), joint episodes with their case files, and the relation of PM2.5 to O3 by season (documents). Then the gate's
verdict on these products, the forecasts and the attributions of the window.

`refit` renews the factorisation of each station with hours of VOC or particle components (document `pmf`), once a day.

### When it is healthy
It follows `gate_daily` by the asset `gated`; one row a station and day in `aqi_daily`; no product held. Hours of batches
that the gate holds are left out: the product has `held_hours`, the document `held`.

### What to do when it fails
Read the log: a station without a valid day gives no row and no failure. Clear the task after `skyground doctor` is clean.
Of `refit`, `failed` names stations that could not be computed, `insufficient` those with too few samples: no failure.
A held product is no failed task: `skyground qc held list`.
"""


@scheduled([GATED], doc=DOC, tag="analysis")
def coanalysis_daily() -> None:
    """The days that the window touches, then the gate over what came of them."""

    @task(outlets=[COANALYSED])
    def coanalyse() -> dict[str, Any]:
        import msgspec

        from analysis.run.coanalysis.daily import coanalyse as run
        from store.settings import SharedSettings, load_settings

        window = window_of(timedelta(hours=48))
        start, end = bounds(window)
        settings = load_settings(SharedSettings)
        zone = settings.stations.timezone
        last = (end - timedelta(seconds=1)).astimezone(zone).date()
        found = run(settings, start.astimezone(zone).date(), last, datetime.now(UTC))
        announce(COANALYSED, window)
        return dict(msgspec.to_builtins(found))

    @task
    def refit() -> dict[str, Any]:
        import msgspec

        from analysis.run.receptor.receptor_model import refit as run
        from store.settings import SharedSettings, load_settings

        _, end = bounds(window_of(timedelta(hours=48)))
        os.nice(10)  # a new station takes a minute or two of computing: the hourly runs come first
        return dict(msgspec.to_builtins(run(load_settings(SharedSettings), end, is_renewed=False)))

    @task
    def judge(_: dict[str, Any]) -> list[dict[str, Any]]:
        from qc.gate.batch_product import PRODUCTS
        from qc.run.gate.job import gate_product
        from store.settings import SharedSettings, load_settings

        start, end = bounds(window_of(timedelta(hours=48)))
        settings, now = load_settings(SharedSettings), datetime.now(UTC)
        return each(lambda name: gate_product(settings, name, start, end, now), PRODUCTS)

    judge(coanalyse())
    refit()


coanalysis_daily()
