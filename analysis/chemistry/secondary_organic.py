"""Potential of volatile organic compounds to form secondary organic aerosol (SOA), in two ways."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from analysis.chemistry.assumption import soa_potentials
from analysis.chemistry.reactivity import voc_parameters
from analysis.statistics.finite import finite_or_none
from schemas.frames import check_time_index, parameters_in, valid_values

if TYPE_CHECKING:
    import pandas as pd


class SpeciesSoa(msgspec.Struct, frozen=True, kw_only=True):
    """SOA potential of one species; None: its constant is not known.

    Attributes
    ----------
    n : int
        Valid hours.
    by_soap_ug_m3 : float or None
        Mean C · SOAP / 100 [µg m⁻³ of toluene that forms as much].
    by_yield_ug_m3 : float or None
        Mean C · yield [µg m⁻³ of aerosol].
    """

    parameter: str
    n: int
    mean_ug_m3: float
    by_soap_ug_m3: float | None
    by_yield_ug_m3: float | None


class SoaPotentials(msgspec.Struct, frozen=True, kw_only=True):
    """SOA potential of a period.

    Attributes
    ----------
    species : tuple of SpeciesSoa
        By yield, the largest first; those without one at the end.
    by_soap_ug_m3, by_yield_ug_m3 : float or None
        Sums [µg m⁻³]; None where no measured species has a constant.
    without_soap, without_yield : tuple of str
        Measured species that a sum lacks.
    """

    species: tuple[SpeciesSoa, ...]
    by_soap_ug_m3: float | None
    by_yield_ug_m3: float | None
    without_soap: tuple[str, ...]
    without_yield: tuple[str, ...]


def soa_by_soap(concentration_ug_m3: pd.Series, code: str) -> pd.Series:
    """C · SOAP / 100 [µg m⁻³ of toluene]; NaN everywhere without a SOAP.

    Parameters
    ----------
    concentration_ug_m3 : pd.Series of float
        [µg m⁻³]; NaN missing.
    code : str
        Parameter.

    References
    ----------
    Derwent 2010 (toluene 100); not verified.

    Examples
    --------
    >>> import pandas as pd
    >>> soa_by_soap(pd.Series([2.0]), "toluene").tolist()
    [2.0]
    """
    known = soa_potentials().get(code)
    return concentration_ug_m3 * (float("nan") if known is None or known.soap is None else known.soap / 100.0)


def soa_by_yield(concentration_ug_m3: pd.Series, code: str) -> pd.Series:
    """C · yield [µg m⁻³ of aerosol]; NaN everywhere without a yield.

    Parameters
    ----------
    concentration_ug_m3 : pd.Series of float
        [µg m⁻³]; NaN missing.
    code : str

    References
    ----------
    Wu 2017, J. Environ. Sci. 53, 224; not verified.

    Examples
    --------
    >>> import pandas as pd
    >>> soa_by_yield(pd.Series([1.0]), "tetrahydrofuran").tolist()
    [nan]
    """
    known = soa_potentials().get(code)
    return concentration_ug_m3 * (float("nan") if known is None or known.soa_yield is None else known.soa_yield)


def soa_of(hourly: pd.DataFrame) -> SoaPotentials:
    """Both potentials of a period, from the mean of each species over its own valid hours.

    Parameters
    ----------
    hourly : pd.DataFrame
        ``schemas.frames`` hourly with VOC species [µg m⁻³].

    Raises
    ------
    schemas.frames.FrameError
        If the index is not UTC, ascending and unique.

    References
    ----------
    See `soa_by_soap` and `soa_by_yield`.

    Examples
    --------
    >>> import pandas as pd
    >>> hours = pd.date_range("2026-05-01", periods=1, freq="h", tz="UTC", name="start")
    >>> soa_of(pd.DataFrame({"toluene": [2.0], "tetrahydrofuran": [1.0]}, index=hours)).without_yield
    ('tetrahydrofuran',)
    """
    check_time_index(hourly)
    species = []
    for item in voc_parameters(parameters_in(hourly)):
        values = valid_values(hourly, item.parameter).dropna()
        if len(values):
            species.append(
                SpeciesSoa(
                    parameter=item.parameter,
                    n=len(values),
                    mean_ug_m3=float(values.mean()),
                    by_soap_ug_m3=finite_or_none(soa_by_soap(values, item.parameter).mean()),
                    by_yield_ug_m3=finite_or_none(soa_by_yield(values, item.parameter).mean()),
                )
            )
    species.sort(key=lambda item: (item.by_yield_ug_m3 is None, -(item.by_yield_ug_m3 or 0.0)))
    return SoaPotentials(
        species=tuple(species),
        by_soap_ug_m3=_sum([item.by_soap_ug_m3 for item in species]),
        by_yield_ug_m3=_sum([item.by_yield_ug_m3 for item in species]),
        without_soap=tuple(item.parameter for item in species if item.by_soap_ug_m3 is None),
        without_yield=tuple(item.parameter for item in species if item.by_yield_ug_m3 is None),
    )


def _sum(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
