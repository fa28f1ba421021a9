"""The state in PostgreSQL: ``pg_dump`` and ``pg_restore``, its own programs."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

from store.backup.copy import make_file
from store.error import BackupError
from store.rawlog.day_file import sync
from store.state.postgres import SCHEMA, program_url

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from store.state.database import DatabaseUrl

_SHOWN = 2_000
"""Characters of a program's error that are quoted."""


def dump(url: DatabaseUrl, target: Path) -> None:
    """Write a dump in PostgreSQL's custom format, a snapshot of one moment.

    Raises
    ------
    BackupError
        ``pg_dump`` is missing, older than the server, or refused.
    """
    make_file(target)
    _run("pg_dump", url, ["--format=custom", f"--schema={SCHEMA}", "--no-owner", f"--file={target}"])
    sync(target)


def check_program(name: str) -> None:
    """Raise `BackupError` where one of PostgreSQL's programs is not installed."""
    if shutil.which(name) is None:
        msg = f"{name} is not installed: apt-get install postgresql-client (of the server's version or newer)"
        raise BackupError(msg)


def restore(url: DatabaseUrl, source: Path) -> None:
    """Load a dump into the empty schema ``public``, all or nothing.

    Raises
    ------
    BackupError
    """
    _run(
        "pg_restore",
        url,
        [
            f"--schema={SCHEMA}",
            "--single-transaction",
            "--exit-on-error",
            "--no-owner",
            "--no-privileges",
            str(source),
        ],
    )


def revision_of(source: Path) -> str:
    """Schema revision of the state in a dump.

    Raises
    ------
    BackupError
        It is no dump of a state.
    """
    words = ["--data-only", f"--schema={SCHEMA}", "--table=alembic_version", "--file=-", str(source)]
    lines = _output("pg_restore", words, os.environ).splitlines()
    starts = [number for number, line in enumerate(lines) if line.startswith("COPY ") and "alembic_version" in line]
    if not starts or lines[starts[0] + 1] == r"\.":
        msg = f"{source} is no dump of a state database"
        raise BackupError(msg)
    return lines[starts[0] + 1]


def _run(program: str, url: DatabaseUrl, words: Sequence[str]) -> None:
    environment = os.environ | ({"PGPASSWORD": str(url.password)} if url.password else {})
    _output(program, ["--no-password", f"--dbname={program_url(url)}", *words], environment)


def _output(program: str, words: Sequence[str], environment: Mapping[str, str]) -> str:
    check_program(program)
    done = subprocess.run([program, *words], env=environment, capture_output=True, check=False)
    if done.returncode:
        answer = done.stderr.decode(errors="replace").strip()[-_SHOWN:]
        ended = f"ended by signal {-done.returncode}" if done.returncode < 0 else f"status {done.returncode}"
        msg = f"{program}: {answer or ended}"
        raise BackupError(msg)
    return done.stdout.decode(errors="replace")
