"""Quality control of history again: by station-months, only what changed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from airflow.sdk import Param, task

from dags.schedule import scheduled
from dags.window import HOURLY, NETWORKS, WINDOW_PARAMS, announce, bounds, window_of

#: Mapped tasks of one run at most (Airflow's own limit is 1,024); more station-months share tasks.
MAX_TASKS = 500

DOC = """
### What it makes
The same as `qc_hourly`, for the time from `start` to `end`: one mapped task for each station and month (a task takes several
where there are more than 500). Only days whose values or limits changed since they were tested are tested again; set `everything` to
test all. `stations` (ids, separated by commas) and `networks` narrow it. What was replaced stays in the history of flags.

### When it is healthy
It runs only when it is triggered. All mapped tasks green, `left` 0, and the asset `hourly` renewed.

### What to do when it fails
1. `skyground doctor`: is InfluxDB up, are the credentials right?
2. Clear the failed tasks: what was tested is recorded and skipped. `skyground qc run --from --to --dry-run` lists what is left.
3. To stop it, mark the run failed: tasks end between stations, nothing is half written. Trigger it again to go on.
"""


@scheduled(
    None,
    doc=DOC,
    tag="qc",
    params={
        **WINDOW_PARAMS,
        "stations": Param("", type="string", description="Station ids, separated by commas; empty: all"),
        "networks": Param("", type="string", description="Network codes, separated by commas; empty: all"),
        "everything": Param(False, type="boolean", description="Test also what has not changed"),  # noqa: FBT003 - its default
    },
)
def qc_reprocess() -> None:
    """Window, plan, then one task a batch of station-months, then the asset."""

    @task
    def window() -> dict[str, str]:
        from datetime import timedelta

        return window_of(timedelta(days=31))

    @task
    def plan(window: dict[str, str], params: dict[str, Any] | None = None) -> list[list[dict[str, Any]]]:
        from qc.run.reprocess.plan import plan_batches
        from store.settings import SharedSettings, load_settings

        given = params or {}
        networks, stations = _words(given.get("networks")), _words(given.get("stations"))
        return plan_batches(
            load_settings(SharedSettings),
            networks or list(NETWORKS),
            *bounds(window),
            stations=stations or None,
            now=datetime.now(UTC),
            most=MAX_TASKS,
            everything=bool(given.get("everything")),
        )

    @task(map_index_template="{{ task.op_kwargs['batch'][0]['station_id'] }} {{ task.op_kwargs['batch'][0]['start'] }}")
    def check(batch: list[dict[str, Any]]) -> dict[str, Any]:
        import msgspec

        from qc.run.reprocess.job import reprocess
        from qc.station.station_month import StationMonth
        from store.settings import SharedSettings, load_settings

        station_months = msgspec.convert(batch, list[StationMonth])
        return dict(msgspec.to_builtins(reprocess(load_settings(SharedSettings), station_months, datetime.now(UTC))))

    @task(outlets=[HOURLY])
    def publish(window: dict[str, str], summaries: list[dict[str, Any]]) -> int:
        announce(HOURLY, window)
        return len(summaries)

    span = window()
    publish(span, check.expand(batch=plan(span)))


def _words(text: object) -> list[str]:
    return [word for word in str(text or "").replace(" ", "").split(",") if word]


qc_reprocess()
