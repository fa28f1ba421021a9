from __future__ import annotations

from datetime import UTC, datetime, timedelta

from store.state import Finding, FindingKind, StateStore

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)


def report(key: str = "clock/a", minute: int = 0, **facts: object) -> Finding:
    at = NOW + timedelta(minutes=minute)
    return Finding(key=key, kind=FindingKind.CLOCK, station_id="a", facts=facts, first_at=at, last_at=at)


def test_a_finding_reported_again_counts_up_and_keeps_its_beginning(store: StateStore) -> None:
    store.findings.report([report(skew_s=-28800.0)])
    store.findings.report([report(minute=5, skew_s=-28799.0), report("clock/b", minute=3)])
    assert [(item.key, item.count) for item in store.findings.list()] == [("clock/a", 2), ("clock/b", 1)]
    (newest,) = store.findings.list(kind=FindingKind.CLOCK, since=NOW + timedelta(minutes=4))
    assert (newest.first_at, newest.last_at) == (NOW, NOW + timedelta(minutes=5))
    assert newest.facts == {"skew_s": -28799.0}
    store.findings.drop("clock/a")
    assert [item.key for item in store.findings.list()] == ["clock/b"]
