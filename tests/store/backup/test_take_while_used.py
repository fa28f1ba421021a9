"""A backup whose sources change, move or are missing, and the places that it is not written to."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from store.backup.lock import held
from store.backup.manifest import Section
from store.backup.place import Draft, check_target
from store.backup.postgres import _output
from store.backup.settings_copy import is_secret
from store.backup.take import plan, take
from store.error import BackupError
from store.rawlog import BEGINNING, RawLog
from tests.store.backup.conftest import DAY, NOW, make_source, message, quiet, restored

if TYPE_CHECKING:
    from pathlib import Path

    from store.backup.restore_target import RestoreTarget
    from store.backup.take import BackupSource


def test_a_day_that_began_after_the_plan_is_in_the_backup(
    source: BackupSource, target: RestoreTarget, tmp_path: Path
) -> None:
    items = plan(source)
    with closing(RawLog(source.rawlog)) as log:
        log.append([message(1)])
        last = log.append([message(2, NOW + DAY)])
    take(source, tmp_path / "backup", items, quiet)
    restored(tmp_path / "backup", target)
    with closing(RawLog(target.rawlog)) as log:
        found = log.read(BEGINNING, 2_000)
    assert found[-1].position == last
    assert len(found) == 1_002


def test_a_day_that_is_moved_away_and_put_back_meanwhile_is_in_the_backup(source: BackupSource, tmp_path: Path) -> None:
    day = source.rawlog / "2026-11-27.sqlite"
    is_done = False

    def put_back(path: str, _count: int) -> None:
        nonlocal is_done
        if path == "rawlog/2026-11-27.sqlite" and not is_done:
            is_done = True
            copy = day.with_suffix(".copy")
            copy.write_bytes(day.read_bytes())
            copy.rename(day)

    manifest = take(source, tmp_path / "backup", plan(source), put_back)
    assert is_done
    assert manifest.pruned == ()
    assert "rawlog/2026-11-27.sqlite" in {item.path for item in manifest.files}


def test_a_state_that_is_migrated_meanwhile_keeps_the_revision_of_its_copy(
    source: BackupSource, target: RestoreTarget, tmp_path: Path
) -> None:
    def migrate(path: str, _count: int) -> None:
        if path.startswith("rawlog/2026"):
            with closing(sqlite3.connect(source.rawlog.parent / "state.sqlite", isolation_level=None)) as connection:
                connection.execute("UPDATE alembic_version SET version_num = 'later'")

    manifest = take(source, tmp_path / "backup", plan(source), migrate)
    assert manifest.schema_revision != "later"
    restored(tmp_path / "backup", target)


@pytest.mark.parametrize("section", [Section.STATE, Section.RAWLOG])
def test_a_mistyped_run_directory_is_no_empty_backup(run_dir: Path, section: Section) -> None:
    wrong = make_source(run_dir, f"sqlite:///{run_dir}/typo/state.sqlite", sections=frozenset({section}))
    with pytest.raises(BackupError, match="there is no"):
        plan(wrong)


def test_the_temporary_files_of_killed_backups_of_other_names_are_removed(tmp_path: Path) -> None:
    for name in (".yesterday.partial", ".running.partial", ".of_another_program.partial"):
        (tmp_path / name / "rawlog").mkdir(parents=True)
    (tmp_path / ".yesterday.partial.lock").touch()
    with held(tmp_path / ".running.partial.lock"), Draft(tmp_path / "today"):
        pass
    found = {path.name for path in tmp_path.iterdir()}
    assert found == {".running.partial", ".of_another_program.partial"}


def test_a_lock_whose_file_was_removed_by_its_last_holder_is_not_held(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with held(lock) as first:
        lock.unlink()
        with held(lock) as second:  # a new file of that name
            assert (first, second) == (True, True)
    with held(lock) as again, held(lock) as other:
        assert (again, other) == (True, False)
    assert not lock.exists()


def test_a_target_in_the_raw_log_behind_a_link_with_an_endless_or_a_long_name_is_refused(tmp_path: Path) -> None:
    disk, run = tmp_path / "disk", tmp_path / "run"
    disk.mkdir()
    run.mkdir()
    (run / "rawlog").symlink_to(disk)
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    for wrong in (disk / "backup", tmp_path / "a" / "x", tmp_path / ("x" * 300), tmp_path / "new" / ".."):
        with pytest.raises(BackupError):
            check_target(wrong, run, run / "rawlog")


@pytest.mark.skipif(not os.path.ismount("/dev/shm"), reason="needs a mount point")
def test_a_mount_point_is_no_target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pathlib.Path.iterdir", lambda _self: iter(()))
    with pytest.raises(BackupError, match="mount point"):
        check_target(type(tmp_path)("/dev/shm"), tmp_path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SKYGROUND_STATE_URL", "postgresql+psycopg://a@h/d?password=x"),
        ("SKYGROUND_STATE_URL", "postgresql+psycopg://a@h/d?sslpassword=x"),
        ("SKYGROUND_ALARM_TO", "https://hooks.example/services/T0/B0/x"),
    ],
)
def test_a_password_in_the_query_of_a_url_or_the_path_of_a_web_hook_is_a_secret(name: str, value: str) -> None:
    assert is_secret(name, value)


def test_a_program_that_is_killed_is_reported_with_its_signal() -> None:
    with pytest.raises(BackupError, match=r"sh: ended by signal 9"):
        _output("sh", ["-c", "kill -9 $$"], os.environ)
