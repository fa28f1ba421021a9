"""Files of samples for the command ``receptor``: what is refused, with the place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from analysis.run.receptor.receptor import SampleFileError, read_samples

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "time,pm25,wind_speed,wind_direction,lon,lat"
ROWS = [
    f"{hour:%Y-%m-%dT%H:%M},{20 + number},3,90,123,41.8"
    for number, hour in enumerate(pd.date_range("2026-05-01", periods=50, freq="h"))
]


def write(path: Path, *rows: str, header: str = HEADER) -> Path:
    file = path / "samples.csv"
    file.write_text("\n".join((header, *rows, *ROWS[1:])), encoding="utf-8")
    return file


def test_samples_are_read_from_tabs_with_missing_values(tmp_path: Path) -> None:
    file = write(tmp_path, "2026-05-01T00:00,-999,,90,123,41.8")
    file.write_text(file.read_text(encoding="utf-8").replace(",", "\t"), encoding="utf-8")
    found = read_samples(file, "pm25")
    assert found["start"].iloc[0] == pd.Timestamp("2026-05-01", tz="UTC")
    assert found[["pm25", "wind_speed"]].isna().sum().tolist() == [1, 1]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("2026-05-01T00:00,1,3,90,123,95", r"samples.csv, line 2, lat: 95, expected -90 to 90"),
        ("2026-05-01T00:00,1,3,90,123,inf", "line 2, lat: 'inf', expected a number within"),
        ("2026-05-01T00:00,1,3,90,,41.8", "line 2, lon: empty, expected the place of each sample"),
        ("2026-05-01T00:00,1,3,999,123,41.8", "line 2, wind_direction: 999, expected 0 to 360, or blank or -999"),
        ("2026-05-01T00:00,1,-3,90,123,41.8", "line 2, wind_speed: -3, expected 0 to 200"),
        ("2026-05-01T00:00,1e308,3,90,123,41.8", "line 2, pm25: '1e308', expected a number within"),
        ("2026-05-01T00:00,abc,3,90,123,41.8", "line 2, pm25: 'abc' is no number"),
        ("2026-05-01T00:00,1,3,90,123,41.8,", "line 2: 7 columns, the header has 6"),
        ("46143,1,3,90,123,41.8", "line 2, time: '46143', expected a time as"),
        ("0001-01-01,1,3,90,123,41.8", "line 2, time: '0001-01-01', expected a time as"),
        ("2026-05-01T01:00,1,3,90,123,41.8", "line 3, time: the hour occurs twice at one place"),
    ],
)
def test_a_wrong_cell_is_named_with_its_line(row: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(SampleFileError, match=message):
        read_samples(write(tmp_path, row), "pm25")


def test_a_span_whose_rotations_do_not_fit_the_memory_is_refused(tmp_path: Path) -> None:
    rows = [row.replace("2026", "2027") for row in ROWS]
    assert len(read_samples(write(tmp_path, ROWS[0], *rows), "pm25")) == 100
    hours = pd.date_range("1990-01-01", periods=9000, freq="h")
    many = [f"{hour:%Y-%m-%dT%H:%M},1,3,90,123,41.8" for hour in hours]
    with pytest.raises(
        SampleFileError, match=r"9050 samples from 1990-01-01 to 2026-05-03 are too many .*at most 1e\+08"
    ):
        read_samples(write(tmp_path, ROWS[0], *many), "pm25")


def test_columns_are_named_once_and_printable(tmp_path: Path) -> None:
    with pytest.raises(SampleFileError, match="column 'pm25' is given twice"):
        read_samples(write(tmp_path, header=HEADER.replace("wind_speed", "pm25")), "pm25")
    with pytest.raises(SampleFileError, match=r"column 2 is named '\\x1b\[31m', expected a name of printable signs"):
        read_samples(write(tmp_path, header=HEADER.replace("pm25", "\x1b[31m")), "pm25")
    with pytest.raises(SampleFileError, match="no column pm10; found time, pm25"):
        read_samples(write(tmp_path), "pm10")
