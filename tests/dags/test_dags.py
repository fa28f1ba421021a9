"""Every schedule loads, says what to do when it fails, and follows the one before it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from alerts.rules.watched import SCHEDULES

DAGS = Path(__file__).resolve().parents[2] / "dags"
EXPECTED = {
    "qc_hourly",
    "qc_reopened",
    "qc_reprocess",
    "qc_drift_daily",
    "gate_daily",
    "coanalysis_daily",
    "cocontrol_monthly",
    "report_daily",
    "attribution",
    "early_warning_hourly",
    "silence_watch",
    "forecast_train",
}
# Airflow configures itself when it is imported, so it is looked at in a process of its own.
LOOK = """
import json, sys, time
began = time.perf_counter()
from airflow.dag_processing.dagbag import DagBag
imported = time.perf_counter()
bag = DagBag(dag_folder=sys.argv[1])
heavy = sorted(set(sys.modules) & {"great_expectations", "lightgbm", "sklearn", "matplotlib"})
rows = {}
for name, dag in bag.dags.items():
    condition = getattr(dag.timetable, "asset_condition", None)
    rows[name] = {
        "doc": dag.doc_md,
        "catchup": dag.catchup,
        "max_active_runs": dag.max_active_runs,
        "waits_for": [asset.name for asset in condition.objects] if condition else [],
        "makes": [asset.name for task in dag.tasks for asset in task.outlets],
        "reports_success": bool(dag.has_on_success_callback),
        "callbacks": [bool(task.on_failure_callback) for task in dag.tasks],
        "retries": [task.retries for task in dag.tasks],
        "mapped": [task.task_id for task in dag.tasks if task.is_mapped],
    }
print("RESULT" + json.dumps({"errors": bag.import_errors, "dags": rows, "heavy": heavy, "parse_s": time.perf_counter() - imported}))
"""


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    environment = {
        **os.environ,
        "AIRFLOW_HOME": str(tmp_path_factory.mktemp("airflow")),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    }
    done = subprocess.run(
        [sys.executable, "-c", LOOK, str(DAGS)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT")]
    assert lines, done.stderr[-2000:]
    return dict(json.loads(lines[0].removeprefix("RESULT")))


def test_every_file_loads(bag: dict[str, Any]) -> None:
    assert bag["errors"] == {}
    assert set(bag["dags"]) == EXPECTED


def test_alerts_know_the_schedules_that_there_are(bag: dict[str, Any]) -> None:
    assert set(bag["dags"]) == SCHEDULES


def test_parsing_imports_nothing_heavy(bag: dict[str, Any]) -> None:
    assert bag["heavy"] == []


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_doc_says_product_health_and_repair(bag: dict[str, Any], name: str) -> None:
    for heading in ("### What it makes", "### When it is healthy", "### What to do when it fails"):
        assert heading in bag["dags"][name]["doc"]


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_failed_task_is_retried_and_then_raises_an_alert(bag: dict[str, Any], name: str) -> None:
    assert all(bag["dags"][name]["callbacks"])
    assert bag["dags"][name]["reports_success"]
    assert all(retries >= 1 for retries in bag["dags"][name]["retries"])


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_no_run_overtakes_another_and_history_is_not_run_unasked(bag: dict[str, Any], name: str) -> None:
    assert bag["dags"][name]["max_active_runs"] == 1
    assert bag["dags"][name]["catchup"] is False


def test_analysis_follows_quality_control_by_assets(bag: dict[str, Any]) -> None:
    dags = bag["dags"]
    assert dags["qc_hourly"]["makes"] == dags["attribution"]["waits_for"] == ["hourly"]
    assert dags["attribution"]["makes"] == dags["early_warning_hourly"]["waits_for"] == ["attributed"]
    assert dags["gate_daily"]["makes"] == dags["coanalysis_daily"]["waits_for"] == ["gated"]
    assert dags["coanalysis_daily"]["makes"] == dags["report_daily"]["waits_for"] == ["coanalysed"]


def test_quality_control_is_mapped_over_networks(bag: dict[str, Any]) -> None:
    assert bag["dags"]["qc_hourly"]["mapped"] == ["check"]


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_every_schedule_has_a_row_in_the_docs(name: str) -> None:
    page = DAGS.parent / "docs" / "schedules.md"
    assert f"| `{name}` |" in page.read_text(encoding="utf-8")
