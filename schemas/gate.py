"""Decision of the gate on a batch of hours or on a product."""

from __future__ import annotations

from enum import StrEnum


class GateOutcome(StrEnum):
    """Outcome of a batch: it passes, passes with a warning, or is held back from products."""

    PASS = "pass"  # noqa: S105 - an outcome, no password
    WARN = "warn"
    HOLD = "hold"
