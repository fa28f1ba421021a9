"""What ``skyground backup`` and ``skyground restore`` print, and with what status they end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from console.cli import build_app
from store.rawlog import RawLog
from store.state import StateStore

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


@pytest.fixture
def run_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = tmp_path / "run"
    monkeypatch.setenv("SKYGROUND_RUN_DIR", str(made))
    monkeypatch.setenv("SKYGROUND_DISK_RESERVE_BYTES", "0")
    RawLog(made / "rawlog").close()
    with StateStore(f"sqlite:///{made / 'state.sqlite'}") as state:
        state.migrate()
    return made


def skyground(*words: object) -> Result:
    return CliRunner().invoke(build_app(["backup"]), [str(word) for word in words])


@pytest.mark.usefixtures("run_dir")
def test_an_error_with_json_is_an_object_and_has_status_one(tmp_path: Path) -> None:
    (tmp_path / "backup").mkdir()
    (tmp_path / "backup" / "x").touch()
    for words in (("backup", tmp_path / "backup"), ("restore", tmp_path / "none")):
        done = skyground(*words, "--json")
        assert done.exit_code == 1
        assert str(words[1]) in json.loads(done.stdout)["error"]
        assert done.stderr.startswith("skyground: ")


def test_a_wrong_setting_has_status_two(run_dir: Path, tmp_path: Path) -> None:
    (run_dir / "settings.env").write_text("SKYGROUND_ZONE=Nowhere\n")
    done = skyground("backup", tmp_path / "backup", "--json")
    assert done.exit_code == 2
    assert "SKYGROUND_ZONE" in json.loads(done.stdout)["error"]


@pytest.mark.usefixtures("run_dir")
def test_a_manifest_cannot_act_on_the_terminal(tmp_path: Path) -> None:
    assert skyground("backup", tmp_path / "backup").exit_code == 0
    path = tmp_path / "backup" / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["files"][0]["source"] = "\x1b[2J"
    path.write_text(json.dumps(manifest))
    shown = skyground("restore", tmp_path / "backup", "--dry-run")
    path.write_text(json.dumps(manifest | {"software": "\x1b[2J", "schema_revision": "later"}))
    refused = skyground("restore", tmp_path / "backup", "--dry-run")
    assert (shown.exit_code, refused.exit_code) == (0, 1)
    for output in (shown.output, refused.output):
        assert "\\x1b[2J" in output
        assert "\x1b" not in output


def test_a_dry_run_shows_what_would_be_moved_aside_and_what_still_runs(run_dir: Path, tmp_path: Path) -> None:
    assert skyground("backup", tmp_path / "backup").exit_code == 0
    shown = skyground("restore", tmp_path / "backup", "--dry-run")
    assert f"moved_aside: {run_dir / 'rawlog'}, {run_dir / 'state.sqlite'}" in shown.stdout
    assert "still_running: -" in shown.stdout
