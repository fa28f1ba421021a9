"""Spans of a record, order of arrival and marks, asked for by command."""

from __future__ import annotations

import json
import tomllib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

from console.cli.qc import group as command
from qc.native.test.climatology import ClimatologyLimit
from qc.native.test.detection_limit import DetectionMark
from qc.run import native
from qc.run.limits import load_thresholds
from schemas.interval import Interval
from schemas.message import RawMessage
from schemas.network.file import parse_network
from schemas.reading import Reading
from sensors.json_v1 import encode_readings
from store.rawlog import RawLog
from tests.network import instrument, network_text, station

if TYPE_CHECKING:
    from pathlib import Path

    from store.influx.store import InfluxStore
    from store.settings import SharedSettings

START = datetime(2026, 6, 1, tzinfo=UTC)
NETWORK = network_text(station("s1", instrument("a", "gas", 60, "so2")))


def reading(minute: int, value: float = 5.0) -> Reading:
    begin = START + timedelta(minutes=minute)
    return Reading("gas", "s1", "a", Interval(begin, begin + timedelta(minutes=1)), {"so2": value}, {})


def keep(directory: Path, minutes: list[int]) -> RawLog:
    log = RawLog(directory)
    log.append(
        [
            RawMessage(
                "obs/v1/gas/s1/a/json", encode_readings([reading(minute)]), START + timedelta(hours=1, seconds=at)
            )
            for at, minute in enumerate(minutes)
        ]
        + [RawMessage("obs/v1/else", b"{}", START + timedelta(hours=2))]
    )
    return log


@pytest.fixture
def placed(commands: SharedSettings) -> SharedSettings:
    return commands


def skyground(*words: str) -> tuple[int, str]:
    app = typer.Typer()
    command.register(app)
    done = CliRunner().invoke(app, ["qc", *words], env={"SKYGROUND_LANGUAGE": "en"})
    return done.exit_code, done.output


def test_order_of_arrival_is_given_by_instrument(tmp_path: Path) -> None:
    log = keep(tmp_path, [0, 1, 3, 2, 3, 4])
    (found,) = native.read_arrivals(log, parse_network(NETWORK, "n"), START, START + timedelta(hours=3))
    log.close()
    assert (found.count, found.backward, found.duplicate) == (6, 1, 1)
    assert found.first_backward == START + timedelta(minutes=2)
    assert found.first_duplicate == START + timedelta(minutes=3)


def test_only_messages_received_in_the_span_count(tmp_path: Path) -> None:
    log = keep(tmp_path, [0, 1, 1])
    end = START + timedelta(hours=1, seconds=2)
    (found,) = native.read_arrivals(log, parse_network(NETWORK, "n"), START, end)
    assert (found.count, found.duplicate) == (2, 0)
    assert native.read_arrivals(log, parse_network(NETWORK, "n"), START, START + timedelta(minutes=1)) == []
    log.close()


@pytest.mark.integration
def test_arrivals_are_listed_by_command(placed: SharedSettings) -> None:
    keep(placed.run_dir / "rawlog", [0, 1, 0]).close()
    span = ("--from", "2026-06-01T00:00Z", "--to", "2026-06-01T06:00Z")
    code, words = skyground("arrivals", *span, "--json")
    assert code == 0, words
    assert json.loads(words)["backward"] == 1
    assert "all times in order" in skyground("arrivals", "--from", "2026-06-02", "--to", "2026-06-03")[1]


@pytest.mark.integration
def test_spans_of_the_record_become_a_limit(placed: SharedSettings, store: InfluxStore, tmp_path: Path) -> None:
    hours = pd.date_range(START, periods=24 * 60, freq="h", name="start", unit="us")
    values = 10 + np.random.default_rng(1).normal(0, 1, len(hours))
    frame = pd.DataFrame({"so2": values, "so2__n": 60, "so2__flag": np.int8(1)}, index=hours)
    store.write_hourly("gas", "s1", frame)
    code, words = skyground(
        "thresholds", "derive", "so2", "--station", "s1", "--from", "2026-06-01", "--to", "2026-08-01"
    )
    assert code == 0, words
    assert tomllib.loads(words)["limit"][0]["station"] == "s1"
    (tmp_path / "thresholds.toml").write_text(words)
    found = load_thresholds(tmp_path / "thresholds.toml", {"s1"}).find(
        ClimatologyLimit, "so2", network="gas", station_id="s1", month=6
    )
    assert found is not None
    assert found.rows("low")[5][0] > 0
    assert np.isnan(found.rows("high")[0][0])


@pytest.mark.integration
def test_deriving_from_no_hours_is_an_error(placed: SharedSettings, store: InfluxStore) -> None:
    for wrong, words in (
        (["so2", "--station", "s1", "--from", "2020-01-01", "--to", "2020-02-01"], "0 valid hours"),
        (["o3", "--station", "s1", "--from", "2020-01-01"], "has no 'o3'"),
        (["so2", "--station", "x", "--from", "2020-01-01"], "unknown station"),
        (["ozone", "--station", "s1", "--from", "2020-01-01"], "unknown parameter"),
    ):
        code, said = skyground("thresholds", "derive", *wrong)
        assert code == 2, said
        assert words in " ".join(said.replace("│", " ").split())


@pytest.mark.integration
def test_marks_of_the_detection_limit_are_counted_and_shown(placed: SharedSettings, store: InfluxStore) -> None:
    store.write_readings([reading(minute, value) for minute, value in enumerate([10.0, 3.0, 2.0, -1.0, -7.0])])
    marks = native.marks_of(placed, "gas", "s1", "so2", START)
    assert marks == {
        DetectionMark.ABOVE: 1,
        DetectionMark.BELOW: 2,
        DetectionMark.NEGATIVE: 1,
        DetectionMark.FAR_BELOW: 1,
    }
    hours = pd.DatetimeIndex([START], name="start").as_unit("us")
    store.write_hourly("gas", "s1", pd.DataFrame({"so2": [1.4], "so2__n": 5, "so2__flag": np.int8(1)}, index=hours))
    _, words = skyground("why", "--station", "s1", "--parameter", "so2", "--at", "2026-06-01T08:30", "--json")
    row = next(row for row in map(json.loads, words.splitlines()) if row.get("kind") == "detection_limit")
    assert (row["below"], row["negative"], row["far_below"]) == (2, 1, 1)


def put_month(store: InfluxStore, station_id: str, gain: np.ndarray) -> None:
    hours = pd.date_range(START, periods=24 * 30, freq="h", name="start", unit="us")
    air = 60 + 20 * np.sin(np.arange(len(hours)) / 24 * 2 * np.pi)
    noise = np.random.default_rng(len(station_id)).normal(0, 2, len(hours))
    store.write_hourly(
        "gas", station_id, pd.DataFrame({"so2": air * gain + noise, "so2__n": 60, "so2__flag": np.int8(1)}, index=hours)
    )


@pytest.mark.integration
def test_drift_against_other_stations_is_reported(placed: SharedSettings, store: InfluxStore) -> None:
    assert placed.network is not None
    three = NETWORK + NETWORK.split("\n", 1)[1].replace("s1", "s22") + NETWORK.split("\n", 1)[1].replace("s1", "s333")
    placed.network.write_text(three)
    put_month(store, "s1", np.linspace(1, 3, 720))
    put_month(store, "s22", np.ones(720))
    put_month(store, "s333", np.ones(720))
    span = ("--from", "2026-06-01T00:00Z", "--to", "2026-07-01T00:00Z", "--json")
    code, words = skyground("drift", "so2", "--station", "s1", *span)
    assert code == 0, words
    found = json.loads(words)
    assert found["references"] == ["s22", "s333"]
    assert found["suspect_hours"] > 100
    assert found["slope_low"] > 0
    well = json.loads(skyground("drift", "so2", "--station", "s22", "--against", "s333", *span)[1])
    assert (well["suspect_hours"], well["since"]) == (0, None)
    empty = skyground("drift", "so2", "--station", "s22", "--from", "2020-01-01", "--to", "2020-02-01")[1]
    assert "too few days" in empty


@pytest.mark.integration
def test_drift_without_references_or_measurements_is_an_error(placed: SharedSettings) -> None:
    for wrong, words in ((["so2"], "no other station"), (["ph"], "at s1 measures 'ph'")):
        code, said = skyground("drift", *wrong, "--station", "s1")
        assert code == 2
        assert words in " ".join(said.replace("│", " ").split())
