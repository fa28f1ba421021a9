"""Weights of the features of an event: ``data/event_kinds.toml`` and further files, fitted by ``python -m bench.analysis.event_kinds``."""

from __future__ import annotations

import tomllib
from functools import cache
from typing import Annotated

import msgspec
from msgspec import Meta

from analysis.case.case_file import EventKind
from analysis.statistics.limit import DATA

ALONE = "event_kinds_alone"
"""File of the weights of a station without neighbours."""
CHANCE, CHANCE_ALONE = "event_chance", "event_chance_alone"
"""Files of the log-odds of chance, as ``unknown``, against a local cause."""
ADDED = {
    EventKind.FAULT: {"flagged": 4.0, "status": 4.0, "other_instruments": -6.0, "shared_rise": -2.5},
    EventKind.UNKNOWN: {"other_instruments": -4.0},
}
"""Weights of flags of quality control and status of the instrument, which no simulated event has, and of instruments and neighbours that do
not share a fault [1]; project choice, not fitted."""
NOT_FITTED = frozenset(name for item in ADDED.values() for name in item)


class KindWeights(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Weights of one kind of event; ``prior`` are its log-odds before any feature is known [1]."""

    kind: EventKind
    prior: float
    weight: dict[str, float]


class WeightFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All weights, and how they were made.

    Attributes
    ----------
    accuracy : float
        Share of the right kind in cross-validation on the fitted events [1].
    least_probability : float
        Of the most probable kind, below which the answer is ``unknown`` [1].
    unsure : float
        Probability that all kinds share equally, for events unlike those that the weights were fitted on [1].
    """

    source: str
    seeds: str
    events: int
    accuracy: Annotated[float, Meta(ge=0, le=1)]
    verified: bool
    least_probability: Annotated[float, Meta(ge=0, le=1)]
    unsure: Annotated[float, Meta(ge=0, le=1)]
    kind: tuple[KindWeights, ...]


@cache
def weight_file(name: str = "event_kinds") -> WeightFile:
    """Weights, read once; see `ALONE`, `CHANCE`.

    Examples
    --------
    >>> [item.kind.value for item in weight_file().kind]
    ['fault', 'haze', 'ozone', 'plume']
    """
    found = msgspec.convert(tomllib.loads((DATA / f"{name}.toml").read_text(encoding="utf-8")), WeightFile)
    kinds = (msgspec.structs.replace(item, weight=item.weight | ADDED.get(item.kind, {})) for item in found.kind)
    return msgspec.structs.replace(found, kind=tuple(kinds))
