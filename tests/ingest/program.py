"""Commands of skyground as real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from ingest.process.settings import Broker

PATIENCE_S = 60.0


def wait_for(condition: Callable[[], bool], what: str, timeout_s: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"waited {timeout_s:.0f} s for {what}"
        time.sleep(0.1)


def environment(settings: Broker, names: Sequence[str]) -> dict[str, str]:
    """Environment of a program that has these settings and no others of ours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SKYGROUND_")}
    return kept | {f"SKYGROUND_{name.upper()}": str(getattr(settings, name)) for name in names}


@dataclass
class Program:
    """A command in a process of its own; only the settings that are named in ``given`` reach it."""

    settings: Broker
    log: Path
    process: subprocess.Popen[bytes] | None = None

    command: ClassVar[str]
    given: ClassVar[tuple[str, ...]]
    ready: ClassVar[bytes]
    """Logged once the program works."""

    def start(self) -> None:
        seen = self.log.stat().st_size if self.log.exists() else 0
        self._spawn()
        wait_for(lambda: self.ready in self.log.read_bytes()[seen:], f"the start of {self.command}")

    def start_in_vain(self) -> tuple[int, str]:
        """Exit status and log of a start that must not succeed."""
        self._spawn()
        assert self.process is not None
        return self.process.wait(PATIENCE_S), self.log.read_text()

    def stop(self, number: int = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)

    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def _spawn(self) -> None:
        command = [sys.executable, "-m", "console.cli", self.command]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, env=environment(self.settings, self.given), stderr=log)


_Program = TypeVar("_Program", bound=Program)


def running(program: _Program, number: int = signal.SIGTERM) -> Iterator[_Program]:
    """A program that is started, and stopped by a signal in the end if it is still there."""
    program.start()
    yield program
    if program.is_alive():
        program.stop(number)
