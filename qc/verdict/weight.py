"""Weights of the evidence: table ``[verdict]`` of ``thresholds.toml``."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta


class Weight(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one piece of evidence adds to the log-odds of an event: where it indicates one, and where a fault."""

    name: str
    event: Annotated[float, Meta(ge=0, le=6)]
    fault: Annotated[float, Meta(ge=-6, le=0)]
    source: Annotated[str, Meta(min_length=3)]
    verified: bool


class VerdictRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Weights of `qc.verdict`; ``prior`` are the log-odds of an event before anything is known [1]."""

    prior: Annotated[float, Meta(ge=-6, le=6)]
    source: Annotated[str, Meta(min_length=3)]
    verified: bool
    evidence: tuple[Weight, ...]
