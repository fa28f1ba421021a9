"""Decision of the gate on a batch of hours or on a product."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from schemas.reason import Reason, encode_reason

if TYPE_CHECKING:
    from collections.abc import Mapping

GATE_SCOPE = "gate"
"""Scope of the reasons of the gate."""


class ExpectationSeverity(StrEnum):
    """What a failing expectation does (names of Great Expectations): it holds the batch back, or warns."""

    CRITICAL = "critical"
    WARNING = "warning"


class GateOutcome(StrEnum):
    """Outcome of a batch: it passes, passes with a warning, or is held back from products."""

    PASS = "pass"  # noqa: S105 - an outcome, no password
    WARN = "warn"
    HOLD = "hold"


def failure_reason(stored: Mapping[str, Any]) -> str:
    """Stored reason of a failed expectation of a gate result.

    Parameters
    ----------
    stored : mapping
        With ``reason``, or with the texts ``en`` and ``zh`` of earlier versions, which become the figure of a reason.

    Examples
    --------
    >>> failure_reason({"id": "has_rows", "reason": '{"k":"gate.has_rows.value","f":{}}'})
    '{"k":"gate.has_rows.value","f":{}}'
    """
    if "reason" in stored:
        return str(stored["reason"])
    texts = json.dumps([stored["en"], stored["zh"]], ensure_ascii=False)
    return encode_reason(Reason("stored", "text", {"texts": texts}, GATE_SCOPE))
