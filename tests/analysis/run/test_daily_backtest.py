from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from typer.testing import CliRunner

from analysis.forecast.daily.model import DailyOptions
from analysis.run.hour_source import hours_of_files
from console.cli import build_app
from sensors.datasets import DatasetError
from sensors.datasets.table import POINTS
from tests.analysis.forecast.daily.air import ZONE, site_frames

if TYPE_CHECKING:
    from datetime import datetime

    from click.testing import Result

SHARED = Path(os.environ.get("SKYGROUND_SHARED_DATA", Path(__file__).resolve().parents[4] / "shared" / "data"))
HEAD = "No,year,month,day,hour,PM2.5,PM10,SO2,NO2,CO,O3,TEMP,PRES,DEWP,RAIN,wd,WSPM,station"
COLUMNS = (
    "pm25", "pm10", "so2", "no2", "co", "o3", "temperature", "pressure", "dew_point", "rain", "wind_direction", "wind_speed",
)  # fmt: skip
SMALL = DailyOptions(seeds=1, trees=20, rate=0.2)
KEYS = {"rmse", "mae", "r2", "pod", "far", "csi", "coverage"}


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join((HEAD, *lines)) + "\n")
    return path


def line(start: datetime, values: list[float], station: str) -> str:
    cells = [f"{value:.3f}" for value in values]
    cells[COLUMNS.index("wind_direction")] = POINTS[0]
    return ",".join(["1", f"{start.year}", f"{start.month}", f"{start.day}", f"{start.hour}", *cells, station])


def site_file(folder: Path, name: str, frame: pd.DataFrame) -> Path:
    local = pd.DatetimeIndex(frame.index).tz_convert(ZONE).to_pydatetime()
    values = frame.assign(co=frame["co"] * 1000)[list(COLUMNS)].to_numpy().tolist()
    rows = [line(start, row, name) for start, row in zip(local, values, strict=True)]
    return write(folder / f"PRSA_Data_{name}.csv", *rows)


def command(*arguments: object) -> Result:
    return CliRunner().invoke(build_app(["analyse"]), ["analyse", "backtest", *map(str, arguments)])


HOUR = "1,2013,3,1,{hour},9,9,3,17,300,89,-0.5,1024.5,-21.4,0,NNW,5.7,Elsewhere"


def test_hours_of_any_site_are_read_in_canonical_units(tmp_path: Path) -> None:
    found = hours_of_files([write(tmp_path / "a.csv", HOUR.format(hour=0), HOUR.format(hour=2))], "beijing").hourly
    frame = found["bj-elsewhere"]
    assert [f"{item:%Y-%m-%dT%H}" for item in frame.index] == ["2013-02-28T16", "2013-02-28T18"]
    assert frame[["pm25", "co", "wind_direction"]].iloc[0].tolist() == [9.0, 0.3, 337.5]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            HOUR.format(hour=0) + "\n" + HOUR.format(hour=0),
            "line 3, column hour: '0', expected an hour of Elsewhere once",
        ),
        (HOUR.format(hour=25), "line 2, column year"),
        (HOUR.format(hour=0).replace("1024.5", "x"), "column PRES: 'x', expected a finite number"),
        (HOUR.format(hour=0).replace("NNW", "UP"), "column wd: 'UP'"),
        (HOUR.format(hour=0).replace(",5.7", ""), "line 2: 17 cells, expected 18"),
        ("", "no hours in the files"),
    ],
)
def test_a_line_of_another_layout_is_refused_with_its_place(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=words):
        hours_of_files([write(tmp_path / "a.csv", text)], "beijing")


def test_an_hour_that_two_files_have_is_refused(tmp_path: Path) -> None:
    files = [write(tmp_path / name, HOUR.format(hour=0)) for name in ("a.csv", "b.csv")]
    with pytest.raises(DatasetError, match=r"b\.csv, line 2, column hour"):
        hours_of_files(files, "beijing")


def test_a_file_without_a_column_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(HEAD.replace("PM2.5", "PM25") + "\n" + HOUR.format(hour=0) + "\n")
    result = command(path, "--train-until", "2016-02-29")
    assert result.exit_code == 2
    assert "expected the columns PM2.5 too" in result.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--train-until", "2016-02-29"), "FILE... and --train-until are needed"),
        (("nowhere.csv",), "FILE... and --train-until are needed"),
        (("nowhere.csv", "--train-until", "2016-02-29"), "nowhere.csv: expected a file"),
        (("nowhere.csv", "--train-until", "yesterday"), "--train-until"),
        (("nowhere.csv", "--train-until", "2016-02-29", "--target", "o3"), "expected one of pm25, mda8"),
        (("nowhere.csv", "--train-until", "2016-02-29", "--weather", "good"), "expected one of perfect, none"),
        (("nowhere.csv", "--train-until", "2016-02-29", "--dataset", "x"), "expected one of beijing"),
        (("nowhere.csv", "--train-until", "2016-02-29", "--days", "3"), "it has no meaning without --stored"),
        (("nowhere.csv", "--stored"), "it has no meaning with --stored"),
    ],
)
def test_a_wrong_argument_ends_with_status_2(arguments: tuple[str, ...], words: str) -> None:
    result = command(*arguments)
    assert result.exit_code == 2
    assert words in result.output


@pytest.mark.slow
def test_the_command_prints_one_object_on_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.forecast.daily.backtest.MINIMUM_TRAINING_D", 120)  # made sites of some months
    monkeypatch.setattr("analysis.forecast.daily.model.DailyOptions", lambda: SMALL)
    files = [site_file(tmp_path, name, frame) for name, frame in site_frames(150).items()]
    result = command(*files, "--dataset", "beijing", "--target", "pm25", "--train-until", "2013-07-10", "--json")
    assert result.exit_code == 0, result.output
    (only,) = result.stdout.splitlines()
    found = json.loads(only)
    assert [item["lead_day"] for item in found["lead_days"]] == [0, 1, 2]
    assert all(item.keys() >= KEYS and item["persistence"].keys() == KEYS for item in found["lead_days"])
    shown = command(*files, "--train-until", "2013-07-10")
    assert "lead_day=2  predictor=persistence" in shown.output


@pytest.mark.slow
def test_real_sites_are_forecast_better_than_by_persistence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # one model in place of the mean of three, which only would make it better
    monkeypatch.setattr("analysis.forecast.daily.model.DailyOptions", lambda: DailyOptions(seeds=1))
    files = sorted((SHARED / "beijing").glob("PRSA_Data_*.csv.gz"))[:1]
    if not files:
        pytest.skip("no shared data")
    # thirteen months of one site, so that it takes seconds
    rows = gzip.decompress(files[0].read_bytes()).decode().splitlines(keepends=True)[: 1 + 24 * 400]
    path = tmp_path / "PRSA_Data_one.csv"
    path.write_text("".join(rows))
    result = command(path, "--weather", "perfect", "--train-until", "2014-01-31", "--json")
    assert result.exit_code == 0, result.output
    for item in json.loads(result.stdout)["lead_days"]:
        assert item["rmse"] < item["persistence"]["rmse"]
