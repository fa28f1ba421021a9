"""Whether a value rises, holds or falls, by a stated rule. Pure.

The mean of the newest step is compared with the median of the means of the three steps before. A step is the cadence of the
series, at least 15 min. More than 10 % of the larger of the two, and more than two units of the last digit of the instrument, is
a rise or a fall. Project's choice.
"""

from __future__ import annotations

import math
from datetime import timedelta
from enum import StrEnum
from statistics import fmean, median
from typing import TYPE_CHECKING

from schemas.flag import Flag

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from alerts.mail.view.mail_value import LeadValue, SeriesPoint

STEPS_BEFORE = 3
STALE_STEPS = 2
LEAST_STEP = timedelta(minutes=15)
LEAST_SHARE = 0.1
"""Of the larger value [1]."""
LEAST_DIGITS = 2.0
"""Units of the last digit."""


class Tendency(StrEnum):
    """Direction of a value; ``UNKNOWN`` with no step to compare with."""

    RISING = "rising"
    STEADY = "steady"
    FALLING = "falling"
    UNKNOWN = "unknown"


ARROWS = {Tendency.RISING: "↑", Tendency.STEADY: "→", Tendency.FALLING: "↓", Tendency.UNKNOWN: ""}


def step_of(cadence: timedelta) -> timedelta:
    """Length of a step of the comparison."""
    return max(cadence, LEAST_STEP)


def tendency_of(lead: LeadValue | None, now: datetime) -> Tendency:
    """Tendency of the worst parameter; points that failed a test are left out, and none is stated of what is two steps old."""
    known = [] if lead is None else [item.start for item in lead.points if item.value is not None]
    if lead is None or not known or now - (known[-1] + lead.cadence) > STALE_STEPS * step_of(lead.cadence):
        return Tendency.UNKNOWN
    return tendency(lead.points, lead.cadence, digit=10.0**-lead.decimals)


def tendency(points: Sequence[SeriesPoint], cadence: timedelta, *, digit: float) -> Tendency:
    """Compare the newest step with the steps before.

    Parameters
    ----------
    points : sequence of SeriesPoint
        Ascending; missing values are left out.
    cadence : timedelta
    digit : float
        Unit of the last digit of the instrument, in the unit of the values.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from alerts.mail.view.mail_value import SeriesPoint
    >>> hours = [datetime(2026, 11, 27, hour, tzinfo=UTC) for hour in range(4)]
    >>> series = [SeriesPoint(at, value) for at, value in zip(hours, (25.0, 27.0, 28.0, 161.0), strict=True)]
    >>> tendency(series, timedelta(hours=1), digit=1.0)
    <Tendency.RISING: 'rising'>
    """
    steps = _steps(points, step_of(cadence))
    if len(steps) < 2:  # noqa: PLR2004 - the newest and one before
        return Tendency.UNKNOWN
    *before, newest = steps
    usual = median(before)
    change = newest - usual
    if abs(change) <= max(LEAST_SHARE * max(abs(newest), abs(usual)), LEAST_DIGITS * digit):
        return Tendency.STEADY
    return Tendency.RISING if change > 0 else Tendency.FALLING


def _steps(points: Sequence[SeriesPoint], step: timedelta) -> list[float]:
    """Means of the last steps, the newest last; a step without a value is left out."""
    known = [
        (item.start, item.value)
        for item in points
        if item.value is not None and math.isfinite(item.value) and item.flag is not Flag.FAIL
    ]
    if not known:
        return []
    newest = known[-1][0]
    groups: dict[int, list[float]] = {}
    for start, value in known:
        number = (newest - start) // step
        if number <= STEPS_BEFORE:
            groups.setdefault(number, []).append(value)
    return [fmean(groups[number]) for number in sorted(groups, reverse=True)]
