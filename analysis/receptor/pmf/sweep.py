"""Exact minimisation of a least-squares problem along one factor after the other, within bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_SWEEPS = 2
_MOST_SEARCHES = 20
_NEAR_ONE = 1e-12


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of the elements of a matrix.

    Attributes
    ----------
    low : float or array, (start, factor, column)
    high : array, (start, factor, column), or None
        None: no upper bound. Equal to `low` where an element is held.
    """

    low: float | Array
    high: Array | None = None

    @property
    def is_scale_free(self) -> bool:
        """Whether a factor may be multiplied by any positive number and stays within the bounds."""
        return self.high is None and isinstance(self.low, float) and self.low == 0

    def part(self, keep: NDArray[np.bool_]) -> Limits:
        """Bounds of some of the starts."""
        low = self.low if isinstance(self.low, float) else self.low[keep]
        return Limits(low, None if self.high is None else self.high[keep])

    def of(self, factor: int) -> tuple[float | Array, Array | None]:
        """Bounds of one factor, (start, column)."""
        low = self.low if isinstance(self.low, float) else self.low[:, factor]
        return low, None if self.high is None else self.high[:, factor]

    def clip(self, values: Array) -> Array:
        """Values within the bounds, (start, factor, column)."""
        return _clip(values, self.low, self.high)


NON_NEGATIVE = Limits(0.0)


class Pairs:
    """Normal equations: products of two factors in a flat list of the upper triangle."""

    def __init__(self, factors: int) -> None:
        self.first, self.second = np.triu_indices(factors)
        self.flat = np.empty((factors, factors), dtype=int)
        self.flat[self.first, self.second] = self.flat[self.second, self.first] = np.arange(self.first.size)

    def normal(self, fixed: Array, weight: Array, weighted: Array) -> tuple[Array, Array]:
        """Equations of one matrix with the other fixed.

        Parameters
        ----------
        fixed : array, (start, factor, row)
        weight : array, (row, column) or (start, row, column)
        weighted : array, as `weight`
            Weight times concentration.

        Returns
        -------
        tuple of array, (start, pair, column) and (start, factor, column)
        """
        products = fixed[:, self.first] * fixed[:, self.second]
        if weight.ndim == 3:  # noqa: PLR2004 - one weight matrix a start
            return np.matmul(products, weight), np.matmul(fixed, weighted)
        starts, factors, length = fixed.shape
        gram = (products.reshape(-1, length) @ weight).reshape(starts, self.first.size, -1)
        return gram, (fixed.reshape(-1, length) @ weighted).reshape(starts, factors, -1)


@dataclass(frozen=True, slots=True)
class MeanCondition:
    """That the mean of each row of a factor is at least 1, or exactly 1.

    Attributes
    ----------
    share : array, (start, column), or None
        Weight of each column in the mean, with sum 1; None: all alike.
    multiplier : array, (start, factor)
        Of the condition; changed in place, the first guess of the next step.
    exact : bool
    """

    share: Array | None
    multiplier: Array
    exact: bool


def to_mean(count: Array | None, multiplier: Array, *, exact: bool) -> MeanCondition:
    """Condition on the mean over samples that are taken ``count`` times each."""
    return MeanCondition(None if count is None else count / count.sum(axis=1, keepdims=True), multiplier, exact)


def sweep(
    h: Array, equations: tuple[Array, Array], pairs: Pairs, limits: Limits, condition: MeanCondition | None = None
) -> None:
    """Minimise along one factor after the other, in place.

    Parameters
    ----------
    h : array, (start, factor, column)
    equations : tuple of array
        Normal equations, see `Pairs.normal`.
    pairs : Pairs
    limits : Limits
    condition : MeanCondition or None
        None: the mean is free.
    """
    gram, right = equations
    for _ in range(_SWEEPS):
        for one, row in enumerate(pairs.flat):
            left = right[:, one].copy()
            for other, at in enumerate(row):
                if other != one:
                    left -= gram[:, at] * h[:, other]
            diagonal = gram[:, row[one]]
            target = np.divide(left, diagonal, out=h[:, one].copy(), where=diagonal > 0)
            low, high = limits.of(one)
            if condition is None:
                h[:, one] = _clip(target, low, high)
            else:
                h[:, one] = _with_mean(target, diagonal, (low, high), condition, one)


def _with_mean(
    target: Array, diagonal: Array, bounds: tuple[float | Array, Array | None], condition: MeanCondition, factor: int
) -> Array:
    """Minimum under the condition on the mean: ``clip(target + multiplier / diagonal)``, the multiplier by Newton's method."""
    slope = np.divide(1.0, diagonal, out=np.zeros_like(diagonal), where=diagonal > 0)
    if condition.share is not None:
        slope = np.where(condition.share > 0, slope, 0.0)
    multiplier = condition.multiplier[:, factor]
    for _ in range(_MOST_SEARCHES):
        moved = target + multiplier[:, None] * slope
        found = _clip(moved, *bounds)
        short = 1.0 - _row_mean(found, condition.share)
        steep = _row_mean(np.where(found == moved, slope, 0.0), condition.share)
        step = np.divide(short, steep, out=np.zeros_like(short), where=steep > 0)
        if not condition.exact:
            step = np.maximum(step, -multiplier)
        if (np.abs(step * steep) <= _NEAR_ONE).all():
            break
        multiplier = multiplier + step
    condition.multiplier[:, factor] = multiplier
    return found


def _row_mean(values: Array, share: Array | None) -> Array:
    return np.asarray(values.mean(axis=1) if share is None else np.einsum("bn,bn->b", values, share))


def _clip(values: Array, low: float | Array, high: Array | None) -> Array:
    low_kept = np.maximum(values, low)
    return low_kept if high is None else np.minimum(low_kept, high)
