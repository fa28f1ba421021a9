from __future__ import annotations

import itertools
import json
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from typer.testing import CliRunner

from console.cli import build_app

if TYPE_CHECKING:
    from pathlib import Path

HOURS = pd.date_range("2026-05-03", periods=30 * 24, freq="h", tz="UTC")


@pytest.fixture
def winds(tmp_path: Path) -> Path:
    """Wind of 3 m/s whose direction turns, in the layout of ERA5."""
    hours = pd.date_range("2026-05-01", periods=32 * 24 + 1, freq="h").to_numpy()
    angle = np.radians(np.arange(len(hours)) * 7.0)
    dims = ("valid_time", "latitude", "longitude")
    lat, lon = np.arange(50.0, 29.0, -1.0), np.arange(110.0, 131.0)
    u, v = (
        np.broadcast_to(part[:, None, None], (len(hours), 21, 21)) for part in (3 * np.sin(angle), 3 * np.cos(angle))
    )
    data = xr.Dataset(
        {"u10": (dims, u, {"units": "m s**-1"}), "v10": (dims, v, {"units": "m s**-1"})},
        {"valid_time": hours, "latitude": lat, "longitude": lon},
    )
    data.to_netcdf(tmp_path / "winds.nc", engine="h5netcdf")
    return tmp_path / "winds.nc"


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    rng = np.random.Generator(np.random.PCG64(1))
    angle = np.cumsum(rng.normal(0, 25, len(HOURS))) % 360
    level = 20 + rng.normal(0, 2, len(HOURS)) + 60 * (np.abs(angle - 90) < 20)
    table = {"time": HOURS.strftime("%Y-%m-%dT%H:%MZ"), "pm25": level, "wind_speed": 3.0, "wind_direction": angle}
    pd.DataFrame(table).to_csv(tmp_path / "samples.csv", index=False)
    return tmp_path / "samples.csv"


def run(*words: object) -> tuple[int, str]:
    result = CliRunner().invoke(build_app(("analyse",)), ["analyse", *map(str, words)])
    return result.exit_code, result.output


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_picture_is_drawn_in_both_languages(
    samples: Path, winds: Path, tmp_path: Path, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SKYGROUND_LANGUAGE", language)
    picture = tmp_path / "receptor.png"
    place = ("--winds", winds, "--lon", 120, "--lat", 40, "--hours", 12)
    code, _ = run("receptor", samples, "--parameter", "pm25", *place, "--png", picture)
    assert code == 0
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_picture_that_cannot_be_written_is_named(samples: Path, tmp_path: Path) -> None:
    code, text = run("receptor", samples, "--parameter", "pm25", "--png", tmp_path / "none" / "receptor.png")
    assert code == 2
    assert "receptor.png: No such file or directory" in text.replace("\n", "")


def test_trajectories_are_printed_one_an_hour(winds: Path) -> None:
    place = ("--lon", 120, "--lat", 40, "--hours", 24, "--json")
    code, text = run("trajectory", "--winds", winds, *place, "--start", "2026-05-03T08:00", "--end", "2026-05-03T10:00")
    rows = [json.loads(line) for line in text.splitlines()]
    assert (code, [row["end"] for row in rows]) == (0, ["complete", "complete"])
    assert rows[0]["start"] == "2026-05-03T08:00:00Z"
    assert rows[0]["points"][0] == [0.0, 120.0, 40.0, 1000.0]
    assert len(rows[0]["points"]) == 25


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ("2026-05-03", "2199-11-21", "2026-05-03T00:00Z to 2199-11-20T23:00Z"),
        ("2026-06-02", "2026-06-02T01:30", "2026-06-02T00:00Z to 2026-06-02T01:00Z"),
        ("2020-01-01", "2020-01-01T01:00", "2020-01-01T00:00Z to 2020-01-01T00:00Z"),
    ],
)
def test_arrivals_beyond_the_winds_are_refused_with_the_moments_of_the_winds(
    winds: Path, start: str, end: str, said: str
) -> None:
    code, text = run("trajectory", "--winds", winds, "--lon", 120, "--lat", 40, "--start", start, "--end", end)
    assert code == 2
    expected = f"arrivals from {said} are not all within the winds, 2026-05-01T00:00Z to 2026-06-02T00:00Z"
    assert expected in " ".join(text.split())


def test_the_last_moment_of_the_winds_is_an_arrival(winds: Path) -> None:
    place = ("--lon", 120, "--lat", 40, "--hours", 12, "--json")
    code, text = run("trajectory", "--winds", winds, *place, "--start", "2026-06-01T23:00", "--end", "2026-06-02T01:00")
    assert (code, len(text.splitlines())) == (0, 2)


def test_long_trajectories_show_how_far_they_are(winds: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKYGROUND_LANGUAGE", "en")
    seconds = itertools.count(step=10)
    monkeypatch.setattr("console.cli.shell.progress.time", SimpleNamespace(monotonic=lambda: next(seconds)))
    place = ("--lon", 120, "--lat", 40, "--hours", 12, "--json")
    _, text = run("trajectory", "--winds", winds, *place, "--start", "2026-05-03T08:00")
    assert text.startswith("1 / 12 hours back\n")


def test_the_direction_of_a_file_of_samples_is_named(samples: Path) -> None:
    code, text = run("receptor", samples, "--parameter", "pm25", "--json")
    (found,) = [json.loads(line) for line in text.splitlines()]
    assert (code, found["answer"]) == (0, "named")
    assert abs(found["peak"]["direction_deg"] - 90.0) <= 15.0


def test_the_short_answer_has_the_numbers_of_samples_hours_and_days(samples: Path) -> None:
    lines = samples.read_text(encoding="utf-8").splitlines()
    samples.write_text("\n".join([*lines[:240], "2026-05-13T00:00,,3.0,90"]), encoding="utf-8")
    code, text = run("receptor", samples, "--parameter", "pm25")
    assert code == 0
    assert "samples=240  valid=239" in text
    assert "answer=too_few_days  needed=20 days from the first to the last sample used, found 10" in text
    assert "hours=239  days=10" in text


def test_maps_say_where_nothing_is_significant(samples: Path, winds: Path) -> None:
    # the wind of the grid has nothing to do with the samples
    code, text = run(
        "receptor", samples, "--parameter", "pm25", "--winds", winds, "--lon", 120, "--lat", 40, "--hours", 24, "--json"
    )
    maps = [json.loads(line) for line in text.splitlines()][1:]
    assert (code, [row["method"] for row in maps]) == (0, ["pscf", "cwt", "sqtba"])
    assert {row["answer"] for row in maps} == {"nothing_significant"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--parameter", "o3"), "no column o3"),
        (("--parameter", "pm25", "--lon", 120), "--lon and --lat together"),
    ],
)
def test_what_is_missing_is_named(samples: Path, words: tuple[object, ...], said: str) -> None:
    code, text = run("receptor", samples, *words)
    assert code == 2
    assert said in " ".join(text.replace("│", " ").split())


def test_a_place_outside_the_winds_is_refused(winds: Path) -> None:
    code, text = run("trajectory", "--winds", winds, "--lon", 10, "--lat", 40, "--start", "2026-05-03")
    assert code == 2
    assert "outside the winds" in " ".join(text.replace("│", " ").split())
