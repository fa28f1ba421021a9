"""First case files of alerts that begin: computed as soon as an alert fires, so that its mail and page have one."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
import structlog

from alerts.rules.rule import LOOKS_AT
from analysis.case.registry import EnterpriseError
from analysis.run.case import CaseSources, EventWindow, find_case, first_cases
from analysis.run.case.case_data import NETWORKS
from analysis.run.receptor.registry import registry_of
from schemas.alert import AlertState, Severity
from schemas.interval import Interval

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from analysis.case.registry import Registry
    from analysis.report.stored_case import StoredCase
    from schemas.alert import AlertTransition
    from schemas.network import Network
    from store.influx.store import InfluxStore
    from store.settings import SharedSettings
    from store.state import StateStore

FAILED = "case_failed"
"""Kind of the documents that state why a case could not be computed, by station, parameter and begin of the alert."""
MOST_CASES = 12
"""Case files that one round computes, the most severe alerts first; the hourly run makes the others."""
_URGENCY = {Severity.CRITICAL: 0, Severity.WARNING: 1, Severity.INFO: 2}
_MINUTE = timedelta(minutes=1)
_log = structlog.get_logger(__name__)


def compute_first_cases(
    settings: SharedSettings,
    influx: InfluxStore,
    state: StateStore,
    transitions: Iterable[AlertTransition],
    now: datetime,
) -> int:
    """Compute the case files that alerts which begin do not have yet; returns how many were stored.

    A failure is logged, stored, and costs the mail its case file, never the mail. What failed is not tried again here: the
    hourly run does.
    """
    network = settings.stations
    wanted = [item for item in transitions if has_case(item, network) and not _is_known(state, item)]
    wanted.sort(key=lambda item: (_URGENCY[item.severity], item.at))
    if not wanted:
        return 0
    try:
        sources = CaseSources(influx=influx, state=state, network=network, registry=_registry(settings))
        summary = first_cases(sources, [_window(item) for item in wanted[:MOST_CASES]], now)
        for item in wanted[:MOST_CASES]:
            why = summary.failed.get(f"{item.station_id}/{item.parameter}")
            if why is not None:
                _log.warning("first_case_failed", alert=item.alert_key, detail=why)
                state.documents.put(FAILED, _key(item), {"why": why})
    except Exception:  # noqa: BLE001 - the mail must go out whatever the analysis trips over; logged with its trace
        _log.exception("first_cases_failed", alerts=[item.alert_key for item in wanted])
        return 0
    return summary.events


def _registry(settings: SharedSettings) -> Registry | None:
    """Enterprises; None, and logged, where the file cannot be read: the case file names none, and ``doctor`` says why."""
    try:
        return registry_of(settings)
    except EnterpriseError as error:
        _log.warning("registry_of_enterprises_cannot_be_read", detail=str(error))
        return None


def has_case(transition: AlertTransition, network: Network) -> bool:
    """Whether a case file is computed for an alert: a value above its threshold, of a network of the air, that fires."""
    if not transition.kind.is_of_values or transition.to_state is not AlertState.FIRING:
        return False
    return is_of_air(transition, network)


def is_of_air(transition: AlertTransition, network: Network) -> bool:
    """Whether an alert is about a high concentration that the network measures."""
    station = network.stations.get(transition.station_id)
    looks = transition.evidence.get(LOOKS_AT)
    is_below = isinstance(looks, dict) and looks.get("side") == "below"
    if transition.parameter is None or station is None or is_below:
        return False
    codes = [code for code in NETWORKS if code != "met"]
    return any(transition.parameter in item.parameters for code in codes for item in station.instruments_of(code))


def case_of(state: StateStore, transition: AlertTransition) -> StoredCase | None:
    """The stored case file of an alert: of its station and parameter, or of an event that includes them."""
    if not transition.kind.is_of_values or transition.parameter is None:
        return None
    found = find_case(state, transition.station_id, transition.parameter, transition.since, transition.at)
    return None if found is None else with_threshold_of(found, transition)


def with_threshold_of(item: StoredCase, transition: AlertTransition) -> StoredCase:
    """The case file whose picture has the threshold of the alert, where both are of one station and parameter."""
    is_own = (item.case.station_id, item.case.parameter) == (transition.station_id, transition.parameter)
    if item.chart is None or not is_own or transition.threshold is None:
        return item
    chart = msgspec.structs.replace(item.chart, threshold=transition.threshold)
    return msgspec.structs.replace(item, chart=chart)


def why_no_case(state: StateStore, transition: AlertTransition) -> str | None:
    """Why the case file of an alert could not be computed; None where nothing is known."""
    found = state.documents.get(FAILED, _key(transition))
    return None if found is None else str(found.body.get("why", ""))


def _is_known(state: StateStore, transition: AlertTransition) -> bool:
    found = case_of(state, transition)
    is_own = found is not None and found.case.parameter == transition.parameter
    return is_own or state.documents.get(FAILED, _key(transition)) is not None


def _key(transition: AlertTransition) -> str:
    return f"{transition.station_id}/{transition.parameter}/{transition.since:%Y-%m-%dT%H:%MZ}"


def _window(transition: AlertTransition) -> EventWindow:
    return EventWindow(
        station_id=transition.station_id,
        parameter=transition.parameter or "",
        interval=Interval(transition.since, max(transition.at, transition.since + _MINUTE)),
        threshold=transition.threshold,
    )
