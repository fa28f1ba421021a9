"""Contributions of factors to one sample: effective-variance non-negative least squares, and intervals by the profile of chi-squared.

References
----------
Watson, Cooper and Huntzicker 1984, Atmospheric Environment 18, 1347, doi:10.1016/0004-6981(84)90043-X: effective variance.
Lawson and Hanson 1995, Solving Least Squares Problems, SIAM, doi:10.1137/1.9781611971217: non-negative least squares.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_STEPS = 20
_TOLERANCE = 1e-4
_RISE = 2.7055434540954146
"""Of chi-squared at the ends of a 90 % interval of one contribution [1]."""
_HALVINGS = 40
_NEAR = 1e-3
_SMALL = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """One sample.

    Attributes
    ----------
    value, low, high : array, (factor,)
        Contributions relative to the mean of the factor, with their 90 % intervals [1].
    chi2 : float
        By degree of freedom, in effective variances [1].
    """

    value: Array
    low: Array
    high: Array
    chi2: float


def solve(sample: Array, unc: Array, profiles: Array, errors: Array) -> Solved:
    """Split one sample without missing values; species more than factors.

    Where chi-squared says that the sample lies further from the factors than the uncertainties allow, intervals widen by its root.

    Parameters
    ----------
    sample, unc : array, (species,)
    profiles, errors : array, (factor, species)
        Concentration at contribution 1 and its standard error.

    Examples
    --------
    >>> import numpy as np
    >>> profiles = np.array([[1.0, 0.0, 2.0], [0.0, 3.0, 1.0]])
    >>> found = solve(np.array([2.0, 0.0, 4.0]), np.full(3, 0.1), profiles, 0.05 * profiles)
    >>> found.value.round(3).tolist(), bool((found.low <= found.value).all())
    ([2.0, 0.0], True)
    """
    from scipy.optimize import nnls

    value = np.zeros(len(profiles))
    for _ in range(_STEPS):
        weight = 1 / np.sqrt(unc**2 + (value**2) @ errors**2)
        found, _ = nnls((profiles * weight).T, sample * weight)
        change = np.abs(found - value).max()
        value = found
        if change <= _TOLERANCE * max(value.max(), _TOLERANCE):
            break
    weight = 1 / np.sqrt(unc**2 + (value**2) @ errors**2)
    chi2 = float(((sample - value @ profiles) ** 2 * weight**2).sum())
    by_freedom = chi2 / (len(sample) - len(profiles))
    low, high = _intervals((profiles * weight).T, sample * weight, value, _RISE * max(by_freedom, 1.0))
    return Solved(value=value, low=low, high=high, chi2=by_freedom)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Profiled:
    """Least sum of squares as a function of one contribution, the others free but not negative.

    Attributes
    ----------
    others : array, (row, factor)
    column : array, (row,)
        Of the factor.
    target : array, (row,)
    level : float
        Sum of squares at the ends of the interval.
    """

    others: Array
    column: Array
    target: Array
    level: float

    def excess(self, value: float) -> float:
        """How far the sum of squares at a contribution lies above the level."""
        from scipy.optimize import nnls

        rest = self.target - self.column * value
        if not self.others.shape[1]:
            return float(rest @ rest) - self.level
        _, residual = nnls(self.others, rest)
        return float(residual) ** 2 - self.level


def _intervals(matrix: Array, target: Array, value: Array, rise: float) -> tuple[Array, Array]:
    """Where chi-squared, all others free, exceeds its minimum by ``rise``."""
    root, shape = np.linalg.qr(matrix)
    reduced = root.T @ target
    away = reduced - shape @ value
    level = float(away @ away) + rise
    normal, slope = shape.T @ shape, -(shape.T @ away)
    low, high = value.copy(), value.copy()
    for factor, start in enumerate(value):
        profiled = _Profiled(
            others=np.delete(shape, factor, axis=1), column=shape[:, factor], target=reduced, level=level
        )
        for end, sign in ((high, 1.0), (low, -1.0)):
            if sign > 0 or start > 0:
                found = _unchanged(normal, slope, value, factor, sign * rise)
                step = sign * float(np.sqrt(rise / max(normal[factor, factor], _SMALL)))
                end[factor] = _end(profiled, float(start), step) if found is None else found
    return low, high


def _unchanged(normal: Array, slope: Array, value: Array, factor: int, rise: float) -> float | None:
    """End of the interval if the same contributions stay at zero on the way to it; None if others join or leave.

    The sum of squares is then a parabola along the line on which the free contributions follow; the sign of ``rise`` is the direction.
    """
    free = np.flatnonzero((value > 0) & (np.arange(len(value)) != factor))
    follow = np.zeros(len(value))
    follow[factor] = 1.0
    if len(free):
        follow[free] = -np.linalg.solve(normal[np.ix_(free, free)] + _SMALL * np.eye(len(free)), normal[free, factor])
    turned = normal @ follow
    bend, tilt = float(follow @ turned), float(follow @ slope)
    if bend <= _SMALL:
        return None
    step = (-tilt + np.sign(rise) * np.sqrt(tilt**2 + bend * abs(rise))) / bend
    moved, changed = value + step * follow, slope + step * turned
    at_zero = np.setdiff1d(np.flatnonzero(value <= 0), [factor])
    if moved[factor] <= 0 or (moved[free] < 0).any() or (changed[at_zero] < -_SMALL).any():
        return None
    return float(moved[factor])


def _end(profiled: _Profiled, start: float, step: float) -> float:
    """End of the interval in the direction of ``step``; 0 is the lowest."""
    inside, outside = start, max(start + step, 0.0)
    for _ in range(_HALVINGS):
        if profiled.excess(outside) > 0:
            return _root(profiled, inside, outside)
        if outside == 0:
            return 0.0
        inside, outside = outside, max(outside + 2 * (outside - inside), 0.0)
    return outside


def _root(profiled: _Profiled, inside: float, outside: float) -> float:
    """Where the convex sum of squares passes the level, by false position kept off the ends."""
    below, above = profiled.excess(inside), profiled.excess(outside)
    for _ in range(_HALVINGS):
        if abs(outside - inside) <= _NEAR * max(abs(outside), _NEAR):
            break
        share = min(max(below / (below - above), 0.05), 0.95)
        middle = inside + share * (outside - inside)
        excess = profiled.excess(middle)
        if excess > 0:
            outside, above = middle, excess
        else:
            inside, below = middle, excess
    return (inside + outside) / 2
