"""``skyground qc score`` and ``qc learn`` on files made up here, and on the labelled files where these are available."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from console.cli import build_app
from qc.run.detector import load_model
from sensors.datasets.logan_river import read_labelled
from tests.qc.detector.sonde import hours, river

RUNNER = CliRunner()
SHARED = (
    Path(os.environ.get("SKYGROUND_SHARED_DATA", Path(__file__).parents[4].parent / "shared" / "data")) / "logan_river"
)
COLUMNS = {"temp": "water_temperature", "cond": "water_conductivity", "turb": "turbidity"}


def written(folder: Path, name: str, seed: int, labels: bool = True) -> Path:  # noqa: FBT001, FBT002
    sonde = river(20, seed)
    marks = np.zeros(len(sonde["turbidity"]), dtype=bool)
    marks[300:1800:50] = True
    sonde["water_temperature"][marks] += 4
    sonde["water_temperature"][250] = -9999
    marks[250] = True
    names = [f"{name}{end}" for name in COLUMNS for end in (("", "_cor", "_qual") if labels else ("",))]
    lines = [",".join(["datetime", *names])]
    for row, time in enumerate(hours(len(marks))):
        cells = [str(time).replace("T", " ")]
        for column, code in COLUMNS.items():
            value = f"{sonde[code][row]:g}"
            mark = "7" if marks[row] and column == "temp" else "NULL"
            cells += [value, value, mark] if labels else [value]
        lines.append(",".join(cells))
    path = folder / f"{name}.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("logan")
    return [written(folder, name, seed) for seed, name in enumerate(("Alpha2031", "Beta2031", "Gamma2031"))]


def run(*words: str | Path) -> list[dict[str, object]]:
    result = RUNNER.invoke(build_app(), ["qc", "score", "--dataset", "logan", *map(str, words), "--json"])
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_an_unseen_file_is_scored_by_variable_and_ends_with_the_mean(files: list[Path]) -> None:
    *lines, mean = run(files[0])
    assert [line["variable"] for line in lines] == ["temp", "cond", "turb"]
    assert {"file", "variable", "labels", "precision", "recall", "f1", "tolerance_s", "trained_on_this_file"} <= set(
        lines[0]
    )
    assert (lines[0]["labels"], lines[0]["tolerance_s"], lines[0]["trained_on_this_file"]) == (31, 3600, False)
    assert not lines[1]["counted"]
    assert (mean["variable"], mean["series"], mean["f1"]) == ("mean", 1, lines[0]["f1"])


def test_a_file_without_labels_is_named_and_does_not_end_the_run(tmp_path: Path, files: list[Path]) -> None:
    bare = written(tmp_path, "Delta2031", 9, labels=False)
    first, *rest = run(bare, files[0])
    assert first["file"] == "Delta2031.csv"
    assert "no variable with labels" in str(first["skipped"])
    assert len(rest) == 4


def test_a_wrong_file_ends_the_command_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "X2031.csv"
    path.write_text("datetime,temp,temp_cor,temp_qual\n2031-01-01 00:00,a,1,\n", encoding="utf-8")
    result = RUNNER.invoke(build_app(), ["qc", "score", str(path)])
    assert result.exit_code == 2
    assert "X2031.csv, line 2, column temp" in result.stderr


@pytest.mark.slow
def test_learnt_now_a_file_among_the_teachers_is_left_out(files: list[Path]) -> None:
    train = [word for path in files for word in ("--train", path)]
    *lines, mean = run(files[0], *train)
    assert lines[0]["left_out"]
    assert lines[0]["model_stations"] == ["beta", "gamma"]
    assert not lines[0]["trained_on_this_file"]
    assert float(str(mean["f1"])) > 0.9


@pytest.mark.slow
def test_a_part_of_a_file_learnt_from_is_known_again(tmp_path: Path, files: list[Path]) -> None:
    part = tmp_path / "Renamed2031.csv"
    part.write_text("\n".join(files[0].read_text(encoding="utf-8").splitlines()[:900]) + "\n", encoding="utf-8")
    line = run(part, *(word for path in files for word in ("--train", path)))[0]
    assert line["left_out"]
    assert line["model_stations"] == ["beta", "gamma"]


@pytest.mark.slow
def test_a_model_learnt_is_kept_and_used(tmp_path: Path, files: list[Path]) -> None:
    out = tmp_path / "model.json.gz"
    result = RUNNER.invoke(build_app(), ["qc", "learn", *map(str, files), "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert {item.name for item in load_model(out).trained} == {"Alpha2031", "Beta2031", "Gamma2031"}
    fresh = written(tmp_path, "Delta2031", 9)
    line = run(fresh, "--model", out)[0]
    assert line["model_stations"] == ["alpha", "beta", "gamma"]


def test_too_few_stations_end_the_command(files: list[Path], tmp_path: Path) -> None:
    result = RUNNER.invoke(build_app(), ["qc", "learn", str(files[0]), "--out", str(tmp_path / "m")])
    assert result.exit_code == 2
    assert "at least two stations" in result.stderr


@pytest.mark.slow
def test_reasons_are_listed_in_both_languages(files: list[Path]) -> None:
    lines = run(files[0], "--reasons")
    reasons = [line for line in lines if "ground" in line]
    assert reasons
    assert all(line["en"] != line["zh"] for line in reasons)
    text = RUNNER.invoke(build_app(), ["qc", "score", str(files[0]), "--reasons"])
    assert "平均" in text.stdout


@pytest.mark.slow
def test_the_packaged_model_says_which_files_it_was_learnt_from() -> None:
    paths = sorted(SHARED.glob("*.csv.gz"))
    if not paths:
        pytest.skip(f"labelled files are not at {SHARED}; set SKYGROUND_SHARED_DATA to the folder that holds them")
    found = {item.digest for path in paths if (item := read_labelled(path)) is not None}
    assert found == {item.digest for item in load_model().trained}


@pytest.mark.slow
def test_on_the_labelled_files_the_mean_stays_where_it_was() -> None:
    paths = sorted(SHARED.glob("*.csv.gz"))
    if not paths:
        pytest.skip(f"labelled files are not at {SHARED}; set SKYGROUND_SHARED_DATA to the folder that holds them")
    *lines, mean = run(*paths)
    scored = [line for line in lines if "skipped" not in line]
    assert all(line["left_out"] and not line["trained_on_this_file"] for line in scored)
    assert mean["series"] == 21
    assert float(str(mean["f1"])) > 0.5
