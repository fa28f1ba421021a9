"""``skyground registry check`` and what the doctor says of the registry."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from console.cli import build_app
from console.doctor.diagnosis import PartName
from console.doctor.examine import examine
from console.local.settings import LocalSettings

EXAMPLE = Path(__file__).resolve().parents[2] / "deploy" / "enterprises.example.toml"


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(build_app(["registry"]), ["registry", "check", *words])
    return result.exit_code, result.output


def test_a_registry_is_listed_and_counted() -> None:
    status, output = run(str(EXAMPLE))
    assert status == 0
    assert output.splitlines()[-1] == f"{EXAMPLE}: 2 enterprises, 2 synthetic"


def test_a_registry_is_listed_as_json() -> None:
    status, output = run(str(EXAMPLE), "--json")
    assert status == 0
    assert [json.loads(line)["kind"] for line in output.splitlines()] == ["steel", "solvent"]


def test_a_wrong_registry_ends_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "enterprises.toml"
    path.write_text(EXAMPLE.read_text(encoding="utf-8").replace('"solvent"', '"paint"'), encoding="utf-8")
    status, output = run(str(path))
    assert status == 2
    assert "enterprise 2 ('example-paint'): kind: 'paint', expected one of" in output
    assert run(str(tmp_path / "absent.toml"))[0] == 2


@pytest.mark.parametrize(
    ("named", "ok", "detail"),
    [
        (None, True, "none: case files name no enterprises"),
        (EXAMPLE, True, "2 enterprises"),
        (Path("/absent.toml"), False, "cannot be read"),
    ],
)
def test_the_doctor_reads_the_registry(tmp_path: Path, named: Path | None, detail: str, *, ok: bool) -> None:
    settings = LocalSettings(run_dir=tmp_path, enterprises=named)
    found = next(item for item in examine(settings, PartName.AIRFLOW) if item.component == "registry")
    assert found.ok is ok
    assert detail in found.detail


def test_an_empty_setting_names_no_registry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SKYGROUND_ENTERPRISES", "")
    assert LocalSettings(run_dir=tmp_path).enterprises is None
