"""The job on a real InfluxDB and a real state database."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest
from typer.testing import CliRunner

from qc.run import job
from qc.run.gate import job as gate
from schemas.frames import valid_values
from schemas.interval import Interval
from schemas.reading import Reading
from store.influx.store import Bucket, InfluxStore
from store.state import RunState, StateStore
from tests.network import instrument, network_text, station

if TYPE_CHECKING:
    from store.settings import SharedSettings

pytestmark = pytest.mark.integration
START = datetime(2026, 6, 1, tzinfo=UTC)
NETWORK = network_text(
    station(
        "s1",
        instrument("a", "gas", 60, "o3", "pm25", "pm10"),
        instrument("w", "met", 300, "wind_speed", "wind_direction", "rain"),
    ),
    station("s2", instrument("a", "gas", 60, "o3")),
)


def put(store: InfluxStore, minutes: range, status: dict[int, str] | None = None, **change: float) -> None:
    rng = np.random.default_rng(0)
    readings = []
    for minute in minutes:
        begin = START + timedelta(minutes=minute)
        values = {
            "o3": 80 + round(rng.normal(), 2),
            "pm25": 40 + round(rng.normal(), 2),
            "pm10": 70 + round(rng.normal(), 2),
        } | change
        letters = {"o3": (status or {})[minute]} if minute in (status or {}) else {}
        readings.append(Reading("gas", "s1", "a", Interval(begin, begin + timedelta(minutes=1)), values, letters))
    assert store.write_readings(readings).accepted == len(readings)


def run(settings: SharedSettings, hours: int = 6, network: str = "gas") -> job.QcSummary:
    return job.run(settings, network, START, START + timedelta(hours=hours), START + timedelta(hours=hours, minutes=5))


def test_calibration_and_outage_end_as_invalid_hours(placed: SharedSettings, store: InfluxStore) -> None:
    put(store, range(120), dict.fromkeys(range(60, 90), "C"))
    put(store, range(180, 360))
    summary = run(placed)
    hourly = store.read_hourly("gas", "s1", START, START + timedelta(hours=6))
    assert hourly["o3__flag"].tolist() == [1, 4, 9, 1, 1, 1]
    assert hourly["o3__n"].tolist() == [60, 30, 0, 60, 60, 60]
    assert valid_values(hourly, "o3").notna().tolist() == [True, False, False, True, True, True]
    assert (summary.streams, summary.silent, summary.native_flags) == (1, 1, {"status": 30, "gap": 3})
    flags = store.read_flags(Bucket.NATIVE, "gas", START, START + timedelta(hours=6), "s1")
    assert flags.groupby("test").size().to_dict() == {"gap": 3, "status": 30}


def test_running_again_changes_nothing(placed: SharedSettings, store: InfluxStore) -> None:
    put(store, range(300), {5: "D"})
    put(store, range(330, 360), pm25=300.0)
    span = (START, START + timedelta(hours=6))
    first, hours = run(placed), store.read_hourly("gas", "s1", *span)
    flags = [store.read_flags(bucket, "gas", *span) for bucket in (Bucket.NATIVE, Bucket.HOURLY)]
    for hours_again in (6, 3):
        again = run(placed, hours_again)
        assert again.taken_back == 0
        assert again.version == first.version
    assert store.read_hourly("gas", "s1", *span).equals(hours)
    for bucket, before in zip((Bucket.NATIVE, Bucket.HOURLY), flags, strict=True):
        assert store.read_flags(bucket, "gas", *span).equals(before)


def test_late_data_takes_verdicts_back(placed: SharedSettings, store: InfluxStore) -> None:
    put(store, [*range(60), *range(90, 180)])  # type: ignore[arg-type]
    run(placed, 3)
    put(store, range(60, 90))
    summary = run(placed, 3)
    assert summary.taken_back == 6
    assert store.read_flags(Bucket.HOURLY, "gas", START, START + timedelta(hours=3)).empty
    assert store.read_hourly("gas", "s1", START, START + timedelta(hours=3))["o3__flag"].tolist() == [1, 1, 1]


def test_hour_that_is_not_over_is_left(placed: SharedSettings, store: InfluxStore) -> None:
    put(store, range(150))
    summary = job.run(placed, "gas", START, START + timedelta(hours=9), START + timedelta(minutes=150))
    assert summary.end == START + timedelta(hours=2)
    assert len(store.read_hourly("gas", "s1", START, START + timedelta(hours=9))) == 2
    with pytest.raises(ValueError, match="no full hour"):
        job.run(placed, "gas", START, START + timedelta(hours=1), START + timedelta(minutes=30))


def test_run_is_recorded_also_when_it_fails(placed: SharedSettings, store: InfluxStore) -> None:
    put(store, range(60))
    summary = run(placed, 1)
    broken = placed.model_copy(update={"influx_url": "http://127.0.0.1:9"})
    with pytest.raises(Exception, match=r"127\.0\.0\.1:9"):
        run(broken, 1)
    runs = {item.state: item for item in StateStore(placed.state_url).runs.list("qc", "gas")}
    assert runs[RunState.DONE].version == summary.version
    assert runs[RunState.DONE].counts["hours"] == summary.hours == 3
    assert "error" in runs[RunState.FAILED].counts


def test_gate_keeps_its_verdict(placed: SharedSettings, store: InfluxStore) -> None:
    put(store, range(360))
    run(placed)
    summary = gate.gate(placed, "gas", START, START + timedelta(hours=6), START + timedelta(hours=6))
    (kept,) = StateStore(placed.state_url).gate.list_results("gas")
    assert summary.outcome == kept.outcome == "warn"
    assert [item["id"] for item in kept.detail["failures"]] == ["completeness", "freshness_stations"]
    assert kept.run_id == summary.run_id
    assert kept.detail["suite_version"] == summary.suite_version


def test_commands_run_and_explain(placed: SharedSettings, store: InfluxStore, monkeypatch: pytest.MonkeyPatch) -> None:
    import typer

    from console.cli.qc import group as command

    put(store, range(120), dict.fromkeys(range(60, 90), "C"))
    for name, value in {
        "RUN_DIR": placed.run_dir,
        "NETWORK": placed.network,
        "INFLUX_URL": placed.influx_url,
        "INFLUX_DATABASE": placed.influx_database,
        "STATE_URL": placed.state_url,
    }.items():
        monkeypatch.setenv(f"SKYGROUND_{name}", str(value))
    app = typer.Typer()
    command.register(app)
    shell = CliRunner()
    monkeypatch.setattr(command.shell, "now", lambda: START + timedelta(hours=3))
    done = shell.invoke(app, ["qc", "run", "--from", "2026-06-01T08:00", "--network", "gas", "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["native_flags"]["status"] == 30
    why = shell.invoke(app, ["qc", "why", "--station", "s1", "--parameter", "o3", "--at", "2026-06-01T09:30"])
    assert "无效 小时完整率：30 个有效值覆盖该小时的 50 %，至少需要 75 %" in why.output
    assert "仪器状态标识 C：校准" in why.output
    limits = shell.invoke(app, ["qc", "thresholds", "show", "pm25", "--station", "s1"])
    assert "pm_inversion" in limits.output
    for wrong, words in (
        (["run", "--from", "noon"], "noon"),
        (["run", "--from", "2026-06-01", "--network", "voc"], "has no instrument"),
        (["why", "--station", "x", "--parameter", "o3", "--at", "2026-06-01"], "unknown station"),
        (["thresholds", "show", "ozone"], "unknown parameter"),
    ):
        stopped = shell.invoke(app, ["qc", *wrong])
        assert stopped.exit_code == 2
        assert words in stopped.output
