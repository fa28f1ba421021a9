"""Reads what the rules look at, runs the engine, yields the transitions. Reads only; `alerts.job` stores them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import pandas as pd

from alerts.engine import advance
from alerts.history import Subject, machine_after, transition_of
from alerts.rules import RuleAveraging
from alerts.sample import (
    HOUR,
    INSTANT,
    Silence,
    all_silent,
    condition_of,
    forecast_of,
    forecast_sample,
    hourly_samples,
    may_exceed,
    native_samples,
    silence_of,
)
from schemas.alert import AlertState
from schemas.interval import floor_hour
from schemas.message import NetworkCode
from schemas.parameter import parameter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from alerts.engine import Condition, Sample
    from alerts.rules import ForecastRule, Rule, Rules, SilenceRule, ThresholdRule
    from schemas.alert import AlertTransition
    from schemas.network import Network, Station
    from store.influx import InfluxStore

ALL = "all"
RAIN = "rain"
RAIN_NETWORKS = ("met", "rad")
FORECAST = "forecast_hourly"


class Look(NamedTuple):
    """What one evaluation works with.

    ``last`` holds the newest stored transition by alert key; empty for a rehearsal.
    """

    influx: InfluxStore
    network: Network
    last: Mapping[str, AlertTransition]
    start: datetime
    end: datetime
    now: datetime


def find_transitions(look: Look, rules: Rules, *, live: bool = True) -> Iterator[AlertTransition]:
    """All new transitions in ``[look.start, look.end)``, rule by rule.

    Parameters
    ----------
    live : bool
        Also silence and forecast, which can only be judged at ``look.now``.
    """
    for rule in rules.thresholds():
        if not _is_in_force(look, rule):
            continue
        yield from _native(look, rule) if rule.averaging is RuleAveraging.NATIVE else _hourly(look, rule)
    if not live:
        return
    for forecast_rule in rules.forecasts():
        yield from _forecast(look, forecast_rule)
    for silence_rule in rules.silences():
        yield from _silence(look, silence_rule)


def _is_in_force(look: Look, rule: ThresholdRule) -> bool:
    """Whether the rule's days meet the window's, or it has alerts open that must end."""
    zone = look.network.timezone
    first, last = look.start.astimezone(zone).date(), look.end.astimezone(zone).date()
    meets = (rule.since is None or rule.since <= last) and (rule.until is None or first <= rule.until)
    return meets or any(item.rule == rule.name and item.to_state is not AlertState.OK for item in look.last.values())


def _run(
    look: Look, rule: Rule, subject: Subject, samples: list[Sample], condition: Condition
) -> Iterator[AlertTransition]:
    _, changes = advance(machine_after(look.last.get(subject.alert_key)), samples, condition)
    for change in changes:
        yield transition_of(change, rule, subject)


def _reach(look: Look, rule: ThresholdRule) -> datetime:
    """From where samples are needed: the window, what a pending condition needs before it, and every open alert since."""
    lookback = timedelta(hours=rule.for_h + rule.max_gap_h)
    prefix = f"{rule.name}/"
    open_since = [
        item.at
        for key, item in look.last.items()
        if key.startswith(prefix) and item.to_state is not AlertState.OK and item.at < look.end
    ]
    return floor_hour(min([look.start - lookback, *open_since]))


def _hourly(look: Look, rule: ThresholdRule) -> Iterator[AlertTransition]:
    # An hour is judged when it is over; one that is still filling would be judged by its first minutes.
    end = min(look.end, floor_hour(look.now))
    start = _reach(look, rule)
    if rule.baseline:
        start -= timedelta(hours=rule.baseline.window_h)
    frames = look.influx.read_hourly_all(rule.network, start, end, [rule.parameter])
    rain = _rain(look, start, end) if rule.baseline and rule.baseline.dry_h else {}
    first = _reach(look, rule)
    for station_id, frame in sorted(frames.items()):
        station = look.network.stations.get(station_id)
        if station is None or not rule.covers(station):
            continue
        subject = _subject(rule, station_id)
        last = look.last.get(subject.alert_key)
        if (last is None or last.to_state is AlertState.OK) and not may_exceed(frame, rule):
            continue
        samples = hourly_samples(frame, rule, look.network.timezone, rain.get(station_id))
        yield from _run(look, rule, subject, [item for item in samples if item.start >= first], condition_of(rule))


def _rain(look: Look, start: datetime, end: datetime) -> dict[str, pd.Series]:
    """Hourly rain by station; the largest where two networks measure it."""
    found: dict[str, pd.Series] = {}
    for network in RAIN_NETWORKS:
        for station_id, frame in look.influx.read_hourly_all(network, start, end, [RAIN]).items():
            before = found.get(station_id)
            found[station_id] = frame[RAIN] if before is None else pd.concat([before, frame[RAIN]], axis=1).max(axis=1)
    return found


def _native(look: Look, rule: ThresholdRule) -> Iterator[AlertTransition]:
    start = _reach(look, rule)
    for station in look.network.stations_of(rule.network):
        # One instrument a station speaks for the parameter: the first that has it, as the network file orders them.
        instruments = [item for item in station.instruments_of(rule.network) if rule.parameter in item.parameters]
        if not instruments or not rule.covers(station):
            continue
        instrument = instruments[0]
        frame = look.influx.read_native(rule.network, station.id, instrument.id, start, look.end, [rule.parameter])
        samples = native_samples(frame, rule, instrument.cadence_s, look.network.timezone)
        yield from _run(look, rule, _subject(rule, station.id), samples, condition_of(rule))


def _subject(rule: ThresholdRule | ForecastRule, station_id: str) -> Subject:
    return Subject(
        rule=rule.name,
        station_id=station_id,
        part=rule.parameter,
        parameter=rule.parameter,
        unit=parameter(rule.parameter).unit,
    )


def _forecast(look: Look, rule: ForecastRule) -> Iterator[AlertTransition]:
    ahead = look.now + timedelta(hours=rule.lead_h)
    product = look.influx.read_product(FORECAST, floor_hour(look.now), ahead + HOUR)
    for station_id, rows in product.groupby("station_id"):
        station = look.network.stations.get(str(station_id))
        if station is None or not rule.covers(station):
            continue
        sample = forecast_sample(forecast_of(rows, rule.parameter), rule, look.now)
        if sample is not None:
            yield from _run(look, rule, _subject(rule, station.id), [sample], INSTANT)


def _silence(look: Look, rule: SilenceRule) -> Iterator[AlertTransition]:
    silences = [silence for silence in _silences(look, rule) if _covers(look, rule, silence)]
    if not silences:
        return
    together = all_silent(silences, rule.all_stations)
    latest = max(silences, key=lambda item: item.last_end)
    yield from _speak(look, rule, Subject(rule=rule.name, station_id=ALL), latest if together else latest.spoken())
    if together:
        return  # one alert about what all stations share; each by itself says nothing new
    for silence in silences:
        yield from _speak(
            look, rule, Subject(rule=rule.name, station_id=silence.station_id, part=silence.network), silence
        )


def _speak(look: Look, rule: SilenceRule, subject: Subject, silence: Silence) -> Iterator[AlertTransition]:
    _, changes = advance(machine_after(look.last.get(subject.alert_key)), [silence.sample()], INSTANT)
    for change in changes:
        # The condition began with the last reading; it ended with the next one.
        since = silence.last_end if change.to_state is AlertState.FIRING else change.since
        extra = {"scope": ALL if subject.station_id == ALL else "station", "network": silence.network}
        yield msgspec.structs.replace(transition_of(change, rule, subject, extra), since=since, unit="min")


def _covers(look: Look, rule: SilenceRule, silence: Silence) -> bool:
    return rule.covers(look.network.stations[silence.station_id])


def _silences(look: Look, rule: SilenceRule) -> Iterator[Silence]:
    """Of every station and network that ever spoke; one that never did is not silent but not yet there."""
    for network in rule.networks or tuple(NetworkCode):
        last = look.influx.last_readings(network)
        for station_id, rows in last.groupby("station_id"):
            station: Station | None = look.network.stations.get(str(station_id))
            newest = rows["start"].max().to_pydatetime()
            silence = silence_of(station, network, newest, rule, look.now) if station else None
            if silence is not None:
                yield silence
