"""Rehearse one threshold rule over stored hours, with its threshold and with others; stores and mails nothing."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from alerts.rehearsal.score import AlertSpan, RehearsalScore, TrueSpan, score_rule
from alerts.rules.current_flags import with_current_flags
from alerts.rules.evaluation import EvaluationInput
from alerts.rules.rule import covered_stations
from alerts.rules.rules import load_rules
from alerts.rules.table import AlertRules, find_transitions
from alerts.rules.threshold.rule import ThresholdRule
from analysis.statistics.episode import find_episodes, threshold_on
from schemas.alert import AlertState
from schemas.frames import valid_values
from schemas.words.message import unit_text
from store.influx.store import InfluxStore
from store.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from alerts.settings import AlertSettings
    from schemas.alert import AlertTransition
    from schemas.network import Network

FACTORS = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5)
"""Thresholds of a curve, by that of the rule [1]."""


class RehearsalError(ValueError):
    """The rule cannot be rehearsed; the message names it and why."""


class Rehearsal(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule would have done.

    Attributes
    ----------
    rule, parameter, unit : str
    start, end : datetime
        UTC, half-open.
    stations : int
        That the rule covers.
    hours : int
        Valid hours of them: the denominator of everything else [h].
    truth : str
        What counts as a true exceedance; empty where there is no official hourly limit, and then nothing is scored.
    present : RehearsalScore
        With the threshold of the file.
    curve : tuple of RehearsalScore
        With other thresholds, ascending; empty where none was asked for.
    """

    rule: str
    parameter: str
    unit: str
    start: datetime
    end: datetime
    stations: int
    hours: int
    truth: str
    present: RehearsalScore
    curve: tuple[RehearsalScore, ...] = ()


def rehearse_rule(  # noqa: PLR0913 - by keyword
    settings: AlertSettings,
    name: str,
    start: datetime,
    end: datetime,
    *,
    now: datetime,
    rules: Path | None = None,
    thresholds: Sequence[float] | None = (),
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Rehearsal:
    """Rehearse a rule over ``[start, end)``.

    Parameters
    ----------
    name : str
        Of a threshold rule of the file, also of a disabled one.
    rules : Path or None
        Another file than that of the settings.
    thresholds : sequence of float or None
        Of the curve, in the unit of the rule; None: `FACTORS` times that of the rule, empty: no curve.

    Raises
    ------
    RehearsalError
        No such rule, another kind, or no station or hour.
    alerts.rules.rules.RulesFileError, store.error.StoreError
    """
    rule = _rule_of(load_rules(rules or settings.rules), name)
    network = settings.stations
    with closing(InfluxStore(settings)) as influx, StateStore(settings.state_url) as state:
        hours, truth = _truth(influx, state, rule, network, start, end)
        if not hours:
            msg = f"rule {name!r}: no valid hour of {rule.parameter} at {len(covered_stations(rule, network))} stations in the period"
            raise RehearsalError(msg)
        inputs = EvaluationInput(influx, network, {}, start, end, now)

        def scored(value: float) -> RehearsalScore:
            return score_rule(_spans(inputs, with_threshold(rule, value)), truth, threshold=value, period=end - start)

        present = threshold_of(rule)
        values = sorted(present * factor for factor in FACTORS) if thresholds is None else sorted(thresholds)
        curve = []
        for number, value in enumerate(values, 1):
            curve.append(scored(value))
            progress(number, len(values))
        return Rehearsal(
            rule=name,
            parameter=rule.parameter,
            unit=rule.unit,
            start=start,
            end=end,
            stations=len(covered_stations(rule, network)),
            hours=hours,
            truth=_truth_text(rule, start, network),
            present=scored(present),
            curve=tuple(curve),
        )


def threshold_of(rule: ThresholdRule) -> float:
    """The threshold of the file, in the unit of the rule."""
    return rule.above if rule.above is not None else float(rule.below or 0.0)


def with_threshold(rule: ThresholdRule, value: float) -> ThresholdRule:
    """The rule with another threshold; what ends the alert keeps its distance from it."""
    moved = value - threshold_of(rule)
    clear = None if rule.clear is None else rule.clear + moved
    if rule.above is not None:
        return msgspec.structs.replace(rule, above=value, clear=clear)
    return msgspec.structs.replace(rule, below=value, clear=clear)


def _rule_of(rules: AlertRules, name: str) -> ThresholdRule:
    everything = (*rules.items, *rules.disabled)
    found = next((item for item in everything if item.name == name), None)
    if found is None:
        msg = f"rule {name!r}: not in the file, expected one of {', '.join(item.name for item in everything)}"
        raise RehearsalError(msg)
    if not isinstance(found, ThresholdRule):
        msg = f"rule {name!r}: kind {found.KIND}, only threshold rules are rehearsed over stored hours"
        raise RehearsalError(msg)
    return found


def _truth(  # noqa: PLR0917 - what is read, where, for whom, when
    influx: InfluxStore,
    state: StateStore,
    rule: ThresholdRule,
    network: Network,
    start: datetime,
    end: datetime,
) -> tuple[int, list[TrueSpan] | None]:
    """Valid hours, and exceedances of the official limit in them by the flags and reviews of today."""
    count, found = 0, []
    frames = influx.read_hourly_all(rule.network, start, end, [rule.parameter])
    for station in covered_stations(rule, network):
        frame = frames.get(station.id)
        if frame is None or frame.empty:
            continue
        checked = with_current_flags(influx, state, network=rule.network, station_id=station.id, frame=frame)
        values = valid_values(checked, rule.parameter)
        count += int(values.notna().sum())
        episodes = find_episodes(values, station.id, rule.parameter, network.timezone)
        found += [TrueSpan(station.id, item.start, item.end) for item in episodes]
    limit = threshold_on(rule.parameter, start.astimezone(network.timezone).date())
    return count, found if limit is not None and rule.above is not None else None


def _truth_text(rule: ThresholdRule, start: datetime, network: Network) -> str:
    limit = threshold_on(rule.parameter, start.astimezone(network.timezone).date())
    if limit is None or rule.above is None:
        return ""
    return f"{rule.parameter} > {limit.value:g} {unit_text(limit.unit)}: {limit.source}"


def _spans(inputs: EvaluationInput, rule: ThresholdRule) -> list[AlertSpan]:
    found = find_transitions(inputs, AlertRules(items=(rule,)), live=False)
    ordered = sorted(found.transitions, key=lambda item: (item.alert_key, item.at))
    spans: list[AlertSpan] = []
    opened: dict[str, AlertTransition] = {}
    for item in ordered:
        if item.to_state is AlertState.FIRING:
            opened[item.alert_key] = item
        elif item.from_state is AlertState.FIRING and (begun := opened.pop(item.alert_key, None)) is not None:
            spans.append(_span(inputs, begun, max(item.at - timedelta(hours=rule.clear_for_h), begun.at)))
    return spans + [_span(inputs, item, inputs.data_end) for item in opened.values()]


def _span(inputs: EvaluationInput, begun: AlertTransition, until: datetime) -> AlertSpan:
    station = inputs.network.stations.get(begun.station_id)
    return AlertSpan(begun.station_id, (station.city or "") if station else "", begun.at, begun.since, until)
