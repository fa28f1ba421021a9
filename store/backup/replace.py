"""Verified copies take the place of what was there, which is renamed, not deleted."""

from __future__ import annotations

import os
from contextlib import closing, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from store.backup import postgres
from store.backup.copy import copy_stream
from store.backup.manifest import BackupFile, Section
from store.backup.sqlite_file import fold
from store.error import BackupError, StoreError
from store.rawlog.day_file import sync
from store.state import postgres as state_postgres
from store.state.database import StateDatabase

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from store.backup.restore_target import RestoreTarget


_SQLITE_FILES = ("-wal", "-shm", "")


def give_to_owner(place: Path, run_dir: Path) -> None:
    """Give what root restores to the owner of the run directory, who runs the parts."""
    owner = run_dir.stat()
    if os.geteuid() == 0 and owner.st_uid:
        for path in [place, *place.rglob("*")]:
            os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


def put_in_place(target: RestoreTarget, files: Sequence[BackupFile], staging: Path) -> list[str]:
    """Move aside what is there and put the verified copies in its place; returns the new names of what was moved aside.

    Raises
    ------
    BackupError
        The message names what was moved aside.
    """
    name = f"before_restore_{datetime.now(UTC):%Y%m%dT%H%M%S_%fZ}"
    sections, moved = {item.section for item in files}, list[str]()
    try:
        is_file = target.state_file is not None
        if Section.STATE in sections and not is_file:  # first: PostgreSQL may refuse it
            moved += _put_state(target, staging, name)
        if Section.RAWLOG in sections:
            moved += _put_folder(staging / "rawlog", target.rawlog, name)
        if Section.STATE in sections and is_file:  # last: a kill in between leaves no cursor ahead of the state
            moved += _put_state(target, staging, name)
        if Section.SETTINGS in sections:
            moved += _put_folder(staging / "settings", target.settings, name)
        sync(target.run_dir)
    except OSError as error:
        msg = (
            f"{error.filename or target.run_dir}: {error.strerror or error}; what was there before is named *.{name}: "
            f"{', '.join(moved) or 'nothing was moved'}. Restore again with --force, or rename it back"
        )
        raise BackupError(msg) from error
    return moved


def _put_folder(staged: Path, place: Path, name: str) -> list[str]:
    moved = []
    if place.exists():
        aside = place.with_name(f"{place.name}.{name}")
        place.rename(aside)
        moved.append(str(aside))
    sync(staged)
    staged.rename(place)
    return moved


def _put_state(target: RestoreTarget, staging: Path, name: str) -> list[str]:
    file = target.state_file
    if file is None:
        return _put_postgresql(target, staging / "state.dump", name)
    near = file.with_name(f".{file.name}.restore")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        near.unlink(missing_ok=True)
        if staging.stat().st_dev == file.parent.stat().st_dev:
            (staging / "state.sqlite").rename(near)
        else:
            with (staging / "state.sqlite").open("rb") as staged:
                copy_stream(staged, near)
        give_to_owner(near, target.run_dir)
        fold(file)
        moved = list(_move_file_aside(file, name))
        near.rename(file)
    finally:
        near.unlink(missing_ok=True)
    sync(file.parent)
    return moved


def _link(old: Path, new: Path) -> bool:
    """Give a file a second name, so that it keeps its own until another replaces it; false where that is not possible."""
    try:
        new.hardlink_to(old)
    except FileNotFoundError:
        raise
    except OSError:
        return False
    return True


def _move_file_aside(file: Path, name: str) -> Iterator[str]:
    aside = file.with_name(f"{file.name}.{name}")
    for suffix in _SQLITE_FILES:
        with suppress(FileNotFoundError):
            old, new = file.with_name(file.name + suffix), aside.with_name(aside.name + suffix)
            if suffix or not _link(old, new):
                old.rename(new)
            yield str(new)


def _put_postgresql(target: RestoreTarget, dump: Path, name: str) -> list[str]:
    with closing(StateDatabase(target.state_url)) as database:
        if state_postgres.is_empty(database):
            postgres.restore(target.url, dump)
            return []
        state_postgres.move_aside(database, name)
        try:
            postgres.restore(target.url, dump)
        except StoreError:
            state_postgres.move_back(database, name)
            raise
    return [f"schema {name} of {target.url.database}"]
