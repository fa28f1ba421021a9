"""Level of a region by the other stations, and medians over hours: what an excess of one station is measured against."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Field = NDArray[np.float64]

LEAST_STATIONS = 3
"""Stations that an excess over the others needs, its own included; project choice."""
_QUARTILE = 0.25


def level_of_others(values: Field) -> Field:
    """Lower quartile of the other stations, by hour and station.

    Parameters
    ----------
    values : array of float, (H, S)
        NaN missing; at least 2 stations.

    Returns
    -------
    array of float, (H, S)
        NaN where fewer than 2 of the others have a value.

    Examples
    --------
    >>> import numpy as np
    >>> level_of_others(np.array([[1.0, 2.0, 3.0, 90.0], [1.0, np.nan, np.nan, 2.0]])).tolist()
    [[2.5, 2.0, 1.5, 1.5], [nan, 1.25, 1.25, nan]]
    """
    found = [_low_quartile(np.delete(values, station, axis=1)) for station in range(values.shape[1])]
    return np.stack(found, axis=1)


def median_over_hours(values: Field) -> Field:
    """Median of each column; NaN for one without any value.

    Examples
    --------
    >>> import numpy as np
    >>> median_over_hours(np.array([[1.0, np.nan], [4.0, np.nan]])).tolist()
    [2.5, nan]
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.asarray(np.nanmedian(values, axis=0))


def _low_quartile(values: Field) -> Field:
    """By row, interpolated; NaN with fewer than 2 values. `numpy.nanquantile` takes some hundred times as long."""
    count = np.isfinite(values).sum(axis=1)
    rank = _QUARTILE * np.maximum(count - 1, 0)
    low = rank.astype(np.int64)
    rows = np.arange(len(values))
    ordered = np.sort(values, axis=1)
    below, above = ordered[rows, low], ordered[rows, np.minimum(low + 1, values.shape[1] - 1)]
    # with 1 value above is missing; it is not used
    return np.where(count >= LEAST_STATIONS - 1, below + (rank - low) * (above - below), np.nan)
