"""Calls of our own command, as a person would make them, with their last line of JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


class DemoCommandError(RuntimeError):
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
    status, out = _run(arguments, log)
    if status:
        tail = "\n".join([*out[-5:], *log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:]])
        msg = f"skyground {' '.join(arguments)} ended with status {status}:\n{tail}"
        raise DemoCommandError(msg)
    return _last_object(out)


def skyground_rows(*arguments: str, log: Path) -> list[dict[str, Any]]:
    """Run a command that prints one JSON object a line, and return all; status 1 means that it has found something."""
    status, out = _run(arguments, log)
    if status > 1:
        msg = f"skyground {' '.join(arguments)} ended with status {status}; see {log}"
        raise DemoCommandError(msg)
    return [json.loads(line) for line in out if line.startswith("{")]


def _run(arguments: tuple[str, ...], log: Path) -> tuple[int, list[str]]:
    """Exit status and lines of standard output; the error output is appended to the log."""
    with log.open("ab") as errors:
        done = subprocess.run(_command(arguments), stdout=subprocess.PIPE, stderr=errors, check=False)
    return done.returncode, done.stdout.decode(errors="replace").strip().splitlines()


def _command(arguments: tuple[str, ...]) -> list[str]:
    return [sys.executable, "-m", "console.cli", *arguments]


class BackgroundCommand:
    """``skyground ARGUMENTS`` running in parallel until `end`; its output goes to ``log``."""

    def __init__(self, *arguments: str, log: Path) -> None:
        self._log = log
        with log.open("wb") as out:
            self._process = subprocess.Popen(_command(arguments), stdout=out, stderr=out, stdin=subprocess.DEVNULL)

    def end(self, timeout_s: float = 20) -> dict[str, Any]:
        """Ask it to stop and wait; return its last line of JSON, empty where there is none."""
        self._process.terminate()
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        return _last_object(self._log.read_text(encoding="utf-8", errors="replace").splitlines())


def _last_object(lines: list[str]) -> dict[str, Any]:
    return next((dict(json.loads(line)) for line in reversed(lines) if line.startswith("{")), {})
