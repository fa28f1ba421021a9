"""Restores a backup: everything is copied next to its place and verified, then what was there is moved aside and the copies get its name."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from store.backup import postgres
from store.backup.copy import FOLDER_MODE, copy_stream
from store.backup.lock import held
from store.backup.manifest import BackupFile, Manifest, Section, open_file
from store.backup.place import check_space
from store.backup.replace import give_to_owner, put_in_place
from store.backup.restore_target import RestoreTarget, occupied
from store.backup.sqlite_file import check_sqlite, revision_of
from store.backup.users import running
from store.error import BackupError
from store.state.database import known_revisions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path


STAGING = ".restore.partial"
_LOCK = ".restore.lock"


def chosen_files(manifest: Manifest, target: RestoreTarget) -> list[BackupFile]:
    """Files of a backup that are restored.

    Raises
    ------
    BackupError
        The backup has none of the wanted sections, is of a newer schema, or of another kind of database.
    """
    files = [item for item in manifest.files if item.section in target.sections]
    missing = target.sections - {item.section for item in files}
    if missing and (not files or target.sections != frozenset(Section)):
        msg = f"the backup holds nothing of: {', '.join(sorted(missing))}"
        raise BackupError(msg)
    if any(item.section is Section.STATE for item in files):
        check_schema(manifest)
        here = target.url.get_backend_name()
        if manifest.database != here:
            msg = (
                f"the backup holds a state of {manifest.database}, SKYGROUND_STATE_URL names {here}: "
                "set it to a database of the same kind"
            )
            raise BackupError(msg)
    return files


def check_schema(manifest: Manifest) -> None:
    """Raise `BackupError` where the state of a backup has a schema that this version does not know."""
    if manifest.schema_revision not in known_revisions():
        msg = (
            f"the backup's state has schema {manifest.schema_revision!r} of skyground {manifest.software}, which is newer "
            f"than this version: install that version or a later one, then restore"
        )
        raise BackupError(msg)


def restore(
    source: Path, manifest: Manifest, target: RestoreTarget, report: Callable[[str, int], object] = lambda _p, _n: None
) -> list[str]:
    """Restore a backup; returns what was moved aside, under its new name.

    Parameters
    ----------
    source : Path
        Directory of the backup.
    report : callable
        Takes the path at work and the bytes copied since the last call [B].

    Raises
    ------
    BackupError
        Nothing has been replaced, unless the message names it.
    """
    files = chosen_files(manifest, target)
    present = occupied(target, files)
    if present and not target.force:
        msg = f"{', '.join(present)}: already there; --force moves it aside"
        raise BackupError(msg)
    refuse_running(target)
    _refuse_mounts(target, files)
    with _staging(target) as staging:
        _check_space(target, files)
        for item in files:
            _stage(source, item, staging, report)
        _check_staged(manifest, files, staging)
        give_to_owner(staging, target.run_dir)
        refuse_running(target)  # one may have been started while the files were copied
        return put_in_place(target, files, staging)


def refuse_running(target: RestoreTarget) -> None:
    """Raise `BackupError` where a part still uses what would be replaced."""
    if target.sections != {Section.SETTINGS} and (found := users_of(target)):
        msg = f"still running on {target.run_dir}: {', '.join(found)}; stop them first (`skyground down`, systemctl, compose)"
        raise BackupError(msg)


def users_of(target: RestoreTarget) -> list[str]:
    """Processes that use what would be replaced."""
    return running(target.run_dir, target.state_url, target.state_file)


@contextmanager
def _staging(target: RestoreTarget) -> Iterator[Path]:
    """An empty directory that one restore at a time works in; removed afterwards, as is what a killed one left."""
    staging = target.run_dir / STAGING
    try:
        target.run_dir.mkdir(parents=True, exist_ok=True)
        with held(target.run_dir / _LOCK) as is_held:
            if not is_held:
                msg = f"another restore to {target.run_dir} is running"
                raise BackupError(msg)
            shutil.rmtree(staging, ignore_errors=True)
            staging.mkdir(mode=FOLDER_MODE)
            try:
                yield staging
            finally:
                shutil.rmtree(staging, ignore_errors=True)
    except OSError as error:
        msg = f"{error.filename or target.run_dir}: {error.strerror or error}"
        raise BackupError(msg) from error


def _refuse_mounts(target: RestoreTarget, files: Sequence[BackupFile]) -> None:
    """Raise `BackupError` where something cannot be renamed, before anything is."""
    places = {Section.RAWLOG: target.rawlog, Section.SETTINGS: target.settings, Section.STATE: target.state_file}
    for section in {item.section for item in files}:
        place = places[section]
        if place is not None and place.is_mount():
            msg = f"{place} is a mount point and cannot be moved aside; unmount it, or restore to another run directory and copy"
            raise BackupError(msg)


def _check_space(target: RestoreTarget, files: Sequence[BackupFile]) -> None:
    check_space(target.run_dir, sum(item.size_bytes for item in files))
    file = target.state_file
    for item in files:
        if item.section is Section.STATE and file is not None:
            check_space(file.parent, item.size_bytes)


def _stage(source: Path, item: BackupFile, staging: Path, report: Callable[[str, int], object]) -> None:
    """Copy one file and compare it with the manifest."""
    copied = staging / item.path
    copied.parent.mkdir(mode=FOLDER_MODE, exist_ok=True)
    with open_file(source, item.path) as file:
        found = copy_stream(file, copied, lambda count: report(item.path, count), most_bytes=item.size_bytes)
    if found != (item.size_bytes, item.sha256):
        msg = f"{source / item.path} is not what the manifest states (truncated, damaged or changed); nothing was restored"
        raise BackupError(msg)


def _check_staged(manifest: Manifest, files: Sequence[BackupFile], staging: Path) -> None:
    """Check that the databases can be read and have the schema that the manifest states."""
    for item in files:
        path = staging / item.path
        if path.suffix == ".sqlite" and (fault := check_sqlite(path)):
            msg = f"{item.path} of the backup is damaged: {fault}; nothing was restored"
            raise BackupError(msg)
        if item.section is not Section.STATE:
            continue
        found = revision_of(path) if path.suffix == ".sqlite" else postgres.revision_of(path)
        if found != manifest.schema_revision:
            msg = f"{item.path} has schema {found!r}, the manifest states {manifest.schema_revision!r}; nothing was restored"
            raise BackupError(msg)
