"""A restore into a place that is used, damaged, locked or filled by a restore that was killed; manifests made to harm."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from store.backup import users
from store.backup.lock import held
from store.backup.manifest import Section, read_manifest
from store.backup.replace import _move_file_aside
from store.backup.restore import chosen_files
from store.backup.restore_target import RestoreTarget
from store.backup.take import plan, take
from store.error import BackupError
from store.rawlog import RawLog
from store.state import StateStore
from store.state.process import Process
from tests.store.backup.conftest import NOW, make_source, message, quiet, restored

if TYPE_CHECKING:
    from pathlib import Path

    from store.backup.take import BackupSource


def forced(source: BackupSource) -> RestoreTarget:
    return RestoreTarget(run_dir=source.rawlog.parent, state_url=source.state_url, force=True)


def test_two_forced_restores_at_one_moment_keep_both_old_states(backup: Path, source: BackupSource) -> None:
    for _ in range(3):
        restored(backup, forced(source))
    aside = list(source.rawlog.parent.glob("state.sqlite.before_restore_*"))
    assert len([path for path in aside if not path.name.endswith(("-wal", "-shm"))]) == 3


def test_a_second_restore_waits_for_none_and_is_refused(backup: Path, target: RestoreTarget) -> None:
    target.run_dir.mkdir()
    with held(target.run_dir / ".restore.lock"), pytest.raises(BackupError, match="another restore"):
        restored(backup, target)
    restored(backup, target)
    assert sorted(path.name for path in target.run_dir.iterdir()) == ["rawlog", "restored-settings", "state.sqlite"]


def test_space_that_a_killed_restore_holds_is_free_for_the_next(
    backup: Path, target: RestoreTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = target.run_dir / ".restore.partial" / "rawlog"
    left.mkdir(parents=True)
    monkeypatch.setattr("store.backup.place.free_bytes", lambda _directory: 0 if left.exists() else 1 << 40)
    restored(backup, target)


def test_a_part_that_starts_while_files_are_copied_stops_the_restore(
    backup: Path, target: RestoreTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([[], ["collector"]])
    monkeypatch.setattr("store.backup.restore.running", lambda *_: next(answers))
    with pytest.raises(BackupError, match=r"still running on .*: collector"):
        restored(backup, target)
    assert list(target.run_dir.iterdir()) == []


def test_a_process_of_another_host_counts_until_its_heartbeat_is_overdue(source: BackupSource) -> None:
    other = Process(name="watch/other", host="other", pid=1, started_at=NOW, beat_at=NOW, every_s=15)
    gone = Process(name="watch/here", host=os.uname().nodename, pid=2**22 + 1, started_at=NOW, beat_at=NOW, every_s=15)
    with StateStore(source.state_url) as state:
        state.processes.note(other)
        state.processes.note(gone)
        assert [found[:11] for found in users.beating(state, NOW)] == ["watch/other"]
        assert users.beating(state, NOW + timedelta(minutes=2)) == []


def test_airflow_between_two_tasks_is_found_by_its_environment(run_dir: Path) -> None:
    words = [sys.executable, "-c", "print(flush=True); input()", "airflow"]
    environment = os.environ | {"SKYGROUND_RUN_DIR": run_dir.name}
    with subprocess.Popen(words, cwd=run_dir.parent, env=environment, stdin=-1, stdout=-1) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert [found.split()[1] for found in users.airflow(run_dir)] == [str(process.pid)]
        assert users.airflow(run_dir.parent) == []
        process.communicate(b"\n")


def test_the_write_ahead_log_of_the_old_state_goes_with_it_in_one_file(
    backup: Path, source: BackupSource, tmp_path: Path
) -> None:
    file = source.rawlog.parent / "state.sqlite"
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute("CREATE TABLE late (x)")
        for suffix in ("", "-wal"):  # as a killed part leaves them
            (tmp_path / f"killed{suffix}").write_bytes((file.parent / f"{file.name}{suffix}").read_bytes())
    (tmp_path / "killed").replace(file)
    (tmp_path / "killed-wal").replace(file.parent / "state.sqlite-wal")
    aside = next(place for place in restored(backup, forced(source)) if "state.sqlite." in place)
    assert not list(file.parent.glob("*-wal"))
    with closing(sqlite3.connect(aside)) as old:
        assert old.execute("SELECT count(*) FROM late").fetchone() == (0,)


def test_a_damaged_state_is_moved_aside(backup: Path, source: BackupSource) -> None:
    (source.rawlog.parent / "state.sqlite").write_bytes(b"\xff" * 8192)
    moved = restored(backup, forced(source))
    assert any("state.sqlite." in place for place in moved)
    with StateStore(source.state_url) as state:
        assert state.documents.get("kind", "key") is not None


def test_a_wanted_section_that_the_backup_lacks_is_an_error(source: BackupSource, tmp_path: Path) -> None:
    log_only = make_source(source.rawlog.parent, source.state_url, sections=frozenset({Section.RAWLOG}))
    manifest = take(log_only, tmp_path / "log", plan(log_only), quiet)
    wanted = frozenset({Section.RAWLOG, Section.STATE})
    with pytest.raises(BackupError, match="holds nothing of: state"):
        chosen_files(manifest, RestoreTarget(run_dir=tmp_path / "new", state_url=source.state_url, sections=wanted))
    every = RestoreTarget(run_dir=tmp_path / "new", state_url=source.state_url)
    assert {item.section for item in chosen_files(manifest, every)} == {Section.RAWLOG}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"size_bytes": ', b'"size_bytes": 1' + b"0" * 400),
        (b'"size_bytes": ', b'"size_bytes": -'),
        (b'"pruned": ', b'"pruned": ' + b"[" * 200_000 + b"]" * 200_000 + b', "x": '),
        (b'Z"', b'"'),
        (b"rawlog/2026-11-27", "rawlog/２026-11-27".encode()),
        (b"rawlog/2026-11-27", b"rawlog/2026-99-27"),
    ],
)
def test_a_manifest_with_huge_numbers_deep_nesting_or_no_zone_is_an_error(backup: Path, old: bytes, new: bytes) -> None:
    path = backup / "manifest.json"
    text = path.read_bytes()
    assert old in text
    path.write_bytes(text.replace(old, new, 1))
    with pytest.raises(BackupError):
        read_manifest(backup)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_what_root_restores_belongs_to_the_owner_of_the_run_directory(backup: Path, target: RestoreTarget) -> None:
    target.run_dir.mkdir()
    os.chown(target.run_dir, 12_345, 12_345)
    restored(backup, target)
    assert {path.stat().st_uid for path in target.run_dir.rglob("*")} == {12_345}


def test_a_restore_that_is_killed_leaves_no_cursor_ahead_of_the_state(
    backup: Path, source: BackupSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(RawLog(source.rawlog)) as log:
        before = log.cursor("drain")
        log.advance("drain", log.append([message(1)]))
    monkeypatch.setattr("store.backup.replace.fold", lambda _file: 1 / 0)  # before the state is moved aside
    with pytest.raises(ZeroDivisionError):
        restored(backup, forced(source))
    with closing(RawLog(source.rawlog)) as log:
        assert log.cursor("drain") == before


def test_a_state_keeps_its_name_until_the_restored_one_replaces_it(source: BackupSource) -> None:
    file = source.rawlog.parent / "state.sqlite"
    (moved,) = _move_file_aside(file, "before_restore_x")
    assert file.read_bytes() == (source.rawlog.parent / "state.sqlite.before_restore_x").read_bytes()
    assert moved == f"{file}.before_restore_x"
