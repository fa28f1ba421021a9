"""Profile elements that are moved away from a solution until the objective has grown by a level."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from analysis.receptor.pmf.descent import PmfProblem, Solution, Stop, descend
from analysis.receptor.pmf.match import correlations
from analysis.receptor.pmf.sweep import Limits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from analysis.receptor.pmf.samples import Samples

    Array = NDArray[np.float64]

_STOP = Stop(1e-7, 500)
_TRIES = 8
_NEAR = 0.05
"""A displacement whose growth is within this part of the level is taken."""
_WIDEST_STEP, _LEAST_STEP = 4.0, 1.3
_CELLS_AT_ONCE = 2_000_000


@dataclass(frozen=True, slots=True)
class Elements:
    """What is moved: a row a displacement.

    Attributes
    ----------
    contributions : array, (solution, factor, sample)
        Of the solutions that the displacements start from.
    profiles : array, (solution, factor, species)
    count : array, (solution, sample), or None
        How often each sample is taken; None: once.
    solution, factor, column : array of int, (row,)
        Element of the profiles.
    way : array, (row,)
        1 up, -1 down.
    """

    contributions: Array
    profiles: Array
    count: Array | None
    solution: NDArray[np.int64]
    factor: NDArray[np.int64]
    column: NDArray[np.int64]
    way: Array

    def part(self, rows: slice | NDArray[np.int64]) -> Elements:
        """Some of the rows."""
        return replace(
            self, solution=self.solution[rows], factor=self.factor[rows], column=self.column[rows], way=self.way[rows]
        )

    def row_count(self) -> Array | None:
        """How often each sample is taken, (row, sample); None: once."""
        return None if self.count is None else self.count[self.solution]


@dataclass(frozen=True, slots=True)
class Moved:
    """Outcome of the displacements.

    Attributes
    ----------
    ends : array, (level, row)
        Outermost value found whose growth of the objective is at most the level.
    shares : array, (level, row)
        The same as a part of the sum over all factors there [1]; 0 where the sum is 0.
    swapped : array of bool, (level, row, factor)
        Whether the contributions of a factor correlate most with those of another factor of the start.
    lowest : array, (row,)
        Largest fall of the objective below the start [1], 0 or negative.
    """

    ends: Array
    shares: Array
    swapped: NDArray[np.bool_]
    lowest: Array


def move_elements(
    samples: Samples, elements: Elements, levels: Sequence[float], *, robust: bool, least_contribution: float
) -> Moved:
    """Move elements while all others follow, a bounded number of rows at a time.

    Parameters
    ----------
    samples : Samples
    elements : Elements
    levels : sequence of float
        Growth of the objective [1], ascending, above 0.
    robust : bool
    least_contribution : float
        Relative to the mean [1].

    Returns
    -------
    Moved
    """
    at_once, factors = max(1, _CELLS_AT_ONCE // samples.x.size), elements.profiles.shape[1]
    ends, shares, lowest = [np.empty((len(levels), 0))], [np.empty((len(levels), 0))], [np.empty(0)]
    swapped = [np.empty((len(levels), 0, factors), dtype=bool)]
    for first in range(0, len(elements.way), at_once):
        moves = _Moves(samples, elements.part(slice(first, first + at_once)), robust, least_contribution)
        found = [moves.to_level(level) for level in levels]
        ends.append(np.array([one[0] for one in found]))
        shares.append(np.array([one[1] for one in found]))
        swapped.append(np.array([one[2] for one in found]))
        lowest.append(moves.lowest)
    return Moved(
        ends=np.concatenate(ends, axis=1),
        shares=np.concatenate(shares, axis=1),
        swapped=np.concatenate(swapped, axis=1),
        lowest=np.concatenate(lowest),
    )


class _Moves:
    """Elements that are moved together, each from the point it has reached."""

    def __init__(self, samples: Samples, elements: Elements, robust: bool, least: float) -> None:  # noqa: FBT001
        self.samples, self.elements, self.robust, self.least = samples, elements, robust, least
        self.row = np.arange(len(elements.way))
        self.way = elements.way
        self.g, self.f = elements.contributions[elements.solution], elements.profiles[elements.solution]
        self.start = self.f[self.row, elements.factor, elements.column]
        self.inside, self.growth = self.start.copy(), np.zeros(len(self.row))
        self.lowest = np.zeros(len(self.row))
        self.q = self._solve(None, self.row, (self.g, self.f)).objective

    def to_level(self, level: float) -> tuple[Array, Array, NDArray[np.bool_]]:
        """Outermost values found with a growth of at most the level, their shares, and swaps, (row, factor)."""
        outside, beyond = np.full(len(self.row), np.nan), np.full(len(self.row), np.nan)
        for _ in range(_TRIES):
            is_at_zero = (self.inside == 0) & (self.way < 0)
            rows = np.flatnonzero(~is_at_zero & (self.growth < (1 - _NEAR) * level))
            if not rows.size:
                break
            value = self._next(level, outside, beyond)[rows]
            found = self._solve(value, rows, self._predicted(value, rows))
            growth = found.objective - self.q[rows]
            self.lowest[rows] = np.minimum(self.lowest[rows], growth)
            fits = growth <= level
            self._keep(rows[fits], value[fits], growth[fits], found, fits)
            outside[rows[~fits]], beyond[rows[~fits]] = value[~fits], growth[~fits]
        return self.inside.copy(), self._shares(), self._swaps()

    def _shares(self) -> Array:
        total = self.f[self.row, :, self.elements.column].sum(axis=1)
        return np.asarray(np.divide(self.inside, total, out=np.zeros_like(total), where=total > 0))

    def _keep(
        self, rows: NDArray[np.int64], value: Array, growth: Array, found: Solution, fits: NDArray[np.bool_]
    ) -> None:
        self.inside[rows], self.growth[rows] = value, growth
        self.g[rows], self.f[rows] = found.contributions[fits], found.profiles[fits]

    def _next(self, level: float, outside: Array, beyond: Array) -> Array:
        """Next value to try: between the bracket's ends where there is one, else farther out."""
        moved = np.abs(self.inside - self.start)
        growth = np.maximum(self.growth, 1e-9)
        stretch = np.clip(np.sqrt(level / growth), _LEAST_STEP, _WIDEST_STEP)
        farther = np.where(moved > 0, moved * stretch, self._first(level))
        ends = np.sqrt(np.maximum(self.growth, 0.0)), np.sqrt(beyond)
        with np.errstate(invalid="ignore", divide="ignore"):
            share = np.clip((np.sqrt(level) - ends[0]) / (ends[1] - ends[0]), 0.1, 0.98)
        between = self.inside + share * (outside - self.inside)
        return np.maximum(np.where(np.isnan(outside), self.start + self.way * farther, between), 0.0)

    def _first(self, level: float) -> Array:
        """Displacement that the level would allow if no other element followed."""
        elements, weight = self.elements, self.samples.weight
        squares = elements.contributions[elements.solution, elements.factor] ** 2
        count = elements.row_count()
        squares = squares if count is None else squares * count
        curvature = np.einsum("rn,nr->r", squares, weight[:, elements.column])
        return np.asarray(np.sqrt(level / np.maximum(curvature, 1e-300)))

    def _predicted(self, value: Array, rows: NDArray[np.int64]) -> tuple[Array, Array]:
        """Points from which some rows descend: on along the straight line from the start to the point reached."""
        solution = self.elements.solution[rows]
        moved = self.inside[rows] - self.start[rows]
        further = np.divide(value - self.inside[rows], moved, out=np.zeros_like(moved), where=moved != 0)[:, None, None]
        g, f = self.g[rows], self.f[rows]
        g = g + further * (g - self.elements.contributions[solution])
        return np.maximum(g, self.least), np.maximum(f + further * (f - self.elements.profiles[solution]), 0.0)

    def _solve(self, value: Array | None, rows: NDArray[np.int64], start: tuple[Array, Array]) -> Solution:
        """Minimum of some rows with their elements held at values; None: free."""
        elements = self.elements.part(rows)
        f = start[1]
        low, high = np.zeros_like(f), np.full_like(f, np.inf)
        if value is not None:
            at = np.arange(len(rows)), elements.factor, elements.column
            low[at] = high[at] = value
        problem = PmfProblem(
            x=self.samples.x, weight=self.samples.weight, robust=self.robust, count=elements.row_count(), fixed_mean=True,
            contributions=Limits(self.least), profiles=Limits(low, high),
        )  # fmt: skip
        return descend(problem, start, _STOP)

    def _swaps(self) -> NDArray[np.bool_]:
        elements, count = self.elements, self.elements.row_count()
        taken = np.ones(self.g.shape[::2]) if count is None else count
        rows = zip(self.g, elements.solution, taken, strict=True)
        nearest = [
            correlations(found, elements.contributions[base], times).argmax(axis=1) for found, base, times in rows
        ]
        return np.asarray(np.array(nearest) != np.arange(self.g.shape[1]))
