"""Probability of a value as large as one found, from the maxima of comparable blocks (days, rotations)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_QUARTILES = (0.25, 0.5, 0.75)
_ROUNDING = 1e-9
_FAR_BELOW = -50.0
FEWEST_MAXIMA = 3
LEAST_CHANCE = 0.001
"""Smallest probability that is stated: some 30 blocks say no more; project choice [1]."""


def tail_chance(maxima: NDArray[np.float64], value: float, *, blocks: int = 1) -> float:
    """Probability that the largest of further blocks reaches a value, by the Gumbel distribution of block maxima.

    Parameters
    ----------
    maxima : array of float, (n,)
        Of the blocks without what is tested, at least 3; finite.
    value : float
        In the unit of the maxima.
    blocks : int
        Blocks among which the value is the largest.

    Returns
    -------
    float
        The larger of two fits, by moments and by quartiles (a few blocks with events of their own do not widen the latter);
        at least `LEAST_CHANCE` [1].

    Raises
    ------
    ValueError
        With fewer than 3 maxima.

    References
    ----------
    Coles 2001, An Introduction to Statistical Modeling of Extreme Values, 3; cited from memory, not verified.

    Examples
    --------
    >>> import numpy as np
    >>> maxima = np.array([1.0, 1.4, 0.9, 1.8, 1.2, 1.1, 1.6, 1.3])
    >>> tail_chance(maxima, 1.2) > 0.5, round(tail_chance(maxima, 2.0), 2), tail_chance(maxima, 9.0)
    (True, 0.03, 0.001)
    """
    if len(maxima) < FEWEST_MAXIMA:
        msg = f"{len(maxima)} maxima; at least {FEWEST_MAXIMA} are needed"
        raise ValueError(msg)
    of_fits = [_reached(value, *fit, blocks) for fit in (_by_moments(maxima), _by_quartiles(maxima))]
    return max(LEAST_CHANCE, *of_fits)


def either_chance(chance: float, looks: int) -> float:
    """Probability of so small a chance in the smallest of several independent looks (Šidák) [1].

    Examples
    --------
    >>> round(either_chance(0.01, 2), 4)
    0.0199
    """
    return float(-np.expm1(looks * np.log1p(-min(chance, 1.0 - _ROUNDING))))


def _reached(value: float, place: float, scale: float, blocks: int) -> float:
    above = max((value - place) / max(scale, _ROUNDING), _FAR_BELOW)
    return float(-np.expm1(-blocks * np.exp(-above)))


def _by_moments(maxima: NDArray[np.float64]) -> tuple[float, float]:
    scale = float(maxima.std(ddof=1)) * np.sqrt(6.0) / np.pi
    return float(maxima.mean()) - np.euler_gamma * scale, scale


def _by_quartiles(maxima: NDArray[np.float64]) -> tuple[float, float]:
    low, middle, high = np.quantile(maxima, _QUARTILES)
    standard = -np.log(-np.log(np.array(_QUARTILES)))
    scale = float((high - low) / (standard[2] - standard[0]))
    return float(middle) - float(standard[1]) * scale, scale
