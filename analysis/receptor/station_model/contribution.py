"""New hours of a station as mass from each factor of its solution, with intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.receptor.split import split
from analysis.receptor.station_model.samples import fixed_samples
from analysis.receptor.station_model.solve import mass_weights, profile_errors
from schemas.reason import Reason

if TYPE_CHECKING:
    from analysis.receptor.station_model.solution import StationSolution

LOW, HIGH = "_low", "_high"


def factor_column(number: int) -> str:
    """Column of a factor's mass in the product.

    Examples
    --------
    >>> factor_column(2)
    'factor_2'
    """
    return f"factor_{number}"


def split_station(hourly: pd.DataFrame, solution: StationSolution) -> pd.DataFrame | Reason:
    """Mass from each factor in each hour.

    Parameters
    ----------
    hourly : DataFrame
        ``schemas.frames`` hourly of the station and network.
    solution : StationSolution
        With factors.

    Returns
    -------
    DataFrame or Reason
        Index ``start``; by factor ``factor_<n>``, ``factor_<n>_low``, ``factor_<n>_high`` [ug m⁻³], the sum of all species of the
        solution with its 90 % interval; ``measured`` sum of the species that were measured [ug m⁻³]; ``chi2`` by degree of freedom,
        ``unexplained`` [1], ``species_used``; ``solution`` its key. NaN in an hour with too few species. A reason where the station no
        longer reports a species of the solution.
    """
    samples = fixed_samples(hourly, solution.limits, solution.weak)
    if samples is None:
        lost = next(name for name in solution.names if name not in hourly.columns)
        return Reason("model", "lost_species", {"species": lost}, "attribution")
    profiles = solution.frame(solution.profiles)
    errors = profile_errors(
        profiles, solution.frame(solution.low), solution.frame(solution.high), solution.profile_error
    )
    found = split(samples.conc, samples.unc, profiles, errors)
    weights = mass_weights(list(solution.names))
    mass = (profiles * weights).sum(axis=1)
    columns: dict[str, pd.Series] = {}
    for number in profiles.index:
        name = factor_column(int(number))
        columns[name] = found.contributions[number] * mass[number]
        columns[name + LOW] = found.low[number] * mass[number] * (1 - solution.mass_error)
        columns[name + HIGH] = found.high[number] * mass[number] * (1 + solution.mass_error)
    product = pd.DataFrame(columns, index=samples.conc.index)
    product["measured"] = (samples.conc * weights).sum(axis=1, min_count=1)
    product["chi2"], product["unexplained"] = found.chi2, found.unexplained
    product["species_used"] = found.species_used.astype(np.float64)
    product["solution"] = solution.key
    return product.rename_axis("start")
