"""Solutions and contributions on a real InfluxDB and a real state database."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import structlog
from typer.testing import CliRunner

from analysis.run.receptor.receptor_model import KIND, current_solution, product_of, refit, split_hours
from console.cli import build_app
from console.cli.analyse.attribution.model import show_solution
from console.query.contributions import read_sources
from console.query.queries import Queries
from store.influx.store import InfluxStore
from store.state import StateStore
from tests.analysis.receptor.station_model.hours import SPECIES, START, mixed_hours

if TYPE_CHECKING:
    from pathlib import Path

    from store.settings import SharedSettings

pytestmark = pytest.mark.integration
END = START + timedelta(days=12)
_STATION = """
[[station]]
id = "{id}"
name_zh = "站"
name_en = "Station"
lon = 123.4
lat = 41.8
[[station.instrument]]
id = "pm1"
network = "pm"
cadence_s = 3600
parameters = [{names}]
"""


@pytest.fixture
def filled(settings: SharedSettings, tmp_path: Path) -> SharedSettings:
    path = tmp_path / "network.toml"
    names = ", ".join(f'"{name}"' for name in SPECIES)
    stations = "".join(_STATION.format(id=name, names=names) for name in ("s1", "s2"))
    path.write_text(f'zone = "Asia/Shanghai"\n{stations}', encoding="utf-8")
    settings = settings.model_copy(update={"network": path})
    frame, _ = mixed_hours(1, 24 * 14)
    with closing(InfluxStore(settings)) as store:
        store.ensure()
        store.write_hourly("pm", "s1", frame)
        store.write_hourly("pm", "s2", frame.iloc[:50])
    return settings


def test_a_solution_is_stored_and_the_next_hours_are_split_onto_it(filled: SharedSettings) -> None:
    summary = refit(filled, END)
    assert (summary.solved, summary.insufficient, summary.failed) == (
        ("s1/pm/2026-05-13",), ("s2/pm/2026-05-13",), {},
    )  # fmt: skip
    with StateStore(filled.state_url) as state:
        solution = current_solution(state, "s1", "pm", END)
        assert current_solution(state, "s2", "pm", END) is None
        lacking = state.documents.get(KIND, "s2/pm/2026-05-13")
    assert solution is not None
    assert len(solution.factors) == 3
    assert lacking is not None
    assert "attribution.model.few_hours" in lacking.body["reasons"][0]
    found = split_hours(filled, END, END + timedelta(days=2))
    assert (found.stations, found.hours, found.failed) == (1, 48, {})
    with closing(InfluxStore(filled)) as store:
        product = store.read_product(product_of("pm"), END - timedelta(days=7), END + timedelta(days=2), "s1")
    assert len(product) == 9 * 24
    assert set(product["solution"]) == {solution.key}
    assert (product["factor_1_low"] <= product["factor_1"]).all()
    assert (product["factor_1"] <= product["factor_1_high"]).all()


def test_the_next_day_continues_and_the_same_day_is_not_made_again(filled: SharedSettings) -> None:
    refit(filled, END)
    assert refit(filled, END, is_renewed=False).kept == 2
    later = END + timedelta(days=1)
    refit(filled, later)
    with StateStore(filled.state_url) as state:
        before, after = (current_solution(state, "s1", "pm", moment) for moment in (END, later))
    assert before is not None
    assert after is not None
    assert after.last == before.key
    assert [item.species for item in after.factors] == [item.species for item in before.factors]


def test_a_solution_from_fewer_hours_does_not_replace_that_of_the_day(filled: SharedSettings) -> None:
    (key,) = refit(filled, END + timedelta(hours=5)).solved
    with structlog.testing.capture_logs() as logged:
        assert refit(filled, END).solved == (key,)
    assert [item["event"] for item in logged] == ["older_solution_left_out"] * 2
    with StateStore(filled.state_url) as state:
        solution = current_solution(state, "s1", "pm", END)
        assert len(state.documents.list_versions(KIND, key)) == 1
    assert solution is not None
    assert solution.end == END + timedelta(hours=5)


def test_hours_that_lose_their_value_lose_their_contributions(filled: SharedSettings) -> None:
    refit(filled, END)
    frame, _ = mixed_hours(1, 24 * 14)
    hour = frame.loc[[END]].copy()
    for name in SPECIES[2:]:
        hour[f"{name}__flag"] = 4
    split_hours(filled, END, END + timedelta(hours=2))
    with closing(InfluxStore(filled)) as store:
        store.write_hourly("pm", "s1", hour)
        split_hours(filled, END, END + timedelta(hours=2))
        product = store.read_product(product_of("pm"), END, END + timedelta(hours=2), "s1")
    assert product["factor_1"].isna().tolist() == [True, False]


def test_the_console_reads_hours_of_the_solution_and_of_those_it_continues(filled: SharedSettings) -> None:
    later = END + timedelta(days=1)
    for moment in (END, later):
        refit(filled, moment)
    split_hours(filled, END, later)
    with closing(InfluxStore(filled)) as influx, StateStore(filled.state_url) as state:
        queries = Queries(filled, influx, state)
        (found,) = read_sources(queries, "s1", later)
        (lacking,) = read_sources(queries, "s2", later)
    assert len(found.hours) == 7 * 24
    assert found.hours["solution"].nunique() == 2
    assert lacking.solution.factors == ()
    assert len(lacking.hours) == 0


def run(settings: SharedSettings, monkeypatch: pytest.MonkeyPatch, *arguments: str, code: int = 0) -> str:
    for name in ("network", "influx_url", "influx_database", "state_url", "run_dir"):
        monkeypatch.setenv(f"SKYGROUND_{name.upper()}", str(getattr(settings, name)))
    monkeypatch.setenv("SKYGROUND_LANGUAGE", "en")
    result = CliRunner().invoke(build_app(), ["analyse", *arguments])
    assert result.exit_code == code, result.output
    return result.output


def test_the_split_command_prints_a_summary_and_writes_the_contributions(
    filled: SharedSettings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    refit(filled, END)
    path = tmp_path / "out.csv"
    span = ("--start", END.isoformat(), "--end", (END + timedelta(days=1)).isoformat())
    line = json.loads(run(filled, monkeypatch, "split", *span, "--csv", str(path), "--json"))
    assert (line["hours"], line["stations"]) == (24, 1)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 25
    assert "factor_1_low" in lines[0]


def test_the_command_states_how_well_each_name_fits(
    filled: SharedSettings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    refit(filled, END)
    for name in ("network", "influx_url", "influx_database", "state_url", "run_dir"):
        monkeypatch.setenv(f"SKYGROUND_{name.upper()}", str(getattr(filled, name)))
    monkeypatch.setenv("SKYGROUND_LANGUAGE", "en")
    key = "s1/pm/2026-05-13"
    with StateStore(filled.state_url) as state:
        document = state.documents.get(KIND, key)
        assert document is not None
        factors = [item | {"kind": "steel", "score": 0.66, "probability": 1.0} for item in document.body["factors"]]
        state.documents.put(KIND, key, document.body | {"factors": factors})
    show_solution(filled, key, as_json=False)
    said = capsys.readouterr().out
    assert "perhaps iron and steel (score 0.66" in said
    assert "100%" not in said
    show_solution(filled, key, as_json=True)
    assert {item["certainty"] for item in json.loads(capsys.readouterr().out)["factors"]} == {"perhaps"}


def test_a_split_without_a_solution_names_the_stations_and_the_command(
    filled: SharedSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    span = ("--start", START.isoformat(), "--end", (START + timedelta(days=1)).isoformat())
    said = run(filled, monkeypatch, "split", *span, code=1)
    assert "at s1, s2; to make one: skyground analyse pmf --stored s1 --network pm" in said
    assert "up to 2026-05-02" in said
    far = ("--start", "2020-01-01", "--end", "2020-01-02")
    assert "no hours of the networks pm and voc" in run(filled, monkeypatch, "split", *far, code=1)


def test_wrong_arguments_of_the_stored_factorisation_say_what_is_expected(
    filled: SharedSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SKYGROUND_NETWORK", str(filled.network))
    for arguments, said in (
        (["pmf"], "--stored"),
        (["pmf", "--stored", "s9"], "s9"),
        (["pmf", "--stored", "s1", "--network", "gas"], "voc or pm"),
        (["pmf", "--stored", "s1", "--factors", "3"], "--factors"),
        (["pmf", "--stored", "s1", "--png", "x.png"], "--png"),
        (["pmf", "a.csv", "b.csv", "--factors", "3", "--new"], "--new"),
    ):
        result = CliRunner().invoke(build_app(), ["analyse", *arguments])
        assert result.exit_code == 2
        assert said in result.output
