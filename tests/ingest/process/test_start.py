"""What the collector imports, and when; a start that must not succeed."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.ingest.conftest import Collector

if TYPE_CHECKING:
    from pathlib import Path

    from ingest.process.settings import CollectorSettings

FRAMES = {"pandas", "numpy", "pyarrow", "matplotlib", "scipy"}
DATABASES = {"sqlalchemy", "alembic", "influxdb_client", "urllib3"}
EXTRAS = {"dns", "rich", "typer", "prometheus_client"}


def imported_by(statement: str) -> set[str]:
    script = f"{statement}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    return set(
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    )


def test_nothing_is_imported_before_the_broker_is_connected_that_only_others_need() -> None:
    found = imported_by("import console.cli, console.cli.collect, ingest.collector.collector, ingest.process.settings")
    assert {"paho", "msgspec", "sqlite3"} <= found
    assert not found & (FRAMES | DATABASES | EXTRAS)


def test_the_drain_needs_no_frames() -> None:
    assert not imported_by("import ingest.collector.drain") & (
        FRAMES | {"alembic", "influxdb_client", "prometheus_client"}
    )


def test_housekeeping_that_waits_has_imported_nothing() -> None:
    assert not imported_by("import ingest.collector.housekeeping") & (FRAMES | DATABASES)


def test_a_watch_imports_what_mails_need_with_the_first_mail() -> None:
    assert not imported_by("import alerts.stream.watch") & {"jinja2", "matplotlib", "scipy"}


@pytest.mark.parametrize("words", [["collect", "--help"], ["status", "--help"], ["health", "--help"]])
def test_a_command_imports_neither_the_others_nor_their_libraries(words: list[str]) -> None:
    statement = f"import sys\nfrom console.cli import main\nsys.argv = ['skyground', *{words}]\ntry:\n    main()\nexcept SystemExit:\n    pass"
    script = f"{statement}\nprint(*sorted(name for name in sys.modules if name.startswith('console.cli.')))"
    lines = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert not {"console.cli.qc", "console.cli.review", "console.cli.export"} & set(lines[-1].split())
    assert not imported_by(statement) & (FRAMES | DATABASES)


@pytest.mark.integration
def test_a_state_database_that_cannot_be_used_stops_the_start(
    collector_settings: CollectorSettings, tmp_path: Path
) -> None:
    settings = collector_settings.model_copy(update={"state_url": f"sqlite:///{tmp_path}"})
    code, words = Collector(settings, tmp_path / "collector.log").start_in_vain()
    assert code == 1
    assert f"skyground collect: state database sqlite:///{tmp_path}" in words
