"""Limits of calibration checks and of the tests in space, and the weights of the verdict: fault or event."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from qc.limits.limit import BaseLimit, Positive


class _Check(BaseLimit, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far data are marked back where no good check is on record [h]."""

    back_h: Annotated[float, Meta(gt=0, le=8_784)] = 168.0


class _DriftCheck(_Check, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Drift in percent: beyond ``adjust_pct`` calibrate, beyond ``invalid_pct`` the data fail."""

    adjust_pct: Positive
    invalid_pct: Positive

    def mistake(self) -> str | None:
        """See `BaseLimit`."""
        return "expected adjust_pct <= invalid_pct" if self.adjust_pct > self.invalid_pct else None


class ZeroCheck(_DriftCheck, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="zero_check"):
    """Zero drift in percent of ``full_scale`` [canonical unit]."""

    full_scale: Positive


class SpanCheck(_DriftCheck, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="span_check"):
    """Span drift in percent of the reference."""


class FlowCheck(_DriftCheck, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="flow_check"):
    """Flow that was measured against the set one, in percent of this."""


class TargetCheck(_Check, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="target_check"):
    """Residual of a target gas, beyond which data are suspect back to the last good target [canonical unit]."""

    goal: Positive


class Space(BaseLimit, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What both tests in space state.

    Attributes
    ----------
    radius_km, height_m : float
        How far away, and how much higher or lower, a station of like kind may be to count.
    min_neighbours : int
        Fewer: not judged.
    deviations : float
        SUSPECT beyond so many robust standard deviations [1].
    floor : float
        Least standard deviation, unit of the parameter.
    relative : float
        Least standard deviation as a part of the level around [1].
    """

    radius_km: Positive
    height_m: Positive
    min_neighbours: Annotated[int, Meta(ge=2)]
    deviations: Positive
    floor: Positive
    relative: Annotated[float, Meta(ge=0)] = 0.0


class Buddy(Space, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="buddy"):
    """A value against the median of its neighbours."""


class SpatialConsistency(Space, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="spatial_consistency"):
    """A value against what the others let expect there by optimal interpolation.

    Attributes
    ----------
    length_km, length_m : float
        Scales over which departures resemble each other, across and in height.
    noise : float
        Variance of what a station alone has, by that of the field [1].
    """

    length_km: Positive
    length_m: Positive
    noise: Positive


class Weight(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one piece of evidence adds to the log-odds of an event: where it speaks for one, and where for a fault."""

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


SpaceLimit = ZeroCheck | SpanCheck | FlowCheck | TargetCheck | Buddy | SpatialConsistency
