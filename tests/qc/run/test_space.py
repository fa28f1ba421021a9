"""The tests in space and the verdict on a real InfluxDB."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from qc.run import job
from qc.run.verdict import CaseError, rule_of, verdict_of
from qc.verdict.word import Word
from schemas.interval import Interval
from schemas.reading import Reading
from store.influx.store import Bucket, InfluxStore
from tests.network import instrument, network_text, station

if TYPE_CHECKING:
    from store.settings import SharedSettings

pytestmark = pytest.mark.integration
START = datetime(2026, 6, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
CODES = ("pm25", "pm10", "so2", "no2", "co")
LEVEL = {"pm25": 40.0, "pm10": 70.0, "so2": 20.0, "no2": 35.0, "co": 0.8}
PLUME = {"pm25": 280.0, "pm10": 340.0, "so2": 150.0, "no2": 90.0, "co": 3.0}
FAULTY, REACHED = 2, 5
"""Stations where one channel jumps, and which a plume reaches: it rises and falls, and each channel by its own factor."""
NETWORK = network_text(
    *(
        station(f"s{number}", instrument("a", "gas", 600, *CODES), lon=123 + number / 10, lat=41.8, altitude_m=40)
        for number in range(7)
    )
)


@pytest.fixture
def store(store: InfluxStore) -> InfluxStore:
    rng = np.random.default_rng(0)
    readings = []
    for number in range(7):
        for step in range(36 * 6):
            begin = START + step * timedelta(minutes=10)
            values = {code: LEVEL[code] * (1 + 0.05 * float(rng.standard_normal())) for code in CODES}
            if 30 * 6 <= step < 33 * 6 and number == FAULTY:
                values["pm25"] *= 6
            elif 30 * 6 <= step < 33 * 6 and number == REACHED:
                rise = np.sin(np.pi * (step - 30 * 6 + 0.5) / 18) * np.exp(0.15 * rng.standard_normal())
                values = {code: value + PLUME[code] * float(rise) for code, value in values.items()}
            readings.append(Reading("gas", f"s{number}", "a", Interval(begin, begin + timedelta(minutes=10)), values))
    assert store.write_readings(readings).accepted == len(readings)
    return store


def test_a_single_deviating_channel_is_suspect_and_a_plume_is_exempt(
    placed: SharedSettings, store: InfluxStore
) -> None:
    summary = job.run(placed, "gas", START + 28 * HOUR, START + 36 * HOUR, START + 36 * HOUR)
    assert summary.hourly_flags["buddy"] == 3
    assert summary.hourly_flags["spatial_consistency"] == 3
    found = store.read_flags(Bucket.HOURLY, "gas", START + 28 * HOUR, START + 36 * HOUR)
    assert set(found["station_id"]) == {"s2"}
    hours = store.read_hourly("gas", "s2", START + 30 * HOUR, START + 33 * HOUR, ["pm25"])
    assert hours["pm25__flag"].tolist() == [3, 3, 3]
    again = job.run(placed, "gas", START + 28 * HOUR, START + 36 * HOUR, START + 36 * HOUR)
    assert (again.taken_back, again.hourly_flags) == (0, summary.hourly_flags)


def test_function_and_command_give_the_verdict(
    placed: SharedSettings, store: InfluxStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    from console.cli.qc import group as command

    job.run(placed, "gas", START, START + 36 * HOUR, START + 36 * HOUR)
    case = Interval(START + 30 * HOUR, START + 33 * HOUR)
    rule = rule_of(placed.network)
    words = {
        name: verdict_of(store, placed.stations, rule, station_id=name, parameter="pm25", interval=case).word
        for name in ("s2", "s5")
    }
    assert words == {"s2": Word.FAULT, "s5": Word.EVENT}
    with pytest.raises(CaseError, match="unknown station"):
        verdict_of(store, placed.stations, rule, station_id="x", parameter="pm25", interval=case)
    for name in ("run_dir", "network", "influx_url", "influx_database", "state_url"):
        monkeypatch.setenv(f"SKYGROUND_{name.upper()}", str(getattr(placed, name)))
    monkeypatch.setenv("SKYGROUND_LANGUAGE", "en")
    app, shell = typer.Typer(), CliRunner()
    command.register(app)
    asked = ["qc", "verdict", "--station", "s5", "--parameter", "pm25", "--at", "2026-06-02T14:00", "--hours", "3"]
    assert shell.invoke(app, asked).output.startswith("fault or event: event, probability 0.")
    body = json.loads(shell.invoke(app, [*asked, "--json"]).output)
    assert (body["word"], body["parameter"]) == ("event", "pm25")
    assert set(body["evidence"][0]) == {"name", "weight", "en", "zh", "key", "figures"}
    wrong = shell.invoke(app, ["qc", "verdict", "--station", "s5", "--parameter", "o3", "--at", "2026-06-02"])
    assert (wrong.exit_code, "measures 'o3'" in wrong.output) == (2, True)
