"""Quality control without the learnt detector."""

import os
import subprocess
import sys

from qc.detector.flagging import ANOMALY_TESTS
from qc.run.write import OWN_RUNS

WITHOUT = """
import importlib, pathlib, sys
sys.modules["qc.detector"] = None
sys.modules["lightgbm"] = None
"""
IMPORT_THE_CORE = """
for path in sorted(pathlib.Path("qc").rglob("*.py")):
    name = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
    if not name.startswith("qc.detector") and name != "qc.run.detector":
        importlib.import_module(name)
"""
ANOMALIES = """
from console.cli import main
sys.argv = ["skyground", "qc", "anomalies", "--station", "s1", "--from", "2026-06-01"]
main()
"""


def run(code: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "SKYGROUND_LANGUAGE": "en"}
    return subprocess.run(
        [sys.executable, "-c", WITHOUT + code], capture_output=True, text=True, check=False, env=environment
    )


def test_every_other_module_of_quality_control_imports_without_it() -> None:
    done = run(IMPORT_THE_CORE)
    assert done.returncode == 0, done.stderr


def test_its_command_reports_that_it_is_not_installed() -> None:
    done = run(ANOMALIES)
    assert done.returncode == 2
    assert "the learnt detector is not installed, missing: qc.detector, lightgbm" in done.stderr


def test_the_hourly_run_leaves_its_flags_alone() -> None:
    assert OWN_RUNS.issuperset(ANOMALY_TESTS)
