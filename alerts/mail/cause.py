"""Causes on demand: a mail that would go out before the schedule has attributed its exceedance asks for it here."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog

from analysis.run.attribution import attribute
from analysis.statistics.episode import watched_parameters
from schemas.alert import AlertState, RuleKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from schemas.alert import AlertTransition
    from store.settings import SharedSettings
    from store.state import StateStore

_HOUR = timedelta(hours=1)
_log = structlog.get_logger(__name__)


def attribute_missing(
    settings: SharedSettings, state: StateStore, transitions: Iterable[AlertTransition], now: datetime
) -> int:
    """Attribute the exceedances that have begun and have no attribution yet; returns how many were asked for.

    A failure is logged and costs the mail its causes, never the mail.
    """
    missing = [item for item in transitions if _is_attributable(item) and not attributions_of(state, item)]
    if not missing:
        return 0
    start, end = min(item.since for item in missing), max(item.at for item in missing) + _HOUR
    try:
        attribute(settings, start, end, now, station_ids={item.station_id for item in missing})
    except Exception:  # noqa: BLE001 - the mail must go out whatever the analysis trips over; logged with its trace
        _log.exception("attribution_for_mail_failed", alerts=[item.alert_key for item in missing])
    return len(missing)


def _is_attributable(transition: AlertTransition) -> bool:
    is_beginning = transition.kind is RuleKind.THRESHOLD and transition.to_state is AlertState.FIRING
    return is_beginning and transition.parameter in watched_parameters()


def attributions_of(state: StateStore, transition: AlertTransition) -> list[dict[str, Any]]:
    """Attribution documents of the transition's station and parameter that overlap its time, newest first."""
    prefix = f"{transition.station_id}/{transition.parameter}/"
    documents = state.documents.each("attribution", prefix=prefix)
    return [document.body for document in documents if explains(document.body, transition)]


def explains(body: Mapping[str, Any], transition: AlertTransition) -> bool:
    """Whether an attribution document is of the transition's station and parameter and overlaps its time."""
    return (
        body.get("station_id") == transition.station_id
        and body.get("parameter") == transition.parameter
        and datetime.fromisoformat(body["start"]) < transition.at
        and datetime.fromisoformat(body["end"]) > transition.since
    )
