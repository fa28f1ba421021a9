"""Samples of threshold rules, from hours and from readings. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from alerts.engine import Condition, Sample
from alerts.rules.incremental import NORMAL, OVER_RANGE, physical_range
from schemas.flag import Flag
from schemas.frames import FLAG, STATUS, valid_values
from schemas.interval import floor_hour, midnight

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from alerts.rules.threshold.rule import ThresholdRule
    from schemas.alert import AlertTransition
    from schemas.network import Instrument

HOUR = timedelta(hours=1)


def condition_of(rule: ThresholdRule) -> Condition:
    """The engine's condition of a threshold rule."""
    return Condition(
        above=rule.above is not None,
        for_s=rule.for_h * 3600.0,
        clear_for_s=rule.clear_for_h * 3600.0,
        max_gap_s=rule.max_gap_h * 3600.0,
    )


def first_needed(start: datetime, rule: ThresholdRule) -> datetime:
    """From where samples are needed: the window from ``start``, and what a pending condition needs before it."""
    return floor_hour(start - timedelta(hours=rule.for_h + rule.max_gap_h))


def hourly_samples(
    hourly: pd.DataFrame,
    rule: ThresholdRule,
    zone: ZoneInfo,
    rain: pd.Series | None = None,
    instruments: Sequence[Instrument] | None = None,
) -> list[Sample]:
    """Samples of one station's hours.

    Parameters
    ----------
    hourly : DataFrame
        `schemas.frames` hourly. With a baseline it must reach ``window_h`` back before the hours that matter.
    rule : ThresholdRule
    zone : ZoneInfo
        Of the civil days of ``rule.since`` and ``rule.until``.
    rain : Series or None
        Hourly rain at the station [mm], NaN where unknown, for rules with a baseline.
    instruments : sequence of Instrument or None
        Hours that begin while none of them is in service are left out; None: all hours.

    Returns
    -------
    list of Sample
        Ascending. An hour without a valid value (or with rain within ``dry_h``, or without baseline) is absent.
    """
    values = valid_values(hourly, rule.parameter)
    base = pd.Series(0.0, index=values.index)
    if rule.baseline:
        base = baseline(values, rule.baseline.window_h, rule.baseline.min_hours)
        values = values.where(_is_dry(values, rain, rule.baseline.dry_h))
    keep = values.notna() & base.notna() & _in_force(values.index, rule, zone) & _served(values.index, instruments)
    pairs = zip(_moments(values[keep]), values[keep].tolist(), base[keep].tolist(), strict=True)
    return [Sample(start, start + HOUR, value, rule.limit + add, rule.clear_limit + add) for start, value, add in pairs]


def may_exceed(hourly: pd.DataFrame, rule: ThresholdRule, limit: float | None = None) -> bool:
    """Whether any hour could be beyond the limit; False lets a caller skip a station whose alert is ok.

    Flags are ignored; with a baseline the answer is always True. ``limit`` replaces the rule's.
    """
    if rule.baseline or rule.parameter not in hourly:
        return rule.baseline is not None
    values = hourly[rule.parameter].to_numpy(dtype=float)
    limit = rule.limit if limit is None else limit
    return bool(np.any(values > limit) if rule.above is not None else np.any(values < limit))


def baseline(values: pd.Series, window_h: int, min_hours: int) -> pd.Series:
    """Median of the valid hours in the ``window_h`` hours before each hour, itself not included.

    NaN where fewer than ``min_hours`` are valid.
    """
    rolling = values.rolling(f"{window_h}h", closed="left", min_periods=min_hours)
    return rolling.median()


def native_samples(native: pd.DataFrame, rule: ThresholdRule, instrument: Instrument, zone: ZoneInfo) -> list[Sample]:
    """Samples of one instrument's readings, each covering one cadence.

    A reading that `alerts.rules.incremental.USABLE` leaves out, or from a time when the instrument was not in service, is absent.
    One with status T (over range) is a lower bound; above the physical range it counts as the upper end of that.
    """
    if rule.parameter not in native:
        return []
    values = native[rule.parameter].astype(float)
    letters = native.get(rule.parameter + STATUS, pd.Series(index=values.index, dtype=object))
    low, high = physical_range(rule.parameter)
    values = values.mask((letters == OVER_RANGE) & (values > high), high)
    values = values.where((letters.isna() | letters.isin([NORMAL, OVER_RANGE])) & values.between(low, high))
    keep = values.notna() & _in_force(values.index, rule, zone) & _served(values.index, [instrument])
    step = timedelta(seconds=instrument.cadence_s)
    found = zip(_moments(values[keep]), values[keep].tolist(), (letters[keep] == OVER_RANGE).tolist(), strict=True)
    return [Sample(start, start + step, value, rule.limit, rule.clear_limit, least) for start, value, least in found]


def worst_samples(streams: Sequence[list[Sample]], *, above: bool) -> list[Sample]:
    """Samples of several instruments of one parameter as one stream: at any time the one further beyond counts.

    Samples are cut where another begins or ends; a time that none covers is absent.
    """
    filled = [stream for stream in streams if stream]
    if len(filled) <= 1:
        return filled[0] if filled else []
    samples = sorted(sample for stream in filled for sample in stream)
    edges = sorted({moment for sample in samples for moment in (sample.start, sample.end)})
    found: list[Sample] = []
    covering: list[Sample] = []
    following = 0
    for start, end in pairwise(edges):
        while following < len(samples) and samples[following].start <= start:
            covering.append(samples[following])
            following += 1
        covering = [sample for sample in covering if sample.end > start]
        if covering:
            worst = max(covering, key=lambda sample: sample.value if above else -sample.value)
            found.append(worst._replace(start=start, end=end))
    return found


def laxest_limit(rule: ThresholdRule, raised: AlertTransition) -> float:
    """The limit by which an alert was raised or the one in force, whichever more values are beyond.

    A rule whose limit was tightened meanwhile invalidates no value.
    """
    limits = [rule.limit] if raised.threshold is None else [rule.limit, raised.threshold]
    return min(limits) if rule.above is not None else max(limits)


def grounds_are_gone(hourly: pd.DataFrame, rule: ThresholdRule, raised: AlertTransition) -> bool:
    """Whether the hours that raised an alert were invalidated or corrected, and none since is beyond the threshold.

    Parameters
    ----------
    hourly : DataFrame
        `schemas.frames` hourly as it is now, from ``raised.since`` on.
    raised : AlertTransition
        The one that raised it.

    Returns
    -------
    bool
        False where the hours are no longer stored.
    """
    values = valid_values(hourly, rule.parameter)
    if values[(values.index >= raised.since) & (values.index < raised.at)].empty:
        return False
    later = values[values.index >= raised.since]
    if rule.baseline:  # a corrected hour is compared with its baseline only when it is new
        return bool(later.isna().all())
    limit = laxest_limit(rule, raised)
    return not bool((later > limit).any() if rule.above is not None else (later < limit).any())


def certain(hourly: pd.DataFrame, parameter: str) -> pd.Series:
    """Values with flag PASS, which may suppress an alert on another parameter; NaN for all others.

    Failed, missing, suspect and unevaluated values suppress nothing.
    """
    values = valid_values(hourly, parameter)
    flag = parameter + FLAG
    return values.where(hourly[flag] == Flag.PASS) if flag in hourly else values


def _moments(series: pd.Series) -> list[datetime]:
    return [moment.to_pydatetime() for moment in pd.DatetimeIndex(series.index)]


def _in_force(index: pd.Index, rule: ThresholdRule, zone: ZoneInfo) -> pd.Series:
    inside = pd.Series(data=True, index=index)
    if rule.since:
        inside &= index >= pd.Timestamp(midnight(rule.since, zone))
    if rule.until:
        inside &= index < pd.Timestamp(midnight(rule.until + timedelta(days=1), zone))
    return inside


def _served(index: pd.Index, instruments: Sequence[Instrument] | None) -> pd.Series:
    """Whether any of the instruments was in service when an interval began."""
    if instruments is None:
        return pd.Series(data=True, index=index)
    inside = pd.Series(data=False, index=index)
    for item in instruments:
        own = pd.Series(data=True, index=index)
        if item.since:
            own &= index >= pd.Timestamp(item.since)
        if item.until:
            own &= index < pd.Timestamp(item.until)
        inside |= own
    return inside


def _is_dry(values: pd.Series, rain: pd.Series | None, dry_h: int) -> pd.Series:
    """Hours with no rain in them and in the ``dry_h - 1`` before; unknown rain counts as none."""
    if rain is None or not dry_h or rain.empty:
        return pd.Series(data=True, index=values.index)
    hours = values.index.union(rain.index)
    total = rain.reindex(hours).fillna(0.0).rolling(f"{dry_h}h").sum()
    return (total <= 0.0).reindex(values.index)
