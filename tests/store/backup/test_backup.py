"""Backup and restore in one process: what is taken, what is refused, what an attacker or a full disk cannot do."""

from __future__ import annotations

import json
import shutil
import sqlite3
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import psycopg
import pytest

from store.backup import place, users
from store.backup.manifest import Section, read_manifest
from store.backup.restore import chosen_files
from store.backup.restore_target import RestoreTarget
from store.backup.settings_copy import is_secret
from store.backup.take import plan, take
from store.error import BackupError
from store.rawlog import BEGINNING, RawLog
from store.state import StateStore
from tests.store.backup.conftest import NOW, fill, make_source, message, quiet, restored, rewrite

if TYPE_CHECKING:
    from pathlib import Path

    from store.backup.take import BackupSource


def test_what_is_restored_is_what_was_backed_up(backup: Path, target: RestoreTarget) -> None:
    assert restored(backup, target) == []
    with closing(RawLog(target.rawlog)) as log:
        assert len(log.read(BEGINNING, 2_000)) == 1_000
        assert log.cursor("drain") == log.end()
    with StateStore(target.state_url) as state:
        found = state.documents.get("kind", "key")
    assert found is not None
    assert found.body == {"a": 1}
    assert (target.settings / "network.toml").read_text() == "zone = 'UTC'\n"


def test_a_restored_log_and_state_can_be_written(backup: Path, target: RestoreTarget) -> None:
    restored(backup, target)
    with closing(RawLog(target.rawlog)) as log:
        assert log.append([message(1)]).row == 501
    with StateStore(target.state_url) as state:
        state.migrate()
        assert state.documents.put("kind", "key", {"a": 2}) == 2


def test_a_backup_is_readable_by_its_owner_only(backup: Path) -> None:
    modes = {path.stat().st_mode & 0o077 for path in [backup, *backup.rglob("*")]}
    assert modes == {0}


def test_secrets_are_left_out_without_the_option(source: BackupSource, backup: Path, tmp_path: Path) -> None:
    text = (backup / "settings" / "settings.env").read_text()
    assert "SKYGROUND_ZONE=UTC" in text
    assert "hush" not in text
    assert not (backup / "settings" / "mqtt_key.pem").exists()
    whole = make_source(source.rawlog.parent, source.state_url, has_secrets=True)
    take(whole, tmp_path / "whole", plan(whole), quiet)
    assert "hush" in (tmp_path / "whole" / "settings" / "settings.env").read_text()
    assert (tmp_path / "whole" / "settings" / "mqtt_key.pem").read_text() == "private"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("SKYGROUND_STATE_URL", "postgresql+psycopg://a:b@h/d", True),
        ("SKYGROUND_STATE_URL", "postgresql+psycopg://a@h/d", False),
        ("SKYGROUND_STATE_URL_FILE", "/run/secrets/url", False),
        ("SKYGROUND_INFLUX_TOKEN", "x", True),
        ("SKYGROUND_ALARM_TO", "https://user:word@h/hook", True),
    ],
)
def test_a_secret_is_known_by_its_name_or_a_password_in_a_url(name: str, value: str, expected: bool) -> None:  # noqa: FBT001
    assert is_secret(name, value) is expected


def test_a_log_that_is_written_meanwhile_is_copied_as_of_one_moment(
    source: BackupSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.backup.sqlite_file._PAGES", 2)
    done, began = threading.Event(), threading.Event()

    def write() -> None:
        with closing(RawLog(source.rawlog)) as log:
            number = 0
            while not done.is_set():
                log.append([message(number + index) for index in range(50)])
                number += 50
                began.set()

    writer = threading.Thread(target=write)
    writer.start()
    began.wait(10)
    with closing(RawLog(source.rawlog)) as log:
        before = log.end()
    take(source, tmp_path / "backup", plan(source), quiet)
    done.set()
    writer.join()
    target = RestoreTarget(run_dir=tmp_path / "new", state_url=f"sqlite:///{tmp_path / 'new' / 's.sqlite'}")
    restored(tmp_path / "backup", target)
    with closing(RawLog(target.rawlog)) as log:
        found = log.read(BEGINNING, 1_000_000)
    assert found[-1].position >= before
    rows = [item.position.row for item in found if item.position.day == before.day]
    assert rows == list(range(1, len(rows) + 1))


def test_a_day_that_retention_deletes_meanwhile_is_named_and_left_out(source: BackupSource, tmp_path: Path) -> None:
    items = plan(source)

    def prune(path: str, _count: int) -> None:
        if path == "state.sqlite":
            with closing(RawLog(source.rawlog)) as log:
                log.prune(NOW)

    manifest = take(source, tmp_path / "backup", items, prune)
    assert manifest.pruned == ("rawlog/2026-11-27.sqlite",)
    assert not (tmp_path / "backup" / manifest.pruned[0]).exists()


def test_a_full_disk_is_found_before_anything_is_written(source: BackupSource, tmp_path: Path) -> None:
    full = make_source(source.rawlog.parent, source.state_url, reserve_bytes=1 << 60)
    with pytest.raises(BackupError, match="are kept in reserve"):
        take(full, tmp_path / "backup", plan(full), quiet)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run"]


def test_a_backup_that_fails_half_way_leaves_nothing(source: BackupSource, tmp_path: Path) -> None:
    def fail(path: str, _count: int) -> None:
        if path.startswith("rawlog/2026"):
            raise OSError(28, "No space left on device")

    with pytest.raises(BackupError, match="No space left"):
        take(source, tmp_path / "backup", plan(source), fail)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run"]


def test_what_a_killed_backup_left_is_removed_by_the_next(source: BackupSource, tmp_path: Path) -> None:
    left = tmp_path / ".backup.partial"
    (left / "rawlog").mkdir(parents=True)
    (left / "rawlog" / "half").write_bytes(b"x")
    take(source, tmp_path / "backup", plan(source), quiet)
    assert not left.exists()
    assert read_manifest(tmp_path / "backup").files


def test_two_backups_to_one_directory_do_not_meet(tmp_path: Path) -> None:
    with (
        place.Draft(tmp_path / "backup"),
        pytest.raises(BackupError, match="another backup"),
        place.Draft(tmp_path / "backup"),
    ):
        pass


def test_a_target_in_the_run_directory_in_use_or_a_link_is_refused(run_dir: Path, tmp_path: Path) -> None:
    full = tmp_path / "full"
    full.mkdir()
    (full / "x").touch()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for wrong, words in (
        (run_dir / "b", "which is backed up"),
        (full, "not an empty"),
        (tmp_path / "link", "symbolic"),
    ):
        with pytest.raises(BackupError, match=words):
            place.check_target(wrong, run_dir)
    place.check_target(tmp_path / "new", run_dir)


def test_a_missing_state_is_an_error(run_dir: Path) -> None:
    (run_dir / "rawlog").mkdir()
    with pytest.raises(BackupError, match="no state database"):
        plan(make_source(run_dir, f"sqlite:///{run_dir / 'state.sqlite'}"))
    assert not (run_dir / "state.sqlite").exists()


def test_a_damaged_day_is_named(source: BackupSource, tmp_path: Path) -> None:
    with (source.rawlog / "2026-11-27.sqlite").open("r+b") as file:
        file.seek(8192)
        file.write(b"\xff" * 8192)
    with pytest.raises(BackupError, match=r"2026-11-27\.sqlite"):
        take(source, tmp_path / "backup", plan(source), quiet)


@pytest.mark.parametrize("path", ["../../etc/passwd", "/etc/passwd", "rawlog/../x.sqlite", "rawlog/.sqlite", "x"])
def test_a_path_outside_the_backup_is_refused(backup: Path, path: str) -> None:
    rewrite(backup, "rawlog/2026-11-27.sqlite", path)
    with pytest.raises(BackupError, match="not allowed"):
        read_manifest(backup)


def test_a_symbolic_link_in_a_backup_is_refused(backup: Path, target: RestoreTarget, tmp_path: Path) -> None:
    day = backup / "rawlog" / "2026-11-27.sqlite"
    day.rename(tmp_path / "real")
    day.symlink_to(tmp_path / "real")
    with pytest.raises(BackupError, match="cannot be read"):
        restored(backup, target)
    day.unlink()
    (backup / "rawlog").rename(tmp_path / "log")
    (backup / "rawlog").symlink_to(tmp_path / "log")
    with pytest.raises(BackupError, match="symbolic link"):
        restored(backup, target)


@pytest.mark.parametrize("damage", ["truncate", "grow", "change", "remove"])
def test_a_file_that_is_not_what_the_manifest_states_stops_the_restore(
    backup: Path, target: RestoreTarget, damage: str
) -> None:
    path = backup / "rawlog" / "2026-11-28.sqlite"
    body = path.read_bytes()
    changed = {"truncate": body[:-1], "grow": body + b"x", "change": body[:-1] + bytes([body[-1] ^ 1])}
    path.unlink()
    if damage != "remove":
        path.write_bytes(changed[damage])
    with pytest.raises(BackupError):
        restored(backup, target)
    assert list(target.run_dir.iterdir()) == []


def test_a_newer_schema_is_refused_with_both_versions(backup: Path, target: RestoreTarget) -> None:
    revision = read_manifest(backup).schema_revision
    rewrite(backup, f'"schema_revision": "{revision}"', '"schema_revision": "9999_future"')
    with pytest.raises(BackupError, match=r"9999_future.*0\.1\.0.*newer"):
        restored(backup, target)


def test_an_unknown_format_is_refused(backup: Path) -> None:
    rewrite(backup, '"format": 1', '"format": 2')
    with pytest.raises(BackupError, match="format 2"):
        read_manifest(backup)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 1}', "\xff"])
def test_a_damaged_manifest_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text, encoding="latin-1")
    with pytest.raises(BackupError):
        read_manifest(tmp_path)


def test_a_manifest_with_a_wrong_schema_is_refused(backup: Path, target: RestoreTarget) -> None:
    rewrite(backup, f'"schema_revision": "{read_manifest(backup).schema_revision}"', '"schema_revision": "initial"')
    with pytest.raises(BackupError, match="schema"):
        restored(backup, target)


def test_what_is_there_is_refused_and_moved_aside_by_force(backup: Path, source: BackupSource) -> None:
    run_dir = source.rawlog.parent
    occupied = RestoreTarget(run_dir=run_dir, state_url=source.state_url)
    with pytest.raises(BackupError, match="--force"):
        restored(backup, occupied)
    with StateStore(source.state_url) as state:
        state.documents.put("kind", "later", {})
    forced = RestoreTarget(run_dir=run_dir, state_url=source.state_url, force=True)
    moved = restored(backup, forced)
    with StateStore(source.state_url) as state:
        assert state.documents.get("kind", "later") is None
    aside = next(path for path in moved if path.startswith(str(run_dir / "state.sqlite.")))
    with closing(sqlite3.connect(aside)) as old:
        assert old.execute("SELECT count(*) FROM document WHERE key = 'later'").fetchone() == (1,)
    assert any(path.startswith(str(run_dir / "rawlog.")) for path in moved)


def test_one_section_can_be_restored_alone(backup: Path, target: RestoreTarget) -> None:
    log_only = RestoreTarget(run_dir=target.run_dir, state_url=target.state_url, sections=frozenset({Section.RAWLOG}))
    restored(backup, log_only)
    assert sorted(path.name for path in target.run_dir.iterdir()) == ["rawlog"]


def test_a_log_in_use_is_known_by_its_lock_and_its_open_files(source: BackupSource) -> None:
    import fcntl

    lock = source.rawlog / "intake.lock"
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert users.lock_holders(source.rawlog) == ["collector"]
    assert users.lock_holders(source.rawlog) == []


@pytest.mark.integration
def test_a_state_in_postgresql_is_dumped_and_loaded(postgres: str, tmp_path: Path, run_dir: Path) -> None:
    if shutil.which("pg_dump") is None:
        pytest.skip("pg_dump is not installed")
    urls = []
    for name in ("backed_up", "fresh"):
        with psycopg.connect(postgres, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        urls.append(postgres.replace("postgresql://", "postgresql+psycopg://").removesuffix("postgres") + name)
    fill(run_dir, urls[0])
    source = make_source(run_dir, urls[0])
    take(source, tmp_path / "backup", plan(source), quiet)
    target = RestoreTarget(run_dir=tmp_path / "new", state_url=urls[1])
    assert restored(tmp_path / "backup", target) == []
    with StateStore(urls[1]) as state:
        assert state.database.pending_migrations() == []
        assert state.documents.get("kind", "key") is not None
        state.documents.put("kind", "later", {})
    with pytest.raises(BackupError, match="already there"):
        restored(tmp_path / "backup", RestoreTarget(run_dir=tmp_path / "other", state_url=urls[1]))
    forced = RestoreTarget(run_dir=tmp_path / "other", state_url=urls[1], force=True)
    (moved,) = restored(tmp_path / "backup", forced)
    schema = moved.split()[1]
    with StateStore(urls[1]) as state:
        assert state.documents.get("kind", "later") is None
    with psycopg.connect(urls[1].replace("+psycopg", "")) as connection:
        row = connection.execute(f'SELECT count(*) FROM "{schema}".document').fetchone()  # type: ignore[arg-type]
    assert row == (2,)
    with StateStore(urls[1]) as state, state.database.reading(), pytest.raises(BackupError, match=r"running .*session"):
        restored(tmp_path / "backup", forced)


@pytest.mark.integration
def test_a_dump_of_another_schema_than_stated_is_refused_before_the_state_is_moved(
    postgres: str, tmp_path: Path, run_dir: Path
) -> None:
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute('CREATE DATABASE "lies"')
    url = postgres.replace("postgresql://", "postgresql+psycopg://").removesuffix("postgres") + "lies"
    fill(run_dir, url)
    source = make_source(run_dir, url)
    revision = take(source, tmp_path / "backup", plan(source), quiet).schema_revision
    rewrite(tmp_path / "backup", f'"schema_revision": "{revision}"', '"schema_revision": "0001"')
    with pytest.raises(BackupError, match="nothing was restored"):
        restored(tmp_path / "backup", RestoreTarget(run_dir=tmp_path / "other", state_url=url, force=True))
    with StateStore(url) as state:
        assert state.documents.get("kind", "key") is not None


@pytest.mark.integration
def test_a_dump_of_postgresql_does_not_go_into_sqlite(postgres: str, tmp_path: Path, run_dir: Path) -> None:
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute('CREATE DATABASE "other_kind"')
    url = postgres.replace("postgresql://", "postgresql+psycopg://").removesuffix("postgres") + "other_kind"
    fill(run_dir, url)
    source = make_source(run_dir, url)
    manifest = take(source, tmp_path / "backup", plan(source), quiet)
    target = RestoreTarget(run_dir=tmp_path / "new", state_url=f"sqlite:///{tmp_path / 'new' / 's.sqlite'}")
    with pytest.raises(BackupError, match=r"postgresql.*sqlite"):
        chosen_files(manifest, target)


@pytest.mark.integration
def test_a_missing_program_is_named_with_its_package(
    postgres: str, run_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(run_dir))
    (run_dir / "rawlog").mkdir()
    with pytest.raises(BackupError, match=r"pg_dump is not installed.*postgresql-client"):
        plan(make_source(run_dir, postgres.replace("postgresql://", "postgresql+psycopg://")))


def test_the_manifest_lists_every_file(backup: Path) -> None:
    listed = {item["path"] for item in json.loads((backup / "manifest.json").read_text())["files"]}
    found = {str(path.relative_to(backup)) for path in backup.rglob("*") if path.is_file()}
    assert found == listed | {"manifest.json"}
