"""Factors of the mass reconstruction of PM2.5: one set for quality control and analysis, in ``mass_factors.csv`` with the source of each."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

_FILE = Path(__file__).with_name("mass_factors.csv")


class MassFactor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Mass of a part of PM2.5 by mass of a measured component.

    Attributes
    ----------
    parameter : str
        Component that is measured.
    part : str
        Part of the reconstructed mass, ``word.component`` of the catalogues.
    factor : float
        [1]
    source : str
    verified : bool
        Whether the source itself was read.
    """

    parameter: str
    part: str
    factor: float
    source: str
    verified: bool


@cache
def mass_factors() -> Mapping[str, MassFactor]:
    """Factors by component, in the order of the file.

    Raises
    ------
    msgspec.ValidationError
        If a cell of the file is wrong.

    Examples
    --------
    >>> mass_factors()["sulfate"].factor, mass_factors()["iron"].part
    (1.375, 'soil')
    """
    with _FILE.open(encoding="utf-8", newline="") as lines:
        rows = [msgspec.convert(row, MassFactor, strict=False) for row in csv.DictReader(lines)]
    return MappingProxyType({item.parameter: item for item in rows})
