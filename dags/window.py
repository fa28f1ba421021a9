"""What the schedules share: the time window of a run and the assets between them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import Asset, Param, get_current_context

HOURLY = Asset(name="hourly", uri="skyground://hourly")
GATED = Asset(name="gated", uri="skyground://gated")
ATTRIBUTED = Asset(name="attributed", uri="skyground://attributed")
#: The gas network last: its hours raise most alerts, whose mails ask the others for causes.
NETWORKS = ("voc", "pm", "met", "eco", "rad", "ghg", "gas")
DEFAULT_ARGS: dict[str, Any] = {"retries": 1, "retry_delay": timedelta(seconds=30), "owner": "skyground"}
WINDOW_PARAMS = {
    "start": Param(
        None,
        type=["null", "string"],
        format="date-time",
        description="Start of the window, ISO 8601; empty: by the schedule",
    ),
    "end": Param(
        None, type=["null", "string"], format="date-time", description="End of the window (exclusive), ISO 8601"
    ),
}


def window_of(look_back: timedelta) -> dict[str, str]:
    """Window of this run: its parameters, else that of the asset event that triggered it, else ``look_back`` to the run's hour.

    Returns
    -------
    dict
        ``start`` and ``end``, ISO 8601 in UTC, half-open.
    """
    context: Any = get_current_context()
    given = context["params"]
    if given.get("start") and given.get("end"):
        return {"start": str(given["start"]), "end": str(given["end"])}
    windows = [event.extra for events in _events(context) for event in events if event.extra.get("start")]
    if windows:
        return {"start": min(item["start"] for item in windows), "end": max(item["end"] for item in windows)}
    moment: datetime = context.get("logical_date") or context["dag_run"].run_after
    end = moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return {"start": (end - look_back).isoformat(), "end": end.isoformat()}


def bounds(window: dict[str, str]) -> tuple[datetime, datetime]:
    """Both ends of a window as aware datetimes."""
    return datetime.fromisoformat(window["start"]), datetime.fromisoformat(window["end"])


def announce(asset: Asset, window: dict[str, str]) -> None:
    """Attach the window to the asset event of this task, for the schedules that follow."""
    context: Any = get_current_context()
    context["outlet_events"][asset].extra = dict(window)


def _events(context: Any) -> list[Any]:  # noqa: ANN401 - the Task SDK's accessor has no public type
    accessor = context.get("triggering_asset_events")
    return list(accessor.values()) if accessor else []
