"""Exported CSV files read back: what is refused, and what is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analysis.run.hour_source import hours_of_files
from sensors.datasets import DatasetError

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "# unit o3: ug/m3\nstart,station_id,o3,o3__flag\n"


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_values_that_failed_are_left_out_and_networks_are_joined(tmp_path: Path) -> None:
    gas = write(tmp_path / "gas.csv", HEAD + "2026-05-01T00:00:00Z,a,80,1\n2026-05-01T01:00:00Z,a,90,4\n")
    voc = write(tmp_path / "voc.csv", "start,station_id,toluene\n2026-05-01T00:00:00Z,a,3\n")
    found = hours_of_files([gas, voc], "export")
    frame = found.hourly["a"]
    assert frame["o3"].iloc[0] == 80.0
    assert frame["o3"].count() == 1
    assert frame["toluene"].iloc[0] == 3.0


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("# unit o3: ppb\nstart,station_id,o3\n2026-05-01T00:00:00Z,a,80\n", "o3 in ppb, expected ug/m3"),
        (HEAD + "2026-05-01T00:00:00Z,a,80,1\n2026-05-01T00:00:00Z,a,80,1\n", "is there twice"),
        (HEAD + "2026-05-01T00:30:00Z,a,80,1\n", "expected the start of an hour"),
        ("start,station_id,ozone\n2026-05-01T00:00:00Z,a,80\n", "'ozone' is no parameter"),
        ("time,o3\n2026-05-01T00:00:00Z,80\n", "no column start, station_id"),
    ],
)
def test_another_file_is_refused_with_the_reason(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(DatasetError, match=reason):
        hours_of_files([write(tmp_path / "x.csv", text)], "export")


def test_an_hour_of_two_files_is_refused(tmp_path: Path) -> None:
    row = HEAD + "2026-05-01T00:00:00Z,a,80,1\n"
    with pytest.raises(DatasetError, match="came before, expected each hour once"):
        hours_of_files([write(tmp_path / "x.csv", row), write(tmp_path / "y.csv", row)], "export")
