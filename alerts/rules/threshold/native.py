"""Threshold rules on readings: every instrument of a station that measures the parameter counts while it is in service."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from alerts.rules.evaluation import open_alerts, run_machine, value_subject
from alerts.rules.rule import covered_stations, instruments_of
from alerts.rules.threshold.sample import (
    condition_of,
    first_needed,
    grounds_are_gone,
    laxest_limit,
    may_exceed,
    native_samples,
    worst_samples,
)
from schemas.flag import Flag
from schemas.flagged import join_native
from schemas.interval import Interval
from store.recorded_flags import read_recorded_flags

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    import pandas as pd

    from alerts.rules.evaluation import EvaluationInput, EvaluationResult
    from alerts.rules.threshold.rule import ThresholdRule
    from schemas.alert import AlertTransition
    from schemas.network import Instrument, Station
    from store.state import AlertStatus


def find_native(inputs: EvaluationInput, rule: ThresholdRule, found: EvaluationResult) -> None:
    """Add the transitions of a rule on readings in the window to ``found``."""
    first = first_needed(inputs.start, rule)
    opened = {status.transition.station_id: status for status in open_alerts(inputs, rule)}
    stations = covered_stations(rule, inputs.network)
    frames = inputs.influx.read_native_many(
        rule.network, [item.id for item in stations], first, inputs.end, [rule.parameter]
    )
    for station in stations:
        place = f"{rule.name}, {station.id}"
        found.attempt(place, partial(_readings_of, inputs, rule, station, found, frames=frames, opened=opened))


def _readings_of(
    inputs: EvaluationInput,
    rule: ThresholdRule,
    station: Station,
    found: EvaluationResult,
    *,
    frames: Mapping[tuple[str, str], pd.DataFrame],
    opened: Mapping[str, AlertStatus],
) -> None:
    """The readings of one station."""
    instruments, status = instruments_of(rule, station), opened.get(station.id)
    own = {item.id: frames[station.id, item.id] for item in instruments if (station.id, item.id) in frames}
    subject = value_subject(rule, rule.parameter, station.id)
    if status is not None:
        own = _native_since(inputs, rule, station, instruments, status)
        if _native_grounds_are_gone(own, rule, status.transition):
            found.groundless[subject.alert_key] = _end_of(own, instruments) or status.transition.at
    elif not any(may_exceed(frame, rule) for frame in own.values()):
        return
    streams = [
        native_samples(own[item.id], rule, item, inputs.network.timezone) for item in instruments if item.id in own
    ]
    samples = worst_samples(streams, above=rule.above is not None)
    run_machine(inputs, rule, subject, condition_of(rule), samples=samples, found=found)


def _end_of(frames: Mapping[str, pd.DataFrame], instruments: Iterable[Instrument]) -> datetime | None:
    """End of the newest reading; None without one."""
    ends = [
        frames[item.id].index[-1].to_pydatetime() + timedelta(seconds=item.cadence_s)
        for item in instruments
        if item.id in frames and len(frames[item.id])
    ]
    return max(ends, default=None)


def _native_since(
    inputs: EvaluationInput,
    rule: ThresholdRule,
    station: Station,
    instruments: Iterable[Instrument],
    status: AlertStatus,
) -> dict[str, pd.DataFrame]:
    """Readings of an open alert from its beginning on, without those that quality control has failed since."""
    begin = min(first_needed(inputs.start, rule), status.transition.since)
    frames = inputs.influx.read_native_many(rule.network, [station.id], begin, inputs.end, [rule.parameter])
    if inputs.state is None:
        return {item.id: frames[station.id, item.id] for item in instruments if (station.id, item.id) in frames}
    span = Interval(begin, inputs.end)
    verdicts = read_recorded_flags(inputs.influx, inputs.state, rule.network, station.id, span)
    found = {}
    for item in instruments:
        if (station.id, item.id) in frames:
            values = frames[station.id, item.id][rule.parameter]
            flags = join_native(verdicts, item.id, rule.parameter, values).flags
            found[item.id] = frames[station.id, item.id].assign(**{rule.parameter: values.where(flags != Flag.FAIL)})
    return found


def _native_grounds_are_gone(frames: Mapping[str, pd.DataFrame], rule: ThresholdRule, raised: AlertTransition) -> bool:
    """As `grounds_are_gone`, over all instruments: no reading beyond the threshold is left."""
    limit = laxest_limit(rule, raised)
    verdicts = [grounds_are_gone(frame, rule, raised) for frame in frames.values()]
    beyond = [may_exceed(frame[frame.index >= raised.since], rule, limit) for frame in frames.values()]
    return any(verdicts) and not any(beyond)
