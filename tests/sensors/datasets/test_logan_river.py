from __future__ import annotations

import gzip
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest

from sensors.datasets import DATASETS, DatasetError
from sensors.datasets.logan_river import read_labelled, station_of

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "datetime,temp,temp_cor,temp_qual,stage,stage_cor,stage_qual,note"


def file(folder: Path, *rows: str, header: str = HEADER, name: str = "MainStreet2031.csv") -> Path:
    path = folder / name
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def test_variables_are_found_by_their_three_columns_and_labels_by_not_being_empty(tmp_path: Path) -> None:
    found = read_labelled(
        file(tmp_path, "2031-01-01 00:00,1.5,1.5,NULL,60,60,,x", "2031-01-01 00:15:00.000,-9999,1.4,7,NULL,60,a,x")
    )
    assert found is not None
    assert (found.name, found.station, list(found.values)) == ("MainStreet2031", "ms", ["temp", "stage"])
    assert found.values["temp"].tolist() == [1.5, -9999.0]
    assert found.labels["temp"].tolist() == [False, True]
    assert found.labels["stage"].tolist() == [False, True]
    assert found.times.tolist() == [datetime(2031, 1, 1, 0, 0), datetime(2031, 1, 1, 0, 15)]  # noqa: DTZ001


def test_stage_is_in_metres_and_nothing_is_nan(tmp_path: Path) -> None:
    found = read_labelled(file(tmp_path, "2031-01-01 00:00,1,1,,60,60,,x", "2031-01-01 00:15,1,1,,NULL,60,,x"))
    assert found is not None
    np.testing.assert_allclose(found.values["stage"], [0.6, np.nan])


def test_plain_and_packed_files_with_the_same_rows_have_one_digest(tmp_path: Path) -> None:
    plain = file(tmp_path, "2031-01-01 00:00,1,1,,60,60,,x")
    packed = tmp_path / "OtherName.csv.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    one, other = read_labelled(plain), read_labelled(packed)
    assert one is not None
    assert other is not None
    assert one.digest == other.digest


def test_rows_are_sorted_and_doubled_times_are_counted(tmp_path: Path) -> None:
    rows = ("2031-01-01 00:15,2,1,,1,1,,x", "2031-01-01 00:00,1,1,,1,1,,x", "2031-01-01 00:15,3,1,,1,1,,x", "")
    found = read_labelled(file(tmp_path, *rows))
    assert found is not None
    assert (found.values["temp"].tolist(), found.dropped) == ([1.0, 2.0], 1)


def test_a_file_without_labels_is_none(tmp_path: Path) -> None:
    assert read_labelled(file(tmp_path, "2031-01-01 00:00,1", header="datetime,temp")) is None


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (
            "2031-01-01 00:00,warm,1,,1,1,,x",
            r"MainStreet2031.csv, line 2, column temp: 'warm', expected a finite number",
        ),
        ("first of May,1,1,,1,1,,x", r"line 2, column datetime: 'first of May', expected a time"),
        ("2031-01-01 00:00,1,1", r"line 2: 3 cells, expected 8"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, row: str, words: str) -> None:
    with pytest.raises(DatasetError, match=words):
        read_labelled(file(tmp_path, row))


def test_a_file_without_rows_or_time_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"MainStreet2031.csv: no row"):
        read_labelled(file(tmp_path))
    with pytest.raises(DatasetError, match="expected a column datetime"):
        read_labelled(file(tmp_path, "1,2", header="a,b"))


@pytest.mark.parametrize(
    ("name", "station"),
    [("MainStreet2019.csv.gz", "ms"), ("MS2018.csv", "ms"), ("FB2017.csv", "fb"), ("Upper_Fork2020.csv", "upper_fork")],
)
def test_a_station_has_one_name_in_all_years(name: str, station: str) -> None:
    assert station_of(name) == station


def test_readings_are_in_utc_and_canonical_units_without_sentinels(tmp_path: Path) -> None:
    path = file(tmp_path, "2031-01-01 00:00,1.5,1.5,,60,60,,x", "2031-01-01 00:15,-9999,1.4,7,7999,60,,x")
    (reading,) = DATASETS["logan"].read(path)
    assert (reading.station_id, reading.instrument_id, reading.network) == ("logan-ms", "sonde", "eco")
    assert reading.interval.start == datetime(2031, 1, 1, 7, tzinfo=UTC)
    assert reading.values == {"water_temperature": 1.5, "water_level": 0.6}


def test_readings_of_an_unknown_station_are_refused(tmp_path: Path) -> None:
    path = file(tmp_path, "2031-01-01 00:00,1.5,1.5,,60,60,,x", name="Elsewhere2031.csv")
    with pytest.raises(DatasetError, match="expected a name that begins with one of"):
        list(DATASETS["logan"].read(path))
