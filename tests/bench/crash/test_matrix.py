from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from bench.crash.__main__ import SCENARIOS
from bench.crash.page import table
from bench.crash.poison import BAD, OLD, WEEK_H, due_of
from bench.crash.poison_kinds import BY_FAULT, DEVICE, FROM_THEIR_OWN, REFUSALS, UNREADABLE, Kind
from bench.crash.scenario import SCENARIO_CODES, Outcome, Sizes
from bench.ingest.field import device
from ingest.decode.message import decode_and_validate
from ingest.process.settings import CollectorSettings
from schemas.message import RawMessage
from schemas.network import Instrument, Network, Station
from sensors.network_file import network_toml


@pytest.mark.e2e
def test_short_form_of_the_crash_matrix_loses_and_duplicates_nothing() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "bench.crash", "--short"], capture_output=True, text=True, timeout=300, check=False
    )
    rows = [json.loads(line) for line in run.stdout.splitlines()]
    assert run.returncode == 0, run.stdout + run.stderr
    left_out = {"broker-alone", "pair-kill", "deadly"}
    assert {row["name"] for row in rows} == {*SCENARIOS, "gateway-kill", "read-only"} - left_out
    assert {(row["lost"], row["duplicated"]) for row in rows} == {(0, 0)}
    assert all(row["sent"] > row["poison"] > 0 for row in rows)
    assert all(row["quarantined"] == row["quarantined_expected"] > 0 for row in rows)


@pytest.mark.parametrize("wrong", [{"stored": 9}, {"quarantined": 1}, {"lost": 1}, {"duplicated": 1}])
def test_outcome_that_does_not_add_up_is_not_sound(wrong: dict[str, int]) -> None:
    right = {"sent": 10, "stored": 8, "stored_expected": 8, "quarantined": 2, "quarantined_expected": 2}
    assert Outcome("poison", "", **right).is_sound
    assert not Outcome("poison", "", **(right | wrong)).is_sound


def test_page_shows_every_outcome() -> None:
    outcome = Outcome("poison", "3 times", sent=10, poison=3, stored=7, stored_expected=7, quarantined=3)
    page = table([outcome], Sizes(), 60.0)
    assert (
        "| poison as fast as the broker takes it | 3 times | 10 | 3 | 0 | 0 | 7 | 7 | 3 | 0 | 0 | 0 | 0 | 0.0 |" in page
    )
    assert all(kind.name in page for kind in (*UNREADABLE, *FROM_THEIR_OWN))


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> CollectorSettings:
    directory = tmp_path_factory.mktemp("poison")
    chromatograph = Instrument(id="gc1", network="voc", cadence_s=60, parameters=tuple(SCENARIO_CODES))  # type: ignore[arg-type]
    stations = [Station(id=f"{kind}-x", instruments=(chromatograph,), late_window_h=0) for kind in (BAD, "load")]
    stations.append(Station(id=f"{OLD}-x", instruments=(chromatograph,), late_window_h=WEEK_H))
    stations.append(Station(id=DEVICE, instruments=(device(DEVICE),), late_window_h=0))
    path = directory / "network.toml"
    path.write_text(network_toml(Network(zone="Asia/Shanghai", station_list=tuple(stations))), encoding="utf-8")
    return CollectorSettings(run_dir=directory, network=path, mqtt_url="mqtt://127.0.0.1:1", metrics_port=0)


BEFORE_THE_STORE = [kind for kind in (*UNREADABLE, *FROM_THEIR_OWN) if kind not in BY_FAULT and kind.most != REFUSALS]


@pytest.mark.parametrize("kind", BEFORE_THE_STORE, ids=lambda kind: kind.name)
@pytest.mark.parametrize("station", [BAD, "load"])
def test_poison_ends_where_it_says(kind: Kind, station: str, settings: CollectorSettings) -> None:
    topic = f"obs/v1/voc/{station}-x/gc1/json" if kind.topic == "own" else kind.topic.format(name="x")
    key, due = due_of(kind, topic, 4_711)
    decoded = decode_and_validate(RawMessage(*key, datetime.now(UTC)), settings)
    assert [(item.reason, item.parameter) for item in decoded.rejections] == list(due.entries)
    assert due.rows == {
        (reading.network, reading.station_id, reading.instrument_id, code, reading.interval.start): value
        for reading in decoded.readings
        for code, value in reading.values.items()
    }
