"""A real PostgreSQL for the state's tests, where its programs are installed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from console.local.process import wait_until
from console.local.settings import free_ports
from store.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Iterator

_UNPRIVILEGED = 65_534


def _programs() -> Path | None:
    found = shutil.which("initdb")
    candidates = [Path(found).resolve().parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return next((path for path in candidates[::-1] if (path / "postgres").is_file()), None)


def _takes_connections(url: str) -> bool:
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return False
    return True


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """URL of a fresh server's maintenance database."""
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL's initdb is not installed")
    # PostgreSQL refuses to run as root, and pytest's own directories are closed to others
    as_user: dict[str, Any] = (
        {"user": _UNPRIVILEGED, "group": _UNPRIVILEGED, "extra_groups": []} if os.getuid() == 0 else {}
    )
    directory = Path(tempfile.mkdtemp(prefix="skyground-postgres-"))
    if as_user:
        os.chown(directory, _UNPRIVILEGED, _UNPRIVILEGED)
    (port,) = free_ports(1)
    data = directory / "data"
    make = [programs / "initdb", "-D", data, "-U", "skyground", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
    subprocess.run(make, check=True, stdout=subprocess.DEVNULL, cwd=directory, **as_user)
    options = {"listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": ""}
    # what is thrown away needs no care against a crash, nor cleaning of each of its many databases
    options |= dict.fromkeys(("fsync", "full_page_writes", "synchronous_commit", "autovacuum"), "off")
    command = [programs / "postgres", "-D", data, *[f"--{name}={value}" for name, value in options.items()]]
    with (directory / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, cwd=directory, **as_user)
    try:
        url = f"postgresql://skyground@127.0.0.1:{port}/postgres"
        wait_until(lambda: _takes_connections(url), what="postgres", timeout_s=60, alive=lambda: server.poll() is None)
        yield url
    finally:
        server.send_signal(signal.SIGQUIT)  # at once: a slower end waits for clients and writes what is thrown away
        server.wait(30)
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_migrated(postgres: str) -> str:
    """Name of a PostgreSQL database with its tables and no rows; tests copy it, as they do the file of SQLite."""
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("CREATE DATABASE migrated")
    with StateStore(_url_of(postgres, "migrated")) as opened:
        opened.migrate()
    return "migrated"


def _url_of(maintenance: str, name: str) -> str:
    return maintenance.replace("postgresql://", "postgresql+psycopg://").removesuffix("postgres") + name


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.integration)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """SQLAlchemy URL of an empty state database, of either kind; with tables where the test takes `store`."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'state.sqlite'}"
    maintenance: str = request.getfixturevalue("postgres")
    template = request.getfixturevalue("postgres_migrated") if "store" in request.fixturenames else "template1"
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE {template}')
    return _url_of(maintenance, name)


@pytest.fixture
def store(url: str, migrated: Path, tmp_path: Path) -> Iterator[StateStore]:
    """An empty state database of either kind."""
    if url.startswith("sqlite"):
        shutil.copyfile(migrated, tmp_path / "state.sqlite")
    with StateStore(url) as opened:
        opened.migrate()
        yield opened
