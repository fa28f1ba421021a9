"""The units for a machine without containers."""

from __future__ import annotations

import shutil
import subprocess
import sys
from configparser import RawConfigParser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
PROGRAM = "/opt/skyground/.venv/bin/skyground"
HARDENED = {
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "CapabilityBoundingSet": "",
    "SystemCallFilter": "@system-service",
    "RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX",
}
each_unit = pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)


def _service(path: Path) -> dict[str, str]:
    parser = RawConfigParser(strict=False)  # a unit may name several files of settings
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # systemd's keys have capitals
    parser.read_string(path.read_text(encoding="utf-8"))
    return dict(parser["Service"])


def test_units_of_all_lasting_parts_are_there() -> None:
    names = {path.name for path in UNITS}
    parts = ("collector@", "gateway", "watch@", "console")
    assert names == {f"skyground-{part}.service" for part in parts}


def test_gateway_has_files_for_its_stations_and_a_user_of_its_own() -> None:
    from ingest.gateway.settings import GatewaySettings

    (path,) = [path for path in UNITS if path.name == "skyground-gateway.service"]
    assert int(_service(path)["LimitNOFILE"]) > GatewaySettings().gateway_connections_max + 200
    assert "EnvironmentFile=/etc/skyground/gateway.env\n" in path.read_text(encoding="utf-8")


@each_unit
def test_unit_is_hardened_and_not_root(path: Path) -> None:
    service = _service(path)
    assert {key: service.get(key) for key in HARDENED} == HARDENED
    assert service["User"] == "skyground"


@each_unit
def test_command_exists(path: Path) -> None:
    from console.cli import COMMANDS

    words = _service(path)["ExecStart"].split()
    assert words[words.index(PROGRAM) + 1] in COMMANDS


@each_unit
def test_run_directory_is_the_one_that_may_be_written(path: Path) -> None:
    service = _service(path)
    assert f"SKYGROUND_RUN_DIR=/var/lib/{service['StateDirectory']} " in service["ExecStart"]


@each_unit
def test_wrong_setting_is_not_tried_again(path: Path) -> None:
    service = _service(path)
    assert (service["Restart"], service["RestartPreventExitStatus"]) == ("on-failure", "2")


if shutil.which("systemd-analyze"):  # not everywhere, and nothing to install for this alone

    @each_unit
    def test_systemd_accepts_the_unit(path: Path, tmp_path: Path) -> None:
        # the program is installed where the unit is used, not here
        unit = tmp_path / path.name
        unit.write_text(path.read_text(encoding="utf-8").replace(PROGRAM, sys.executable))
        done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
