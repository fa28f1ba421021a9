"""The directory of a raw log: its days, their sizes, free space."""

from __future__ import annotations

import re
import shutil
from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


_FILE = re.compile(r"(\d{4}-\d\d-\d\d)\.sqlite")


def free_bytes(directory: Path) -> int:
    """Bytes that this user may still write on the file system of ``directory`` [B]."""
    return shutil.disk_usage(directory).free


def days_of(directory: Path) -> list[date]:
    """Days that have a file, ascending."""
    return sorted(filter(None, (day_of(path.name) for path in directory.iterdir())))


def day_files(directory: Path) -> list[Path]:
    """Files of a log's days, in order; the log may be in use."""
    return sorted(path for path in directory.iterdir() if day_of(path.name) is not None)


def day_sizes(directory: Path) -> list[tuple[date, int]]:
    """UTC days of a log with the size of each one's file and write-ahead log, oldest first [B]; the newest is incomplete."""
    found: list[tuple[date, int]] = []
    if not directory.is_dir():
        return found
    for path in day_files(directory):
        with suppress(FileNotFoundError):  # retention deleted it meanwhile
            log = path.with_name(f"{path.name}-wal")
            size = path.stat().st_size + (log.stat().st_size if log.exists() else 0)
            found.append((date.fromisoformat(path.stem), size))
    return found


def day_of(name: str) -> date | None:
    """Day of a file by its name; None for any other file."""
    match = _FILE.fullmatch(name)
    try:
        return date.fromisoformat(match[1]) if match else None
    except ValueError:
        return None
