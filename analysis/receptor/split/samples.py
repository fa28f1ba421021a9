"""Checked input of a split: new samples, the current factors, and how well these are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_MISSING = -999.0
"""Mark of a missing value in the files of EPA PMF."""
_Z90 = 1.6448536269514722
"""Standard errors on each side of a 90 % interval [1]."""


class SplitInputError(ValueError):
    """The samples cannot be split; the message names the place and what is needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitInput:
    """Arrays of one split.

    Attributes
    ----------
    conc, unc : array, (sample, species)
        NaN where missing.
    profiles, errors : array, (factor, species)
        Mean concentration that a factor contributes, and its standard error, same unit.
    times, factors, species : pd.Index
    """

    conc: Array
    unc: Array
    profiles: Array
    errors: Array
    times: pd.Index
    factors: pd.Index
    species: pd.Index


def check_input(
    conc: pd.DataFrame, unc: pd.DataFrame, profiles: pd.DataFrame, errors: pd.DataFrame | float
) -> SplitInput:
    """Align samples with profiles and check them.

    Parameters
    ----------
    conc, unc, profiles, errors
        As of `analysis.receptor.split.split`.

    Raises
    ------
    SplitInputError
        If nothing is left to compare, an uncertainty is missing or not above zero, or a profile is negative or all zero.
    """
    species = [name for name in profiles.columns if name in conc.columns]
    if len(species) <= len(profiles):
        msg = (
            f"{len(species)} of the {len(profiles.columns)} species of the factors were measured; "
            f"{len(profiles)} factors need at least {len(profiles) + 1}"
        )
        raise SplitInputError(msg)
    if not conc.index.equals(unc.index) or not set(species) <= set(unc.columns):
        msg = "concentrations and uncertainties need the same times and species"
        raise SplitInputError(msg)
    values = conc[species].to_numpy(dtype=float)
    values = np.where(np.isfinite(values) & (values != _MISSING), values, np.nan)
    return SplitInput(
        conc=values,
        unc=_checked_unc(values, unc[species]),
        profiles=_checked_profiles(profiles[species]),
        errors=_checked_errors(profiles[species], errors),
        times=conc.index,
        factors=profiles.index,
        species=pd.Index(species),
    )


def errors_of_interval(low: pd.DataFrame, high: pd.DataFrame) -> pd.DataFrame:
    """Standard errors of profiles from their 90 % intervals; NaN becomes the widest of the species.

    Parameters
    ----------
    low, high : DataFrame, (factor, species)
        As of `analysis.receptor.pmf.intervals`; the spread of a bootstrap alone is too narrow.

    Examples
    --------
    >>> import pandas as pd
    >>> errors_of_interval(pd.DataFrame({"zinc": [1.0]}), pd.DataFrame({"zinc": [1.329]})).round(3).zinc.tolist()
    [0.1]
    """
    wide = (high - low) / (2 * _Z90)
    return wide.fillna(wide.max(axis=0)).fillna(0.0)


def _checked_unc(values: Array, unc: pd.DataFrame) -> Array:
    given = unc.to_numpy(dtype=float)
    bad = np.isfinite(values) & ~(np.isfinite(given) & (given > 0))
    if bad.any():
        row, column = (int(item[0]) for item in np.nonzero(bad))
        msg = f"{unc.columns[column]} at {unc.index[row]}: an uncertainty above 0 is needed"
        raise SplitInputError(msg)
    return np.where(np.isfinite(values), given, np.nan)


def _checked_profiles(profiles: pd.DataFrame) -> Array:
    given = profiles.to_numpy(dtype=float)
    if not np.isfinite(given).all() or (given < 0).any():
        msg = "profiles have to be finite and not negative"
        raise SplitInputError(msg)
    empty = profiles.index[(given == 0).all(axis=1)]
    if len(empty):
        msg = f"factor {empty[0]} has none of the measured species"
        raise SplitInputError(msg)
    return given


def _checked_errors(profiles: pd.DataFrame, errors: pd.DataFrame | float) -> Array:
    if isinstance(errors, pd.DataFrame):
        if not set(profiles.columns) <= set(errors.columns) or not profiles.index.equals(errors.index):
            msg = "errors of the profiles need the same factors and species as the profiles"
            raise SplitInputError(msg)
        given = errors[list(profiles.columns)].to_numpy(dtype=float)
    else:
        given = errors * profiles.to_numpy(dtype=float)
    if not np.isfinite(given).all() or (given < 0).any():
        msg = "errors of the profiles have to be finite and not negative"
        raise SplitInputError(msg)
    return given
