"""Limits of calibration checks."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from qc.limits.limit import BaseLimit, Positive, tag_of

if TYPE_CHECKING:
    from collections.abc import Mapping


class _Check(BaseLimit, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far back data are flagged without an earlier passing check [h]."""

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


KINDS: Mapping[str, type[BaseLimit]] = MappingProxyType(
    {tag_of(kind): kind for kind in (ZeroCheck, SpanCheck, FlowCheck, TargetCheck)}
)
