"""Excess of each station over the level of the others, and how unusual it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.receptor.other_stations import level_of_others, median_over_hours
from qc.robust import MAD_TO_SIGMA

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Field = NDArray[np.float64]

_LEAST_SPREAD = 0.02
"""Least standard deviation in medians of the station, for values of few digits; project choice [1]."""
LINEAR = 3.0
"""Standard deviations up to which the score is about linear; beyond, it grows as a logarithm; project choice [1]."""


def excess_of(values: Field, *, history: NDArray[np.bool_]) -> tuple[Field, Field]:
    """Score and excess of each hour and station.

    The level of the others is their lower quartile, which a plume at more than half of them does not raise. At a high level stations
    differ more, so the score is of the excess in proportion to the level where it is above its median. It has a logarithm's tail, as
    concentrations have.

    Parameters
    ----------
    values : array of float, (H, S)
        NaN missing.
    history : array of bool, (H,)
        Hours from which the usual excess and its spread are taken.

    Returns
    -------
    score : array of float, (H, S)
        [1]; NaN where the value, or the level of at least 2 others, is missing.
    excess : array of float, (H, S)
        [unit of the values]

    Examples
    --------
    >>> import numpy as np
    >>> noise = np.random.Generator(np.random.PCG64(1)).normal(20.0, 1.0, (300, 4))
    >>> noise[-1, 2] += 30.0
    >>> score, excess = excess_of(noise, history=np.arange(300) < 299)
    >>> (score[-1] > 5).tolist(), round(float(excess[-1, 2]))
    ([False, False, True, False], 30)
    """
    level = level_of_others(values)
    excess = values - level
    excess = excess - median_over_hours(excess[history])
    usual = np.maximum(median_over_hours(level[history]), 1e-9)
    relative = excess / np.maximum(1.0, level / usual)
    spread = MAD_TO_SIGMA * median_over_hours(np.abs(relative[history] - median_over_hours(relative[history])))
    spread = np.maximum(spread, _LEAST_SPREAD * np.abs(median_over_hours(values[history])))
    return np.asarray(LINEAR * np.arcsinh(relative / np.maximum(spread, 1e-12) / LINEAR)), np.asarray(excess)
