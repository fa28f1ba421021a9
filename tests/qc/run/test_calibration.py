"""Calibration results drive the validity of stored hours, on a real InfluxDB and a real state database."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import typer
from typer.testing import CliRunner

from qc.calibration.correction import CalibrationError
from qc.run import job
from qc.run.calibration import propose, revert
from schemas.calibration import CheckKind, CheckOutcome, CheckResult
from schemas.flagged import native_with_flags
from schemas.interval import Interval
from schemas.reading import Reading
from schemas.words import sentence
from store.influx.store import Bucket, InfluxStore
from store.recorded_flags import read_recorded_flags
from store.state import ReopenReason, StateStore
from tests.network import instrument, network_text, station

if TYPE_CHECKING:
    from store.settings import SharedSettings

START = datetime(2026, 6, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
NOW = START + timedelta(hours=6, minutes=5)
NETWORK = network_text(station("s1", instrument("a", "gas", 60, "o3", "no2")))


@pytest.fixture
def store(store: InfluxStore) -> InfluxStore:
    readings = [
        Reading(
            "gas",
            "s1",
            "a",
            Interval(START + timedelta(minutes=minute), START + timedelta(minutes=minute + 1)),
            {"o3": 80 + minute / 20 + minute % 7 / 10, "no2": 30 + minute / 20 + minute % 5 / 10},
        )
        for minute in range(360)
    ]
    assert store.write_readings(readings).accepted == 360
    return store


def span(hours: float, drift_pct: float) -> CheckResult:
    return CheckResult("gas", "s1", "a", "o3", START + hours * HOUR, CheckKind.SPAN, 300.0, 300 * (1 + drift_pct / 100))


def flags(store: InfluxStore, code: str = "o3") -> list[int]:
    return store.read_hourly("gas", "s1", START, START + 6 * HOUR)[f"{code}__flag"].tolist()


def run(settings: SharedSettings) -> job.QcSummary:
    return job.run(settings, "gas", START, START + 6 * HOUR, NOW)


@pytest.mark.integration
def test_a_failed_check_fails_the_hours_back_to_the_last_good_one(
    placed: SharedSettings, store: InfluxStore, state: StateStore
) -> None:
    state.calibration.add_checks([span(2, 1.0), span(4.5, 15.0)], NOW)
    summary = run(placed)
    assert flags(store) == [1, 1, 9, 9, 9, 9]
    assert flags(store, "no2") == [1] * 6
    assert summary.native_flags == {"calibration": 4}
    reason = store.read_flags(Bucket.NATIVE, "gas", START, START + 6 * HOUR)["reason"].iloc[0]
    assert "span check of 2026-06-01T04:30Z failed" in sentence(reason, "en")
    assert "上次合格为 2026-06-01T02:00Z" in sentence(reason, "zh")
    assert [item.outcome for item in state.calibration.list_checks()] == [CheckOutcome.PASS, CheckOutcome.INVALID]


@pytest.mark.integration
def test_a_failed_check_covers_every_minute_between_the_good_ones(
    placed: SharedSettings, store: InfluxStore, state: StateStore
) -> None:
    state.calibration.add_checks([span(1.5, 0.0), span(3, 15.0), span(4.25, 0.0)], NOW)
    run(placed)
    verdicts = read_recorded_flags(store, state, "gas", "s1", Interval(START, START + 6 * HOUR))
    native = store.read_native("gas", "s1", "a", START, START + 6 * HOUR)
    joined = native_with_flags(native, "a", verdicts)
    assert joined["o3__flag"].tolist() == [1] * 90 + [4] * 165 + [1] * 105
    assert joined["no2__flag"].tolist() == [1] * 360


@pytest.mark.integration
def test_the_flags_of_a_minute_are_known_for_any_moment(
    placed: SharedSettings, store: InfluxStore, state: StateStore
) -> None:
    state.calibration.add_checks([span(1.5, 0.0), span(3, 15.0)], NOW)
    whole, moments = Interval(START, START + 6 * HOUR), [datetime.now(UTC)]
    run(placed)
    moments.append(datetime.now(UTC))
    state.calibration.add_checks([span(4.25, 0.0)], NOW)
    job.run_reopened(placed, NOW)
    native, told = store.read_native("gas", "s1", "a", START, START + 6 * HOUR, ["o3"]), []
    for moment in (*moments, None):
        verdicts = read_recorded_flags(store, state, "gas", "s1", whole, as_of=moment)
        told.append(native_with_flags(native, "a", verdicts)["o3__flag"].value_counts().to_dict())
    assert told == [{2: 360}, {1: 90, 4: 270}, {1: 195, 4: 165}]


@pytest.mark.integration
def test_a_result_that_comes_later_reopens_its_hours_and_native_values_stay(
    placed: SharedSettings, store: InfluxStore, state: StateStore
) -> None:
    state.calibration.add_checks([span(1, 0.0)], NOW)
    run(placed)
    assert flags(store) == [1] * 6
    before = store.read_native("gas", "s1", "a", START, START + 6 * HOUR, ["o3"])
    state.calibration.add_checks([span(3, 15.0), span(4, 0.0)], NOW)
    (summary,) = job.run_reopened(placed, NOW)
    assert flags(store) == [1, 9, 9, 9, 1, 1]
    assert summary.start <= START + HOUR
    assert state.revisions.list_reopened() == []
    assert store.read_native("gas", "s1", "a", START, START + 6 * HOUR, ["o3"]).equals(before)


@pytest.mark.integration
def test_a_correction_is_shown_recorded_applied_and_taken_back(
    placed: SharedSettings, store: InfluxStore, state: StateStore
) -> None:
    state.calibration.add_checks([span(0, 0.0), span(4, 5.0)], NOW)
    run(placed)
    check = state.calibration.list_checks()[1].id
    raw = store.read_hourly("gas", "s1", START, START + 6 * HOUR)["o3"]
    shown = propose(placed, check, "a person", "drift", is_dry_run=True)
    assert (shown.number, shown.hours, state.calibration.list_corrections()) == (None, 4, [])
    assert shown.largest_change == pytest.approx(-90.8 * (1 - 1 / 1.044), abs=0.1)
    for who, why in (("", "drift"), ("a person", "  ")):
        with pytest.raises(CalibrationError, match="needs the name of who takes it, and the reason"):
            propose(placed, check, who, why, is_dry_run=False)
    made = propose(placed, check, "a person", "drift", is_dry_run=False)
    with pytest.raises(CalibrationError, match="needs the name of who takes it, and the reason"):
        revert(placed, made.number, "another", "", is_dry_run=False)
    assert {item.reason for item in state.revisions.list_reopened()} == {ReopenReason.CORRECTION}
    job.run_reopened(placed, NOW)
    after = store.read_hourly("gas", "s1", START, START + 6 * HOUR)["o3"]
    assert after.iloc[3] == pytest.approx(raw.iloc[3] / (1 + 0.05 * 3.5 / 4), rel=1e-3)
    assert after.iloc[4:].tolist() == raw.iloc[4:].tolist()
    assert made.number is not None
    revert(placed, made.number, "another", "wrong cylinder", is_dry_run=False)
    job.run_reopened(placed, datetime.now(UTC))
    assert store.read_hourly("gas", "s1", START, START + 6 * HOUR)["o3"].equals(raw)


@pytest.mark.integration
def test_the_commands_list_show_correct_and_revert(
    placed: SharedSettings, store: InfluxStore, state: StateStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    from console.cli.qc import group as command

    state.calibration.add_checks([span(0, 0.0), span(4, 5.0), span(5, 15.0)], NOW)
    run(placed)
    for name in ("run_dir", "network", "influx_url", "influx_database", "state_url"):
        monkeypatch.setenv(f"SKYGROUND_{name.upper()}", str(getattr(placed, name)))
    monkeypatch.setenv("SKYGROUND_LANGUAGE", "en")
    app, shell = typer.Typer(), CliRunner()
    command.register(app)

    def ask(*words: str, status: int = 0) -> str:
        done = shell.invoke(app, ["qc", "calibration", *words])
        assert done.exit_code == status, done.output
        return done.output

    listed = [json.loads(line) for line in ask("list", "--station", "s1", "--json").splitlines()]
    assert [item["outcome"] for item in listed] == ["invalid", "adjust", "pass"]
    assert "FAIL 2026-06-01T04:00Z .. ...: span check of 2026-06-01T05:00Z failed" in ask("show", str(listed[0]["id"]))
    decide = ("--who", "a person", "--why", "drift")
    assert "would correct" in ask("correct", str(listed[1]["id"]), *decide, "--dry-run")
    number = json.loads(ask("correct", str(listed[1]["id"]), *decide, "--json"))["number"]
    assert "already covers" in ask("correct", str(listed[1]["id"]), *decide, status=2)
    assert "within its tolerance" in ask("correct", str(listed[0]["id"]), *decide, status=2)
    why = shell.invoke(app, ["qc", "why", "--station", "s1", "--parameter", "o3", "--at", "2026-06-01T09:30"]).output
    assert f"corrected by decision {number} of a person: drift" in why
    assert "is reverted" in ask("revert", str(number), *decide)
    assert "reverted by a person" in ask("list")
    assert "no correction" in ask("revert", str(number), *decide, status=2)
    assert "no calibration check 99" in ask("show", "99", status=2)
