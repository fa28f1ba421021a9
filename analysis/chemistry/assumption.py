"""Assumptions and constants of this room, with their sources: ``analysis/data/chemistry.toml`` and ``soa_potentials.csv``."""

from __future__ import annotations

import csv
import tomllib
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

_DATA = Path(__file__).parents[1] / "data"
Range = tuple[float, float]


class AgeAssumption(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the photochemical age is derived.

    Attributes
    ----------
    oh_molecule_cm3 : float
        Concentration of OH [molecule cm⁻³]; not verified.
    floor_ppb : float
        Both species of a pair must be above it [ppb].
    emission_percentile : float
        Percentile [%] of the ratio in the hours of least age that counts as the ratio of the emissions.
    sensitivity_percentiles : tuple of float
        Other percentiles [%] for which the mean age is stated.
    low_age_from_h, low_age_to_h : int
        Civil hours of least age, half-open [h].
    largest_factor : float
        Ratio of initial to measured concentration [1] above which no correction is made.
    """

    oh_molecule_cm3: float
    floor_ppb: float
    emission_percentile: float
    sensitivity_percentiles: tuple[float, ...]
    low_age_from_h: int
    low_age_to_h: int
    largest_factor: float
    verified: bool


class RegimeThreshold(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Thresholds of an indicator; each is known only to lie in a range.

    Attributes
    ----------
    indicator : str
        ``voc_nox`` or ``hcho_no2``.
    unit : str
    voc_limited_below, nox_limited_above : tuple of float
        [unit]
    hour_from, hour_to : int
        Civil hours that are used, half-open [h].
    """

    indicator: str
    unit: str
    voc_limited_below: Range
    nox_limited_above: Range
    hour_from: int
    hour_to: int
    source: str
    verified: bool


class VocSumRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a sum of species counts as the VOC."""

    fewest_species: int
    verified: bool


class ClosureGrade(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ranges of the closure [1]."""

    good: Range
    acceptable: Range
    source: str
    verified: bool


class Neutralisation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Classes of ammonium by sulfate and nitrate, equivalents [1]."""

    deficient_below: float
    excess_above: float
    source: str
    verified: bool


class Oxidation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Oxidation ratio above which secondary formation is assumed [1]."""

    secondary_above: float
    source: str
    verified: bool


class Assumptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Contents of ``chemistry.toml``."""

    age: AgeAssumption
    regime: tuple[RegimeThreshold, ...]
    voc_sum: VocSumRule
    closure: ClosureGrade
    neutralisation: Neutralisation
    oxidation: Oxidation


class SoaConstants(msgspec.Struct, frozen=True, kw_only=True):
    """Constants of secondary organic aerosol of one species; None: not known, which is not zero.

    Attributes
    ----------
    soap : float or None
        Potential by mass, toluene 100 [1].
    soa_yield : float or None
        Mass of aerosol by mass of species [1].
    """

    parameter: str
    soap: float | None
    soa_yield: float | None


@cache
def assumptions() -> Assumptions:
    """The file, read once; raises `msgspec.ValidationError` for a wrong entry.

    Examples
    --------
    >>> assumptions().age.verified
    False
    """
    return msgspec.convert(tomllib.loads((_DATA / "chemistry.toml").read_text(encoding="utf-8")), Assumptions)


def regime_threshold(indicator: str) -> RegimeThreshold:
    """Thresholds of one indicator; raises `StopIteration` for an unknown one."""
    return next(item for item in assumptions().regime if item.indicator == indicator)


@cache
def soa_potentials() -> Mapping[str, SoaConstants]:
    """Constants by species.

    References
    ----------
    SOAP: Derwent 2010; yields: Wu 2017, J. Environ. Sci. 53, 224; both by way of other tables and not verified.

    Examples
    --------
    >>> soa_potentials()["toluene"].soap, soa_potentials()["1_hexene"].soap
    (100.0, None)
    """
    with (_DATA / "soa_potentials.csv").open(encoding="utf-8", newline="") as lines:
        found = [
            SoaConstants(parameter=row["parameter"], soap=_number(row["soap"]), soa_yield=_number(row["soa_yield"]))
            for row in csv.DictReader(lines)
        ]
    return MappingProxyType({item.parameter: item for item in found})


def _number(cell: str) -> float | None:
    return float(cell) if cell else None
