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
    RATE = "rate"
    PERSISTENCE = "persistence"
    SEVERAL = "several"
    HOUR_OF_DAY = "hour_of_day"
    COPOLLUTANT = "copollutant"
    GAMMA = "gamma"
    FORECAST = "forecast"
    WARNING = "warning"
    OPERATION = "operation"

    @property
    def is_of_values(self) -> bool:
        """Whether the alert is about measured values of one parameter at one station."""
        return self not in {RuleKind.SILENCE, RuleKind.FORECAST, RuleKind.WARNING, RuleKind.OPERATION}


class EndReason(StrEnum):
    """Why an alert ended."""

    VALUE_BACK = "value_back"
    """Values, or the forecast, are on the other side of the clear value."""
    READING = "reading"
    """A silent station sent a reading."""
    CAUSE_GONE = "cause_gone"
    """What was reported of the system is over."""
    NOT_REPORTED = "not_reported"
    """It was not reported again."""
    NOT_EVALUATED = "not_evaluated"
    """No valid value came for too long."""
    INVALIDATED = "invalidated"
    """The values that raised it were invalidated or corrected."""
    RULE_REMOVED = "rule_removed"
    """The rules file has no rule of that name (removed or renamed)."""
    RULE_DISABLED = "rule_disabled"
    RULE_ENDED = "rule_ended"
    """The rule's days are over, or not yet begun (edition of a standard)."""
    RULE_CHANGED = "rule_changed"
    """The rule of that name looks at something else."""
    NOT_COVERED = "not_covered"
    """The rule's patterns no longer name the station."""
    STATION_REMOVED = "station_removed"
    """The network file has no such station."""
    OUT_OF_SERVICE = "out_of_service"
    """No instrument that the rule looks at is in service at the station."""
    PARAMETER_REMOVED = "parameter_removed"
    """No instrument of the station measures the parameter."""
    SCHEDULE_REMOVED = "schedule_removed"
    """The scheduled job (DAG) no longer exists."""

    @property
    def is_over(self) -> bool:
        """Whether the condition is over; False where it is only watched no longer."""
        return self in {EndReason.VALUE_BACK, EndReason.READING, EndReason.CAUSE_GONE}


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
    reason : EndReason or None
        Why it ended; None for every other change, and for ends recorded before reasons were kept.
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
    reason: EndReason | None = None
