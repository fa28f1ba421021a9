"""Weights of the evidence: table ``[verdict]`` of ``thresholds.toml``, and the evidence with its weight."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from qc.limits.load import ThresholdError
from schemas.reason import Reason

if TYPE_CHECKING:
    from qc.verdict.context import Indication


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


class WeighedEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of evidence that indicates an event or a fault.

    Attributes
    ----------
    name : str
        One of `qc.verdict.evidence.EVIDENCE`.
    weight : float
        What it added to the log-odds of an event [1].
    reason : Reason
        Message and figures; `schemas.words.render` gives the sentence.
    """

    name: str
    weight: float
    reason: Reason


def weigh_one(item: Indication, rule: VerdictRule) -> WeighedEvidence:
    """Weight of an indication; raises `qc.limits.load.ThresholdError` where the rule has none."""
    is_event = bool(item.is_event)
    for known in rule.evidence:
        if known.name == item.name:
            reason = Reason(item.name, "event" if is_event else "fault", item.figures, "verdict")
            return WeighedEvidence(name=item.name, weight=known.event if is_event else known.fault, reason=reason)
    msg = f"verdict.evidence: no weight for {item.name!r}"
    raise ThresholdError(msg)
