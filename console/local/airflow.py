"""Our side of Airflow's REST API: unpause, trigger, and ask how runs ended. Knows HTTP only, not Airflow's packages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from datetime import datetime

_TASK_ENDED = frozenset({"success", "failed", "upstream_failed", "skipped", "removed"})
ENDED = ("success", "failed")


class AirflowError(RuntimeError):
    """Airflow refused a call; the message holds its words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DagRun:
    """One run of a DAG: its id, state (queued, running, success, failed) and whether an asset started it."""

    dag_id: str
    run_id: str
    state: str
    run_type: str


class AirflowClient:
    """Client of one Airflow.

    Parameters
    ----------
    url : str
        Root of the API server.
    """

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=url, timeout=30)
        token = self._call("GET", "/auth/token")["access_token"]
        self._client.headers["Authorization"] = f"Bearer {token}"

    def dag_ids(self) -> list[str]:
        """Ids of the DAGs that Airflow has parsed so far."""
        return [str(item["dag_id"]) for item in self._call("GET", "/api/v2/dags", params={"limit": 100})["dags"]]

    def import_errors(self) -> list[str]:
        """Errors of DAG files, each with its file."""
        rows = self._call("GET", "/api/v2/importErrors")["import_errors"]
        return [f"{item['filename']}: {item['stack_trace']}" for item in rows]

    def unpause(self, dag_id: str) -> None:
        """Let the schedule of a DAG run."""
        self._call("PATCH", f"/api/v2/dags/{dag_id}", json={"is_paused": False})

    def trigger(self, dag_id: str, *, start: datetime, end: datetime) -> str:
        """Run a DAG over a window; return the run id."""
        body = {"logical_date": None, "conf": {"start": start.isoformat(), "end": end.isoformat()}}
        return str(self._call("POST", f"/api/v2/dags/{dag_id}/dagRuns", json=body)["dag_run_id"])

    def runs(self, dag_id: str) -> list[DagRun]:
        """Runs of a DAG, newest first."""
        rows = self._call("GET", f"/api/v2/dags/{dag_id}/dagRuns", params={"limit": 50, "order_by": "-run_after"})[
            "dag_runs"
        ]
        return [
            DagRun(dag_id=dag_id, run_id=row["dag_run_id"], state=row["state"], run_type=row["run_type"])
            for row in rows
        ]

    def source_runs(self, run: DagRun) -> set[str]:
        """Ids of the runs whose assets started this run."""
        rows = self._call("GET", f"/api/v2/dags/{run.dag_id}/dagRuns/{run.run_id}/upstreamAssetEvents")["asset_events"]
        return {str(row["source_run_id"]) for row in rows}

    def failed_tasks(self, run: DagRun) -> list[str]:
        """Names of the tasks of a run that failed."""
        return [
            f"{row['task_id']}[{row['map_index']}]"
            for row in self._tasks(run)
            if row["state"] in ("failed", "upstream_failed")
        ]

    def open_tasks(self, run: DagRun) -> set[str]:
        """Ids of the tasks of a run that have not ended."""
        return {row["task_id"] for row in self._tasks(run) if row["state"] not in _TASK_ENDED}

    def _tasks(self, run: DagRun) -> list[dict[str, Any]]:
        path = f"/api/v2/dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances"
        found: list[dict[str, Any]] = self._call("GET", path)["task_instances"]
        return found

    def _call(self, method: str, path: str, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401 - httpx's own keywords
        answer = self._client.request(method, path, **arguments)
        if answer.is_error:
            msg = f"Airflow: {method} {path}: {answer.status_code} {answer.text[:400]}"
            raise AirflowError(msg)
        return dict(answer.json()) if answer.content else {}
