"""Values below the detection limit, and uncertainties where an instrument states none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.receptor.pmf.samples import PmfInputError

if TYPE_CHECKING:
    from collections.abc import Mapping

BELOW_SHARE = 0.5
"""Share of the detection limit that replaces a value below it [1]; Polissar et al. 1998."""
BELOW_UNCERTAINTY = 5 / 6
"""Uncertainty of such a value in detection limits [1]; Polissar et al. 1998. Not checked against the text."""
_LIMIT_SHARE = 0.5
"""Part of the detection limit in the uncertainty of a value above it [1], as EPA PMF 5.0. Not checked against the text."""


def with_detection_limits(
    conc: pd.DataFrame, limits: Mapping[str, float], error_share: Mapping[str, float]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Concentrations and uncertainties for a factorisation, from detection limits and relative errors.

    Parameters
    ----------
    conc : DataFrame, (sample, species)
        NaN is missing and stays missing. Values at or below the limit, negative ones too, become half the limit.
    limits : mapping of str to float
        Detection limit of each species, unit of `conc`, above 0.
    error_share : mapping of str to float
        Relative error of each species far above its limit [1], 0 or more.

    Returns
    -------
    tuple of DataFrame
        Concentrations and uncertainties: 5/6 of the limit below it, else ``sqrt((share x)^2 + (limit / 2)^2)``.

    Raises
    ------
    PmfInputError
        If a limit or an error is missing or out of range.

    References
    ----------
    Polissar et al. 1998, Journal of Geophysical Research 103, 19045, doi:10.1029/98JD01212.

    Examples
    --------
    >>> conc, unc = with_detection_limits(pd.DataFrame({"zn": [0.1, 4.0]}), {"zn": 0.6}, {"zn": 0.1})
    >>> conc.zn.tolist(), unc.zn.round(3).tolist()
    ([0.3, 4.0], [0.5, 0.5])
    """
    limit, share = (
        np.array([_figure(given, name, what) for name in conc.columns])
        for given, what in ((limits, "detection limit"), (error_share, "relative error"))
    )
    if (bad := limit <= 0).any():
        msg = f"{conc.columns[bad][0]}: the detection limit must be above 0"
        raise PmfInputError(msg)
    values = conc.to_numpy(dtype=float)
    there, is_below = ~np.isnan(values), values <= limit
    filled = np.where(is_below, BELOW_SHARE * limit, values)
    spread = np.where(is_below, BELOW_UNCERTAINTY * limit, np.hypot(share * values, _LIMIT_SHARE * limit))
    return (
        pd.DataFrame(filled, conc.index, conc.columns),
        pd.DataFrame(np.where(there, spread, np.nan), conc.index, conc.columns),
    )


def _figure(given: Mapping[str, float], name: str, what: str) -> float:
    value = given.get(name)
    if value is None or not np.isfinite(value) or value < 0:
        msg = f"{name}: a {what} of 0 or more is needed"
        raise PmfInputError(msg)
    return float(value)
