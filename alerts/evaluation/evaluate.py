"""Reads what the rules need, runs the engine, yields the transitions. Reads only; `alerts.run.job` stores them."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from alerts.evaluation.current_flags import with_current_flags
from alerts.evaluation.evaluation_input import (
    EvaluationResult,
    first_needed,
    is_outdated,
    open_alerts,
    run_instant,
    run_machine,
    value_subject,
)
from alerts.evaluation.history import Subject
from alerts.evaluation.native import find_native
from alerts.evaluation.sample import (
    HOUR,
    certain,
    forecast_of,
    forecast_sample,
    grounds_are_gone,
    hourly_samples,
    may_exceed,
)
from alerts.evaluation.silence import Silence, all_silent, silence_change, silence_of
from alerts.rules.rule import RuleAveraging
from alerts.rules.watched import ALL, covered_stations, instruments_of
from schemas.interval import floor_hour
from schemas.message import NetworkCode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alerts.evaluation.evaluation_input import EvaluationInput
    from alerts.rules.rule import AlertRules, ForecastRule, SilenceRule, ThresholdRule
    from schemas.network import Station
    from store.state import AlertStatus

RAIN = "rain"
RAIN_NETWORKS = ("met", "rad")
FORECAST = "forecast_hourly"


def find_transitions(inputs: EvaluationInput, rules: AlertRules, *, live: bool = True) -> EvaluationResult:
    """All new transitions in ``[inputs.start, inputs.end)``, rule by rule.

    Parameters
    ----------
    live : bool
        Also silence and forecast, which can only be judged at ``inputs.now``.
    """
    found = EvaluationResult()
    for rule in rules.thresholds():
        found.attempt(rule.name, partial(_threshold, inputs, rule, found))
    if not live:
        return found
    for forecast_rule in rules.forecasts():
        found.attempt(forecast_rule.name, partial(_forecast, inputs, forecast_rule, found))
    for silence_rule in rules.silences():
        found.attempt(silence_rule.name, partial(_silence, inputs, silence_rule, found))
    return found


def _threshold(inputs: EvaluationInput, rule: ThresholdRule, found: EvaluationResult) -> None:
    if not _meets_window(inputs, rule):
        return
    if rule.averaging is RuleAveraging.NATIVE:
        find_native(inputs, rule, found)
    else:
        _hourly(inputs, rule, found)


def _meets_window(inputs: EvaluationInput, rule: ThresholdRule) -> bool:
    """Whether the rule's days meet the window's, or it has alerts open."""
    zone = inputs.network.timezone
    first, last = inputs.start.astimezone(zone).date(), inputs.end.astimezone(zone).date()
    meets = (rule.since is None or rule.since <= last) and (rule.until is None or first <= rule.until)
    return meets or any(True for _ in open_alerts(inputs, rule))


def _hourly(inputs: EvaluationInput, rule: ThresholdRule, found: EvaluationResult) -> None:
    # An hour is judged when it is over; one that is still filling would be judged by its first minutes.
    end, first = min(inputs.end, floor_hour(inputs.now)), first_needed(inputs, rule)
    opened = {status.transition.station_id: status for status in open_alerts(inputs, rule)}
    earliest = min([first, *(floor_hour(status.transition.since) for status in opened.values())])
    before = timedelta(hours=rule.baseline.window_h if rule.baseline else 0)
    frames = inputs.influx.read_hourly_all(rule.network, first - before, end, [rule.parameter])
    rain = _rain(inputs, earliest - before, end) if rule.baseline and rule.baseline.dry_h else {}
    for station in covered_stations(rule, inputs.network):
        frame, status = frames.get(station.id), opened.get(station.id)
        begin = first if status is None else min(first, floor_hour(status.transition.since))
        if begin < first:
            frame = inputs.influx.read_hourly(rule.network, station.id, begin - before, end, [rule.parameter])
        if frame is None or frame.empty:
            continue
        found.attempt(
            f"{rule.name}, {station.id}",
            partial(_hours_of, inputs, rule, station, found, status=status, frame=frame, rain=rain, begin=begin),
        )


def _hours_of(  # noqa: PLR0913 - by keyword
    inputs: EvaluationInput,
    rule: ThresholdRule,
    station: Station,
    found: EvaluationResult,
    *,
    status: AlertStatus | None,
    frame: pd.DataFrame,
    rain: Mapping[str, pd.Series],
    begin: datetime,
) -> None:
    """The hours of one station from ``begin`` on."""
    if status is None and not may_exceed(frame, rule):
        return
    subject = value_subject(rule, station.id)
    if status is not None:
        if inputs.state is not None:
            frame = with_current_flags(
                inputs.influx, inputs.state, network=rule.network, station_id=station.id, frame=frame
            )
        if grounds_are_gone(frame, rule, status.transition):
            found.groundless.add(subject.alert_key)
    samples = hourly_samples(frame, rule, inputs.network.timezone, rain.get(station.id), instruments_of(rule, station))
    run_machine(inputs, rule, subject, [item for item in samples if item.start >= begin], found)


def _rain(inputs: EvaluationInput, start: datetime, end: datetime) -> dict[str, pd.Series]:
    """Hourly rain that is beyond doubt, by station; the largest where two networks measure it."""
    found: dict[str, pd.Series] = {}
    for network in RAIN_NETWORKS:
        for station_id, frame in inputs.influx.read_hourly_all(network, start, end, [RAIN]).items():
            rain, before = certain(frame, RAIN), found.get(station_id)
            found[station_id] = rain if before is None else pd.concat([before, rain], axis=1).max(axis=1)
    return found


def _forecast(inputs: EvaluationInput, rule: ForecastRule, found: EvaluationResult) -> None:
    ahead = inputs.now + timedelta(hours=rule.lead_h)
    product = inputs.influx.read_product(FORECAST, floor_hour(inputs.now), ahead + HOUR)
    for station_id, rows in product.groupby("station_id"):
        found.attempt(f"{rule.name}, {station_id}", partial(_forecast_of, inputs, rule, str(station_id), rows, found))


def _forecast_of(
    inputs: EvaluationInput, rule: ForecastRule, station_id: str, rows: pd.DataFrame, found: EvaluationResult
) -> None:
    station = inputs.network.stations.get(station_id)
    serving = instruments_of(rule, station) if station else ()
    if station is None or not any(item.serves_at(inputs.now) for item in serving):
        return
    sample = forecast_sample(forecast_of(rows, rule.parameter), rule, inputs.now)
    subject = value_subject(rule, station.id)
    if sample is not None:
        run_instant(inputs, rule, subject, sample, found)


def _silence(inputs: EvaluationInput, rule: SilenceRule, found: EvaluationResult) -> None:
    silences = _silences(inputs, rule, found)
    covered = [item for item in silences if rule.covers(inputs.network.stations[item.station_id])]
    if not covered:
        return
    together = all_silent(covered, rule.all_stations)
    latest = max(covered, key=lambda item: item.last_end)
    subjects = [(Subject(rule=rule.name, station_id=ALL), latest, together)]
    if not together:  # else one alert about what all stations share; each by itself says nothing new
        subjects += [
            (Subject(rule=rule.name, station_id=item.station_id, part=item.network), item, item.is_silent)
            for item in covered
        ]
    for subject, silence, silent in subjects:
        place = f"{rule.name}, {subject.station_id}"
        found.attempt(place, partial(_silence_of, inputs, rule, subject, silence, found, silent=silent))


def _silence_of(
    inputs: EvaluationInput,
    rule: SilenceRule,
    subject: Subject,
    silence: Silence,
    found: EvaluationResult,
    *,
    silent: bool,
) -> None:
    if is_outdated(inputs, rule, subject):
        return
    last = inputs.last.get(subject.alert_key)
    change = silence_change(last.transition if last else None, silence, rule, subject, silent=silent)
    if change is not None:
        found.transitions.append(change)


def _silences(inputs: EvaluationInput, rule: SilenceRule, found: EvaluationResult) -> list[Silence]:
    """Of every station and network that ever sent something; one that never did is not silent but not yet there."""
    silences: list[Silence] = []

    def add(network: NetworkCode, station_id: str, rows: pd.DataFrame) -> None:
        station = inputs.network.stations.get(station_id)
        newest = rows["start"].max().to_pydatetime()
        silence = silence_of(station, network, newest, rule, inputs.now) if station else None
        if silence is not None:
            silences.append(silence)

    for network in rule.networks or tuple(NetworkCode):
        wanted = {pair for pair, item in inputs.network.instruments.items() if item.network == network}
        for station_id, rows in inputs.influx.last_readings(network, wanted).groupby("station_id"):
            found.attempt(f"{rule.name}, {station_id}", partial(add, network, str(station_id), rows))
    return silences
