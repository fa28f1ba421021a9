"""Revisions are chosen and counted by the database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from store.state import Before, Revision, StateStore

START = datetime(2026, 11, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def _change(number: int, before: Before | None) -> Revision:
    at = START + number * HOUR
    return Revision(
        network="gas",
        station_id="s1",
        instrument_id="gas1",
        first=at,
        last=at,
        received_at=at + HOUR,
        origin="mqtt",
        readings=1,
        before=before,
    )


def test_corrections_are_chosen_before_they_are_counted(url: str) -> None:
    kept = [_change(0, Before({"so2": 1.0})), _change(1, Before({}, {"so2": "D"})), _change(2, None)]
    with StateStore(url) as store:
        store.migrate()
        store.revisions.add(kept, [])
        found = store.revisions.list(only_corrections=True, limit=2)
        oldest_first = store.revisions.list(only_corrections=True)
    assert [item.first for item in found] == [START + HOUR, START]
    assert oldest_first == found[::-1]
