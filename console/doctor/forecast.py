"""When a disk is full: growth of what is written to it against what is free, pure."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

LEAST_DAYS = 3
"""Complete days without which nothing is forecast."""
LONGEST_DAYS = 3_650
"""Beyond this the disk counts as not filling up [d]."""
_WINDOW_DAYS = 14
"""Complete days that a rate is taken from [d]."""


class Growth(NamedTuple):
    """Growth of one component [B d⁻¹].

    Attributes
    ----------
    name : str
    low, typical, high : float
        Smallest, median and largest day; equal where only a mean is known.
    days : int
        Complete days that it was observed [d].
    left_bytes : float or None
        Growth until retention deletes as much as comes in [B]; None: without bound.
    """

    name: str
    low: float
    typical: float
    high: float
    days: int
    left_bytes: float | None = None


class DiskForecast(NamedTuple):
    """Days until only the reserve is free: at the largest, the median and the smallest growth [d]; None: not within `LONGEST_DAYS`."""

    earliest_days: float | None
    typical_days: float | None
    latest_days: float | None
    bytes_per_day: float
    observed_days: int


def daily_growth(name: str, sizes: Sequence[int], keep_days: int = 0) -> Growth | None:
    """Growth of files that are that begin new each day; None with fewer than `LEAST_DAYS` complete days.

    Parameters
    ----------
    sizes : sequence of int
        Of the days, oldest first, the last one incomplete [B].
    keep_days : int
        Days that retention keeps; 0: all.
    """
    complete = sizes[:-1]
    if len(complete) < LEAST_DAYS:
        return None
    recent = complete[-_WINDOW_DAYS:]
    left = max(keep_days - len(complete), 0) * float(max(recent)) if keep_days else None
    return Growth(
        name=name,
        low=float(min(recent)),
        typical=float(median(recent)),
        high=float(max(recent)),
        days=len(recent),
        left_bytes=left,
    )


def mean_growth(name: str, size_bytes: int, days: int) -> Growth | None:
    """Growth of what has no history of its own: its size over the days since it began; None with fewer than `LEAST_DAYS`."""
    if days < LEAST_DAYS:
        return None
    mean = size_bytes / days
    return Growth(name=name, low=mean, typical=mean, high=mean, days=days)


def forecast(growths: Sequence[Growth], room_bytes: float) -> DiskForecast | None:
    """When the room that is left is used up; None where no growth is known.

    Parameters
    ----------
    room_bytes : float
        Free bytes beyond the reserve [B].
    """
    if not growths:
        return None
    bounds = [item.left_bytes for item in growths]
    return DiskForecast(
        earliest_days=_days([item.high for item in growths], bounds, room_bytes),
        typical_days=_days([item.typical for item in growths], bounds, room_bytes),
        latest_days=_days([item.low for item in growths], bounds, room_bytes),
        bytes_per_day=sum(item.typical for item in growths),
        observed_days=min(item.days for item in growths),
    )


def _days(rates: Sequence[float], bounds: Sequence[float | None], room_bytes: float) -> float | None:
    """First moment at which the sum of ``min(rate t, bound)`` reaches the room."""
    if room_bytes <= 0:
        return 0.0
    ends = sorted({bound / rate for rate, bound in zip(rates, bounds, strict=True) if rate and bound is not None})
    passed, used = 0.0, 0.0
    for end in [*ends, float(LONGEST_DAYS)]:
        speed = sum(
            rate for rate, bound in zip(rates, bounds, strict=True) if bound is None or rate * passed < bound - 1e-6
        )
        step = end - passed
        if speed and used + speed * step >= room_bytes:
            found = passed + (room_bytes - used) / speed
            return found if found < LONGEST_DAYS else None
        used, passed = used + speed * step, end
    return None
