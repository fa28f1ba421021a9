from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from store.state import ReconciliationFigures, ReconciliationRow, StateStore

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)


def sheet_row(seen: int, at: datetime | None = None, instrument_id: str = "i") -> ReconciliationRow:
    facts = ReconciliationFigures(network="gas", seen=dict.fromkeys(range(seen)))
    return ReconciliationRow(hour=NOW, station_id="a", instrument_id=instrument_id, facts=facts, settled_at=at)


def read_one(store: StateStore) -> ReconciliationRow:
    (row,) = store.reconciliation.read(NOW, NOW + timedelta(hours=1), instruments=[("a", "i")])
    return row


def test_rows_of_the_reconciliation_are_replaced_only_as_they_were_read(store: StateStore) -> None:
    assert store.reconciliation.put([])
    assert store.reconciliation.put([sheet_row(1)])
    assert not store.reconciliation.put([sheet_row(2)])  # it is there by now
    first = read_one(store).settled_at or NOW
    assert store.reconciliation.put([sheet_row(3, first)])
    assert (read_one(store).settled_at or first) > first
    assert not store.reconciliation.put([sheet_row(4, first), sheet_row(4, None, "j")])
    (row,) = store.reconciliation.read(NOW, NOW + timedelta(hours=1))  # nor the sound one of the two
    assert row.facts.stored == 3


@pytest.mark.slow
def test_no_process_undoes_what_another_added_to_a_row_of_the_reconciliation(url: str, store: StateStore) -> None:
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        list(pool.map(_enter_thirty, [url, url], [0, 30]))
    assert read_one(store).facts.stored == 60


def _enter_thirty(url: str, first: int) -> None:
    with StateStore(url) as store:
        for offset in range(first, first + 30):
            while True:
                rows = store.reconciliation.read(NOW, NOW + timedelta(hours=1)) or [sheet_row(0)]
                rows[0].facts.seen[offset] = None
                if store.reconciliation.put(rows):
                    break
