"""Copies of files, durable on return and readable by their owner only."""

from __future__ import annotations

import hashlib
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import BinaryIO

MODE = 0o600
FOLDER_MODE = 0o700
_BLOCK = 1024**2


def copy_stream(
    source: BinaryIO,
    target: Path,
    report: Callable[[int], object] = lambda _: None,
    *,
    most_bytes: int = sys.maxsize,
) -> tuple[int, str]:
    """Copy an open file to one that must not exist; returns its size [B] and SHA-256.

    Parameters
    ----------
    most_bytes : int
        The copy ends with the block that exceeds so many bytes [B].
    """
    make_file(target)
    digest, size = hashlib.sha256(), 0
    with target.open("wb") as file:
        while size <= most_bytes and (block := source.read(_BLOCK)):
            file.write(block)
            digest.update(block)
            size += len(block)
            report(len(block))
        file.flush()
        os.fsync(file.fileno())
    return size, digest.hexdigest()


def digest_of(path: Path) -> tuple[int, str]:
    """Size [B] and SHA-256 of a file."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        return file.tell(), digest.hexdigest()


def make_file(path: Path) -> None:
    """Make an empty file that only its owner may read; it must not exist."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, MODE))
