from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from analysis.receptor.pmf import PmfInputError, PmfResult, fit
from analysis.run.pmf import read_samples
from console.cli import build_app
from tests.analysis.receptor.pmf.mixture import mixture


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
