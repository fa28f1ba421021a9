"""``skyground alerts``: what the command line says of rules and alerts."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.alerts.conftest import EXAMPLE, NETWORK

if TYPE_CHECKING:
    from pathlib import Path


def run(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / "network.toml").write_text(NETWORK, encoding="utf-8")
    own = {"SKYGROUND_RUN_DIR": str(tmp_path), "SKYGROUND_NETWORK": str(tmp_path / "network.toml")}
    command = [sys.executable, "-m", "console.cli", "alerts", *arguments]
    return subprocess.run(command, env=os.environ | own, capture_output=True, text=True, check=False, timeout=120)


def test_checking_rules_counts_their_stations_and_names_those_that_can_never_fire(tmp_path: Path) -> None:
    done = run(tmp_path, "rules", "check", str(EXAMPLE))
    assert done.returncode == 1
    assert "pm25-heavy               threshold  critical      8" in done.stdout
    named = [line.split("'")[1] for line in done.stderr.splitlines() if "can never fire" in line]
    assert named == ["benzene-high", "gamma-above-baseline"]  # the network has neither VOC nor radiation
