"""Gathers for a mail what the stores know of an alert: series, flags, neighbours, forecast, case file. Reads only."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING

import msgspec
import pandas as pd
import structlog

from alerts.mail.evidence.first_case import case_of
from alerts.mail.evidence.series import (
    Sources,
    finite,
    furthest_value,
    newest_value,
    read_hours,
    read_series,
    shown_until,
)
from alerts.mail.view.alert_view import AlertView
from alerts.mail.view.mail_value import ForecastPoint, TimedValue
from alerts.rules.forecast import FORECAST, forecast_of, of_models
from alerts.rules.rule import is_changed
from alerts.rules.threshold.rule import ThresholdRule
from alerts.rules.threshold.sample import HOUR
from alerts.rules.value_rule import RuleAveraging
from schemas.alert import AlertState, RuleKind
from schemas.geodesy import km_between
from schemas.interval import Interval
from store.error import StoreError

if TYPE_CHECKING:
    from datetime import datetime

    from schemas.alert import AlertTransition
    from schemas.network import Network, Station
    from store.state import AlertStatus

_log = structlog.get_logger(__name__)
NEIGHBOURS, RADIUS_KM = 5, 100.0


def alert_view(sources: Sources, alert_id: int, transition: AlertTransition, status: AlertStatus | None) -> AlertView:
    """Everything that is known of one transition; ``status`` is the present state of its alert.

    A station, rule or parameter that is not configured any more, or a database that does not answer, leaves gaps in the
    view, not an error.
    """
    view = _plain_view(sources, alert_id, transition, status)
    try:
        return _with_points(sources, view)
    except StoreError as error:
        _log.warning("alert_mail_without_series", alert=transition.alert_key, detail=str(error))
        return view


def _plain_view(sources: Sources, alert_id: int, transition: AlertTransition, status: AlertStatus | None) -> AlertView:
    """What the state database and the configuration know."""
    rule = sources.rules.named(transition.rule) or sources.rules.operation(transition.alert_key.partition("/")[2])
    view = AlertView(
        transition=transition,
        rule=rule if rule and not is_changed(transition, rule) else None,
        case=case_of(sources.state, transition),
        latest=_latest(alert_id, transition, status),
    )
    return msgspec.structs.replace(view, network=_network_seen(view))


def _network_seen(view: AlertView) -> str | None:
    """The network of a threshold alert, also where its rule means another one by now."""
    kept = view.looked_at("network")
    if isinstance(kept, str):
        return kept
    return view.rule.network if isinstance(view.rule, ThresholdRule) else None


def _with_points(sources: Sources, view: AlertView) -> AlertView:
    points, cadence = read_series(sources, view)
    return msgspec.structs.replace(
        view,
        points=points,
        cadence=cadence,
        forecast=_forecast(sources, view),
        neighbours=_neighbours(sources, view),
        latest=newest_value(sources, view) if view.is_resolved else view.latest,
    )


def _latest(alert_id: int, transition: AlertTransition, status: AlertStatus | None) -> TimedValue | None:
    """Newest value of an alert as it is stored: of the open one as of the last round."""
    is_silent = transition.kind is RuleKind.SILENCE and transition.to_state is AlertState.FIRING
    if is_silent or transition.value is None:
        return None
    progress = status.progress if status and status.transition_id == alert_id else None
    if progress is not None and progress.latest is not None:
        return TimedValue(progress.latest, progress.latest_at)
    return TimedValue(transition.value, transition.at)


def _forecast(sources: Sources, view: AlertView) -> tuple[ForecastPoint, ...]:
    transition = view.transition
    code = transition.parameter
    if code is None or not (transition.kind.is_of_values or transition.kind is RuleKind.FORECAST):
        return ()
    start = shown_until(view).astimezone(UTC)
    product = sources.influx.read_product(FORECAST, start, start + timedelta(hours=24), transition.station_id)
    if product.empty:
        return ()
    product = of_models(product)
    rows = forecast_of(_knowing(product, transition.since) if transition.kind.is_of_values else product, code)
    return tuple(
        ForecastPoint(moment.to_pydatetime(), float(row["q50"]), finite(row["q10"]), finite(row["q90"]))
        for moment, row in rows.iterrows()
        if isinstance(moment, pd.Timestamp)
    )


def _knowing(product: pd.DataFrame, since: datetime) -> pd.DataFrame:
    """Rows of forecasts that were made after the alert began: earlier ones know nothing of it."""
    if "origin" not in product:
        return product
    return product[pd.to_datetime(product["origin"], utc=True) >= pd.Timestamp(since)]


def _neighbours(sources: Sources, view: AlertView) -> dict[str, float]:
    """Furthest hour of the nearest stations from the begin of the alert to its end, or to as far as it was followed."""
    transition, rule = view.transition, view.rule
    station = sources.network.stations.get(transition.station_id)
    if (
        not isinstance(rule, ThresholdRule)
        or rule.averaging is not RuleAveraging.HOUR
        or rule.baseline
        or station is None
    ):
        return {}
    span = Interval(transition.since, max(shown_until(view), transition.since + HOUR))
    found = {
        name: furthest_value(
            read_hours(sources, rule.network, name, span, rule.parameter),
            rule.parameter,
            is_below=rule.is_of_low_values,
        )
        for name in nearest(sources.network, station, rule.network)
    }
    return {name: value for name, value in found.items() if value is not None}


def nearest(network: Network, station: Station, code: str) -> list[str]:
    """Ids of the stations of a network that are nearest to one, itself left out."""
    near = ((km_between(station, item), item.id) for item in network.stations_of(code) if item.id != station.id)
    return [name for distance_km, name in sorted(near) if distance_km <= RADIUS_KM][:NEIGHBOURS]
