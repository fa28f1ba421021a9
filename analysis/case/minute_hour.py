"""Hours of minutes: what the first version of a case file has before the hour is complete."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from schemas.parameter import UnknownParameterError
from schemas.parameter import parameter as known

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_MINUTES = 3
"""Minutes with a value from which an hour has one; project choice."""
_CIRCLE, _TINY = 360.0, 1e-9
_HOUR_S = 3600


def in_range(minute: pd.DataFrame) -> pd.DataFrame:
    """Minutes without the values outside the physical range of the registry, such as the -999 of a logger; the columns that remain.

    Parameters
    ----------
    minute : DataFrame
        Plain columns of parameters, canonical units; a column that is no parameter stays as it is.

    Examples
    --------
    >>> in_range(pd.DataFrame({"wind_speed": [2.0, -999.0], "so2": [-999.0, 5.0]})).to_numpy().tolist()
    [[2.0, nan], [nan, 5.0]]
    """
    names = [str(name) for name in minute.columns]
    bounds = np.array([_range_of(name) for name in names]).reshape(-1, 2)
    values = minute.to_numpy(dtype=float)
    kept = np.where((values >= bounds[:, 0]) & (values <= bounds[:, 1]), values, np.nan)
    return pd.DataFrame(kept, index=minute.index, columns=names)


def _range_of(name: str) -> tuple[float, float]:
    try:
        item = known(name)
    except UnknownParameterError:
        return -np.inf, np.inf
    low, high = item.range_min, item.range_max
    return -np.inf if low is None else low, np.inf if high is None else high


def hours_of_minutes(minute: pd.DataFrame) -> pd.DataFrame:
    """Means by UTC hour of what is there and in range, also of an hour that is not complete; the wind direction as a vector mean.

    Parameters
    ----------
    minute : DataFrame
        Index ``start`` UTC, ascending; plain columns of parameters, canonical units; NaN where missing.

    Returns
    -------
    DataFrame
        Index: UTC hours; the same columns, NaN below three values.

    Examples
    --------
    >>> index = pd.date_range("2026-05-01", periods=4, freq="min", tz="UTC", name="start")
    >>> frame = pd.DataFrame({"wind_direction": [350.0, 10.0, 350.0, 10.0], "so2": [1.0, 2.0, 3.0, np.nan]}, index=index)
    >>> hours_of_minutes(frame).round(3).to_dict("list")
    {'wind_direction': [0.0], 'so2': [2.0]}
    """
    names = [name for name in minute.columns if "__" not in str(name)]
    table = in_range(minute[names]).to_numpy(dtype=float)
    index = pd.DatetimeIndex(minute.index)
    hours = index.as_unit("s").asi8 // _HOUR_S
    first = np.flatnonzero(np.r_[True, np.diff(hours) != 0]) if len(hours) else np.array([], dtype=np.intp)
    means = _means(table, first)
    if "wind_direction" in names:
        at = names.index("wind_direction")
        speed = table[:, names.index("wind_speed")] if "wind_speed" in names else np.ones(len(table))
        angle = np.radians(table[:, at])
        east, north = _means(np.stack([speed * np.sin(angle), speed * np.cos(angle)], axis=1), first).T
        turned = np.degrees(np.arctan2(east, north)) % _CIRCLE
        means[:, at] = np.where(turned > _CIRCLE - _TINY, 0.0, turned)
    return pd.DataFrame(means, index=index[first].floor("h").rename("start"), columns=names)


def _means(table: NDArray[np.float64], first: NDArray[np.intp]) -> NDArray[np.float64]:
    """Means of runs of rows that begin at ``first``, (run, column); NaN below `LEAST_MINUTES` values."""
    if not len(first):
        return np.empty((0, table.shape[1]))
    known = np.isfinite(table)
    total = np.add.reduceat(np.where(known, table, 0.0), first, axis=0)
    count = np.add.reduceat(known, first, axis=0, dtype=np.int64)
    return np.where(count >= LEAST_MINUTES, total / np.maximum(count, 1), np.nan)
