"""Takes a backup: cursors, then the state, then the raw log, so that after a restore everything that a cursor has passed is in the state."""

from __future__ import annotations

import io
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from store.backup import postgres
from store.backup.copy import FOLDER_MODE, copy_stream, digest_of
from store.backup.manifest import FORMAT, BackupFile, Manifest, Section, write_manifest
from store.backup.place import Draft, check_space
from store.backup.settings_copy import SettingsFile, setting_lines
from store.backup.sqlite_file import check_sqlite, copy_sqlite, database_bytes, revision_of
from store.error import BackupError
from store.rawlog import day_files
from store.state import postgres as state_postgres
from store.state.database import StateDatabase, parse_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from store.state.database import DatabaseUrl

_CURSORS = "cursors.sqlite"
_ATTEMPTS = 3
SETTINGS = "settings/settings.env"
"""The settings in force, in the form of ``.env.example``."""


class BackupItem(msgspec.Struct, frozen=True, kw_only=True):
    """One file that a backup would hold; ``size_bytes`` is that of its source now [B]."""

    path: str
    section: Section
    source: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupSource:
    """What is to be backed up.

    Attributes
    ----------
    state_url : str
        SQLAlchemy URL of the state database.
    rawlog : Path
        Directory of the raw log; may be absent.
    settings : sequence of SettingsFile
    environment : mapping
        Settings in force, ``SKYGROUND_*``.
    reserve_bytes : int
        Stays free on the target's file system [B].
    software : str
        Version of this software.
    sections : frozenset of Section
        What to take.
    has_secrets : bool
        Whether passwords, tokens and keys are copied.
    """

    state_url: str
    rawlog: Path
    settings: Sequence[SettingsFile]
    environment: dict[str, str]
    reserve_bytes: int
    software: str
    sections: frozenset[Section] = frozenset(Section)
    has_secrets: bool = False


def plan(source: BackupSource) -> list[BackupItem]:
    """Files of a backup in the order in which they are taken.

    Raises
    ------
    BackupError
        The state or the raw log cannot be found or read.
    """
    items: list[BackupItem] = []
    has_log = Section.RAWLOG in source.sections
    if has_log and not source.rawlog.is_dir():
        msg = f"there is no raw log at {source.rawlog}; check SKYGROUND_RUN_DIR, or leave it out: --only state --only settings"
        raise BackupError(msg)
    with _explained():
        if has_log and (source.rawlog / _CURSORS).exists():
            items.append(_rawlog_item(source.rawlog / _CURSORS))
        if Section.STATE in source.sections:
            items.append(_state_item(parse_url(source.state_url)))
        if has_log:
            items += [_rawlog_item(path) for path in day_files(source.rawlog)]
        if Section.SETTINGS in source.sections:
            items += [_settings_item(item) for item in _wanted(source)]
            items.append(BackupItem(path=SETTINGS, section=Section.SETTINGS, source="settings in force", size_bytes=0))
    return items


def take(
    source: BackupSource, target: Path, items: Sequence[BackupItem], report: Callable[[str, int], object]
) -> Manifest:
    """Take a backup into a new directory, which has its name only when it is whole.

    Parameters
    ----------
    items : sequence of BackupItem
        Of `plan`.
    report : callable
        Takes the path at work and the bytes copied since the last call [B].

    Raises
    ------
    BackupError
        Too little space, a target that exists, a source that cannot be read.
    """
    started_at, pruned = datetime.now(UTC), list[str]()
    files: list[BackupFile] = []
    with Draft(target) as draft, _explained():
        check_space(target, sum(item.size_bytes for item in items), source.reserve_bytes)
        for folder in sorted({item.path.partition("/")[0] for item in items if "/" in item.path}):
            (draft.path / folder).mkdir(mode=FOLDER_MODE)
        revision, dialect = "", ""
        for item in _with_new_days(source, items):
            copied = _copy(source, item, draft.path / item.path, partial(report, item.path))
            if copied is None:
                pruned.append(item.path)
                continue
            files.append(copied)
            if item.section is Section.STATE:
                revision, dialect = _revision(draft.path / item.path)
        manifest = Manifest(
            format=FORMAT,
            software=source.software,
            schema_revision=revision,
            database=dialect,
            started_at=started_at,
            finished_at=datetime.now(UTC),
            has_secrets=source.has_secrets,
            files=tuple(files),
            pruned=tuple(pruned),
        )
        write_manifest(draft.path, manifest)
        draft.publish()
    return manifest


def _with_new_days(source: BackupSource, items: Sequence[BackupItem]) -> Iterator[BackupItem]:
    """Items in their order; days of the raw log that began after the plan are included.

    They are listed when the state is copied and before the first day is, so that no day lacks its end where the next one is there.
    """
    days = [item for item in items if item.section is Section.RAWLOG and item.path != f"rawlog/{_CURSORS}"]
    yield from (item for item in items if item not in days and item.section is not Section.SETTINGS)
    if Section.RAWLOG in source.sections:
        planned = {item.path for item in days}
        days += [item for item in map(_rawlog_item, day_files(source.rawlog)) if item.path not in planned]
    yield from days
    yield from (item for item in items if item.section is Section.SETTINGS)


def _copy(source: BackupSource, item: BackupItem, target: Path, report: Callable[[int], object]) -> BackupFile | None:
    """Copy one file; None where retention deleted it meanwhile."""
    if item.path == SETTINGS:
        text = "".join(f"{line}\n" for line in setting_lines(source.environment, has_secrets=source.has_secrets))
        size, digest = copy_stream(io.BytesIO(text.encode()), target, report)
    elif item.section is Section.SETTINGS:
        with Path(item.source).open("rb") as file:
            size, digest = copy_stream(file, target, report)
    elif item.path == "state.dump":
        postgres.dump(parse_url(source.state_url), target)
        size, digest = digest_of(target)
        report(size)
    elif not _copy_database(Path(item.source), target, report, may_vanish=item.section is Section.RAWLOG):
        return None
    else:
        size, digest = digest_of(target)
    return BackupFile(path=item.path, section=item.section, size_bytes=size, sha256=digest, source=item.source)


def _copy_database(source: Path, target: Path, report: Callable[[int], object], *, may_vanish: bool) -> bool:
    """Copy a database; False where it was deleted meanwhile. One that was replaced meanwhile is copied again."""
    for _ in range(_ATTEMPTS):
        target.unlink(missing_ok=True)
        try:
            before = source.stat().st_ino
            copy_sqlite(source, target, report)
            if source.stat().st_ino == before:
                break
        except (FileNotFoundError, BackupError):
            if source.exists() or not may_vanish or source.name == _CURSORS:
                raise
            target.unlink(missing_ok=True)
            return False
    else:
        msg = f"{source} was replaced by another file {_ATTEMPTS} times while it was copied; take the backup again"
        raise BackupError(msg)
    if fault := check_sqlite(target):
        msg = f'{source} is damaged: {fault} (runbook, "Raw log damaged"; --only leaves a section out)'
        raise BackupError(msg)
    return True


def _rawlog_item(path: Path) -> BackupItem:
    return BackupItem(
        path=f"rawlog/{path.name}", section=Section.RAWLOG, source=str(path), size_bytes=database_bytes(path)
    )


def _state_item(url: DatabaseUrl) -> BackupItem:
    place = url.render_as_string(hide_password=True)
    if url.get_backend_name() == "postgresql":
        postgres.check_program("pg_dump")
        with closing(StateDatabase(url.render_as_string(hide_password=False))) as database:
            size = state_postgres.size_bytes(database)
        return BackupItem(path="state.dump", section=Section.STATE, source=place, size_bytes=size)
    path = Path(url.database or "")
    if not path.is_file():
        msg = f"there is no state database at {path}"
        raise BackupError(msg)
    return BackupItem(path="state.sqlite", section=Section.STATE, source=str(path), size_bytes=database_bytes(path))


def _wanted(source: BackupSource) -> Iterator[SettingsFile]:
    return (item for item in source.settings if source.has_secrets or not item.is_secret)


def _settings_item(item: SettingsFile) -> BackupItem:
    with item.path.open("rb"):  # readable, before anything is copied
        size = item.path.stat().st_size
    return BackupItem(path=item.stored_as, section=Section.SETTINGS, source=str(item.path), size_bytes=size)


def _revision(copied: Path) -> tuple[str, str]:
    """Schema revision in the copy itself, since the database may be migrated meanwhile, and the kind of database."""
    if copied.suffix == ".sqlite":
        return revision_of(copied), "sqlite"
    return postgres.revision_of(copied), "postgresql"


@contextmanager
def _explained() -> Iterator[None]:
    """Turn what the file system raises into `BackupError`."""
    try:
        yield
    except OSError as error:
        msg = f"{error.filename or 'file system'}: {error.strerror or error}"
        raise BackupError(msg) from error
