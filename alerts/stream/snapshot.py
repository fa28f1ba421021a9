"""The snapshot of the watch: a position in the raw log and what the rules remember there, in a file next to the log.

Replaced as a whole, so it is either the old one or the new one. A file that cannot be read is left: the watch then starts from its cursor.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec
import structlog

from alerts.stream.core import CoreMemory
from store.rawlog import Position

if TYPE_CHECKING:
    from pathlib import Path

VERSION = 1
NAME = "watch.snapshot"
_log = structlog.get_logger(__name__)


class WatchSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Everything up to and including ``position`` is in ``memory`` and in the stored transitions."""

    position: Position
    memory: CoreMemory
    version: int = VERSION


def write_snapshot(directory: Path, snapshot: WatchSnapshot) -> None:
    """Replace the snapshot, durably; raises `OSError`."""
    draft = directory / f".{NAME}"
    with draft.open("wb") as file:
        file.write(msgspec.msgpack.encode(snapshot))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(directory / NAME)


def read_snapshot(directory: Path) -> WatchSnapshot | None:
    """The snapshot; None where there is none, or one of another version or damaged."""
    try:
        found = msgspec.msgpack.decode((directory / NAME).read_bytes(), type=WatchSnapshot)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        _log.warning("watch_snapshot_left", detail=str(error))
        return None
    return found if found.version == VERSION else None
