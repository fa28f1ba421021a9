"""Threshold rules on hourly means."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from alerts.rules.current_flags import with_current_flags
from alerts.rules.evaluation import open_alerts, run_machine, value_subject
from alerts.rules.rule import covered_stations, instruments_of
from alerts.rules.threshold.sample import (
    certain,
    condition_of,
    first_needed,
    grounds_are_gone,
    hourly_samples,
    may_exceed,
)
from schemas.interval import floor_hour

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alerts.rules.evaluation import EvaluationInput, EvaluationResult
    from alerts.rules.threshold.rule import ThresholdRule
    from schemas.network import Station
    from store.state import AlertStatus

RAIN = "rain"
RAIN_NETWORKS = ("met", "rad")


def find_hourly(inputs: EvaluationInput, rule: ThresholdRule, found: EvaluationResult) -> None:
    """Add the transitions of a rule on hourly means in the window to ``found``."""
    # Only complete hours: one in progress would be evaluated by its first minutes.
    end, first = min(inputs.end, floor_hour(inputs.now)), first_needed(inputs.start, rule)
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
    subject = value_subject(rule, rule.parameter, station.id)
    if status is not None:
        if inputs.state is not None:
            frame = with_current_flags(
                inputs.influx, inputs.state, network=rule.network, station_id=station.id, frame=frame
            )
        if grounds_are_gone(frame, rule, status.transition):
            found.groundless[subject.alert_key] = (
                frame.index[-1].to_pydatetime() + timedelta(hours=1) if len(frame) else begin
            )
    samples = hourly_samples(frame, rule, inputs.network.timezone, rain.get(station.id), instruments_of(rule, station))
    run_machine(
        inputs,
        rule,
        subject,
        condition_of(rule),
        samples=[item for item in samples if item.start >= begin],
        found=found,
    )


def _rain(inputs: EvaluationInput, start: datetime, end: datetime) -> dict[str, pd.Series]:
    """Hourly rain that is beyond doubt, by station; the largest where two networks measure it."""
    found: dict[str, pd.Series] = {}
    for network in RAIN_NETWORKS:
        for station_id, frame in inputs.influx.read_hourly_all(network, start, end, [RAIN]).items():
            rain, before = certain(frame, RAIN), found.get(station_id)
            found[station_id] = rain if before is None else pd.concat([before, rain], axis=1).max(axis=1)
    return found
