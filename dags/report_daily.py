"""Reports of yesterday, and of the month and the year that ended with it, once the day's products are stored."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import task

from dags.each import each
from dags.schedule import scheduled
from dags.window import COANALYSED, bounds, window_of

DOC = """
### What it makes
Published reports (document `report`, both languages) of every city with a gas station and of the province: of each civil day that
ended in the window, on the 1st also of the month, on January 1 also of the year. `/reports` and `skyground analyse report` render them.

`renew` publishes reports again whose hours were corrected, received late or recomputed since they were issued, by changes of the last 7 days,
20 reports at most, the latest change first: where a figure differs, the next version is marked as revised.

### When it is healthy
It follows `coanalysis_daily` by the asset `coanalysed`. `issued` names the new versions of each place, `revised` those that change a
published figure, `unchanged` what was published already. `insufficient` names periods without an hour or a valid value: no failure.

### What to do when it fails
The error names the places that failed; the others are published. Clear the task after `skyground doctor` is clean: what is published already makes no
new version. `skyground revisions --published --kind report` lists reports that wait for `renew`. By hand: `skyground analyse report --city CODE --day DAY --publish`. Trigger it with `start` and `end` for days of the past.
"""


CHANGED = timedelta(days=7)
"""A change of hours renews reports for so long; one that alters no figure makes no version."""


@scheduled([COANALYSED], doc=DOC, tag="analysis")
def report_daily() -> None:
    """Two tasks, neither needs the other."""

    @task
    def issue() -> list[dict[str, Any]]:
        from analysis.run.report.issue import ended_periods, places_of, reports_issuer
        from store.settings import SharedSettings, load_settings

        settings, now = load_settings(SharedSettings), datetime.now(UTC)
        start, end = bounds(window_of(timedelta(hours=24)))
        os.nice(10)  # a minute of computing after the end of a year: the hourly runs come first
        periods = ended_periods(start, min(end, now), settings.stations.timezone)
        return each(reports_issuer(settings, periods, now), places_of(settings.stations))

    @task
    def renew() -> list[dict[str, Any]]:
        from analysis.run.report.issue import reports_renewer, reports_to_renew
        from store.settings import SharedSettings, load_settings

        settings, now = load_settings(SharedSettings), datetime.now(UTC)
        os.nice(10)
        found = {f"{code}/{period.text}": (code, period) for code, period in reports_to_renew(settings, now - CHANGED)}
        call = reports_renewer(settings, now)
        return each(lambda name: call(*found[name]), found)

    issue()
    renew()


report_daily()
