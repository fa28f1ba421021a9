"""A run directory with a raw log, a state and settings; its backup; a place for a restore."""

from __future__ import annotations

import shutil
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from schemas.message import RawMessage
from store.backup.manifest import read_manifest
from store.backup.restore import restore
from store.backup.restore_target import RestoreTarget
from store.backup.settings_copy import SettingsFile
from store.backup.take import BackupSource, plan, take
from store.rawlog import RawLog
from store.state import StateStore

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 28, 8, tzinfo=UTC)
DAY = timedelta(days=1)


def message(number: int, at: datetime = NOW) -> RawMessage:
    return RawMessage("obs/v1/gas/a/i/json", f"{number}".encode() * 40, at)


def quiet(_path: str, _count: int) -> None:
    return None


def make_source(run_dir: Path, url: str, **changes: object) -> BackupSource:
    network = run_dir / "network.toml"
    network.write_text("zone = 'UTC'\n")
    key = run_dir / "key.pem"
    key.write_text("private")
    given = {
        "state_url": url,
        "rawlog": run_dir / "rawlog",
        "settings": [
            SettingsFile(name="network", path=network),
            SettingsFile(name="mqtt_key", path=key, is_secret=True),
        ],
        "environment": {"SKYGROUND_ZONE": "UTC", "SKYGROUND_MQTT_PASSWORD": "hush"},
        "reserve_bytes": 0,
        "software": "0.1.0",
    }
    return BackupSource(**given | changes)  # type: ignore[arg-type]


def fill(run_dir: Path, url: str) -> None:
    with closing(RawLog(run_dir / "rawlog")) as log:
        log.append([message(number, NOW - DAY) for number in range(500)])
        log.advance("drain", log.append([message(number) for number in range(500)]))
    with StateStore(url) as state:
        state.migrate()
        state.documents.put("kind", "key", {"a": 1})


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    made = tmp_path / "run"
    made.mkdir()
    return made


@pytest.fixture
def source(run_dir: Path, migrated: Path) -> BackupSource:
    shutil.copyfile(migrated, run_dir / "state.sqlite")
    url = f"sqlite:///{run_dir / 'state.sqlite'}"
    fill(run_dir, url)
    return make_source(run_dir, url)


@pytest.fixture
def backup(source: BackupSource, tmp_path: Path) -> Path:
    take(source, tmp_path / "backup", plan(source), quiet)
    return tmp_path / "backup"


@pytest.fixture
def target(tmp_path: Path) -> RestoreTarget:
    return RestoreTarget(run_dir=tmp_path / "new", state_url=f"sqlite:///{tmp_path / 'new' / 'state.sqlite'}")


def restored(backup: Path, target: RestoreTarget) -> list[str]:
    return restore(backup, read_manifest(backup), target, quiet)


def rewrite(backup: Path, old: str, new: str) -> None:
    path = backup / "manifest.json"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
