"""What a message adds for some kinds of case: the draft of an official warning, and when it last rained where a dose rate rose. Reads only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from alerts.mail.view.finding import WarningProposal
from alerts.mail.view.mail_value import Name
from alerts.rules.gamma.rule import RAIN, rain_feed
from alerts.warning.scheme import SourceStatus
from schemas.alert_case import CaseKind
from schemas.frames import valid_values
from schemas.words import LANGUAGES, words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alerts.mail.evidence.series import Sources
    from schemas.alert_case import AlertCase, CaseAlert

CITY_WARNING = "city_warning"
"""Kind of the documents of what is due in a city (`alerts.run.warning`)."""
OZONE_NOTICE = "ozone_notice"
HOUR = timedelta(hours=1)
RAIN_BACK = timedelta(hours=72)
"""Rain before it is left out."""
STILL_RAINING = timedelta(hours=2)
"""An hour with rain that began so recently counts as rain now: the hour under way is not stored."""


def warning_proposal(sources: Sources, case: AlertCase) -> WarningProposal | None:
    """The warning that a case proposes, as it was evaluated last; None for another kind, and where nothing of it is stored."""
    if case.kind is not CaseKind.WARNING or not case.alerts:
        return None
    begun = _evidence_of_begin(sources, case.alerts[0])
    document = sources.state.documents.get(CITY_WARNING, case.alerts[0].station_id)
    if case.alerts[0].parameter is not None:
        return _ozone(begun, _newest_evidence(sources, case), case.alerts[0])
    newest = _newest_evidence(sources, case)
    act = _act_of(newest, case)
    now: Mapping[str, Any] = begun if document is None or act == "release" else document.body
    first, last = _moment(now.get("first")), _moment(now.get("last"))
    if first is None or last is None:
        return None
    status = now.get("status")
    return WarningProposal(
        level=str(now["level"]),
        act=act,
        first=first,
        last=last,
        aqi=now.get("peak_aqi"),
        draft=_draft(newest if act == "release" else now),
        edition=str(now.get("edition") or ""),
        observed_h=now.get("observed_h"),
        forecast_h=now.get("forecast_h"),
        unverified=() if status in {None, SourceStatus.VERIFIED_PRIMARY} else (_status(str(status)),),
    )


def dry_for(sources: Sources, station_id: str) -> timedelta | None:
    """Time since the last hour with rain at a station's gauge; zero while it rains, None where it is not known or long ago.

    Raises
    ------
    store.error.StoreError
    """
    station = sources.network.stations.get(station_id)
    feed = None if station is None else rain_feed(station)
    if feed is None:
        return None
    frames = sources.influx.read_hourly_all(feed.network, sources.now - RAIN_BACK, sources.now, [RAIN])
    if station_id not in frames or RAIN not in frames[station_id]:
        return None
    rain = valid_values(frames[station_id], RAIN).dropna()
    if rain.empty:
        return None
    moments: list[datetime] = pd.DatetimeIndex(rain.index).to_pydatetime().tolist()
    if not (rain > 0).any():
        return sources.now - moments[0]
    begun = moments[int(np.flatnonzero(rain > 0)[-1])]
    return timedelta(0) if sources.now - begun <= STILL_RAINING else sources.now - begun - HOUR


def _ozone(begun: Mapping[str, Any], newest: Mapping[str, Any], alert: CaseAlert) -> WarningProposal | None:
    at = _moment(begun.get("peak_at"))
    if at is None:
        return None
    return WarningProposal(
        level=OZONE_NOTICE,
        act="issue" if alert.is_open else "release",
        first=at - 8 * HOUR,
        last=at,
        aqi=begun.get("peak_iaqi"),
        draft=_draft(begun if alert.is_open else newest),
        edition="",
        unverified=(_status(SourceStatus.SINGLE_SOURCE),),
    )


def _draft(evidence: Mapping[str, Any]) -> Name:
    return Name(str(evidence.get("draft_zh", "")), str(evidence.get("draft_en", "")))


def _newest_evidence(sources: Sources, case: AlertCase) -> Mapping[str, Any]:
    """Of the newest transition of the case's alerts."""
    states = sources.state.alerts.get_states(keys=[item.alert_key for item in case.alerts])
    own = [states[item.alert_key] for item in case.alerts if item.alert_key in states]
    newest = max(own, key=lambda item: (item.transition.at, item.transition_id), default=None)
    return {} if newest is None else newest.transition.evidence


def _act_of(newest: Mapping[str, Any], case: AlertCase) -> str:
    act = newest.get("act")
    return act if isinstance(act, str) else "issue" if case.is_open else "release"


def _evidence_of_begin(sources: Sources, alert: CaseAlert) -> Mapping[str, Any]:
    stored = sources.state.alerts.get(alert.begin_id)
    return {} if stored is None else stored.transition.evidence


def _status(status: str) -> Name:
    return Name(*(words(language, "warning")(f"status.{status}") for language in LANGUAGES))


def _moment(text: object) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC) if isinstance(text, str) else None
