"""Reactivity of volatile organic compounds: ozone formation potential (OFP) and OH loss rate.

References
----------
OFP = C · MIR, with the maximum incremental reactivities of the parameter registry (Carter, January 2010). L_OH = Σ k_OH n
with the rate constants of the registry. The source of each figure is in ``schemas/parameters.csv``; a species without
one is listed as missing and never counted as zero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd

from analysis.statistics.finite import finite_or_none
from schemas.frames import check_time_index, parameters_in, valid_values
from schemas.parameter import Parameter, ParameterGroup, load_parameters
from schemas.parameter.type import VOC_GROUPS
from schemas.units import conversion

if TYPE_CHECKING:
    from collections.abc import Sequence

VOC_CLASSES = tuple(group for group in ParameterGroup if group in VOC_GROUPS - {ParameterGroup.TOTAL})
MOLECULES_CM3_PER_PPB = 2.461e10
"""[molecule cm⁻³ ppb⁻¹] at 298.15 K and 1 atm."""


class SpeciesReactivity(msgspec.Struct, frozen=True, kw_only=True):
    """One species over a period; shares are 0 to 1 of the total, None where a constant is missing.

    Attributes
    ----------
    mean_ug_m3 : float
        Mean concentration [µg m⁻³] of ``n`` valid hours.
    ofp_ug_m3 : float or None
        [µg O₃ m⁻³]
    loh_s1 : float or None
        [s⁻¹]
    """

    parameter: str
    name_zh: str
    name_en: str
    group: str
    n: int
    mean_ug_m3: float
    ofp_ug_m3: float | None
    ofp_share: float | None
    loh_s1: float | None
    loh_share: float | None


class Reactivity(msgspec.Struct, frozen=True, kw_only=True):
    """Reactivity of a period.

    Attributes
    ----------
    species : tuple of SpeciesReactivity
        By OFP, the largest first; those without MIR at the end.
    ofp_by_class : dict of str to float
        [µg O₃ m⁻³]
    loh_by_class : dict of str to float
        [s⁻¹]
    without_mir, without_koh : tuple of str
        Measured species that no sum contains.
    hours : int
        Hours of the period with any species.
    """

    species: tuple[SpeciesReactivity, ...]
    ofp_ug_m3: float
    loh_s1: float
    ofp_by_class: dict[str, float]
    loh_by_class: dict[str, float]
    without_mir: tuple[str, ...]
    without_koh: tuple[str, ...]
    hours: int


def voc_parameters(names: Sequence[str]) -> list[Parameter]:
    """Single VOC species among parameter codes, without totals (TVOC, TNMHC).

    Examples
    --------
    >>> [item.name_en for item in voc_parameters(["toluene", "tvoc", "pm25"])]
    ['Toluene']
    """
    registry = load_parameters()
    return [registry[name] for name in names if name in registry and registry[name].group in VOC_CLASSES]


def loh(concentration_ug_m3: pd.Series, species: Parameter) -> pd.Series:
    """OH loss rate of one species [s⁻¹]; NaN where the concentration is, and everywhere without a rate constant.

    L = k_OH · n, n = (C in ppb) · 2.461e10 molecule cm⁻³ at 298.15 K and 1 atm.

    Parameters
    ----------
    concentration_ug_m3 : pd.Series of float
        [µg m⁻³]; NaN missing.
    species : Parameter
        With its rate constant ``koh_cm3_s`` [cm³ molecule⁻¹ s⁻¹].

    Examples
    --------
    >>> import pandas as pd
    >>> from schemas.parameter import parameter
    >>> f"{loh(pd.Series([10.0]), parameter('isoprene')).iloc[0]:.2f}"
    '8.84'
    """
    if species.koh_cm3_s is None:
        return concentration_ug_m3 * np.nan
    ppb = concentration_ug_m3 / conversion("ppb", species)[0]
    return ppb * MOLECULES_CM3_PER_PPB * species.koh_cm3_s


def ofp(concentration_ug_m3: pd.Series, species: Parameter) -> pd.Series:
    """Ozone formation potential C · MIR of one species [µg O₃ m⁻³]; NaN everywhere without MIR.

    Parameters
    ----------
    concentration_ug_m3 : pd.Series of float
        [µg m⁻³]; NaN missing.
    species : Parameter
        With its ``mir_g_g`` [g O₃ g⁻¹].

    References
    ----------
    Carter, January 2010.

    Examples
    --------
    >>> import pandas as pd
    >>> from schemas.parameter import parameter
    >>> ofp(pd.Series([10.0]), parameter("toluene")).round(1).tolist()
    [40.0]
    """
    return concentration_ug_m3 * (np.nan if species.mir_g_g is None else species.mir_g_g)


def hourly_ofp(hourly: pd.DataFrame) -> pd.DataFrame:
    """OFP and OH loss rate of every hour, the product ``ofp_hourly``.

    Parameters
    ----------
    hourly : pd.DataFrame
        ``schemas.frames`` hourly with VOC species [µg m⁻³].

    Returns
    -------
    pd.DataFrame
        Rows with at least one species: ``ofp, ofp_<class>`` [µg O₃ m⁻³], ``loh, loh_<class>`` [s⁻¹], ``species_n``
        species in the OFP, ``without_mir_n`` measured species that it lacks; ``top_species`` text, the code of the largest.

    Examples
    --------
    >>> import pandas as pd
    >>> hours = pd.date_range("2026-05-01", periods=1, freq="h", tz="UTC", name="start")
    >>> species = pd.DataFrame({"toluene": [10.0], "benzene": [10.0]}, index=hours)
    >>> hourly_ofp(species)[["ofp", "top_species"]].round(1).to_numpy().tolist()
    [[47.2, 'toluene']]
    """
    check_time_index(hourly)
    chosen = voc_parameters(parameters_in(hourly))
    values = {item: valid_values(hourly, item.parameter) for item in chosen}
    potentials = pd.DataFrame(
        {item.parameter: ofp(series, item) for item, series in values.items()}, index=hourly.index
    )
    losses = pd.DataFrame({item.parameter: loh(series, item) for item, series in values.items()}, index=hourly.index)
    columns: dict[str, pd.Series] = {}
    for name, table in (("ofp", potentials), ("loh", losses)):
        columns[name] = table.sum(axis=1, min_count=1)
        for group in VOC_CLASSES:
            members = [item.parameter for item in chosen if item.group is group]
            if members:
                columns[f"{name}_{group}"] = table[members].sum(axis=1, min_count=1)
    measured = pd.DataFrame({item.parameter: series for item, series in values.items()}, index=hourly.index).notna()
    columns["species_n"] = potentials.notna().sum(axis=1).astype(float)
    columns["without_mir_n"] = (measured & potentials.isna()).sum(axis=1).astype(float)
    result = pd.DataFrame(columns, index=hourly.index)
    result = result[measured.any(axis=1)] if len(chosen) else result.iloc[:0]
    tops = potentials.loc[result.index].dropna(how="all").idxmax(axis=1) if len(result) else pd.Series(dtype=object)
    result["top_species"] = tops.reindex(result.index).fillna("")
    return result


def reactivity(hourly: pd.DataFrame) -> Reactivity:
    """Ranking, shares and sums of a period, from the mean concentration of each species.

    Parameters
    ----------
    hourly : pd.DataFrame
        ``schemas.frames`` hourly with VOC species [µg m⁻³]; each species is averaged over its own valid hours (``n``).

    References
    ----------
    Carter, January 2010 (MIR); rate constants of the registry.

    Examples
    --------
    >>> import pandas as pd
    >>> hours = pd.date_range("2026-05-01", periods=2, freq="h", tz="UTC", name="start")
    >>> found = reactivity(pd.DataFrame({"toluene": [2.0, 4.0], "benzene": [1.0, 1.0]}, index=hours))
    >>> found.species[0].parameter, found.hours, found.without_mir
    ('toluene', 2, ())
    """
    check_time_index(hourly)
    chosen = voc_parameters(parameters_in(hourly))
    values = {item: valid_values(hourly, item.parameter) for item in chosen}
    values = {item: series for item, series in values.items() if series.notna().any()}
    means = pd.DataFrame({item.parameter: [series.mean()] for item, series in values.items()})
    potentials = {item: float(ofp(means[item.parameter], item).iloc[0]) for item in values}
    losses = {item: float(loh(means[item.parameter], item).iloc[0]) for item in values}
    return Reactivity(
        species=_ranked(values, potentials, losses),
        ofp_ug_m3=_total(potentials),
        loh_s1=_total(losses),
        ofp_by_class=_by_class(potentials),
        loh_by_class=_by_class(losses),
        without_mir=tuple(item.parameter for item in values if item.mir_g_g is None),
        without_koh=tuple(item.parameter for item in values if item.koh_cm3_s is None),
        hours=int(pd.DataFrame(dict(enumerate(values.values()))).notna().any(axis=1).sum()) if values else 0,
    )


def _ranked(
    values: dict[Parameter, pd.Series], potentials: dict[Parameter, float], losses: dict[Parameter, float]
) -> tuple[SpeciesReactivity, ...]:
    ofp_sum, loh_sum = _total(potentials), _total(losses)
    species = [
        SpeciesReactivity(
            parameter=item.parameter,
            name_zh=item.name_zh,
            name_en=item.name_en,
            group=str(item.group),
            n=int(series.notna().sum()),
            mean_ug_m3=float(series.mean()),
            ofp_ug_m3=finite_or_none(potentials[item]),
            ofp_share=_share(potentials[item], ofp_sum),
            loh_s1=finite_or_none(losses[item]),
            loh_share=_share(losses[item], loh_sum),
        )
        for item, series in values.items()
    ]
    return tuple(sorted(species, key=lambda entry: (entry.ofp_ug_m3 is None, -(entry.ofp_ug_m3 or 0.0))))


def _total(figures: dict[Parameter, float]) -> float:
    return float(np.nansum(list(figures.values()))) if figures else 0.0


def _share(figure: float, total: float) -> float | None:
    return None if np.isnan(figure) or total <= 0 else figure / total


def _by_class(figures: dict[Parameter, float]) -> dict[str, float]:
    sums: dict[str, float] = {}
    for item, figure in figures.items():
        if not np.isnan(figure):
            sums[str(item.group)] = sums.get(str(item.group), 0.0) + figure
    return sums
