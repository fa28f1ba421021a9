"""Effect of new check results and of corrections: outcomes, and the hours to evaluate again. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from qc.calibration.check import evaluate_checks, flagged_periods
from schemas.interval import floor_hour, hours_between

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from zoneinfo import ZoneInfo

    from qc.calibration.check import FlaggedPeriod
    from qc.limits.thresholds import Thresholds
    from schemas.calibration import CheckOutcome, CheckResult, Correction

Outcome = tuple["CheckOutcome", float | None]
"""Outcome of a result and its drift [% or canonical unit]."""
StationHour = tuple[str, str, datetime]
"""Network, station id and start of an hour, UTC."""


def evaluate_new(
    known: Sequence[CheckResult], before: Sequence[CheckResult], thresholds: Thresholds, zone: ZoneInfo, now: datetime
) -> tuple[dict[CheckResult, Outcome], set[StationHour]]:
    """Outcomes of all known results, and the hours whose validity the new ones change.

    Parameters
    ----------
    known : sequence of CheckResult
        Of the channels that have a new result, in the order of reception.
    before : sequence of CheckResult
        Those of them that were evaluated earlier.
    thresholds : Thresholds
    zone : ZoneInfo
        Of the civil months by which limits may change.
    now : datetime
        Aware; later hours are left out.

    Returns
    -------
    outcomes : dict
        A result that another of the same moment has replaced is absent.
    hours : set
    """
    after = evaluate_checks(known, thresholds, zone)
    earlier = evaluate_checks(before, thresholds, zone)
    hours = changed_hours(flagged_periods(earlier), flagged_periods(after), now)
    return {item.result: (item.outcome, item.drift) for item in after}, hours


def changed_hours(before: Iterable[FlaggedPeriod], after: Iterable[FlaggedPeriod], now: datetime) -> set[StationHour]:
    """Full hours before ``now`` that are flagged before or after, but not in the same way."""
    old, new = set(before), set(after)
    same = old & new
    inside = [_hours_of(part - same, now) for part in (old, new)]
    edges = {
        (item.network, item.station_id, floor_hour(moment))
        for item in old ^ new
        for moment in (item.start, item.end)
        if moment is not None
    }
    return {item for item in (inside[0] ^ inside[1]) | edges if item[2] < floor_hour(now)}


def correction_hours(decision: Correction) -> set[StationHour]:
    """Hours that a correction changes."""
    return {(decision.network, decision.station_id, hour) for hour in hours_between(decision.start, decision.end)}


def _hours_of(periods: Iterable[FlaggedPeriod], now: datetime) -> set[StationHour]:
    return {
        (item.network, item.station_id, hour)
        for item in periods
        for hour in hours_between(item.start, now if item.end is None else min(item.end, now))
    }
