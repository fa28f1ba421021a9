from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from schemas.interval import Interval
from store.state import ReopenedHour, ReopenReason, StateStore

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def _listed(store: StateStore, station: str = "a-1", back: int = 24, ahead: int = 24) -> list[tuple[float, float]]:
    found = store.screened.list("gas", station, NOON - back * HOUR, NOON + ahead * HOUR)
    return [((item.start - NOON) / HOUR, (item.end - NOON) / HOUR) for item in found]


def test_runs_that_touch_make_one_interval(store: StateStore) -> None:
    for first, last in ((0, 2), (1, 3), (3, 4), (6, 7), (0, 1)):
        store.screened.add("gas", ["a-1", "b-1"], NOON + first * HOUR, NOON + last * HOUR)
    assert _listed(store) == _listed(store, "b-1") == [(0, 4), (6, 7)]
    with store.database.reading() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM screened")).scalar() == 4


def test_other_stations_and_networks_are_not_screened(store: StateStore) -> None:
    store.screened.add("gas", ["a-1"], NOON, NOON + HOUR)
    store.screened.add("met", ["b-1"], NOON, NOON + HOUR)
    assert _listed(store, "b-1") == []


def test_only_what_overlaps_the_span_is_listed(store: StateStore) -> None:
    store.screened.add("gas", ["a-1"], NOON - 48 * HOUR, NOON + 48 * HOUR)
    assert _listed(store, back=2, ahead=3) == [(-2, 3)]


def test_an_hour_that_waits_to_be_screened_again_is_left_out(store: StateStore) -> None:
    store.screened.add("gas", ["a-1", "b-1"], NOON - 2 * HOUR, NOON + 2 * HOUR)
    store.revisions.add([], [ReopenedHour("gas", "a-1", NOON, ReopenReason.LATE, NOON)])
    assert _listed(store) == [(-2, 0), (1, 2)]
    assert _listed(store, "b-1") == [(-2, 2)]
    store.revisions.close_hours("gas", NOON, NOON + HOUR, NOON + HOUR)
    assert _listed(store) == [(-2, 2)]


def test_runs_from_before_the_table_count_for_the_stations_that_they_named(url: str) -> None:
    with StateStore(url) as store:
        store.migrate()
        for first, stations in ((0, None), (1, None), (5, ["a-1"])):
            start = NOON + first * HOUR
            run_id = store.runs.start("qc", "gas", start, start + 2 * HOUR, "v")
            store.runs.finish(run_id, "done", {"stations": stations})
        store.runs.start("qc", "gas", NOON, NOON + 24 * HOUR, "v")  # never ended
        _migrate_to(store, "0005")
        store.migrate()
        assert _listed(store) == [(0, 3), (5, 7)]
        assert _listed(store, "b-1") == [(0, 3)]


def _migrate_to(store: StateStore, revision: str) -> None:
    from alembic import command

    from store.state.database import _alembic_config

    with store.database.writing() as connection:
        command.downgrade(_alembic_config(connection), revision)


def test_an_interval_is_cut_at_the_span_of_the_query(store: StateStore) -> None:
    store.screened.add("gas", ["a-1"], NOON, NOON + HOUR)
    half = NOON + timedelta(minutes=30)
    assert store.screened.list("gas", "a-1", half, NOON + 2 * HOUR) == (Interval(half, NOON + HOUR),)
