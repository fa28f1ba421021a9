"""Scores of issued forecasts by series, pollutant, model and range of leads, as rows of a product."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd

from analysis.forecast.hourly.grid import LEVELS, TARGETS
from analysis.forecast.hourly.model import SHOWN
from analysis.forecast.hourly.verify import ScoreSum, score_sum

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping

    from numpy.typing import NDArray

    from analysis.forecast.hourly.grid import HourGrid

LEADS = ((1, 1), (2, 3), (4, 6), (7, 12), (13, 24), (25, 48), (49, 72))
"""First and last hour ahead of a row of the score."""


def score_issued(
    issued: pd.DataFrame, grid: HourGrid, thresholds: Mapping[str, float]
) -> Iterator[tuple[str, str, str, str, ScoreSum]]:
    """Sums of what was issued for some hours against their observations.

    Parameters
    ----------
    issued : DataFrame
        Product ``forecast_issued``: index ``start`` (UTC), ``station_id``, ``parameter``, ``model``, ``horizon_h``, quantiles, ``warn``.
    grid : HourGrid
        Observations of the same series.
    thresholds : mapping of target to float
        In the unit of the target.

    Yields
    ------
    tuple
        Series, pollutant, model, leads as ``first-last``, sums. Series without observations are left out.
    """
    place = {name: at for at, name in enumerate(grid.series)}
    for (series, target, model), rows in issued.groupby(["station_id", "parameter", "model"]):
        if series not in place or target not in TARGETS:
            continue
        at = grid.hours.get_indexer(pd.DatetimeIndex(rows.index))
        values = grid.target(str(target))[np.maximum(at, 0), place[str(series)]]
        observed = np.where(at >= 0, values, np.nan).astype(float)
        levels = np.full((len(rows), len(LEVELS)), np.nan)
        for name, level in SHOWN.items():
            if name in rows:
                levels[:, LEVELS.index(level)] = _numbers(rows[name])
        lead = rows["horizon_h"].to_numpy(dtype=float)
        warn = _numbers(rows["warn"]) if "warn" in rows else levels[:, LEVELS.index(0.5)]
        for first, last in LEADS:
            chosen = (lead >= first) & (lead <= last)
            threshold = thresholds.get(str(target), np.nan)
            sums = score_sum(observed[chosen], levels[chosen], threshold=threshold, warn=warn[chosen])
            if sums.n:
                yield str(series), str(target), str(model), f"{first}-{last}", sums


def sum_fields() -> tuple[str, ...]:
    """Columns of a stored sum."""
    return tuple(field.name for field in msgspec.structs.fields(ScoreSum))


def stored_sum(row: Mapping[Hashable, float]) -> ScoreSum:
    """The sum of a stored row."""
    return msgspec.convert({name: row[name] for name in sum_fields()}, ScoreSum, strict=False)


def _numbers(column: pd.Series) -> NDArray[np.float64]:
    return np.asarray(column.to_numpy(dtype=float, na_value=np.nan), dtype=float)
