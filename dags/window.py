"""What the schedules share: the time window of a run and the assets between them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from airflow.sdk import Asset, Param, get_current_context

from dags.span import span_of

HOURLY = Asset(name="hourly", uri="skyground://hourly")
GATED = Asset(name="gated", uri="skyground://gated")
COANALYSED = Asset(name="coanalysed", uri="skyground://coanalysed")
ATTRIBUTED = Asset(name="attributed", uri="skyground://attributed")
#: The gas network last: its hours raise most alerts, whose mails ask the others for causes.
NETWORKS = ("voc", "pm", "met", "eco", "rad", "ghg", "gas")
DEFAULT_ARGS: dict[str, Any] = {"retries": 1, "retry_delay": timedelta(seconds=30), "owner": "skyground"}
WINDOW_PARAMS = {
    "start": Param(
        None,
        type=["null", "string"],
        format="date-time",
        description="Start of the window, ISO 8601 with an offset; empty: by the schedule, or before the end",
    ),
    "end": Param(
        None,
        type=["null", "string"],
        format="date-time",
        description="End of the window (exclusive), ISO 8601 with an offset; empty: the run's hour",
    ),
}


def window_of(look_back: timedelta) -> dict[str, str]:
    """Window of this run (`dags.span.span_of`): ``start`` and ``end``, ISO 8601 in UTC, half-open."""
    context: Any = get_current_context()
    moment: datetime = context.get("logical_date") or context["dag_run"].run_after
    start, end = span_of(context["params"], _windows(context), moment, look_back)
    return {"start": start.isoformat(), "end": end.isoformat()}


def bounds(window: dict[str, str]) -> tuple[datetime, datetime]:
    """Both ends of a window as aware datetimes."""
    return datetime.fromisoformat(window["start"]), datetime.fromisoformat(window["end"])


def announce(asset: Asset, window: dict[str, str]) -> None:
    """Attach the window to the asset event of this task, for the schedules that follow."""
    context: Any = get_current_context()
    context["outlet_events"][asset].extra = dict(window)


def _windows(context: Any) -> list[dict[str, str]]:  # noqa: ANN401 - the Task SDK's accessor has no public type
    """Windows that the asset events carry which triggered this run."""
    accessor = context.get("triggering_asset_events")
    extras = [event.extra for events in accessor.values() for event in events] if accessor else []
    return [extra for extra in extras if extra and extra.get("start") and extra.get("end")]
