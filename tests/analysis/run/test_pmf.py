from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from analysis.receptor.pmf import PmfInputError, PmfResult, fit
from analysis.run.receptor.pmf import read_samples, with_moments
from analysis.run.receptor.pmf_json import read_result
from console.cli import build_app
from tests.analysis.receptor.pmf.mixture import mixture

if TYPE_CHECKING:
    from click.testing import Result


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("separator", [",", "\t"])
def test_blank_is_missing_and_the_separator_is_found(separator: str, tmp_path: Path) -> None:
    text = "\ufeffDate,Pb,Elemental Carbon\n1/2/2001,1.5,\n\n1/3/2001,-999,2e-3\n".replace(",", separator)
    frame = read_samples(write(tmp_path / "conc.csv", text))
    assert list(frame.columns) == ["Pb", "Elemental Carbon"]
    assert frame.index.tolist() == ["1/2/2001", "1/3/2001"]
    np.testing.assert_array_equal(frame.to_numpy(), [[1.5, np.nan], [-999.0, 0.002]])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "a header and samples are needed"),
        ("Date,Pb\n", "a header and samples are needed"),
        ("Date;Pb\n1;2\n", "separated by commas or tabs"),
        ("Date,Pb\n1,x\n", "conc.csv, line 2, Pb: 'x' is no number"),
        ("Date,Pb\n1,1_0\n", "'1_0' is no number"),
        ("Date,Pb\n1,1\n2,3,4\n", "line 3: 3 columns, the header has 2"),
        ("Date,Pb,\n1,1,2\n", "column 3 is named '', expected a name of printable signs"),
        ("Date,Pb,\x1b[2J\n1,1,2\n", r"column 3 is named '\\x1b\[2J', expected a name of printable signs"),
        ("Date,Pb,Pb\n1,1,2\n", "column 'Pb' is given twice"),
        (f'Date,"{"x" * 200_000}"\n1,1\n', "line 1: field larger than field limit"),
        ('Date,"Pb\n1,1\n2,2\n', "unexpected end of data; a quotation mark that is not closed joins lines"),
        (f"Date,Pb\n1,{'x' * 500}\n", r"line 2, Pb: 'x{40}'\.\.\. is no number"),
        ("Date,Pb\n1,1e308\n", "line 2, Pb: '1e308', expected a number within"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_the_place(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(PmfInputError, match=words):
        read_samples(write(tmp_path / "conc.csv", text))


def test_a_file_that_is_absent_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PmfInputError, match=r"conc\.csv: No such file"):
        read_samples(tmp_path / "conc.csv")
    (tmp_path / "conc.csv").write_bytes(b"Date,Pb\n1,\xff\n")
    with pytest.raises(PmfInputError, match="not UTF-8 text"):
        read_samples(tmp_path / "conc.csv")


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Concentrations, with a row that has none, and uncertainties."""
    conc, unc, _ = mixture(9, samples=40)
    conc.iloc[5] = np.nan
    conc.to_csv(tmp_path / "conc.csv")
    unc.to_csv(tmp_path / "unc.txt", sep="\t")
    return [str(tmp_path / "conc.csv"), str(tmp_path / "unc.txt")]


def test_the_command_prints_the_result_as_one_json_object(files: list[str]) -> None:
    done = CliRunner().invoke(
        build_app(["analyse"]), ["analyse", "pmf", *files, "--factors", "2", "--starts", "2", "--json"]
    )
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    own = fit(*(read_samples(Path(name)) for name in files), 2, starts=2)
    assert {"contributions", "profiles", "q_true", "q_robust", "q_expected"} <= set(found) & {*PmfResult.__slots__}
    assert found["q_robust"] == own.q_robust
    assert found["contributions"][5] == [None, None]
    assert np.shape(found["contributions"]) == (40, 2)
    assert np.shape(found["profiles"]) == (2, 8)
    assert "Q" in done.stderr


def test_negative_outliers_are_named_with_species_count_and_first_time(
    files: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SKYGROUND_LANGUAGE", "en")
    conc = pd.read_csv(files[0], index_col=0)
    conc.loc[conc.index[[7, 9]], "so4"] = [-50.0, -60.0]
    conc.loc[conc.index[3], "so4"] = -999.0
    conc.to_csv(files[0])
    done = run(*files, "--factors", "2", "--starts", "1", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["negative_outliers"] == [
        {"species": "so4", "count": 2, "first": str(conc.index[7]), "lowest": -60.0}
    ]
    assert "2 values are more than 3 uncertainties below zero" in done.stderr
    assert f"so4: 2, the first at {conc.index[7]}, the lowest -60" in done.stderr


def test_a_fit_far_better_than_the_uncertainties_allow_is_warned_of(
    files: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SKYGROUND_LANGUAGE", "en")
    pd.read_csv(files[0], index_col=0).fillna(1.0).clip(lower=0.1).to_csv(files[0])
    for order, is_low in ((files, False), (files[::-1], True)):
        done = run(*order, "--factors", "2", "--starts", "1", "--json")
        assert done.exit_code == 0, done.output
        assert json.loads(done.stdout)["q_too_low"] is is_low
        assert ("or the files of concentrations and uncertainties are exchanged" in done.stderr) is is_low


def test_the_command_prints_a_table_of_per_cents(files: list[str]) -> None:
    done = CliRunner().invoke(
        build_app(["analyse"]), ["analyse", "pmf", *files, "--factors", "2", "--starts", "2", "--no-robust"]
    )
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("q_true=")
    assert "so4" in done.stdout


def test_the_command_ends_with_a_message_and_status_2_for_too_many_factors(files: list[str]) -> None:
    done = CliRunner().invoke(build_app(["analyse"]), ["analyse", "pmf", *files, "--factors", "9"])
    assert done.exit_code == 2
    assert "9 factors of 8 species: fewer factors than species are needed" in done.output


def run(*arguments: str) -> Result:
    return CliRunner().invoke(build_app(["analyse"]), ["analyse", "pmf", *arguments])


@pytest.mark.parametrize(
    ("texts", "days"),
    [
        (["2026-11-22", "2026-11-23T08:00+08:00"], ["2026-11-22", "2026-11-23"]),
        (["1/2/2001", "12/31/2001"], ["2001-01-02", "2001-12-31"]),
        (["1/2/2001 8:00", "12/31/2001 23:00"], ["2001-01-02", "2001-12-31"]),
    ],
)
def test_times_of_samples_are_read_in_the_forms_of_files(texts: list[str], days: list[str]) -> None:
    frame = with_moments(pd.DataFrame({"zn": [1.0, 2.0]}, index=texts))
    assert [f"{moment:%Y-%m-%d}" for moment in frame.index] == days


def test_the_command_adds_intervals_and_ranges_to_the_object(files: list[str]) -> None:
    done = run(
        *files, "--factors", "2", "--starts", "2", "--bootstrap", "20", "--displace", "--bs-displace",
        "--species", "zn", "--species", "so4", "--json",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert np.shape(found["bootstrap"]["percent_high"]) == (2, 8)
    assert found["bootstrap"]["blocks"] == 39
    assert np.shape(found["intervals"]["percent_low"]) == (2, 8)
    assert found["intervals"]["level"] == 0.9
    assert found["intervals"]["growth"] >= 2.71
    assert found["displacement"]["species"] == ["zn", "so4"]
    assert np.shape(found["displacement"]["low"]) == (4, 2, 2)
    assert found["bootstrap_displacement"]["levels"] == [0.5, 1.0, 2.0, 4.0]
    assert found["bootstrap_displacement"]["runs"] == 20
    assert 0.0 < found["large_share"] < 1.0


def test_the_command_shows_intervals_and_ranges_as_tables(files: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKYGROUND_LANGUAGE", "en")
    done = run(
        *files,
        "--factors",
        "2",
        "--starts",
        "2",
        "--bootstrap",
        "20",
        "--block",
        "3",
        "--displace",
        "--bs-displace",
        "--species",
        "zn",
    )
    assert done.exit_code == 0, done.output
    assert "20 resamples of 13 blocks" in done.stdout
    assert "DISP: range of the profiles" in done.stdout
    assert "Swaps of factors by level: 4: 0, 8: 0, 15: 0, 25: 0" in done.stdout
    assert "of 20 resamples accepted" in done.stdout


def test_the_command_starts_from_the_last_solution(
    files: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SKYGROUND_LANGUAGE", "en")
    first = run(*files, "--factors", "2", "--starts", "2", "--json")
    last = write(tmp_path / "last.json", first.stdout)
    assert read_result(last).profiles.to_numpy().tolist() == json.loads(first.stdout)["profiles"]
    again = json.loads(run(*files, "--factors", "2", "--last", str(last), "--json").stdout)
    assert again["refit"]["drifted"] == []
    assert again["refit"]["cosine"] == pytest.approx([1.0, 1.0], abs=1e-4)
    assert again["q_robust"] == pytest.approx(json.loads(first.stdout)["q_robust"], rel=1e-6)
    changed = json.loads(first.stdout)
    changed["profiles"][0] = changed["profiles"][0][::-1]
    shown = run(*files, "--factors", "2", "--last", str(write(tmp_path / "changed.json", json.dumps(changed))))
    assert "Cosine of the profiles to the last solution: 1 " in shown.stdout
    assert "has drifted" in shown.stdout


def test_the_command_writes_a_picture(files: list[str], tmp_path: Path) -> None:
    done = run(*files, "--factors", "2", "--starts", "2", "--bootstrap", "20", "--png", str(tmp_path / "pmf.png"))
    assert done.exit_code == 0, done.output
    assert (tmp_path / "pmf.png").read_bytes().startswith(b"\x89PNG")
    refused = run(*files, "--factors", "2", "--starts", "1", "--png", str(tmp_path / "no" / "pmf.png"))
    assert refused.exit_code == 2
    assert "No such file or directory" in refused.output


Change = Callable[[pd.DataFrame, pd.DataFrame], tuple[pd.DataFrame, pd.DataFrame]]
BROKEN: dict[str, tuple[Change, str]] = {
    "few": (lambda conc, unc: (conc[:2], unc[:2]), "16 values in 2 samples and 8 species are too few for 2 factors"),
    "constant": (lambda conc, unc: (conc.assign(zn=1.0), unc), "zn is the same in all 40 samples"),
    "zero": (lambda conc, unc: (conc, unc.assign(zn=0.0)), "without an uncertainty above zero at sample 2026-01-01"),
    "missing": (
        lambda conc, unc: (conc, unc.assign(zn=np.nan)),
        "without an uncertainty above zero at sample 2026-01-01",
    ),
    "empty": (lambda conc, unc: (conc * np.nan, unc), "no concentration in any of the 40 samples"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_the_command_refuses_samples_that_cannot_be_factorised(name: str, tmp_path: Path) -> None:
    change, words = BROKEN[name]
    paths = [tmp_path / "conc.csv", tmp_path / "unc.csv"]
    for path, frame in zip(paths, change(*mixture(9, samples=40)[:2]), strict=True):
        frame.to_csv(path)
    done = run(*map(str, paths), "--factors", "2")
    assert done.exit_code == 2
    assert words in done.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--bootstrap", "19"], "19 runs: at least 20"),
        (["--bootstrap", "20", "--block", "M"], "block 'M': D (day), W (week) or a number of samples"),
        (["--bootstrap", "20", "--block", "W"], "blocks of W: at least 10"),
        (["--bs-displace"], "a number of resamples is needed (--bootstrap)"),
        (["--displace", "--species", "cu"], "cu is no species of the samples: pb, zn"),
        (["--last", "no.json"], "no.json: No such file"),
    ],
)
def test_the_command_refuses_options_that_cannot_be(arguments: list[str], words: str, files: list[str]) -> None:
    done = run(*files, "--factors", "2", "--starts", "1", *arguments)
    assert done.exit_code == 2
    assert words in done.output


def test_the_command_refuses_a_last_solution_that_does_not_fit(files: list[str], tmp_path: Path) -> None:
    other = write(tmp_path / "other.json", '{"factors": 2}')
    done = run(*files, "--factors", "2", "--last", str(other))
    assert done.exit_code == 2
    assert "other.json: expected the JSON of a factorisation" in done.output
    last = write(tmp_path / "last.json", run(*files, "--factors", "2", "--starts", "1", "--json").stdout)
    done = run(*files, "--factors", "3", "--last", str(last))
    assert "3 factors: the last solution has 2" in done.output


def test_times_that_are_none_need_blocks_of_samples(files: list[str]) -> None:
    for name in files:
        frame = read_samples(Path(name))
        frame.set_axis([f"run {number}" for number in range(len(frame))]).to_csv(name, index_label="run")
    done = run(*files, "--factors", "2", "--starts", "1", "--bootstrap", "20")
    assert done.exit_code == 2
    assert "time 'run 0': expected 2026-11-22" in done.output
    assert run(*files, "--factors", "2", "--starts", "1", "--bootstrap", "20", "--block", "2").exit_code == 0


PULL = 'most_growth = 1e6\n[[pull]]\nfactor = 1\nat = "zn"\n'


def test_the_command_pulls_an_element_to_the_value_of_a_file(files: list[str], tmp_path: Path) -> None:
    path = write(tmp_path / "pull.toml", PULL + "value = 0.5\n")
    done = run(*files, "--factors", "2", "--starts", "1", "--constrain", str(path), "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["profiles"][0][found["species"].index("zn")] == pytest.approx(0.5)
    assert found["constraint"]["share"] == 1.0
    shown = run(*files, "--factors", "2", "--starts", "1", "--constrain", str(path))
    assert "100%" in shown.stdout.replace(" %", "%")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (PULL, "pull 1: value, or low and high, is needed"),
        (PULL + "low = 1.0\n", "pull 1: value, or low and high, is needed"),
        ("most_growth = 0.0\n[[pull]]\nfactor = 1\nat = 'zn'\nvalue = 0\n", "$.most_growth"),
        ("most_growth = 1.0\n", "missing required field `pull`"),
        (PULL.replace("zn", "cu") + "value = 0.0\n", "cu is neither a species nor a sample"),
    ],
)
def test_the_command_refuses_constraints_that_cannot_be(
    text: str, words: str, files: list[str], tmp_path: Path
) -> None:
    path = write(tmp_path / "pull.toml", text)
    done = run(*files, "--factors", "2", "--starts", "1", "--constrain", str(path))
    assert done.exit_code == 2
    assert words in done.output.replace("\n", " ")


def test_the_command_gives_no_intervals_of_a_constrained_solution(files: list[str], tmp_path: Path) -> None:
    path = write(tmp_path / "pull.toml", PULL + "value = 0.5\n")
    done = run(*files, "--factors", "2", "--starts", "1", "--constrain", str(path), "--bootstrap", "20")
    assert done.exit_code == 2
    assert "intervals and displacements of a constrained solution are not available" in done.output
