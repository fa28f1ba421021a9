from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest

from store.state import Balance, StateStore

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)


def test_balances_add_up_within_the_hour(store: StateStore) -> None:
    part = Balance(hour=NOW, station_id="a", instrument_id="i", messages=2, values_stored=5, rejected={"bad_value": 1})
    store.balance.add([part, part])
    store.balance.add(
        [Balance(hour=NOW.astimezone(timezone(timedelta(hours=8))), station_id="a", instrument_id="i", readings=1)]
    )
    hour = NOW.replace(minute=0)
    total = Balance(
        hour=hour,
        station_id="a",
        instrument_id="i",
        messages=4,
        readings=1,
        values_stored=10,
        rejected={"bad_value": 2},
    )
    assert store.balance.read(hour, NOW) == [total]
    assert store.balance.read(hour, NOW, "b") == store.balance.read(NOW, NOW + timedelta(days=1)) == []


@pytest.mark.slow
def test_no_increment_is_lost_between_processes(url: str, store: StateStore) -> None:
    with ProcessPoolExecutor(3, mp_context=multiprocessing.get_context("spawn")) as pool:
        list(pool.map(_add_fifty, [url] * 3))
    assert store.balance.read(NOW - timedelta(hours=1), NOW)[0].messages == 150


def _add_fifty(url: str) -> None:
    with StateStore(url) as store:
        for _ in range(50):
            store.balance.add([Balance(hour=NOW, station_id="a", instrument_id="i", messages=1)])
