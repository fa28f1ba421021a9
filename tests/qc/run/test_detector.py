"""The learnt detector on a real InfluxDB and a real state database."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from typer.testing import CliRunner

from console.cli import build_app
from qc.run import job
from qc.run.detector import AnomalySummary, run_anomaly
from schemas.flag import Flag
from schemas.interval import Interval
from schemas.reading import Reading
from store.influx.store import Bucket, InfluxStore
from store.state import StateStore
from tests.network import instrument, network_text, station
from tests.qc.detector.sonde import river

if TYPE_CHECKING:
    from store.settings import SharedSettings

pytestmark = pytest.mark.integration
START = datetime(2026, 6, 1, tzinfo=UTC)
DAYS = 6
END = START + timedelta(days=DAYS)
NETWORK = network_text(
    station(
        "s1",
        instrument("sonde", "eco", 900, "water_temperature", "water_conductivity", "dissolved_oxygen", "turbidity"),
        instrument("other", "eco", 900, "ph"),
    )
)


@pytest.fixture
def store(store: InfluxStore) -> InfluxStore:
    put(store, impossible=True)
    return store


def put(store: InfluxStore, *, impossible: bool) -> None:
    sonde = river(DAYS)
    if impossible:
        sonde["water_temperature"][200:204] = 55.0
    readings = [
        Reading(
            "eco",
            "s1",
            "sonde",
            Interval(START + timedelta(minutes=15 * row), START + timedelta(minutes=15 * (row + 1))),
            {code: float(values[row]) for code, values in sonde.items()},
            {},
        )
        for row in range(DAYS * 96)
    ]
    assert store.write_readings(readings).accepted == len(readings)


def run(settings: SharedSettings, *, write: bool) -> AnomalySummary:
    return run_anomaly(settings, "s1", start=START, end=END, now=END, write=write)


def stored(store: InfluxStore) -> dict[str, list[int]]:
    flags = store.read_flags(Bucket.NATIVE, "eco", START, END, "s1")
    flags = flags[(flags["test"] == "learnt_anomaly") & (flags["parameter"] == "water_temperature")]
    at = (pd.to_datetime(flags["start"], utc=True) - START) // timedelta(minutes=15)
    return {"rows": at[at.isin(range(200, 204))].tolist(), "flags": flags["flag"][at.isin(range(200, 204))].tolist()}


def test_a_run_lists_its_flags_and_writes_them_only_on_request(placed: SharedSettings, store: InfluxStore) -> None:
    found = run(placed, write=False)
    assert (found.instruments, found.silent, found.written) == (1, 1, False)
    (impossible,) = [item for item in found.runs if "qc.learnt_anomaly.range" in item.reason]
    assert (impossible.parameter, impossible.count) == ("water_temperature", 4)
    assert impossible.first == START + timedelta(minutes=15 * 200)
    assert stored(store)["rows"] == []
    assert run(placed, write=True).written
    assert stored(store) == {"rows": [200, 201, 202, 203], "flags": [Flag.SUSPECT] * 4}


def test_running_again_changes_nothing_and_what_no_longer_holds_is_taken_back(
    placed: SharedSettings, store: InfluxStore
) -> None:
    run(placed, write=True)
    assert run(placed, write=True).taken_back == 0
    put(store, impossible=False)
    assert run(placed, write=True).taken_back >= 4
    assert set(stored(store)["flags"]) <= {Flag.PASS}


def test_the_verdicts_of_the_detector_have_a_history(placed: SharedSettings, store: InfluxStore) -> None:
    run(placed, write=True)
    run(placed, write=True)
    put(store, impossible=False)
    run(placed, write=True)
    at = START + timedelta(minutes=15 * 200)
    with StateStore(placed.state_url) as state:
        changes = state.flag_history.list_changes(
            start=at, end=at + timedelta(minutes=15), station_id="s1", parameter="water_temperature"
        )
    assert [(item.test, item.flag) for item in changes] == [
        ("learnt_anomaly", Flag.SUSPECT),
        ("learnt_anomaly", Flag.PASS),
    ]
    assert "qc.learnt_anomaly.range" in changes[0].reason
    assert changes[0].run_id != changes[1].run_id


def test_a_run_of_the_other_checks_leaves_the_verdicts_alone(placed: SharedSettings, store: InfluxStore) -> None:
    run(placed, write=True)
    job.run(placed, "eco", START, END, END)
    assert stored(store)["flags"] == [Flag.SUSPECT] * 4


def test_an_unknown_station_or_an_empty_span_is_an_error(placed: SharedSettings) -> None:
    with pytest.raises(ValueError, match="unknown station 'x'"):
        run_anomaly(placed, "x", start=START, end=END, now=END, write=False)
    with pytest.raises(ValueError, match="nothing between"):
        run_anomaly(placed, "s1", start=END, end=START, now=END, write=False)


def test_the_command_lists_runs_in_the_language_of_the_settings(
    placed: SharedSettings, store: InfluxStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("network", "influx_url", "influx_database", "state_url", "run_dir"):
        monkeypatch.setenv(f"SKYGROUND_{name.upper()}", str(getattr(placed, name)))
    words = ["qc", "anomalies", "--station", "s1", "--from", START.isoformat(), "--to", END.isoformat()]
    for language, part in (("en", "is outside the prior range"), ("zh", "超出先验范围")):
        monkeypatch.setenv("SKYGROUND_LANGUAGE", language)
        text = CliRunner().invoke(build_app(), words)
        assert (text.exit_code, part in text.stdout) == (0, True), text.output
    found = json.loads(CliRunner().invoke(build_app(), [*words, "--json"]).stdout)
    assert found["flags"]["water_temperature"] >= 4
    assert CliRunner().invoke(build_app(), [*words[:3], "x", *words[4:]]).exit_code == 2
