"""How far the hours of a case lie from what the days before let expect. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from qc.angle import unwrapped
from schemas.frames import valid_values
from schemas.interval import hours_between
from schemas.parameter import parameter

if TYPE_CHECKING:
    from schemas.interval import Interval

BEFORE = pd.Timedelta(hours=72)
"""Hours before a case that say what is usual; project default."""
_AROUND = pd.Timedelta(hours=12)
_LEAST_H = 12
_SAME_HOUR_LEAST = 3


@dataclass(frozen=True, slots=True)
class Departure:
    """Mean distance of the case from what is usual.

    Attributes
    ----------
    mean : float
        Canonical unit.
    deviations : float
        By the robust standard deviation of the hours before [1].
    """

    mean: float
    deviations: float


def hours_in(interval: Interval) -> pd.DatetimeIndex:
    """Starts of the hours that an interval touches, at least the one it begins in."""
    hours = hours_between(interval.start, max(interval.end, interval.start + pd.Timedelta(seconds=1)))
    return pd.DatetimeIndex(hours).as_unit("us")


def departure_of(hourly: pd.DataFrame, code: str, interval: Interval) -> Departure | None:
    """How far a parameter departs in a case.

    What is usual is the median of the same time of day (an hour more or less) in the three days before, where there are
    three of them, else the median of all hours before. The strongest third of the case's hours counts, so that a long
    interval does not dilute what happened in it.

    Returns
    -------
    Departure or None
        None without a valid hour in the case, or with fewer than 12 before it.
    """
    values = _on_line(hourly, code)
    hours = hours_in(interval)
    inside = values.reindex(hours).dropna()
    before = values[(values.index >= hours[0] - BEFORE) & (values.index < hours[0])].dropna()
    if inside.empty or len(before) < _LEAST_H:
        return None
    usual = np.array([_usual(before, moment) for moment in pd.DatetimeIndex(inside.index)])
    rest = before.to_numpy() - np.array([_usual(before, moment) for moment in pd.DatetimeIndex(before.index)])
    away = inside.to_numpy() - usual
    strongest = away[np.argsort(-np.abs(away))[: max(1, len(away) // 3)]]
    mean = float(strongest.mean())
    known = parameter(code)
    level = 0.0 if known.period else float(np.median(np.abs(before)))
    floor = max(0.08 * level, 10.0**-known.decimals)
    return Departure(mean, mean / max(1.4826 * float(np.median(np.abs(rest))), floor))


def course(hourly: pd.DataFrame, code: str, interval: Interval) -> pd.Series:
    """Distances from what is usual, from half a day before a case to its end; NaN where not valid or nothing is usual yet.

    Without the usual course of the day two stations resemble each other only where something came to both.
    """
    values = _on_line(hourly, code)
    hours = hours_in(interval)
    shown = values.reindex(pd.date_range(hours[0] - _AROUND, hours[-1], freq="h"))
    before = values[(values.index >= hours[0] - BEFORE) & (values.index < hours[0])].dropna()
    if len(before) < _LEAST_H:
        return shown * np.nan
    usual = [_usual(before, moment) for moment in pd.DatetimeIndex(shown.index)]
    return shown.sub(pd.Series(usual, index=shown.index))


def _on_line(hourly: pd.DataFrame, code: str) -> pd.Series:
    """Valid values, a direction without its jumps across north."""
    values = valid_values(hourly, code)
    return pd.Series(unwrapped(values.to_numpy(dtype=np.float64), parameter(code).period), index=values.index)


def _usual(before: pd.Series, moment: pd.Timestamp) -> float:
    index = pd.DatetimeIndex(before.index)
    apart = (index.hour.to_numpy() - moment.hour + 12) % 24 - 12
    same = before.to_numpy()[np.abs(apart) <= 1]
    return float(np.median(same if len(same) >= _SAME_HOUR_LEAST else before.to_numpy()))
