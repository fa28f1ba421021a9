"""Factor codes of the standard and of devices: ``factors.csv``, every line with its source and status."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec

from schemas.parameter import load_parameters

if TYPE_CHECKING:
    from collections.abc import Mapping

VERIFIED = "verified_primary"
_PATH = Path(__file__).with_name("factors.csv")
_MASS_IN_AIR = frozenset({"ng/m3", "ug/m3", "mg/m3"})


class Factor(msgspec.Struct, frozen=True, gc=False):
    """A factor code.

    Attributes
    ----------
    code : str
        HJ 212-2017, such as ``a34004``.
    name_zh, name_en : str
    unit : str
        Of the standard's annex; empty where none is known.
    code_2005 : str
        HJ/T 212-2005, empty where there is none.
    source, status : str
        ``verified_primary`` where the annex itself was read.
    """

    code: str
    name_zh: str
    name_en: str
    unit: str
    code_2005: str
    source: str
    status: str

    @property
    def has_sure_unit(self) -> bool:
        """Whether devices can be taken to use the annex's unit.

        Never for the concentration of anything in air: the annex has ng/m3 for PM2.5 and methane, mg/m3 for SO2, VOC and
        CO2, while devices send ug/m3, ppb or ppm under the same codes.
        """
        return self.status == VERIFIED and bool(self.unit) and self.unit not in _MASS_IN_AIR


@cache
def load_factors() -> Mapping[str, Factor]:
    """Factors by code."""
    with _PATH.open(encoding="utf-8", newline="") as file:
        factors = [msgspec.convert(row, Factor) for row in csv.DictReader(file)]
    return MappingProxyType({factor.code: factor for factor in factors})


@cache
def parameter_of_code() -> Mapping[str, str]:
    """Parameter codes by factor code, as the parameter registry has them; inferred ones included."""
    return MappingProxyType({item.hj212_code: code for code, item in load_parameters().items() if item.hj212_code})
