"""The series that a mail shows: hours or readings around an alert, with the flags of today."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from alerts.mail.view.mail_value import SeriesPoint, TimedValue
from alerts.rules.current_flags import reading_flags, with_current_flags
from alerts.rules.incremental import NORMAL, OVER_RANGE, USABLE, physical_range
from alerts.rules.rule import instruments_of
from alerts.rules.threshold.rule import ThresholdRule
from alerts.rules.threshold.sample import HOUR, baseline
from alerts.rules.value_rule import ValueRule
from schemas.flag import Flag
from schemas.frames import FLAG, STATUS, valid_values
from schemas.interval import Interval

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.mail.view.alert_view import AlertView
    from alerts.rules.table import AlertRules
    from schemas.alert import AlertTransition
    from schemas.network import Network
    from store.influx.store import InfluxStore
    from store.state import StateStore

BEFORE = timedelta(hours=24)
"""Shown before the alert began."""
LONGEST = timedelta(days=7)
"""Longest series in a mail; of a longer alert the end is shown."""


class Sources(NamedTuple):
    """Where evidence is read, and how it is shown."""

    influx: InfluxStore
    state: StateStore
    network: Network
    rules: AlertRules
    console_url: str
    now: datetime


def shown_until(view: AlertView) -> datetime:
    """The end, or as far as the open alert was followed."""
    latest = view.latest.at if view.latest else None
    return view.transition.at if view.is_resolved or latest is None else max(view.transition.at, latest)


def read_series(sources: Sources, view: AlertView) -> tuple[tuple[SeriesPoint, ...], timedelta]:
    """The points of the alert and the time between two of them; readings for a rule on readings, else hours."""
    transition, rule = view.transition, view.rule
    code = transition.parameter
    if code is None:
        return (), HOUR
    end = shown_until(view)
    start = max(transition.since - BEFORE, end - LONGEST)
    if isinstance(rule, ValueRule) and rule.is_of_readings:
        # A day of minutes would be a smear at 600 px.
        return _native(sources, transition, rule, max(transition.since - HOUR, end - LONGEST), end)
    network = view.network or _network_of(sources.network, transition.station_id, code, end)
    if network is None:
        return (), HOUR
    moving = rule.baseline if isinstance(rule, ThresholdRule) else None
    first = start - timedelta(hours=moving.window_h) if moving else start
    frame = read_hours(sources, network, transition.station_id, Interval(first, end), code)
    limits = None
    if moving and isinstance(rule, ThresholdRule):
        limits = baseline(frame[code].astype(float), moving.window_h, moving.min_hours) + rule.limit
    return tuple(_hourly_points(frame, code, start, limits)), HOUR


def read_hours(sources: Sources, network: str, station_id: str, span: Interval, code: str) -> pd.DataFrame:
    """Hours of one parameter with the flags that pages, API and exports show."""
    frame = sources.influx.read_hourly(network, station_id, span.start, span.end, [code])
    return with_current_flags(sources.influx, sources.state, network=network, station_id=station_id, frame=frame)


def _hourly_points(frame: pd.DataFrame, code: str, start: datetime, limits: pd.Series | None) -> Iterator[SeriesPoint]:
    """One point an hour from the first to the last stored one; an hour without a row is a gap."""
    shown = frame[frame.index >= start]
    if shown.empty:
        return
    for moment in pd.date_range(shown.index[0], shown.index[-1], freq="h"):
        at = moment.to_pydatetime()
        if moment not in shown.index:
            yield SeriesPoint(at, None)
            continue
        limit = None if limits is None else finite(limits.loc[moment])
        yield SeriesPoint(at, finite(shown[code].loc[moment]), _flag(shown, code, moment), limit)


def _flag(frame: pd.DataFrame, code: str, moment: pd.Timestamp) -> Flag | None:
    if code + FLAG not in frame:
        return None
    value = frame[code + FLAG].loc[moment]
    return None if pd.isna(value) else Flag(int(value))


def _native(
    sources: Sources, transition: AlertTransition, rule: ValueRule, start: datetime, end: datetime
) -> tuple[tuple[SeriesPoint, ...], timedelta]:
    """Readings of the instrument that was furthest beyond the threshold, of those in service within the time shown."""
    station = sources.network.stations.get(transition.station_id)
    instruments = [item for item in instruments_of(rule, station) if item.serves_within(start, end)] if station else []
    frames = {
        item.id: sources.influx.read_native(rule.network, transition.station_id, item.id, start, end, [rule.parameter])
        for item in instruments
    }
    shown = max(instruments, key=lambda item: _furthest(frames[item.id], rule), default=None)
    if shown is None:
        return (), HOUR
    return tuple(_native_points(sources, transition, rule, shown.id, frames[shown.id])), timedelta(
        seconds=shown.cadence_s
    )


def _native_points(
    sources: Sources, transition: AlertTransition, rule: ValueRule, instrument_id: str, frame: pd.DataFrame
) -> Iterator[SeriesPoint]:
    """Readings with the flags that pages, API and exports show; FAIL by status letter also before any run has screened them.

    One over range (T) counts: it is a lower bound, of at most the upper end of the physical range, as the rules have it.
    """
    if frame.empty:
        return
    values, letters = frame[rule.parameter], frame.get(rule.parameter + STATUS)
    place = {"network": rule.network, "station_id": transition.station_id, "instrument_id": instrument_id}
    flags = reading_flags(sources.influx, sources.state, **place, values=values)
    highest = physical_range(rule.parameter)[1]
    marks = [None] * len(values) if letters is None else [None if pd.isna(item) else item for item in letters]
    for moment, given, flag, letter in zip(pd.DatetimeIndex(frame.index), values, flags, marks, strict=True):
        at, value, known = moment.to_pydatetime(), finite(given), None if flag == Flag.UNKNOWN else Flag(flag)
        if letter == OVER_RANGE and value is not None:
            yield SeriesPoint(at, min(value, highest), Flag.SUSPECT, is_at_least=True)
        else:
            yield SeriesPoint(at, value, known if letter in USABLE else Flag.FAIL)


def _furthest(frame: pd.DataFrame, rule: ValueRule) -> float:
    values, letters = frame[rule.parameter].astype(float), frame.get(rule.parameter + STATUS)
    if letters is not None:
        values = values.where(letters.isna() | letters.isin([NORMAL, OVER_RANGE]))
    most = -values.min() if rule.is_of_low_values else values.max()
    return -math.inf if pd.isna(most) else float(most)


def finite(value: object) -> float | None:
    """The number; None where it is missing or not finite."""
    number = float(value) if isinstance(value, (int, float)) else math.nan
    return number if math.isfinite(number) else None


def _network_of(network: Network, station_id: str, code: str, at: datetime) -> str | None:
    """The network in which a station measures a parameter at a moment."""
    station = network.stations.get(station_id)
    known = [item for item in station.instruments if code in item.parameters] if station else []
    return next((item.network for item in known if item.serves_at(at)), None)


def newest_value(sources: Sources, view: AlertView) -> TimedValue | None:
    """The newest value after an alert has ended; the one that ended it where there is none."""
    change, rule = view.transition, view.rule
    if change.parameter is None or not isinstance(rule, ValueRule) or sources.now <= change.at:
        return view.latest
    start = max(change.at, sources.now - BEFORE)
    if rule.is_of_readings:
        points, cadence = _native(sources, change, rule, start, sources.now)
    else:
        frame = read_hours(sources, rule.network, change.station_id, Interval(start, sources.now), rule.parameter)
        points, cadence = tuple(_hourly_points(frame, rule.parameter, start, None)), HOUR
    known = [item for item in points if item.value is not None and item.flag not in {Flag.FAIL, Flag.MISSING}]
    return TimedValue(known[-1].value or 0.0, known[-1].start + cadence) if known else view.latest


def furthest_value(frame: pd.DataFrame, code: str, *, is_below: bool = False) -> float | None:
    """The highest valid hour, or the lowest; None where all are missing or have failed."""
    if frame.empty:
        return None
    values = valid_values(frame, code)
    return finite(values.min() if is_below else values.max())
