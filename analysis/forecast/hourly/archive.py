"""How much wider intervals must be with weather that is forecast: measured on archived weather forecasts.

Training knows the weather that came. Runs of earlier weather forecasts give what a forecast would have known instead; held-out forecasts
with it say by which factor the interval of the perfect weather must be stretched to hold nine tenths of the observations.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.forecast.hourly.calibration import calibrated
from analysis.forecast.hourly.feature import LeadPairs, weather_observed
from analysis.forecast.hourly.grid import LAST_LEAD_H, LEAD_GROUPS, LEVELS, WEATHER
from analysis.forecast.hourly.model import WIDENING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from analysis.forecast.hourly.grid import HourGrid
    from analysis.forecast.hourly.model import TargetModel

MINIMUM_DAYS = 60
"""Days with a run that a measured factor needs [d]; the hours of one day err together; project choice."""
LARGEST_WIDENING = 3.0
"""[1] Project choice."""
_BACK_H = 24
_LEAD_STRIDE_H = 3
_SHARE = 0.9
_LOW, _MIDDLE, _HIGH = (LEVELS.index(level) for level in (0.05, 0.5, 0.95))


@dataclass(frozen=True, slots=True)
class ArchivedRun:
    """Weather that a forecast would have known.

    Attributes
    ----------
    row : int
        Origin on the grid: the first hour ahead.
    ahead : array of float32, (len(WEATHER), LAST_LEAD_H, series)
        NaN unknown.
    """

    row: int
    ahead: NDArray[np.float32]


def archived_pairs(grid: HourGrid, runs: Sequence[ArchivedRun], end: int) -> tuple[LeadPairs, NDArray[np.int64]]:
    """Pairs of every series and every third hour ahead that a run knows whole, before row ``end``, and the run of each.

    Whole: all weather that any series observes, as forecasts use it (`feature.weather_known`).
    """
    needed = weather_observed(grid)
    series, row, lead, owner = ([np.empty(0, dtype=np.int64)] for _ in range(4))
    for number, run in enumerate(runs):
        known = (
            np.isfinite(run.ahead[needed]).all(axis=0)
            if len(needed)
            else np.zeros((LAST_LEAD_H, len(grid.series)), bool)
        )
        hour, place = np.nonzero(known)
        kept = (hour % _LEAD_STRIDE_H == 0) & (run.row + hour < end) & (run.row >= _BACK_H)
        series.append(place[kept])
        lead.append(hour[kept] + 1)
        row.append(np.full(int(kept.sum()), run.row))
        owner.append(np.full(int(kept.sum()), number))
    at, rows, ahead, of_run = (np.concatenate(item) for item in (series, row, lead, owner))
    return LeadPairs(at, rows, ahead, np.ones(len(at), dtype=bool)), of_run


def with_archived_weather(
    matrix: NDArray[np.float32],
    names: tuple[str, ...],
    grid: HourGrid,
    runs: Sequence[ArchivedRun],
    of_pairs: tuple[LeadPairs, NDArray[np.int64]],
) -> NDArray[np.float32]:
    """Features with the weather of the runs in place of the weather that came.

    Parameters
    ----------
    matrix : array of float32, (n, len(names))
    names : tuple of str
    grid : HourGrid
    runs : sequence of ArchivedRun
    of_pairs : tuple
        Of `archived_pairs`.
    """
    pairs, owner = of_pairs
    whole = np.stack([np.concatenate([grid.ahead[:, run.row - _BACK_H : run.row], run.ahead], axis=1) for run in runs])
    known = np.isfinite(whole)
    total, count = (
        np.concatenate([np.zeros((*item.shape[:2], 1, item.shape[3])), item.cumsum(axis=2)], axis=2)
        for item in (np.where(known, whole, 0.0), known.astype(float))
    )
    found, end = matrix.copy(), _BACK_H + pairs.lead
    for place, code in enumerate(WEATHER):
        for hours in (3, 24):
            first, last = ((owner, place, at, pairs.series) for at in (end - hours, end))
            n = count[last] - count[first]
            mean = np.divide(total[last] - total[first], n, out=np.full(len(end), np.nan), where=2 * n >= hours)
            found[:, names.index(f"ahead_{code}_{hours}h")] = mean
    return found


def widening(
    model: TargetModel, residual: NDArray[np.float64], spread: NDArray[np.float64], pairs: LeadPairs
) -> tuple[tuple[float, ...], int]:
    """Factor of each lead group, and days with a run.

    Parameters
    ----------
    model : TargetModel
        Its calibration with weather ahead, not widened.
    residual, spread : array of float, (n,)
        Of held-out forecasts with archived weather: observed less forecast in units of the spread, and spread in units of
        ``model.scale``; NaN is left out.
    pairs : LeadPairs

    Returns
    -------
    factors : tuple of float
        A group that fewer than `MINIMUM_DAYS` days reach has that of `WIDENING`; none is below 1 or above `LARGEST_WIDENING`.
    days : int
        0 where no group has enough.
    """
    found, days = list(WIDENING), [0]
    levels = calibrated(model.calibration[1], spread, pairs.lead)
    beyond = residual - levels[:, _MIDDLE]
    share = np.maximum(
        beyond / (levels[:, _HIGH] - levels[:, _MIDDLE]), beyond / (levels[:, _LOW] - levels[:, _MIDDLE])
    )
    for number, (first, last) in enumerate(LEAD_GROUPS):
        own = np.isfinite(share) & (pairs.lead >= first) & (pairs.lead <= last)
        count = len(np.unique(pairs.row[own] // 24))
        if count >= MINIMUM_DAYS:
            ordered = np.sort(share[own])
            at = min(len(ordered), int(np.ceil((len(ordered) + 1) * _SHARE))) - 1
            found[number] = float(np.clip(ordered[at], 1.0, LARGEST_WIDENING))
            days.append(count)
    return tuple(found), max(days)
