from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from schemas.parameter import load_parameters
from schemas.units import conversion
from sensors.datasets import DATASETS, DatasetError
from sensors.datasets.table import Row, canonical, files_at, interval_of, read_table

if TYPE_CHECKING:
    from pathlib import Path


def test_a_figure_of_the_file_is_converted_with_the_factor_of_its_unit() -> None:
    factor, _ = conversion("ppb", load_parameters()["so2"])
    assert canonical(2.5, "so2", "ppb") == pytest.approx(2.5 * factor, abs=1e-4)


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


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz"])
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "ascii"])
def test_empty_lines_and_a_byte_order_mark_are_no_data(tmp_path: Path, name: str, encoding: str) -> None:
    content = b"\xef\xbb\xbf\r\na,b\r\n1,2\r\n\r\n  \r\n,\r\n3,4\r\n\r\n\x1a"
    path = tmp_path / name
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    rows = list(read_table(path, ["a"], encoding))
    assert [row.cells for row in rows] == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]
    assert [row.line for row in rows] == [3, 7]


def test_a_number_that_no_instrument_shows_is_an_error_with_its_place(tmp_path: Path) -> None:
    row = Row(tmp_path / "t.csv", 2, {"a": "9.96921e36"})
    with pytest.raises(
        DatasetError, match=r"t\.csv, line 2, column a: '9.96921e36', expected an amount of at most 1e\+15"
    ):
        row.number("a", frozenset())


@pytest.mark.parametrize("year", [1, 9999])
@pytest.mark.parametrize("length", [timedelta(hours=1), -timedelta(hours=1)])
def test_a_time_that_cannot_be_is_an_error_with_its_place(tmp_path: Path, year: int, length: timedelta) -> None:
    row = Row(tmp_path / "t.csv", 2, {"t": str(year)})
    at = datetime(year, 1 if year == 1 else 12, 1 if year == 1 else 31, 23 if year == 9999 else 0, tzinfo=UTC)
    with pytest.raises(DatasetError, match=r"column t: '[0-9]+', expected a time from 1800 to 2200"):
        interval_of(row, "t", at, length)


def test_half_a_gzip_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n" + b"1,2\n" * 1000)[:30])
    with pytest.raises(DatasetError, match="whole gzip file"):
        list(read_table(path, ["a"]))


@pytest.mark.parametrize("name", sorted(DATASETS))
def test_a_missing_path_is_an_error_that_names_the_expected_files(tmp_path: Path, name: str) -> None:
    with pytest.raises(DatasetError, match="expected a file, or a folder with files"):
        list(DATASETS[name].read(tmp_path))


def test_files_of_a_folder_come_by_name(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", "c.txt"):
        (tmp_path / name).touch()
    assert [path.name for path in files_at(tmp_path, "*.csv")] == ["a.csv", "b.csv"]
