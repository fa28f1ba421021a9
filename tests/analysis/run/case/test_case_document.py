"""How a case file that is computed finds and renews the stored one of its event."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import msgspec
import structlog

from analysis.case.case_file import EventKind
from analysis.report.stored_case import CASE, StoredCase
from analysis.run.case.case_document import find_case, save_case
from store.state import StateStore
from tests.console.build import stored_case

HOUR = timedelta(hours=1)
START = datetime(2026, 5, 20, 8, tzinfo=UTC)
READ = START + timedelta(days=1)


def case(
    start: datetime = START,
    *,
    hours: int = 3,
    read_at: datetime | None = READ,
    computed_at: datetime | None = None,
    kind: EventKind = EventKind.PLUME,
) -> StoredCase:
    """A case of ``hours`` from ``start`` on that rests on data up to ``computed_at``."""
    made = stored_case("st-1", "pm25", start)
    event = msgspec.structs.replace(made.case.event, start=start, end=start + hours * HOUR)
    found = msgspec.structs.replace(made.case, event=event, kind=kind, computed_at=computed_at or start + hours * HOUR)
    return msgspec.structs.replace(made, case=found, read_at=read_at)


def versions(state: StateStore, key: str) -> list[int]:
    return [item.version for item in state.documents.list_versions(CASE, key)]


def test_two_processes_that_store_one_event_at_once_make_one_document(sqlite_url: str) -> None:
    together = Barrier(2)

    def store(shift: int) -> None:
        try:
            with StateStore(sqlite_url) as state:
                for number in range(8):
                    together.wait(120)
                    save_case(state, case(START + timedelta(days=number) - shift * HOUR))
        except Exception:
            together.abort()  # the other one would wait in vain, and hide this error
            raise

    with ThreadPoolExecutor(2) as threads:
        running = [threads.submit(store, shift) for shift in (0, 1)]
        errors = [item.exception() for item in running]
    assert [error for error in errors if error is not None] == []
    with StateStore(sqlite_url) as state:
        assert len(state.documents.list(CASE)) == 8


def test_an_answer_from_data_that_were_read_before_the_stored_ones_is_left_out(state: StateStore) -> None:
    newer = save_case(state, case(read_at=READ))
    with structlog.testing.capture_logs() as logged:
        found = save_case(state, case(START - HOUR, read_at=READ - 5 * HOUR, kind=EventKind.FAULT))
    assert [item["event"] for item in logged] == ["older_case_left_out"]
    assert (found, versions(state, newer.case.key)) == (newer, [1])
    assert find_case(state, "st-1", "pm25", START, START + HOUR) == newer


def test_without_the_moment_of_reading_the_newest_data_decide(state: StateStore) -> None:
    newer = save_case(state, case(read_at=None, computed_at=START + 12 * HOUR))
    save_case(state, case(read_at=None, computed_at=START + 7 * HOUR, kind=EventKind.FAULT))
    assert find_case(state, "st-1", "pm25", START, START + HOUR) == newer


def test_an_event_that_review_made_shorter_is_renewed_though_its_data_end_earlier(state: StateStore) -> None:
    long = save_case(state, case(hours=8, computed_at=START + 20 * HOUR))
    save_case(state, case(hours=3, computed_at=START + 15 * HOUR, read_at=READ + HOUR))
    assert versions(state, long.case.key) == [2, 1]
    found = find_case(state, "st-1", "pm25", START, START + HOUR)
    assert found is not None
    assert found.case.event.end == START + 3 * HOUR


def test_the_same_answer_from_a_later_reading_makes_no_new_version(state: StateStore) -> None:
    first = save_case(state, case())
    save_case(state, case(read_at=READ + HOUR))
    assert versions(state, first.case.key) == [1]
