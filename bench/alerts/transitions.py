"""Transitions of a simulated month as the rules find them: thresholds on hours, and silences. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import pandas as pd

from alerts.engine import Machine, advance
from alerts.rules.evaluation import value_subject
from alerts.rules.history import Subject, identity_of, transition_of
from alerts.rules.rule import covered_stations, instruments_of
from alerts.rules.silence import SilenceRule
from alerts.rules.threshold.rule import ThresholdRule
from alerts.rules.threshold.sample import condition_of, hourly_samples, may_exceed
from alerts.rules.value_rule import RuleAveraging
from schemas.alert import AlertState, AlertTransition, EndReason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from alerts.rules.table import AlertRules
    from bench.verdict.week import Week
    from schemas.network import Instrument, Network, Station

DELAY = timedelta(minutes=2)
"""From the end of the data to the evaluation."""


class Known(NamedTuple):
    """A transition and the moment at which it is stored."""

    at: datetime
    transition: AlertTransition


def transitions_of(week: Week, network: Network, rules: AlertRules, begin: datetime) -> list[Known]:
    """All transitions from ``begin`` on, in the order in which they are known."""
    found: list[AlertTransition] = []
    for rule in rules.items:
        if isinstance(rule, ThresholdRule) and rule.averaging is RuleAveraging.HOUR:
            found += _exceedances(week, network, rule)
        elif isinstance(rule, SilenceRule):
            found += _silences(week, network, rule)
    beyond = [item for item in found if item.at > begin]
    keys = {item.alert_key for item in beyond if item.to_state is AlertState.FIRING}
    return sorted(
        (Known(item.at + DELAY, item) for item in beyond if item.alert_key in keys),
        key=lambda item: (item.at, item.transition.alert_key),
    )


def _exceedances(week: Week, network: Network, rule: ThresholdRule) -> Iterator[AlertTransition]:
    for station in covered_stations(rule, network):
        frame = week.hours[rule.network.value].get(station.id)
        if frame is None or not may_exceed(frame, rule):
            continue
        rain = week.hours["rad"].get(station.id)
        dry = rain["rain"] if rain is not None and "rain" in rain else None
        samples = hourly_samples(frame, rule, network.timezone, dry, instruments_of(rule, station))
        _, changes = advance(Machine(), samples, condition_of(rule))
        subject = value_subject(rule, rule.parameter, station.id)
        for change in changes:
            if AlertState.FIRING in (change.from_state, change.to_state):
                yield transition_of(change, rule, subject)


def _silences(week: Week, network: Network, rule: SilenceRule) -> Iterator[AlertTransition]:
    """Of each station and network of it; all stations together are left to the cases."""
    for station in network.station_list:
        for code in sorted({item.network.value for item in station.instruments}):
            yield from _silent(week, station, code, rule)


def _silent(week: Week, station: Station, code: str, rule: SilenceRule) -> Iterator[AlertTransition]:
    own = station.instruments_of(code)
    slowest = max(item.cadence_s for item in own)
    allowed = max(timedelta(seconds=rule.cadences * slowest), timedelta(minutes=rule.min_minutes))
    ends = _reading_ends(week, station, own)
    gaps = [(last, following) for last, following in pairwise(ends) if following - last > allowed]
    for last, following in gaps:
        begin = _silence(rule, station, code, (last, last + allowed))
        yield begin
        yield msgspec.structs.replace(
            begin, from_state=AlertState.FIRING, to_state=AlertState.OK, at=following, reason=EndReason.READING
        )


def _reading_ends(week: Week, station: Station, instruments: Iterable[Instrument]) -> list[datetime]:
    found = [week.native[station.id, item.id].index + pd.Timedelta(seconds=item.cadence_s) for item in instruments]
    return sorted(set().union(*(set(index.to_pydatetime()) for index in found)))


def _silence(rule: SilenceRule, station: Station, code: str, span: tuple[datetime, datetime]) -> AlertTransition:
    subject = Subject(rule=rule.name, station_id=station.id, part=code)
    return AlertTransition(
        **identity_of(subject, rule),
        from_state=AlertState.OK,
        to_state=AlertState.FIRING,
        at=span[1],
        since=span[0],
        value=(span[1] - span[0]) / timedelta(minutes=1),
        unit="min",
        evidence={"scope": "station", "network": code},
    )
