"""Results of calibration checks, and the corrections that people decide on."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

FLOW_UNIT = "L/min"
"""Unit of the figures of a flow check, whatever its parameter."""


class CheckKind(StrEnum):
    """What the instrument was given: zero gas, span gas, a flow, or a target gas."""

    ZERO = "zero"
    SPAN = "span"
    FLOW = "flow"
    TARGET = "target"


class CheckOutcome(StrEnum):
    """Result of a check."""

    PASS = "pass"  # noqa: S105 - a verdict
    ADJUST = "adjust"
    """Beyond the control limit and still within tolerance: to be calibrated, the data stay valid."""
    INVALID = "invalid"
    UNKNOWN = "unknown"
    """No limit, or nothing to compare with."""


class CheckResult(msgspec.Struct, frozen=True, gc=False):
    """One result: the instrument was given ``reference`` and showed ``response`` at a moment, UTC.

    Both are in the canonical unit of the parameter, of a flow check [L min⁻¹]; ``gas`` names the cylinder or standard, as the
    station gives it.
    """

    network: str
    station_id: str
    instrument_id: str
    parameter: str
    at: datetime
    kind: CheckKind
    reference: float
    response: float
    gas: str = ""


class Correction(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A decision to correct the drift of one parameter: ``(value - zero) / gain``, both linear in time.

    Attributes
    ----------
    start, end : datetime
        UTC, half-open.
    zero_start, zero_end : float
        What the instrument shows of nothing, at both ends, canonical unit.
    gain_start, gain_end : float
        What it shows of a unit [1], above 0.
    who, why : str
        The person who decided, and the reason.
    """

    network: str
    station_id: str
    instrument_id: str
    parameter: str
    start: datetime
    end: datetime
    zero_start: float
    zero_end: float
    gain_start: float
    gain_end: float
    who: str
    why: str
