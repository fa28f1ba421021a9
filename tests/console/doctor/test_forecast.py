from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from console.doctor import disk
from console.doctor.forecast import Growth, daily_growth, forecast, mean_growth
from console.local.settings import LocalSettings
from store.rawlog import day_sizes

if TYPE_CHECKING:
    from pathlib import Path

MIB = 1024**2


def growth(rate: float, left: float | None = None, name: str = "x") -> Growth:
    return Growth(name=name, low=rate, typical=rate, high=rate, days=5, left_bytes=left)


def test_the_incomplete_last_day_does_not_count() -> None:
    found = daily_growth("rawlog", [10, 20, 30, 1])
    assert found is not None
    assert (found.low, found.typical, found.high, found.days) == (10, 20, 30, 3)


def test_too_few_complete_days_give_no_forecast() -> None:
    assert daily_growth("rawlog", [10, 20, 30]) is None
    assert mean_growth("state", 100, 2) is None
    assert forecast([], 1e9) is None


def test_only_the_last_two_weeks_count() -> None:
    found = daily_growth("rawlog", [1_000] * 30 + [10] * 14 + [1])
    assert found is not None
    assert (found.high, found.days) == (10, 14)


def test_a_disk_is_full_earliest_at_the_largest_growth() -> None:
    found = forecast([Growth(name="x", low=5, typical=10, high=20, days=7)], 100)
    assert found is not None
    assert (found.earliest_days, found.typical_days, found.latest_days) == (5, 10, 20)
    assert found.observed_days == 7


def test_growth_of_several_components_is_added() -> None:
    found = forecast([growth(10), growth(15)], 100)
    assert found is not None
    assert found.typical_days == pytest.approx(4)
    assert found.bytes_per_day == 25


def test_retention_ends_the_growth_of_a_log() -> None:
    full_log = daily_growth("rawlog", [10] * 8, keep_days=7)
    assert full_log is not None
    assert full_log.left_bytes == 0
    stays = forecast([full_log], 1)
    assert stays is not None
    assert stays.earliest_days is None
    bounded = forecast([growth(10, left=50), growth(1)], 100)
    assert bounded is not None
    assert bounded.typical_days == pytest.approx(50)


def test_a_reserve_that_is_reached_is_reached_now() -> None:
    found = forecast([growth(10)], -5)
    assert found is not None
    assert found.earliest_days == 0


def test_a_disk_that_does_not_fill_up_within_ten_years_has_no_day() -> None:
    found = forecast([growth(1)], 1e9)
    assert found is not None
    assert found.earliest_days is None


@pytest.fixture
def run_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SKYGROUND_RUN_DIR", str(tmp_path))
    monkeypatch.delenv("SKYGROUND_STATE_URL", raising=False)
    return tmp_path


def write_days(run_dir: Path, sizes: list[int]) -> None:
    (run_dir / "rawlog").mkdir()
    newest = datetime.now(UTC).date()
    for index, size in enumerate(reversed(sizes)):
        day: date = newest - timedelta(days=index)
        (run_dir / "rawlog" / f"{day}.sqlite").write_bytes(b"x" * size)


def test_sizes_of_a_log_are_by_day(run_dir: Path) -> None:
    write_days(run_dir, [1, 2, 3])
    (run_dir / "rawlog" / "cursors.sqlite").touch()
    assert [size for _, size in day_sizes(run_dir / "rawlog")] == [1, 2, 3]
    assert day_sizes(run_dir / "absent") == []


def test_the_doctor_forecasts_a_full_disk(run_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_days(run_dir, [MIB] * 6)
    with closing(sqlite3.connect(run_dir / "state.sqlite")) as made:
        made.execute("CREATE TABLE x (y)")
    usage = disk.shutil.disk_usage(run_dir)  # others write to this disk meanwhile
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda _: usage)
    monkeypatch.setenv("SKYGROUND_DISK_RESERVE_BYTES", str(usage.free - 10 * MIB))
    monkeypatch.setattr(disk, "LEAST_FREE_BYTES", 0)
    found = disk.check_disk(LocalSettings(run_dir=run_dir))
    assert not found.ok
    assert "Disk nearly full" in found.repair
    assert "observed over 5 days" in found.detail
    earliest = found.figures["full_in_days_earliest"]
    assert isinstance(earliest, float)
    assert 0 <= earliest < disk.WARN_WITHIN_DAYS


def test_a_young_log_gives_an_unknown_forecast(run_dir: Path) -> None:
    write_days(run_dir, [MIB] * 2)
    found = disk.check_disk(LocalSettings(run_dir=run_dir))
    assert found.figures["forecast"] == "unknown"
    assert "forecast unknown" in found.detail
