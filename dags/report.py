"""What the schedules tell the operators: a task that failed, a batch that the gate holds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.sdk import Context

    from qc.job import GateSummary


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


def report_verdict(summary: GateSummary) -> None:
    """Raise an operator alert for a held batch with its failing expectations; end it when a later batch is let through."""
    from alerts.job import raise_operation, resolve_operation
    from alerts.settings import AlertSettings
    from schemas.alert import Severity
    from store.settings import load_settings
    from store.state import GateOutcome

    settings, now = load_settings(AlertSettings), datetime.now(UTC)
    key = f"gate/{summary.network}"
    if summary.outcome is not GateOutcome.HOLD:
        resolve_operation(settings, key=key, now=now)
        return
    raise_operation(
        settings,
        key=key,
        title_zh=f"数据批次被质控门禁扣留：{summary.network}",
        title_en=f"Batch held at the gate: {summary.network}",
        detail="\n".join(f"{item.zh} / {item.en}" for item in summary.failures),
        severity=Severity.WARNING,
        now=now,
    )
