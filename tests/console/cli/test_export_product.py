"""Exports of products of attribution, from a real InfluxDB and state database."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from analysis.report.stored_case import CASE
from analysis.run.coanalysis.export import TABLES
from analysis.run.receptor.receptor_model import KIND
from analysis.run.to_json import to_json
from console.cli import build_app
from console.cli.export_product import _WRITERS
from store.archive.option import ProductKind
from store.influx.store import InfluxStore
from store.state import StateStore
from tests.analysis.report.test_product_table import START, hours, solution
from tests.console.build import stored_case

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

    from store.settings import SharedSettings

pytestmark = pytest.mark.integration
STATION = "ln-sy-01"


@pytest.fixture
def filled(settings: SharedSettings, monkeypatch: pytest.MonkeyPatch) -> SharedSettings:
    with closing(InfluxStore(settings)) as store, StateStore(settings.state_url) as state:
        store.ensure()
        state.migrate()
        found = solution(STATION, "dust", None)
        state.documents.put(KIND, found.key, to_json(found))
        frame = hours(STATION, [[1.0, 2.0], [3.0, 4.0]]).drop(columns="station_id")
        store.write_product("pm_factor_hourly", STATION, frame, {})
        case = stored_case(STATION, "o3", START)
        state.documents.put(CASE, case.case.key, to_json(case.case))
    for name in ("run_dir", "influx_url", "influx_database", "state_url", "network"):
        monkeypatch.setenv(f"SKYGROUND_{name.upper()}", str(getattr(settings, name)))
    return settings


def run(*words: str) -> Result:
    return CliRunner().invoke(build_app(["export"]), ["export", "--from", "2026-11-20", "--to", "2026-11-24", *words])


def test_every_product_has_a_writer_or_a_table() -> None:
    assert set(_WRITERS).isdisjoint(TABLES)
    assert {*_WRITERS, *TABLES} == set(ProductKind)


def test_the_masses_of_factors_are_exported_with_units_and_provenance(filled: SharedSettings, tmp_path: Path) -> None:
    path = tmp_path / "sources.csv"
    done = run("--product", "sources", "--network", "pm", "--output", str(path), "--json")
    assert json.loads(done.stdout) == {"output": str(path), "format": "csv", "rows": 4, "series": 1}
    head = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    assert "# unit mass_low: ug/m3" in head
    assert any(line.startswith("# level: L3 product") for line in head)
    assert any("skyground export --product sources --network pm" in line for line in head)
    table = pd.read_csv(path, comment="#")
    assert table["mass"].tolist() == [1.0, 2.0, 3.0, 4.0]
    assert table["start"].iloc[0] == "2026-11-22T00:00:00Z"


def test_a_parquet_file_has_the_unit_of_each_column(filled: SharedSettings, tmp_path: Path) -> None:
    path = tmp_path / "sources.parquet"
    assert run("--product", "sources", "--network", "pm", "--output", str(path), "--format", "parquet").exit_code == 0
    assert pq.read_schema(path).field("mass").metadata == {b"unit": b"ug/m3"}


def test_case_files_are_exported_as_lines_of_json_and_as_a_table(filled: SharedSettings, tmp_path: Path) -> None:
    lines, table = tmp_path / "cases.jsonl", tmp_path / "cases.csv"
    assert run("--product", "cases", "--output", str(lines), "--format", "jsonl").exit_code == 0
    first, case = (json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines())
    assert "case files" in first["provenance"]["level"]
    assert case["station_id"] == STATION
    assert case["statements"][0]["zh"]
    assert run("--product", "cases", "--output", str(table)).exit_code == 0
    assert pd.read_csv(table, comment="#")[["station_id", "bearing"]].to_numpy().tolist() == [[STATION, 225.0]]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--product", "sources", "--network", "gas"], "expected one of voc, pm"),
        (["--product", "sources", "--network", "pm", "--format", "netcdf"], "expected one of csv, parquet"),
        (["--network", "gas", "--format", "jsonl"], "expected one of csv, parquet, netcdf"),
        (["--product", "cases", "--station", "nowhere"], "no such station: nowhere"),
        (["--product", "cases", "--network", "gas"], "--network: leave it out: it has no meaning for --product cases"),
        (["--product", "cases", "--level", "L2"], "--level: leave it out: it has no meaning for --product cases"),
        (
            ["--product", "sources", "--network", "pm", "--as-of", "2026-11-23"],
            "--as-of: leave it out: it has no meaning",
        ),
        ([], "expected one of voc, ghg"),
    ],
)
def test_what_cannot_be_exported_is_refused(
    filled: SharedSettings, tmp_path: Path, words: list[str], message: str
) -> None:
    done = run(*words, "--output", str(tmp_path / "x"))
    assert done.exit_code == 2
    assert message in " ".join(done.output.replace("│", " ").split())
    assert not (tmp_path / "x").exists()


def test_a_span_without_products_leaves_no_file(filled: SharedSettings, tmp_path: Path) -> None:
    words = ["--product", "sources", "--network", "voc", "--output", str(tmp_path / "x")]
    done = run(*words)
    assert done.exit_code == 1
    assert list(tmp_path.glob("x")) == []
    assert "skyground analyse pmf --stored" in done.output


def test_a_case_outside_the_span_is_left_out(filled: SharedSettings, tmp_path: Path) -> None:
    late = datetime(2026, 12, 1, tzinfo=UTC)
    words = [
        "export",
        "--product",
        "cases",
        "--from",
        late.isoformat(),
        "--output",
        str(tmp_path / "x"),
        "--to",
        "2026-12-02",
    ]
    assert CliRunner().invoke(build_app(["export"]), words).exit_code == 1
