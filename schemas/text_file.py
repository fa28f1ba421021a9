"""Text of a file that people write."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def read_text(path: Path, error: type[Exception]) -> str:
    """Text of a UTF-8 file without the byte order mark that some editors write.

    Parameters
    ----------
    path : Path
    error : type of Exception
        Raised with path and reason where the file cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as fault:
        msg = f"{path}: cannot be read: {fault}"
        raise error(msg) from fault
