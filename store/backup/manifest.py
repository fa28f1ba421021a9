"""The manifest of a backup: every file with its size and digest, and what it was taken from.

A manifest may come from anywhere, so that each of its paths is checked against a closed list of forms, and a file is opened
without following a symbolic link.
"""

from __future__ import annotations

import os
import re
import stat
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, BinaryIO

import msgspec

from store.error import BackupError

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = 1
NAME = "manifest.json"
_LARGEST_MANIFEST = 16 * 1024**2
_DIGEST = re.compile(r"[0-9a-f]{64}")
_Size = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
_Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class Section(StrEnum):
    """What a file of a backup belongs to."""

    STATE = "state"
    RAWLOG = "rawlog"
    SETTINGS = "settings"


_PATHS = {
    Section.STATE: re.compile(r"state\.(sqlite|dump)"),
    Section.RAWLOG: re.compile(r"rawlog/([0-9]{4}-[01][0-9]-[0-3][0-9]|cursors)\.sqlite"),
    Section.SETTINGS: re.compile(r"settings/[a-z0-9_]{1,64}\.[a-z0-9]{1,16}"),
}


class BackupFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file of a backup.

    Attributes
    ----------
    path : str
        Relative to the backup.
    size_bytes : int
        [B].
    sha256 : str
        Of its content, 64 hexadecimal digits.
    source : str
        Where it was copied from; shown, never written to.
    """

    path: str
    section: Section
    size_bytes: _Size
    sha256: str
    source: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a backup holds.

    Attributes
    ----------
    format : int
        Of this file.
    software : str
        Version of skyground that took it.
    schema_revision : str
        Alembic revision of the state; empty: the state is not in the backup.
    database : str
        ``sqlite``, ``postgresql`` or empty.
    started_at, finished_at : datetime
        UTC. Every message acknowledged before ``started_at`` is in the backup.
    has_secrets : bool
        Whether passwords, tokens and keys were copied.
    pruned : tuple of str
        Files of the raw log that retention deleted while the backup was taken.
    """

    format: int
    software: str
    schema_revision: str
    database: str
    started_at: _Moment
    finished_at: _Moment
    has_secrets: bool
    files: tuple[BackupFile, ...]
    pruned: tuple[str, ...] = ()

    @property
    def size_bytes(self) -> int:
        """Sum of all files [B]."""
        return sum(item.size_bytes for item in self.files)


def write_manifest(directory: Path, manifest: Manifest) -> None:
    """Write the manifest durably, readable by its owner only."""
    text = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
    descriptor = os.open(directory / NAME, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(text + b"\n")
        file.flush()
        os.fsync(file.fileno())


def read_manifest(directory: Path) -> Manifest:
    """Read and check the manifest of a backup.

    Raises
    ------
    BackupError
        No manifest, a format this version does not know, or a path outside the backup.
    """
    with open_file(directory, NAME) as file:
        text = file.read(_LARGEST_MANIFEST + 1)
    if len(text) > _LARGEST_MANIFEST:
        msg = f"{directory / NAME}: larger than any manifest"
        raise BackupError(msg)
    try:
        found = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
        stated = msgspec.json.decode(found.get("format", msgspec.Raw(b"0")), type=int)
        if stated != FORMAT:
            msg = f"{directory}: format {stated} of the backup is not known, this version reads format {FORMAT}"
            raise BackupError(msg)
        manifest = msgspec.json.decode(text, type=Manifest)
    except (msgspec.MsgspecError, RecursionError) as error:
        msg = f"{directory / NAME}: damaged: {error}"
        raise BackupError(msg) from error
    _check(directory, manifest)
    return manifest


def open_file(directory: Path, path: str) -> BinaryIO:
    """Open a regular file of a backup for reading; neither it nor its folder may be a symbolic link.

    Raises
    ------
    BackupError
    """
    whole = directory / path
    try:
        folder = whole.parent
        if folder != directory and folder.is_symlink():
            msg = f"{folder} is a symbolic link; a backup holds none"
            raise BackupError(msg)
        descriptor = os.open(whole, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        msg = f"{whole} cannot be read: {error.strerror}; is {directory} a whole backup?"
        raise BackupError(msg) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        msg = f"{whole} is not a regular file"
        raise BackupError(msg)
    return os.fdopen(descriptor, "rb")


def _check(directory: Path, manifest: Manifest) -> None:
    paths = [item.path for item in manifest.files]
    if len(set(paths)) < len(paths):
        msg = f"{directory / NAME}: a file is listed twice"
        raise BackupError(msg)
    for item in manifest.files:
        if not _PATHS[item.section].fullmatch(item.path):
            msg = f"{directory / NAME}: path {item.path!r} is not allowed in section {item.section}"
            raise BackupError(msg)
        if not _DIGEST.fullmatch(item.sha256):
            msg = f"{directory / NAME}: digest of {item.path} is not valid"
            raise BackupError(msg)
    _check_database(directory, manifest)


def _check_database(directory: Path, manifest: Manifest) -> None:
    expected = {"sqlite": "state.sqlite", "postgresql": "state.dump", "": None}
    found = [item.path for item in manifest.files if item.section is Section.STATE]
    wanted = expected.get(manifest.database, "?")
    if found != ([] if wanted is None else [wanted]) or bool(found) != bool(manifest.schema_revision):
        msg = f"{directory / NAME}: the state's file does not match database {manifest.database!r}"
        raise BackupError(msg)
