"""The import contracts of pyproject.toml name every room: a new one is under them from its first commit."""

from __future__ import annotations

import ast
import tomllib
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("alerts", "analysis", "console", "dags", "ingest", "qc", "schemas", "sensors", "store")
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
HOMES = {
    "paho": "ingest.mqtt",
    "influxdb_client": "store.influx",
    "sqlalchemy": "store.state",
    "smtplib": "alerts.channels",
    "imaplib": "alerts.channels",
    "apprise": "alerts.channels",
    "great_expectations": "qc.gate",
    "airflow": "dags",
}
#: Rooms that read and write, and a program that renews a page.
NOT_PURE = {"qc.run", "qc.docs", "analysis.run"}
BY_TEXT = {"console/cli/__init__.py": "commands are imported when they are called"}


def rooms(package: str) -> set[str]:
    """Modules and packages at the top of a folder."""
    found = [path for path in (ROOT / package).iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()]
    return {f"{package}.{path.stem}" for path in found if path.stem != "__init__"}


def under_contract(forbidden: str) -> set[str]:
    """Source modules of the contracts that forbid a module."""
    contracts = [item for item in CONTRACTS if forbidden in item.get("forbidden_modules", ())]
    return {name for item in contracts for name in item["source_modules"]}


@pytest.mark.parametrize("module", HOMES)
def test_an_outside_thing_is_forbidden_in_every_room_but_its_home(module: str) -> None:
    home = HOMES[module]
    package = home.partition(".")[0]
    beside = rooms(package) - {home} if "." in home else set()
    assert {*PACKAGES} - {package} | beside <= under_contract(module)


@pytest.mark.parametrize("module", ["store", "time", "random", "httpx", "sqlite3"])
def test_every_room_of_qc_and_analysis_but_run_is_pure(module: str) -> None:
    assert (rooms("qc") | rooms("analysis")) - NOT_PURE <= under_contract(module)


def test_every_room_of_qc_but_the_detector_does_without_the_detector() -> None:
    assert rooms("qc") - {"qc.detector"} <= under_contract("qc.detector")


@cache
def imports_by_text() -> set[str]:
    found = set()
    for path in (path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            name = getattr(node, "attr", "") or getattr(node, "id", "")
            if name in {"import_module", "__import__", "exec", "eval"}:
                found.add(path.relative_to(ROOT).as_posix())
    return found


def test_no_module_is_imported_by_its_text_where_no_contract_sees_it() -> None:
    assert imports_by_text() == set(BY_TEXT)
