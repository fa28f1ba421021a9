"""Calls of our own command, as a person would make them, with their last line of JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


class CommandError(RuntimeError):
    """A step of the demo failed; the message holds the command and its last words."""


def skyground(*arguments: str, log: Path) -> dict[str, Any]:
    """Run ``skyground ARGUMENTS`` to its end.

    Parameters
    ----------
    log : Path
        Its error output is appended there.

    Returns
    -------
    dict
        The last line of standard output that is a JSON object; empty where there is none.
    """
    with log.open("ab") as errors:
        done = subprocess.run(
            [sys.executable, "-m", "console.cli", *arguments], stdout=subprocess.PIPE, stderr=errors, check=False
        )
    out = done.stdout.decode(errors="replace").strip().splitlines()
    if done.returncode:
        tail = "\n".join([*out[-5:], *log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:]])
        msg = f"skyground {' '.join(arguments)} ended with status {done.returncode}:\n{tail}"
        raise CommandError(msg)
    for line in reversed(out):
        if line.startswith("{"):
            return dict(json.loads(line))
    return {}


def background(*arguments: str, log: Path) -> subprocess.Popen[bytes]:
    """Start ``skyground ARGUMENTS`` and leave it running."""
    with log.open("ab") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "console.cli", *arguments], stdout=out, stderr=out, stdin=subprocess.DEVNULL
        )
