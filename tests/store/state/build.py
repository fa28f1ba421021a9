"""What the tests of alerts store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from schemas.alert import AlertState, AlertTransition, RuleKind, Severity

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)


def transition(minute: int = 0, state: AlertState = AlertState.FIRING, key: str = "high/a/so2") -> AlertTransition:
    at = NOW + timedelta(minutes=minute)
    before = AlertState.PENDING if state is AlertState.FIRING else AlertState.FIRING
    return AlertTransition(
        alert_key=key, rule="high", kind=RuleKind.THRESHOLD, severity=Severity.WARNING, station_id="a", parameter="so2",
        from_state=before, to_state=state, at=at, since=at, value=9.5, threshold=5.0, unit="ug/m3", evidence={"series": [1.0, None], "zh": "超标"},
    )  # fmt: skip
