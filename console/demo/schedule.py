"""Runs the schedules over the demo's history and waits until those that follow by assets have ended too."""

from __future__ import annotations

import time
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from console.local.airflow import ENDED, AirflowClient
from console.local.process import poll

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from console.local.airflow import DagRun

DAGS = ("qc_hourly", "gate_daily", "coanalysis_daily", "attribution", "early_warning_hourly", "silence_watch")
IN_BACKGROUND = {"coanalysis_daily": frozenset({"refit"})}
"""Tasks by DAG that go on for minutes and that nothing else waits for: factorisations of stations whose archive is long enough."""
GATE = "gate_daily"
GATE_WINDOW = timedelta(hours=24)


class ScheduleError(RuntimeError):
    """A DAG run failed; names the DAG and its failed tasks."""


def connect(url: str, *, timeout_s: float = 120) -> AirflowClient:
    """Client of an Airflow that has parsed all our DAGs."""
    client = AirflowClient(url)
    complaint = f"Airflow has not parsed {', '.join(DAGS)}"
    poll(lambda: set(DAGS) <= set(client.dag_ids()), complaint, timeout_s=timeout_s, every_s=0.5)
    return client


def run_history(
    client: AirflowClient,
    *,
    start: datetime,
    end: datetime,
    say: Callable[[str], None],
    timeout_s: float,
    after_checks: Callable[[], None],
) -> list[DagRun]:
    """Quality control over ``[start, end)``, then the gate and the DAGs that follow from the new hours in parallel; return the ended runs.

    ``after_checks`` is called as soon as there are hours.
    """
    # the gate has a schedule of its own: before the checks it would find nothing, and what follows it would keep the later run waiting
    for name in sorted({*DAGS} - {GATE, DAGS[-1]}):
        client.unpause(name)
    began = time.monotonic()
    runs: list[DagRun] = []

    def wait_for(name: str, is_wanted: Callable[[DagRun], bool]) -> str:
        runs.append(_ended(client, name, is_wanted, timeout_s))
        say(f"{name} {runs[-1].state} after {time.monotonic() - began:.0f} s")
        return runs[-1].run_id

    checked = wait_for("qc_hourly", partial(_is_run, client.trigger("qc_hourly", start=start, end=end)))
    after_checks()
    client.unpause(GATE)
    gated = client.trigger(GATE, start=end - GATE_WINDOW, end=end)
    attributed = wait_for("attribution", partial(_follows, client, checked))
    wait_for(GATE, partial(_is_run, gated))
    wait_for("early_warning_hourly", partial(_follows, client, attributed))
    wait_for("coanalysis_daily", lambda run: run.run_type == "asset_triggered")
    client.unpause("silence_watch")
    _check(client, runs)
    return runs


def _is_run(run_id: str, run: DagRun) -> bool:
    return run.run_id == run_id


def _follows(client: AirflowClient, source_run_id: str, run: DagRun) -> bool:
    """Whether an asset that the source run renewed started this run; a scheduled run may start others."""
    return run.run_type == "asset_triggered" and source_run_id in client.source_runs(run)


def _ended(client: AirflowClient, name: str, is_wanted: Callable[[DagRun], bool], timeout_s: float) -> DagRun:
    found: list[DagRun] = []

    def has_ended() -> bool:
        found[:] = [run for run in client.runs(name) if _has_ended(client, run) and is_wanted(run)]
        return bool(found)

    poll(has_ended, f"{name} did not end", timeout_s=timeout_s, every_s=0.5)
    return found[-1]


def _has_ended(client: AirflowClient, run: DagRun) -> bool:
    """Whether nothing but background tasks is left of a run."""
    background = IN_BACKGROUND.get(run.dag_id)
    if run.state in ENDED or background is None:
        return run.state in ENDED
    return run.state == "running" and client.open_tasks(run) <= background


def _check(client: AirflowClient, runs: Sequence[DagRun]) -> None:
    tasks = {run.dag_id: client.failed_tasks(run) for run in runs}
    failed = [
        f"{run.dag_id}: {', '.join(tasks[run.dag_id])}" for run in runs if tasks[run.dag_id] or run.state == "failed"
    ]
    if failed:
        msg = "failed DAG runs: " + "; ".join(failed)
        raise ScheduleError(msg)
