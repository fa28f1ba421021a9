"""What counts as true in a rehearsal: hours above an official limit, days of exceedance, labelled cases, another rule. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from alerts.case.cause import ResolveCause
from analysis.statistics.daily import civil_date, daily_mean
from analysis.statistics.limit import limit, reported
from analysis.statistics.ozone import mda8
from schemas.alert import RuleKind

if TYPE_CHECKING:
    from collections.abc import Iterable
    from zoneinfo import ZoneInfo

    from schemas.alert_case import AlertCase

_DAY = timedelta(days=1)
_FAULTS = frozenset({RuleKind.PERSISTENCE, RuleKind.SILENCE})
"""Kinds whose alerts are true where a person found a fault."""


class TruthKind(StrEnum):
    """What alerts are compared with."""

    LIMIT = "limit"
    """Hours above the official hourly limit, gaps up to 3 h joined."""
    DAY = "day"
    """Civil days above the official limit of the day."""
    LABELS = "labels"
    """Cases that a person resolved with a cause."""
    RULE = "rule"
    """Alerts of another rule."""


class TrueSpan(NamedTuple):
    """One true event at a station, UTC, half-open."""

    station_id: str
    start: datetime
    end: datetime


class EventTruth(NamedTuple):
    """True events; ``denied`` are spans that a person labelled as none, None where all that is not true is false.

    ``figures`` are arguments of the text of the kind.
    """

    kind: TruthKind
    spans: tuple[TrueSpan, ...]
    denied: tuple[TrueSpan, ...] | None = None
    figures: dict[str, str | float] = {}  # noqa: RUF012 - read only


def exceeded_days(values: pd.Series, station_id: str, parameter: str, zone: ZoneInfo) -> list[TrueSpan]:
    """Civil days of a station above the class 2 limit of the day: 24 h mean, of O3 the largest 8 h mean.

    Parameters
    ----------
    values : Series of float, index UTC hour starts
        Valid hours [µg m⁻³], CO [mg m⁻³]; NaN is missing. Days that are not valid are no event.
    parameter : str
        Registry code.

    Raises
    ------
    analysis.error.AnalysisError
        The standard has no limit of the day for the parameter.

    References
    ----------
    GB 3095-2012, GB 3095-2026 Table 1 (class 2) and Table 4 (validity).
    """
    averaging = "MDA8" if parameter == "o3" else "24h"
    limit(parameter, averaging, datetime.now(zone).date() if values.empty else civil_date(_first(values), zone))
    if values.empty:
        return []
    daily = mda8(values, zone)["mda8"] if parameter == "o3" else daily_mean(values, zone)["mean"]
    found = []
    for begin, value in daily.dropna().items():
        start = pd.Timestamp(str(begin)).to_pydatetime()
        day = civil_date(start, zone)
        if reported(float(value), parameter, day) > limit(parameter, averaging, day):
            found.append(TrueSpan(station_id, start, start + _DAY))
    return found


def labelled(cases: Iterable[AlertCase], kind: RuleKind, parameter: str | None) -> EventTruth:
    """What persons found: spans of the alerts of resolved cases, of the rule's parameter where it has one.

    Of rules that look for faults of instruments or lines, these are true; of all others ``event``, ``local_work`` and ``natural`` (of
    dose rates, which rain raises, not the latter). ``other`` labels nothing.

    Parameters
    ----------
    cases : iterable of AlertCase
    kind : RuleKind
        Of the rule.
    parameter : str or None
        Which the rule watches.
    """
    true: list[TrueSpan] = []
    false: list[TrueSpan] = []
    for case in cases:
        is_true = _is_true(case, kind)
        if is_true is None:
            continue
        for station in case.stations:
            own = [item for item in case.alerts if item.station_id == station and parameter in {None, item.parameter}]
            ends = [end for item in own if (end := item.until or case.ended_at) is not None]
            if own and ends:
                (true if is_true else false).append(TrueSpan(station, min(item.since for item in own), max(ends)))
    return EventTruth(TruthKind.LABELS, tuple(true), tuple(false))


def _is_true(case: AlertCase, kind: RuleKind) -> bool | None:
    if case.cause not in set(ResolveCause) - {ResolveCause.OTHER}:
        return None
    cause = ResolveCause(case.cause)
    if kind in _FAULTS:
        return cause in {ResolveCause.INSTRUMENT, ResolveCause.LINE}
    if kind is RuleKind.GAMMA:
        return cause in {ResolveCause.EVENT, ResolveCause.LOCAL_WORK}
    return cause in {ResolveCause.EVENT, ResolveCause.LOCAL_WORK, ResolveCause.NATURAL}


def _first(values: pd.Series) -> datetime:
    moment: datetime = pd.DatetimeIndex(values.index)[0].to_pydatetime()
    return moment
