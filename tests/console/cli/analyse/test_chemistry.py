"""``skyground analyse chemistry`` on the supersite's file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from analysis.chemistry.period_summary import ChemistrySummary, chemistry_of
from console.cli import build_app
from console.cli.analyse.coanalysis.chemistry_plot import plot_chemistry
from schemas.interval import Interval
from tests.analysis.case.chemistry.episode import ZONE, file, hours

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result


def run(*arguments: str) -> Result:
    return CliRunner().invoke(
        build_app(("analyse",)), ["analyse", "chemistry", str(file()), "--dataset", "supersite", *arguments]
    )


def test_json_is_one_line_a_station_with_sentences_in_both_languages() -> None:
    lines = [json.loads(line) for line in run("--json").stdout.splitlines()]
    assert [item["station_id"] for item in lines] == ["tw-supersite", "tw-supersite-thermal"]
    first = lines[0]
    assert first["hours"] == 1416
    assert first["particle"]["mass"]["grade"] == "acceptable"
    assert first["particle"]["mass"]["closure"]["low"] < first["particle"]["mass"]["closure"]["value"]
    assert all(item["zh"] and item["en"] for item in first["statements"])
    assert lines[1]["voc"] is None


def test_an_hour_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    lines = file().read_text(encoding="utf-8").splitlines()
    twice = tmp_path / "twice.csv"
    twice.write_text("\n".join([*lines[:4], lines[2]]) + "\n", encoding="utf-8")
    for files in ([twice], [file(), file()]):
        words = ["analyse", "chemistry", *map(str, files), "--dataset", "supersite"]
        refused = CliRunner().invoke(build_app(("analyse",)), words)
        assert (refused.exit_code, "came before" in refused.stderr) == (2, True)


def test_the_age_is_inversely_proportional_to_oh() -> None:
    ages = [
        json.loads(run("--station", "tw-supersite", "--json", "--oh", oh).stdout)["voc"]["ages"][0]["age"]["value"]
        for oh in ("1e6", "2e6")
    ]
    assert ages[0] == pytest.approx(2 * ages[1])


def test_wrong_options_are_refused_with_a_reason(tmp_path: Path) -> None:
    assert "above zero" in run("--oh", "0").output
    assert "name it with --station" in run("--png", str(tmp_path / "x.png")).output
    assert run("--station", "tw-supersite", "--png", str(tmp_path / "no" / "x.png")).exit_code != 0


def summary(names: list[str]) -> ChemistrySummary:
    frame = hours(file())[names]
    return chemistry_of("st", frame, Interval(frame.index[0].to_pydatetime(), frame.index[-1].to_pydatetime()), ZONE)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("names", [["toluene"], ["oc", "ec"], ["sulfate", "nitrate", "oc", "ec", "pm25"]])
def test_a_picture_is_drawn_of_what_is_measured(language: str, names: list[str]) -> None:
    assert plot_chemistry(summary(names), language).startswith(b"\x89PNG")
