"""Runs the schedules over the demo's history and waits until those that follow by assets have ended too."""

from __future__ import annotations

import time
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from console.local.airflow import ENDED, AirflowClient

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from console.local.airflow import DagRun

DAGS = ("qc_hourly", "gate_daily", "coanalysis_daily", "attribution", "early_warning_hourly", "silence_watch")
GATE_WINDOW = timedelta(hours=24)
FOLLOWERS = ("coanalysis_daily", "attribution", "early_warning_hourly")


class ScheduleError(RuntimeError):
    """A DAG run failed or did not end; names the DAG and its failed tasks."""


def connect(url: str, *, timeout_s: float = 120) -> AirflowClient:
    """Client of an Airflow that has parsed all our DAGs."""
    client = AirflowClient(url)
    _wait(lambda: set(DAGS) <= set(client.dag_ids()), f"Airflow has not parsed {', '.join(DAGS)}", timeout_s)
    return client


def run_history(
    client: AirflowClient, *, start: datetime, end: datetime, say: Callable[[str], None], timeout_s: float
) -> list[DagRun]:
    """Quality control over ``[start, end)``, then the gate, and whatever follows from them; return the ended runs."""
    for name in FOLLOWERS:
        client.unpause(name)
    began = time.monotonic()
    runs = []
    for name, followers in (("qc_hourly", FOLLOWERS[1:]), ("gate_daily", FOLLOWERS[:1])):
        client.unpause(name)
        run_id = client.trigger(name, start=end - GATE_WINDOW if name == "gate_daily" else start, end=end)
        runs.append(_ended(client, name, partial(_is_run, run_id), timeout_s))
        say(f"{name} {runs[-1].state} after {time.monotonic() - began:.0f} s")
        for follower in followers:
            runs.append(_ended(client, follower, _follows_an_asset, timeout_s))
            say(f"{follower} {runs[-1].state} after {time.monotonic() - began:.0f} s")
    client.unpause("silence_watch")
    _check(client, runs)
    return runs


def _is_run(run_id: str, run: DagRun) -> bool:
    return run.run_id == run_id


def _follows_an_asset(run: DagRun) -> bool:
    return run.run_type == "asset_triggered"


def _ended(client: AirflowClient, name: str, wanted: Callable[[DagRun], bool], timeout_s: float) -> DagRun:
    found: list[DagRun] = []

    def has_ended() -> bool:
        found[:] = [run for run in client.runs(name) if wanted(run) and run.state in ENDED]
        return bool(found)

    _wait(has_ended, f"{name} did not end", timeout_s)
    return found[-1]


def _check(client: AirflowClient, runs: Sequence[DagRun]) -> None:
    failed = [f"{run.dag_id}: {', '.join(client.failed_tasks(run))}" for run in runs if run.state != "success"]
    if failed:
        msg = "failed DAG runs: " + "; ".join(failed)
        raise ScheduleError(msg)


def _wait(ready: Callable[[], bool], complaint: str, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while not ready():
        if time.monotonic() > deadline:
            msg = f"{complaint} within {timeout_s:.0f} s"
            raise ScheduleError(msg)
        time.sleep(0.5)
