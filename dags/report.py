"""What the schedules tell the operators: a task that failed. A held batch is a finding, told by the gate itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.sdk import Context


def report_failure(context: Context) -> None:
    """Raise an operator alert for a failed task: which, and the error in words."""
    from alerts.job import raise_operation
    from alerts.settings import AlertSettings
    from schemas.alert import Severity
    from store.settings import load_settings

    instance: Any = context["task_instance"]
    error = context.get("exception")
    raise_operation(
        load_settings(AlertSettings),
        key=f"dag/{instance.dag_id}/{instance.task_id}",
        title_zh=f"任务失败：{instance.dag_id}.{instance.task_id}",
        title_en=f"Task failed: {instance.dag_id}.{instance.task_id}",
        detail=f"{type(error).__name__}: {error}" if error else "no exception given",
        severity=Severity.WARNING,
        now=datetime.now(UTC),
    )
