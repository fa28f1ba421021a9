"""Operation alerts of the schedules: raised by a failed task, ended by the next successful run. A held batch is a finding of the gate."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.sdk import Context


def report_failure(context: Context) -> None:
    """Raise an operation alert for a failed task, with the error."""
    from alerts.run.operation import raise_operation
    from alerts.settings import AlertSettings
    from alerts.wording import titles
    from schemas.alert import Severity
    from store.settings import load_settings

    instance: Any = context["task_instance"]
    error = context.get("exception")
    raise_operation(
        load_settings(AlertSettings),
        key=f"dag/{instance.dag_id}/{instance.task_id}",
        titles=titles("task_failed", task=f"{instance.dag_id}.{instance.task_id}"),
        detail=f"{type(error).__name__}: {error}" if error else "no exception given",
        severity=Severity.WARNING,
        now=datetime.now(UTC),
    )


def report_success(context: Context) -> None:
    """End the alerts of a DAG's tasks that were reported before this run of it began: the run has succeeded without them.

    A task that failed within the run (one whose downstream tasks run in any case) was reported after its start and stays open.
    """
    from alerts.run.operation import resolve_reports
    from store.settings import SharedSettings, load_settings

    run: Any = context.get("dag_run")
    if run is None or run.start_date is None:
        return
    resolve_reports(
        load_settings(SharedSettings), prefix=f"dag/{run.dag_id}/", before=run.start_date, now=datetime.now(UTC)
    )
