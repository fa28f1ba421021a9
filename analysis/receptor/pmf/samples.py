"""What a factorisation works on: checked concentrations and uncertainties."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

MISSING = -999.0
"""Mark of a missing value in the files of EPA PMF."""
_LARGEST, _SMALLEST = 1e50, 1e-50
"""Concentrations and uncertainties beyond, and uncertainties below, make sums of squares that exceed the range of a float."""


class PmfInputError(ValueError):
    """The samples cannot be factorised; the message names the place and what is needed."""


@dataclass(frozen=True, slots=True)
class Samples:
    """Checked samples.

    Attributes
    ----------
    x : array, (sample, species)
        Concentrations; 0 where missing.
    weight : array, (sample, species)
        Reciprocal of the squared uncertainty; 0 where missing.
    times : pd.Index
        Of the samples in `x`.
    all_times : pd.Index
        Of all given samples; those without any value are not in `x`.
    species : pd.Index
    """

    x: Array
    weight: Array
    times: pd.Index
    all_times: pd.Index
    species: pd.Index

    @property
    def value_count(self) -> int:
        """Number of values that are not missing."""
        return int(np.count_nonzero(self.weight))


def check_samples(conc: pd.DataFrame | ArrayLike, unc: pd.DataFrame | ArrayLike, factors: int) -> Samples:
    """Check concentrations and uncertainties for a number of factors.

    Parameters
    ----------
    conc, unc : DataFrame or array, (sample, species)
        Same unit, shape and order. NaN and -999 are missing; a value without an uncertainty is not. A concentration
        below the detection limit is given as a value with a large uncertainty.
    factors : int

    Raises
    ------
    PmfInputError
    """
    given, spread = _frame(conc, "concentrations"), _frame(unc, "uncertainties")
    _check_alike(given, spread)
    x, s = (frame.to_numpy(dtype=float).copy() for frame in (given, spread))
    x[x == MISSING] = np.nan
    s[s == MISSING] = np.nan
    if np.isinf(x).any():
        raise PmfInputError(_at(given, np.isinf(x), "an infinite concentration"))
    if (bad := np.abs(x) > _LARGEST).any():
        raise PmfInputError(_at(given, bad, f"a concentration beyond {_LARGEST:g}"))
    there = ~np.isnan(x)
    if (bad := there & ~(np.isfinite(s) & (s > 0))).any():
        raise PmfInputError(_at(given, bad, "a concentration without an uncertainty above zero"))
    if (bad := there & ((s < _SMALLEST) | (s > _LARGEST))).any():
        raise PmfInputError(_at(given, bad, f"an uncertainty that is not from {_SMALLEST:g} to {_LARGEST:g}"))
    kept = there.any(axis=1)
    if not kept.any():
        msg = f"no concentration in any of the {len(kept)} samples"
        raise PmfInputError(msg)
    x, s, there = x[kept], s[kept], there[kept]
    _check_species(given, x, there)
    _check_size(x.shape, int(there.sum()), factors)
    weight = np.where(there, 1 / np.where(there, s, 1.0) ** 2, 0.0)
    return Samples(np.where(there, x, 0.0), weight, given.index[kept], given.index, given.columns)


def _frame(values: pd.DataFrame | ArrayLike, name: str) -> pd.DataFrame:
    frame = values if isinstance(values, pd.DataFrame) else pd.DataFrame(np.atleast_2d(np.asarray(values, dtype=float)))
    try:
        return frame.astype(float)
    except (TypeError, ValueError) as error:
        msg = f"{name} must be numbers: {error}"
        raise PmfInputError(msg) from error


def _check_alike(conc: pd.DataFrame, unc: pd.DataFrame) -> None:
    if conc.shape != unc.shape:
        msg = f"concentrations are {conc.shape[0]} samples x {conc.shape[1]} species, uncertainties {unc.shape[0]} x {unc.shape[1]}"
        raise PmfInputError(msg)
    if list(conc.columns) != list(unc.columns):
        first = next(pair for pair in zip(conc.columns, unc.columns, strict=True) if pair[0] != pair[1])
        msg = f"species differ: {first[0]} in the concentrations, {first[1]} in the uncertainties"
        raise PmfInputError(msg)
    for frame, name in ((conc.columns, "species"), (conc.index, "sample")):
        if frame.has_duplicates:
            msg = f"{name} {frame[frame.duplicated()][0]} is given twice"
            raise PmfInputError(msg)
    if not conc.index.equals(unc.index):
        first = next(time for time, other in zip(conc.index, unc.index, strict=True) if time != other)
        msg = f"concentrations and uncertainties have different times, first at sample {first}"
        raise PmfInputError(msg)


def _check_species(given: pd.DataFrame, x: Array, there: NDArray[np.bool_]) -> None:
    for column, name in enumerate(given.columns):
        values = x[there[:, column], column]
        if not values.size:
            msg = f"{name} has no value: leave the species out"
            raise PmfInputError(msg)
        if values.size > 1 and np.ptp(values) == 0:
            msg = f"{name} is the same in all {values.size} samples and tells no sources apart: leave the species out"
            raise PmfInputError(msg)


def _check_size(shape: tuple[int, int], values: int, factors: int) -> None:
    samples, species = shape
    if factors < 1:
        msg = f"{factors} factors: at least 1 is needed"
        raise PmfInputError(msg)
    if factors >= species:
        msg = f"{factors} factors of {species} species: fewer factors than species are needed"
        raise PmfInputError(msg)
    if values <= factors * (samples + species):
        msg = (
            f"{values} values in {samples} samples and {species} species are too few for {factors} factors: "
            f"more than {factors * (samples + species)} are needed"
        )
        raise PmfInputError(msg)


def _at(frame: pd.DataFrame, where: NDArray[np.bool_], what: str) -> str:
    row, column = np.argwhere(where)[0]
    return f"{what} at sample {frame.index[row]}, species {frame.columns[column]} ({int(where.sum())} in all)"
