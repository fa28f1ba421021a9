"""The operators' pages name only what exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from console.cli import COMMANDS
from schemas.reading import RejectReason

ROOT = Path(__file__).resolve().parents[2]
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
DEPLOY = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PAGES = {"runbook": RUNBOOK, "deploy": DEPLOY, "contributing": CONTRIBUTING}
SERVICES = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))["services"]
WITH_UP = {"down", "status"}
ENTRIES = (
    "Collector down",
    "InfluxDB down",
    "Disk nearly full",
    "Broker restarted",
    "Station silent",
    "Quarantine grows",
    "Gate holds",
    "Mail not sent",
    "Airflow DAG failed",
    "Restore from the raw log",
    "Upgrade",
    "Rotate a secret",
)
each_page = pytest.mark.parametrize("text", PAGES.values(), ids=PAGES)


@each_page
def test_every_command_exists(text: str) -> None:
    named = set(re.findall(r"`[^`\n]*\bskyground ([a-z]+)", text))
    assert named <= set(COMMANDS) | WITH_UP


@each_page
def test_every_script_and_file_of_the_project_exists(text: str) -> None:
    named = re.findall(
        r"(?<![\w./])((?:deploy|docs|tests|schemas|sensors|qc|dags|store|console|alerts|ingest)/[\w./-]+\.\w+)", text
    )
    assert [
        name
        for name in named
        if "NNNN" not in name and not name.startswith("deploy/secrets/") and not (ROOT / name).exists()
    ] == []


@pytest.mark.parametrize("reason", RejectReason)
def test_runbook_says_what_to_do_about_every_reason_of_the_quarantine(reason: RejectReason) -> None:
    assert f"`{reason}`" in RUNBOOK


def test_every_service_that_the_runbook_names_exists() -> None:
    named = set()
    for found in re.finditer(r"`dc (?:exec|restart|stop|start|logs(?: --tail \d+)?|run --rm) ([a-z0-9-]+)", RUNBOOK):
        named.add(found[1])
    assert len(named) > 5
    assert named <= set(SERVICES) | {"X"}


@pytest.mark.parametrize("entry", ENTRIES)
def test_entry_says_how_it_begins_and_ends(entry: str) -> None:
    section = re.split(r"(?m)^## ", RUNBOOK)
    (text,) = [part for part in section if part.startswith(entry)]
    assert "Over when:" in text
    assert "**First:**" in text or entry == "Rotate a secret"


def test_every_dag_of_the_runbook_exists() -> None:
    named = set(re.findall(r"`(\w+_(?:hourly|daily|watch)|attribution)`", RUNBOOK))
    assert named <= {path.stem for path in (ROOT / "dags").glob("*.py")}


def test_every_metric_of_the_pages_exists() -> None:
    from prometheus_client import generate_latest

    from ingest.metrics import Metrics

    metrics = Metrics()
    known = set(re.findall(r"(?m)^# TYPE (\S+)", generate_latest(metrics.registry).decode()))
    named = set(re.findall(r"`(ingest_\w+)`", RUNBOOK + DEPLOY))
    assert named
    assert named <= known


def test_pre_commit_uses_tools_of_the_environment_only() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert [repo["repo"] for repo in hooks["repos"]] == ["local"]
    assert {hook["language"] for hook in hooks["repos"][0]["hooks"]} == {"system"}
