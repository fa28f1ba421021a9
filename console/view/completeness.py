"""Completeness of periods and civil days, from stored hours (`schemas.completeness`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from schemas.completeness import completeness_by

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from schemas.completeness import Expected


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCompleteness:
    """One civil day of a completeness calendar; ``ratio`` None where no hour was computed."""

    day: date
    ratio: float | None


def completeness(hourly: pd.DataFrame, expected: Sequence[Expected], start: datetime, end: datetime) -> float | None:
    """Completeness of the full hours of ``[start, end)``; hours without a row count as empty. None if nothing is expected."""
    hours = _hours(start, end)
    (ratio,) = completeness_by(hourly, expected, hours, np.zeros(len(hours), dtype=np.int64), 1)
    return None if np.isnan(ratio) else float(ratio)


def last_hour(frames: Sequence[pd.DataFrame]) -> datetime | None:
    """End of the latest hour any of the frames holds; None if all are empty."""
    ends = [frame.index[-1] for frame in frames if len(frame)]
    return max(ends).to_pydatetime() + timedelta(hours=1) if ends else None


def calendar(
    hourly: pd.DataFrame,
    expected: Sequence[Expected],
    *,
    zone: ZoneInfo,
    first: date,
    days: int,
    until: datetime,
) -> list[DayCompleteness]:
    """Completeness by civil day in ``zone`` from ``first`` on.

    Hours that are absent in a day that has any count as empty; the day that holds ``until`` is measured up to it only.
    """
    wanted = [first + timedelta(days=step) for step in range(days)]
    bounds = [datetime.combine(first, time(), zone), datetime.combine(wanted[-1] + timedelta(days=1), time(), zone)]
    hours = _hours(bounds[0], min(bounds[1], until))
    day = np.array([(moment.date() - first).days for moment in hours.tz_convert(str(zone))], dtype=np.int64)
    ratios = completeness_by(hourly, expected, hours, day, days)
    computed = np.bincount(day[np.asarray(hours.isin(hourly.index))], minlength=days) > 0
    return [
        DayCompleteness(day=at, ratio=float(ratio) if known and not np.isnan(ratio) else None)
        for at, ratio, known in zip(wanted, ratios, computed, strict=True)
    ]


def _hours(start: datetime, end: datetime) -> pd.DatetimeIndex:
    """Starts of the full UTC hours in ``[start, end)``."""
    first, last = (pd.Timestamp(moment).tz_convert("UTC") for moment in (start, end))
    return pd.date_range(first.ceil("h"), last.floor("h"), freq="h", inclusive="left", name="start", unit="us")
