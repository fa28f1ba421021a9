"""``skyground analyse statistics``, ``trend`` and ``variation`` on files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from matplotlib.figure import Figure
from typer.testing import CliRunner

from console.cli import build_app

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

HEAD = "No,year,month,day,hour,PM2.5,PM10,SO2,NO2,CO,O3,TEMP,PRES,DEWP,RAIN,wd,WSPM,station"


def site_file(folder: Path, *spans: tuple[str, str, float], station: str = "Dongsi") -> Path:
    """Hours of spans of civil days, each with one concentration of PM2.5."""
    rows = [
        f"1,{hour.year},{hour.month},{hour.day},{hour.hour},{pm25},80,9,30,800,90,5,1010,-5,0,N,2,{station}"
        for first, last, pm25 in spans
        for hour in pd.date_range(first, f"{last} 23:00", freq="h")
    ]
    path = folder / f"PRSA_Data_{station}.csv"
    path.write_text("\n".join([HEAD, *rows]) + "\n", encoding="utf-8")
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(build_app(["analyse"]), ["analyse", *map(str, arguments), "--dataset", "beijing"])


def rows(found: Result) -> list[dict[str, Any]]:
    assert found.exit_code == 0, found.output
    return [json.loads(line) for line in found.stdout.splitlines()]


def test_the_days_asked_for_are_compared_with_the_year_before_them(tmp_path: Path) -> None:
    path = site_file(tmp_path, ("2015-02-01", "2015-02-28", 50.0), ("2016-02-01", "2016-02-29", 40.0))
    (month,) = rows(run("statistics", path, "--day-from", "2016-02-01", "--day-to", "2016-02-29", "--json"))
    assert (month["first"], month["last"], month["period"]) == ("2016-02-01", "2016-02-29", "month")
    assert month["changes"][-1]["percent"] == -20.0


def test_a_year_without_a_valid_day_is_left_out_and_named(tmp_path: Path) -> None:
    path = site_file(tmp_path, ("2014-12-31", "2014-12-31", 50.0), ("2016-02-01", "2016-02-03", 40.0))
    found = run("statistics", path, "--by", "year", "--json")
    assert [item["first"] for item in rows(found)] == ["2014-12-31", "2016-01-01"]
    assert "2015-01-01 .. 2015-12-31" in found.stderr


@pytest.mark.parametrize("name", ["calendar", "trend", "variation"])
def test_a_picture_names_city_and_station(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    write = Figure.savefig

    def keep(figure: Figure, *given: Any, **more: Any) -> None:
        texts = figure.findobj(lambda item: hasattr(item, "get_text"))
        drawn.extend(str(item.get_text()) for item in texts)  # type: ignore[attr-defined]
        write(figure, *given, **more)

    monkeypatch.setattr(Figure, "savefig", keep)
    monkeypatch.setattr("analysis.run.hour_source.city_name", lambda code, _: {"110000": "Beijing"}[code])
    monkeypatch.setenv("SKYGROUND_LANGUAGE", "en")
    path = site_file(
        tmp_path, ("2015-01-01", "2016-12-31", 40.0) if name == "trend" else ("2016-02-01", "2016-02-09", 40.0)
    )
    command = "statistics" if name == "calendar" else name
    found = run(command, path, "--png", tmp_path / "x.png")
    assert found.exit_code == 0, found.output
    said = " ".join(drawn)
    assert ("Dongsi" if name == "variation" else "Beijing") in said
    assert "110000" not in said
    assert "bj-dongsi" not in said


def test_the_parts_of_a_year_with_two_editions_are_shown(tmp_path: Path) -> None:
    path = site_file(tmp_path, ("2026-02-27", "2026-03-02", 65.0))
    lines = run("statistics", path).stdout.splitlines()
    heads = [line for line in lines if line.startswith("110000")]
    assert len(heads) == 3
    assert "2026-02-27" in heads[1]
    assert "2026-02-28" in heads[1]
    assert "HJ 663-2013" in heads[1]
    assert "HJ 663-2026" in heads[2]
    assert [line.split("exceeded=")[1].split()[0] for line in lines if "pollutant=pm25" in line] == ["2", "0", "2"]


def test_values_outside_the_physical_range_are_left_out_and_named(tmp_path: Path) -> None:
    path = site_file(
        tmp_path,
        ("2016-02-01", "2016-02-03", 40.0),
        ("2016-02-04", "2016-02-04", 1e7),
        ("2016-02-05", "2016-02-05", -999),
    )
    found = run("statistics", path, "--json")
    pm25 = rows(found)[0]["pollutants"][-1]
    assert (pm25["mean"], pm25["valid_days"], pm25["days"]) == (40.0, 3, 5)
    assert "pm25 48" in found.stderr


def test_files_are_cut_to_a_city_and_another_one_is_refused(tmp_path: Path) -> None:
    path = site_file(tmp_path, ("2016-02-01", "2016-02-02", 40.0))
    assert len(rows(run("statistics", path, "--city", "110000", "--json"))) == 1
    refused = run("statistics", path, "--city", "210100")
    assert refused.exit_code == 2
    assert "110000" in refused.stderr


def test_a_line_without_a_site_is_refused(tmp_path: Path) -> None:
    refused = run("statistics", site_file(tmp_path, ("2016-02-01", "2016-02-01", 40.0), station=""))
    assert refused.exit_code == 2
    assert "column station" in refused.stderr


@pytest.mark.parametrize(
    "words", [("trend", "aqi"), ("trend", "pm25_hours"), ("variation", "wind_direction"), ("variation", "nothing")]
)
def test_a_parameter_without_such_a_mean_is_refused(tmp_path: Path, words: tuple[str, str]) -> None:
    path = site_file(tmp_path, ("2016-01-01", "2016-03-31", 40.0))
    refused = run(words[0], path, "--parameter", words[1])
    assert refused.exit_code == 2
    assert "--parameter" in refused.stderr


def test_a_variation_states_unit_stations_and_days(tmp_path: Path) -> None:
    path = site_file(tmp_path, ("2016-02-01", "2016-02-02", 40.0))
    found = rows(run("variation", path, "--parameter", "temperature", "--json"))[0]
    assert (found["unit"], found["stations"], found["first"], found["last"]) == (
        "degC",
        ["bj-dongsi"],
        "2016-02-01",
        "2016-02-02",
    )


def test_a_picture_says_what_it_is_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heads: list[str] = []
    monkeypatch.setattr(Figure, "suptitle", lambda _, text, **__: heads.append(text))
    path = site_file(tmp_path, ("2016-02-01", "2016-02-02", 40.0))
    for command in ("variation", "joint", "relation"):
        assert run(command, path, "--png", tmp_path / "a.png").exit_code == 0
    utc = "东四  2016-01-31T16:00Z .. 2016-02-02T16:00Z"
    assert heads == ["东四  2016-02-01 .. 2016-02-02", utc, utc]
