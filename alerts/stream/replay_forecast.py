"""Forecast rules and warning rules over the forecasts that were issued, hour by hour; nothing is stored."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from alerts.engine import Machine, Sample, advance
from alerts.rules.closing import unevaluated_end
from alerts.rules.evaluation import INSTANT, value_subject
from alerts.rules.forecast import ForecastRule, forecast_of, forecast_sample, of_models
from alerts.rules.history import Subject, transition_of
from alerts.rules.rule import covered_stations
from alerts.rules.warning import WarnedLevel, covered_cities
from alerts.run.warning import AHEAD, BACK, city_mean, warning_of, with_forecast
from alerts.run.warning_round import HeldWarning, held_after, is_due
from alerts.stream.replay_silence import edges_of
from alerts.warning.scheme import warning_rules
from analysis.run.forecast.history import ISSUED
from analysis.run.hour_source import stored_hours
from schemas.alert import AlertState, AlertTransition
from schemas.interval import floor_hour

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from alerts.rules.warning import WarningRule
    from schemas.network import Network
    from store.influx.store import InfluxStore
    from store.settings import SharedSettings

HOUR = timedelta(hours=1)
WARM_UP = timedelta(days=1)


class ForecastReplay(NamedTuple):
    """What rules did, and how many forecasts of a station or city were issued in the period [1]."""

    transitions: list[AlertTransition]
    issued: int


def replay_forecasts(
    influx: InfluxStore,
    network: Network,
    rule: ForecastRule,
    span: tuple[datetime, datetime],
    progress: Callable[[int, int], None],
) -> ForecastReplay:
    """A forecast rule over the issued forecasts of its stations; without one for ``lead_h`` an alert ends as not evaluated."""
    stations = {item.id: item for item in covered_stations(rule, network)}
    machines: dict[str, Machine] = {}
    found: list[AlertTransition] = []
    opened: dict[str, AlertTransition] = {}
    issues: set[tuple[str, datetime]] = set()
    for now, newest in _hourly(influx, span, timedelta(hours=rule.lead_h), stations, progress):
        for station_id, (origin, rows) in newest.items():
            issues.add((station_id, origin))
            subject = value_subject(rule, rule.parameter, station_id)
            machine = machines.get(station_id, Machine())
            sample = forecast_sample(forecast_of(of_models(rows), rule.parameter), rule, now)
            if sample is not None:
                machines[station_id], changes = advance(machine, [sample], INSTANT)
                made = [transition_of(change, rule, subject) for change in changes]
            elif _is_stale(machine, now, rule.lead_h) and station_id in opened:
                made, machines[station_id] = (
                    [unevaluated_end(opened[station_id], machine)],
                    Machine(cursor=machine.cursor),
                )
            else:
                made = []
            for item in made:
                opened[station_id] = item
            found += made
    return ForecastReplay(found, sum(origin >= span[0] for _, origin in issues))


def replay_warnings(
    settings: SharedSettings,
    influx: InfluxStore,
    rule: WarningRule,
    span: tuple[datetime, datetime],
    progress: Callable[[int, int], None],
) -> ForecastReplay:
    """A warning rule over stored hours and the issued forecasts of its cities, with the hysteresis in force.

    Raises
    ------
    analysis.run.hour_source.NoHoursError
    """
    network, figures = settings.stations, warning_rules()
    hours = stored_hours(settings, span[0] - WARM_UP - BACK, span[1], networks=("gas", "pm"))
    wanted = covered_cities(rule, network)
    observed = {
        city: city_mean(hours.hourly[item] for item in stations)
        for city, stations in hours.by_city().items()
        if city in wanted
    }
    held: dict[str, HeldWarning] = {}
    machines: dict[str, Machine] = {}
    found: list[AlertTransition] = []
    issues: set[tuple[str, datetime]] = set()
    for now, newest in _hourly(influx, span, AHEAD, observed, progress):
        for city, (origin, rows) in newest.items():
            issues.add((city, origin))
            before = observed[city][(observed[city].index >= now - BACK) & (observed[city].index < now)]
            series = with_forecast(before, rows[rows.index < now + AHEAD], now)
            if series.empty:
                continue
            due = warning_of(city, series, now, network.timezone, figures)
            held[city] = held_after(due, held.get(city, HeldWarning()))
            peak = (due.ozone_peak if rule.level is WarnedLevel.OZONE else due.peak_aqi) or 1.0
            sample = Sample(now, now, peak if is_due(rule.level, held[city]) else 0.0, 0.0, 0.0)
            machines[city], changes = advance(machines.get(city, Machine()), [sample], INSTANT)
            subject = Subject(rule=rule.name, station_id=city, parameter=rule.watched_parameter)
            found += [transition_of(change, rule, subject) for change in changes]
    return ForecastReplay(found, sum(origin >= span[0] for _, origin in issues))


def _hourly(
    influx: InfluxStore,
    span: tuple[datetime, datetime],
    lead: timedelta,
    wanted: Collection[str],
    progress: Callable[[int, int], None],
) -> Iterator[tuple[datetime, Mapping[str, tuple[datetime, pd.DataFrame]]]]:
    """Each full hour with the origin and the rows of the newest forecast of each station or city, from a day before the period on."""
    newest: dict[str, tuple[datetime, pd.DataFrame]] = {}
    edges = edges_of(floor_hour(span[0] - WARM_UP), span[1])
    for number, (begin, end) in enumerate(pairwise(edges), 1):
        product = influx.read_product(ISSUED, begin, end + lead)
        issued: dict[datetime, list[tuple[str, pd.DataFrame]]] = {}
        if not product.empty:
            own = product[product["station_id"].isin(list(wanted))]
            origins = own.index - pd.to_timedelta(own["horizon_h"] - 1, unit="h")
            for (origin, name), rows in own.groupby([origins, "station_id"]):
                issued.setdefault(pd.Timestamp(str(origin)).to_pydatetime(), []).append((str(name), rows))
        for step in range(-(-(end - begin) // HOUR)):
            now = begin + step * HOUR
            newest.update({name: (now, rows) for name, rows in issued.get(now, ())})
            yield now, newest
        progress(number, len(edges) - 1)


def _is_stale(machine: Machine, now: datetime, longest_h: float) -> bool:
    is_open = machine.state is not AlertState.OK and machine.cursor is not None
    return is_open and machine.cursor is not None and now - machine.cursor > timedelta(hours=longest_h)
