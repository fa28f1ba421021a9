from __future__ import annotations

import signal
import subprocess
import sys
import threading
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from schemas.message import RawMessage
from store.error import DiskReserveError, RawLogError
from store.rawlog import BEGINNING, Position, RawLog

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NIGHT = datetime(2026, 11, 22, 23, 59, 59, tzinfo=UTC)
CHILD = """
import sys, datetime, pathlib
from schemas.message import RawMessage
from store.rawlog import RawLog
log = RawLog(pathlib.Path(sys.argv[1]))
for batch in range(10_000):
    now = datetime.datetime.now(datetime.UTC)
    log.append([RawMessage("t", b"%d:%d" % (batch, item) + b"x" * 500, now) for item in range(20)])
    print(batch, flush=True)
"""


@pytest.fixture
def log(tmp_path: Path) -> Iterator[RawLog]:
    opened = RawLog(tmp_path / "raw")
    yield opened
    opened.close()


def message(text: str, at: datetime = NIGHT, *, redelivered: bool = False) -> RawMessage:
    return RawMessage("obs/v1/gas/a/b/json", text.encode(), at, redelivered)


def payloads(log: RawLog, cursor: Position = BEGINNING, limit: int = 100) -> list[str]:
    return [item.message.payload.decode() for item in log.read(cursor, limit)]


def test_messages_come_back_untouched_and_in_order(log: RawLog) -> None:
    batch = [
        message("a", NIGHT + timedelta(microseconds=3)),
        RawMessage("t/主题", bytes(range(256)), NIGHT, redelivered=True),
    ]
    log.append(batch)
    assert [item.message for item in log.read(BEGINNING, 10)] == batch


def test_nothing_is_appended_into_the_reserve_and_it_goes_on_when_there_is_room(tmp_path: Path) -> None:
    free = [1_000]
    log = RawLog(tmp_path / "raw", reserve_bytes=900, free=lambda _: free[0])
    log.append([message("x" * 100)])
    with pytest.raises(DiskReserveError, match="kept in reserve"):
        log.append([message("x" * 101)])
    assert payloads(log) == ["x" * 100]
    free[0] = 1_001
    log.append([message("x" * 101)])
    assert log.count_after(BEGINNING) == 2
    log.close()


def test_a_reader_goes_on_after_its_cursor(log: RawLog) -> None:
    first = log.append([message("a"), message("b")])
    log.append([message("c")])
    assert payloads(log, first) == ["c"]
    assert payloads(log, BEGINNING, limit=2) == ["a", "b"]


def test_a_batch_over_midnight_fills_two_files_and_is_read_as_one(log: RawLog) -> None:
    position = log.append([message("a"), message("b", NIGHT + timedelta(seconds=2))])
    assert log.days() == [date(2026, 11, 22), date(2026, 11, 23)]
    assert position == Position(date(2026, 11, 23), 1)
    assert payloads(log) == ["a", "b"]


def test_a_clock_that_steps_back_over_midnight_hides_nothing(log: RawLog) -> None:
    cursor = log.append([message("a", NIGHT + timedelta(seconds=2))])
    log.append([message("late", NIGHT)])
    assert payloads(log, cursor) == ["late"]
    assert log.count(NIGHT, NIGHT + timedelta(seconds=1)) == 1


def test_cursors_survive_reopening_and_can_be_rewound(tmp_path: Path) -> None:
    first = RawLog(tmp_path)
    position = first.append([message("a"), message("b")])
    first.advance("influx", position)
    first.close()
    second = RawLog(tmp_path)
    assert second.cursor("influx") == position
    second.advance("influx", BEGINNING)
    assert payloads(second, second.cursor("influx")) == ["a", "b"]
    second.close()


def test_an_unknown_cursor_is_at_the_beginning(log: RawLog) -> None:
    assert log.cursor("new") == BEGINNING
    assert log.read(BEGINNING, 10) == []


def test_rewinding_to_a_moment_reads_everything_from_then_on(log: RawLog) -> None:
    log.append(
        [message("a"), message("b", NIGHT + timedelta(milliseconds=5)), message("c", NIGHT + timedelta(seconds=5))]
    )
    assert payloads(log, log.position_before(NIGHT + timedelta(milliseconds=1))) == ["b", "c"]
    assert log.position_before(NIGHT + timedelta(days=9)) == log.end()


def test_counts_are_half_open_and_include_the_backlog(log: RawLog) -> None:
    position = log.append([message("a")])
    log.append([message("b", NIGHT + timedelta(seconds=1)), message("c", NIGHT + timedelta(days=1))])
    assert log.count(NIGHT, NIGHT + timedelta(seconds=1)) == 1
    assert log.count(NIGHT, NIGHT + timedelta(days=2)) == 3
    assert log.count_after(position) == 2


def test_messages_are_found_by_topic_and_receipt_within_a_bound(log: RawLog) -> None:
    second = timedelta(seconds=1)
    log.append([message(str(number), NIGHT + number * second) for number in range(-3, 4)])  # over midnight
    log.append([RawMessage("obs/v1/gas/a/c/json", b"of another", NIGHT)])
    topics, around = ["obs/v1/gas/a/b/json"], (NIGHT - second, NIGHT + 2 * second)

    def found(windows: list[tuple[datetime, datetime]], most: int) -> list[str]:
        return [item.message.payload.decode() for item in log.find(topics, windows, most=most)]

    assert found([around], 4) == ["-1", "0", "1"]
    assert found([around, (NIGHT + 2 * second, NIGHT + 3 * second)], 3) == ["1", "2"]  # newest day and window first
    assert found([], 4) == []
    assert log.find([], [around], most=4) == []


def test_pruning_keeps_what_a_cursor_has_not_passed(log: RawLog) -> None:
    for day in range(4):
        position = log.append([message(str(day), NIGHT + timedelta(days=day))])
        if day == 1:
            log.advance("influx", position)
    assert log.prune(NIGHT + timedelta(days=3)) == [date(2026, 11, 22)]
    assert payloads(log) == ["1", "2", "3"]


def test_pruning_deletes_nothing_that_is_unread(log: RawLog) -> None:
    log.append([message("a"), message("b", NIGHT + timedelta(days=1))])
    assert log.prune(NIGHT + timedelta(days=9)) == []


def test_disk_usage_grows_with_the_log(log: RawLog) -> None:
    before = log.disk_usage()
    log.append([message("x" * 1_000_000)])
    assert log.disk_usage() - before >= 1_000_000


def test_an_unusable_directory_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "raw").write_text("a file")
    with pytest.raises(RawLogError, match="raw"):
        RawLog(tmp_path / "raw")


def test_a_broken_file_is_an_error_and_not_acknowledged(tmp_path: Path) -> None:
    (tmp_path / "2026-11-22.sqlite").write_bytes(b"this is no database" * 100)
    log = RawLog(tmp_path)
    with pytest.raises(RawLogError, match="not a database"):
        log.append([message("a")])
    log.close()


def test_threads_may_append_and_read_at_once(log: RawLog) -> None:
    def write(name: int) -> None:
        for count in range(30):
            log.append([message(f"{name}:{count}")])

    threads = [threading.Thread(target=write, args=(name,)) for name in range(3)]
    for thread in threads:
        thread.start()
    seen, cursor = [], BEGINNING
    while len(seen) < 90 and (any(thread.is_alive() for thread in threads) or log.count_after(cursor)):
        for item in log.read(cursor, 7):
            seen.append(item.message.payload)
            cursor = item.position
    for thread in threads:
        thread.join()
    assert len(set(seen)) == 90


def test_everything_acknowledged_is_there_after_kill_9(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    acknowledged = -1
    while acknowledged < 25:
        acknowledged = int(child.stdout.readline())
    child.send_signal(signal.SIGKILL)
    rest = child.stdout.read().splitlines()
    child.stdout.close()
    child.wait()
    acknowledged = max([acknowledged, *map(int, rest)])
    log = RawLog(tmp_path)
    stored = {text.split("x")[0] for text in payloads(log, limit=10**9)}
    log.close()
    assert stored >= {f"{batch}:{item}" for batch in range(acknowledged + 1) for item in range(20)}


def day_file(directory: Path, day: str = "2026-11-22") -> Path:
    return directory / "raw" / f"{day}.sqlite"


def test_a_new_file_of_a_day_is_read_from_its_first_message(log: RawLog, tmp_path: Path) -> None:
    log.advance("drain", log.append([message(str(number)) for number in range(5)]))
    log.close()
    day_file(tmp_path).rename(tmp_path / "damaged")
    again = RawLog(tmp_path / "raw")
    end = again.append([message("a"), message("b")])
    assert payloads(again, again.cursor("drain")) == ["a", "b"]
    assert again.count_after(again.cursor("drain")) == 2
    again.advance("drain", end)
    again.append([message("c")])
    assert payloads(again, again.cursor("drain")) == ["c"]
    again.close()


def test_nothing_is_appended_before_a_cursor_of_a_later_day(log: RawLog, tmp_path: Path) -> None:
    log.advance("drain", log.append([message("a clock that was ahead", NIGHT + timedelta(days=400))]))
    log.close()
    day_file(tmp_path, "2027-12-27").unlink()
    again = RawLog(tmp_path / "raw")
    again.append([message("a")])
    assert payloads(again, again.cursor("drain")) == ["a"]
    again.close()


@pytest.mark.parametrize("gone", [["2026-11-22.sqlite*"], ["2026-11-22.sqlite"], ["2026-11-22.sqlite-*"]])
def test_what_is_appended_to_a_file_that_was_deleted_is_not_on_disk(
    log: RawLog, tmp_path: Path, gone: list[str]
) -> None:
    log.append([message("a")])
    cursor = log.read(BEGINNING, 10)[-1].position
    log.advance("drain", cursor)
    for pattern in gone:
        for path in (tmp_path / "raw").glob(pattern):
            path.unlink()
    with pytest.raises(RawLogError, match=r"2026-11-22\.sqlite: moved or deleted"):
        log.append([message("b")])
    log.append([message("b")])
    log.append([message("c")])
    # once more from a file whose log was deleted: that it is there twice is harmless
    assert payloads(log, cursor)[-2:] == ["b", "c"]
    log.close()
    again = RawLog(tmp_path / "raw")
    assert payloads(again, cursor)[-2:] == ["b", "c"]
    again.close()


def test_leftovers_of_a_moved_file_are_no_part_of_the_next_one(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(tmp_path / "raw")], stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    child.kill()
    child.wait()
    child.stdout.close()
    log = RawLog(tmp_path / "raw")
    (day,) = log.days()
    day_file(tmp_path, str(day)).rename(tmp_path / "moved")
    now = datetime.now(UTC)
    log.append([message("a", now)])
    assert payloads(log) == ["a"]
    log.close()
    assert [path.name for path in (tmp_path / "raw").glob("*.left")]


def test_a_name_that_is_no_day_is_passed_over(log: RawLog, tmp_path: Path) -> None:
    (tmp_path / "raw" / "2026-13-45.sqlite").touch()
    log.append([message("a")])
    assert payloads(log) == ["a"]


def test_a_damaged_file_is_named(log: RawLog, tmp_path: Path) -> None:
    log.append([message("a")])
    log.close()
    day_file(tmp_path).write_bytes(b"no database at all, " * 500)
    again = RawLog(tmp_path / "raw")
    with pytest.raises(RawLogError, match=r"2026-11-22\.sqlite"):
        again.read(BEGINNING, 10)
    again.close()
    (tmp_path / "raw" / "cursors.sqlite").write_bytes(b"no database at all, " * 500)
    with pytest.raises(RawLogError, match=r"cursors\.sqlite"):
        RawLog(tmp_path / "raw").cursor("drain")
