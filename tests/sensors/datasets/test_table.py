from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from schemas.parameter import load_parameters
from schemas.units import from_canonical
from sensors.datasets import DATASETS, DatasetError
from sensors.datasets.table import canonical, files_at, read_table

if TYPE_CHECKING:
    from pathlib import Path


def test_a_converted_value_converts_back_to_the_figure_of_the_file() -> None:
    assert from_canonical(canonical(2.5, "so2", "ppb"), "ppb", load_parameters()["so2"]) == pytest.approx(2.5, abs=1e-4)


def test_a_table_reads_the_same_plain_and_packed(tmp_path: Path) -> None:
    text = "a,b\n1,2\n3,4\n"
    (tmp_path / "t.csv").write_text(text, encoding="utf-8")
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(text.encode()))
    plain, packed = (list(read_table(tmp_path / name, ["a"])) for name in ("t.csv", "t.csv.gz"))
    assert [row.cells for row in plain] == [row.cells for row in packed] == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"a,c\n1,2\n", "line 1: expected the columns b too"),
        (b"", "line 1: expected the columns a, b too"),
        (b"a,b\n1,2\n3\n", "line 3: 1 cells, expected 2"),
        (b"a,b\n1,\xff\n", "expected text in utf-8"),
    ],
)
def test_a_wrong_table_is_an_error_with_line_and_expectation(tmp_path: Path, content: bytes, complaint: str) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=complaint):
        list(read_table(path, ["a", "b"]))


def test_half_a_gzip_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n" + b"1,2\n" * 1000)[:30])
    with pytest.raises(DatasetError, match="whole gzip file"):
        list(read_table(path, ["a"]))


@pytest.mark.parametrize("name", sorted(DATASETS))
def test_a_path_that_is_not_there_is_an_error_that_says_which_files_are_expected(tmp_path: Path, name: str) -> None:
    with pytest.raises(DatasetError, match="expected a file, or a folder with files"):
        list(DATASETS[name].read(tmp_path))


def test_files_of_a_folder_come_by_name(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", "c.txt"):
        (tmp_path / name).touch()
    assert [path.name for path in files_at(tmp_path, "*.csv")] == ["a.csv", "b.csv"]
