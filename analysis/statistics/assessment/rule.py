"""Rules of assessment: ``data/assessment.toml``."""

from __future__ import annotations

import tomllib
from functools import cache

import msgspec

from analysis.statistics.limit import DATA, Edition

FEBRUARY = 2


class CompositeIndex(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Weights of the composite index of an edition; ``status`` says whether they are verified."""

    edition: str
    source: str
    status: str
    weights: dict[str, float]


class Validity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Valid days that a month and a year need [d]."""

    month_days: int
    february_days: int
    year_days: int
    status: str


class PlaceMean(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Share of the places of a mean below which a day is marked [1]; 0: none is."""

    least_station_share: float
    status: str


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file: validity, means of places, ranks of percentiles [%], composite indices."""

    validity: Validity
    place: PlaceMean
    percentile: dict[str, int | str]
    composite_index: list[CompositeIndex]


@cache
def rules() -> Rules:
    """The rules of the file; raises ValueError where an edition has no composite index."""
    with (DATA / "assessment.toml").open("rb") as file:
        found = msgspec.convert(tomllib.load(file), Rules)
    missing = {edition.value for edition in Edition} - {item.edition for item in found.composite_index}
    if missing:
        msg = f"assessment.toml: no composite_index of {', '.join(sorted(missing))}"
        raise ValueError(msg)
    return found
