"""Kinds of source and their tracer species, with the rules of an enrichment: ``data/tracers.toml``."""

from __future__ import annotations

import tomllib
from functools import cache

import msgspec

from analysis.statistics.limit import DATA


class TracerRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a species counts as enriched: ratio and robust score [1], and hours of its background [h]."""

    minimum_ratio: float
    minimum_score: float
    minimum_background_h: int
    minimum_same_hours: int
    source: str
    verified: bool


class SourceKind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of source and the species that point to it."""

    id: str
    species: tuple[str, ...]
    source: str
    verified: bool


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    rules: TracerRules
    kind: tuple[SourceKind, ...]


@cache
def tracer_file() -> _File:
    """Kinds of source and rules, read once.

    Examples
    --------
    >>> tracer_file().kind[0].id
    'traffic'
    """
    return msgspec.convert(tomllib.loads((DATA / "tracers.toml").read_text(encoding="utf-8")), _File)


def tracer_species() -> tuple[str, ...]:
    """Registry codes of all species of all kinds, each once.

    Examples
    --------
    >>> "toluene" in tracer_species()
    True
    """
    return tuple(dict.fromkeys(name for kind in tracer_file().kind for name in kind.species))
