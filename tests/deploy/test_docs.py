"""The operators' pages name only what exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from console.cli import COMMANDS
from console.cli.balance import COLUMNS as SHEET_NAMES
from schemas.reading import RejectReason
from store.state import FindingKind, GapState

ROOT = Path(__file__).resolve().parents[2]
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
DEPLOY = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
DATA_PATH = (ROOT / "docs" / "data-path.md").read_text(encoding="utf-8")
HJ212 = (ROOT / "docs" / "hj212.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PAGES = {
    "runbook": RUNBOOK,
    "deploy": DEPLOY,
    "data-path": DATA_PATH,
    "hj212": HJ212,
    "contributing": CONTRIBUTING,
}
SERVICES = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))["services"]
WITH_OTHERS = {"down", "status", "restore"}
ENTRIES = (
    "Collector down",
    "InfluxDB down",
    "A process is failing",
    "Errors in the program",
    "Disk nearly full",
    "Broker restarted",
    "Station silent",
    "Gateway down",
    "Quarantine grows",
    "Quarantine nearly full",
    "Clock of a station wrong",
    "Payload names another station",
    "Balance does not close",
    "Gap not brought back",
    "Late data, corrected data",
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
    assert named <= set(COMMANDS) | WITH_OTHERS


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


@pytest.mark.parametrize("kind", FindingKind)
def test_runbook_has_an_entry_for_everything_that_the_ingest_notices(kind: FindingKind) -> None:
    assert f"mail `{kind}`" in RUNBOOK


@pytest.mark.parametrize("name", [*SHEET_NAMES, "unreadable", "decoded"])
def test_path_of_a_message_explains_every_name_of_the_balance_sheet(name: str) -> None:
    assert f"`{name}`" in DATA_PATH


@pytest.mark.parametrize("state", GapState)
def test_path_of_a_message_names_every_state_of_a_gap(state: GapState) -> None:
    assert f"`{state}`" in DATA_PATH


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

    from ingest.gateway.metrics import GatewayMetrics
    from ingest.process.metrics import CollectorMetrics

    for registry, prefix, page in (
        (CollectorMetrics().registry, "ingest", DATA_PATH),
        (GatewayMetrics().registry, "gateway", HJ212),
    ):
        served = set(re.findall(r"(?m)^# TYPE (\S+)", generate_latest(registry).decode()))
        known = {name for name in served if not name.endswith("_created")}
        pattern = rf"`({prefix}_\w+)(?:\{{\w+\}})?`"
        assert known <= set(re.findall(pattern, page))
        assert set(re.findall(pattern, RUNBOOK + DEPLOY + page)) <= known


def test_pre_commit_uses_tools_of_the_environment_only() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert [repo["repo"] for repo in hooks["repos"]] == ["local"]
    assert {hook["language"] for hook in hooks["repos"][0]["hooks"]} == {"system"}
