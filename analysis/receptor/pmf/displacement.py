"""Displacement of profile elements (DISP): how far each can move before the objective grows by a stated amount."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.receptor.pmf.moves import Elements, move_elements
from analysis.receptor.pmf.samples import PmfInputError, Samples, check_samples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from analysis.receptor.pmf.result import PmfResult

    Array = NDArray[np.float64]

LEVELS = (4.0, 8.0, 15.0, 25.0)
"""Growth of the objective [1], the levels of EPA PMF 5.0. Not checked against the text of its guide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Displacement:
    """Outcome of a displacement.

    Attributes
    ----------
    low, high : DataFrame, (level and factor, species)
        Range of each element, unit of the concentrations, of the species that were displaced.
    percent_low, percent_high : DataFrame, (level and factor, species)
        The same of its share in the modelled mean of the species, where the element is at the end [%].
    swaps : DataFrame, (level, factor)
        Displacements after which a factor's contributions correlate most with those of another base factor.
    lowest : float
        Largest fall of the objective below the base [1], 0 or negative. Far below 0, the base was no minimum.
    displaced : int
        Elements that were moved, each up and down.
    """

    low: pd.DataFrame
    high: pd.DataFrame
    percent_low: pd.DataFrame
    percent_high: pd.DataFrame
    swaps: pd.DataFrame
    lowest: float
    displaced: int


def displace(
    result: PmfResult,
    conc: pd.DataFrame | ArrayLike,
    unc: pd.DataFrame | ArrayLike,
    *,
    species: Sequence[str] | None = None,
    levels: Sequence[float] = LEVELS,
) -> Displacement:
    """Move every element of the profiles up and down while all others follow.

    Parameters
    ----------
    result : PmfResult
    conc, unc : DataFrame or array, (sample, species)
        As they were factorised.
    species : sequence of str or None
        To be displaced; None: all.
    levels : sequence of float
        Growth of the objective (the sum of squares, Huber's in robust mode) [1], ascending, above 0.

    Returns
    -------
    Displacement

    Raises
    ------
    PmfInputError
        If a species is unknown or the levels do not ascend.

    References
    ----------
    Paatero et al. 2014, Atmospheric Measurement Techniques 7, 781, doi:10.5194/amt-7-781-2014.
    """
    samples = check_samples(conc, unc, result.factors)
    columns = columns_of(samples, species)
    check_levels(levels)
    base = result.contributions.reindex(samples.times).to_numpy().T, result.profiles.to_numpy()
    elements = elements_of(base[0][None], base[1][None], None, columns)
    moved = move_elements(samples, elements, levels, robust=result.robust, least_contribution=result.least_contribution)
    index = pd.MultiIndex.from_product([levels, result.profiles.index], names=["level", "factor"])
    names = samples.species[columns]
    low, high, percent_low, percent_high = (
        pd.DataFrame(values.reshape(-1, len(columns), 2)[..., way], index, names)
        for values in (moved.ends, 100 * moved.shares)
        for way in (0, 1)
    )
    return Displacement(
        low=low, high=high, percent_low=percent_low, percent_high=percent_high,
        swaps=pd.DataFrame(moved.swapped.sum(axis=1), pd.Index(levels, name="level"), result.profiles.index),
        lowest=float(moved.lowest.min()),
        displaced=result.factors * len(columns),
    )  # fmt: skip


def columns_of(samples: Samples, species: Sequence[str] | None) -> list[int]:
    """Columns of the species that are to be displaced; None: all.

    Raises
    ------
    PmfInputError
        If a species is unknown or none is given.
    """
    if species is None:
        return list(range(len(samples.species)))
    known = ", ".join(map(str, samples.species))
    if unknown := [name for name in species if name not in samples.species]:
        msg = f"{unknown[0]} is no species of the samples: {known}"
        raise PmfInputError(msg)
    if not species:
        msg = f"no species to displace: at least one of {known} is needed"
        raise PmfInputError(msg)
    return [list(samples.species).index(name) for name in species]


def check_levels(levels: Sequence[float]) -> None:
    """Refuse levels that do not ascend from above 0."""
    if not levels or not min(np.diff([0.0, *levels])) > 0:
        msg = f"levels {list(levels)}: ascending numbers above 0 are needed"
        raise PmfInputError(msg)


def elements_of(contributions: Array, profiles: Array, count: Array | None, columns: Sequence[int]) -> Elements:
    """Every factor and column of every solution, down and up: rows in the order (solution, factor, column, way).

    Parameters
    ----------
    contributions : array, (solution, factor, sample)
    profiles : array, (solution, factor, species)
    count : array, (solution, sample), or None
    columns : sequence of int
    """
    solution, factor, column, way = (
        axis.ravel() for axis in np.meshgrid(*map(np.arange, profiles.shape[:2]), columns, (-1.0, 1.0), indexing="ij")
    )
    return Elements(contributions, profiles, count, solution, factor, column, way)
