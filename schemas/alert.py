"""Alert states, transitions and the evidence that travels with them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec


class AlertState(StrEnum):
    """States of one rule at one station (and parameter)."""

    OK = "ok"
    PENDING = "pending"
    FIRING = "firing"


class Severity(StrEnum):
    """How urgent a person must act."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class RuleKind(StrEnum):
    """What a rule looks at."""

    THRESHOLD = "threshold"
    SILENCE = "silence"
    FORECAST = "forecast"
    OPERATION = "operation"


class AlertTransition(msgspec.Struct, frozen=True, kw_only=True):
    """Change of an alert's state, a stored record.

    Attributes
    ----------
    alert_key : str
        ``{rule}/{station_id}[/{parameter}]``: one state machine.
    from_state, to_state : AlertState
    at : datetime
        When the condition changed, by the data's own time, UTC.
    since : datetime
        Start of the condition, UTC.
    value, threshold : float or None
        In ``unit``.
    evidence : dict
        Plain JSON: whatever the message needs (series, counts, forecast quantiles), with units in the keys.
    """

    alert_key: str
    rule: str
    kind: RuleKind
    severity: Severity
    station_id: str
    parameter: str | None
    from_state: AlertState
    to_state: AlertState
    at: datetime
    since: datetime
    value: float | None = None
    threshold: float | None = None
    unit: str | None = None
    evidence: dict[str, Any] = msgspec.field(default_factory=dict)
