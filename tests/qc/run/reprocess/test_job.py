"""Reprocessing by station-months, on a real InfluxDB and a real state database."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import typer
from typer.testing import CliRunner

from console.cli.qc import group as command
from qc.run.reprocess.job import reprocess
from qc.run.reprocess.plan import forget, plan, plan_batches
from qc.station.station_month import StationMonth, changed_days, station_months_of, stretches_of
from store.influx.store import Bucket
from store.state import RunState, StateStore
from tests.qc.run.test_job import NETWORK, START, put

if TYPE_CHECKING:
    from store.influx.store import InfluxStore
    from store.settings import SharedSettings

__all__ = ["NETWORK"]  # of the fixtures
DAY = timedelta(days=1)
END = START + 3 * DAY
NOW = END + timedelta(minutes=5)
integration = pytest.mark.integration


def station_months(settings: SharedSettings) -> list[StationMonth]:
    return plan(settings, ["gas"], START, END, now=NOW)


def test_months_are_cut_at_their_ends() -> None:
    made = station_months_of("gas", ["b", "a"], START - 2 * DAY, START + 40 * DAY)
    assert [(item.station_id, item.start.month) for item in made] == [
        ("b", 5), ("b", 6), ("b", 7), ("a", 5), ("a", 6), ("a", 7)
    ]  # fmt: skip
    assert [item.end for item in made[:2]] == [item.start for item in made[1:3]]


def test_nothing_is_planned_for_an_empty_time() -> None:
    assert station_months_of("gas", ["a"], START, START) == []


def test_a_changed_day_is_evaluated_with_the_hours_that_depend_on_it() -> None:
    whole = StationMonth("gas", "s1", START, START + 30 * DAY)
    six = timedelta(hours=6)
    days = [START, START + DAY, START + 9 * DAY]
    assert stretches_of(whole, days, six, START + 30 * DAY) == [
        (START, START + 2 * DAY + six), (START + 9 * DAY, START + 10 * DAY + six)
    ]  # fmt: skip
    assert stretches_of(whole, days, six, START + DAY) == [(START, START + DAY)]


def test_days_differ_by_fingerprint() -> None:
    assert changed_days({"2026-06-01": "a", "2026-06-02": "b"}, {"2026-06-01": "a"}) == [
        datetime(2026, 6, 2, tzinfo=UTC)
    ]


@integration
def test_a_second_run_evaluates_nothing(placed: SharedSettings, store: InfluxStore) -> None:
    put(store, range(0, 3 * 1440, 5))
    first, again = (reprocess(placed, station_months(placed), NOW) for _ in range(2))
    assert (first.judged, first.unchanged, first.days) == (1, 1, 3)
    assert (again.judged, again.unchanged, again.hours) == (0, 2, 0)
    assert len(store.read_hourly("gas", "s1", START, END)) == 72


@integration
def test_only_changed_days_are_evaluated_again(placed: SharedSettings, store: InfluxStore) -> None:
    put(store, range(0, 3 * 1440, 5))
    reprocess(placed, station_months(placed), NOW)
    put(store, range(1440, 1500))
    again = reprocess(placed, station_months(placed), NOW)
    assert (again.days, again.judged) == (1, 1)
    assert again.revised > 0
    assert again.hours < 3 * 60


@integration
def test_other_limits_evaluate_everything_again(placed: SharedSettings, store: InfluxStore) -> None:
    put(store, range(0, 3 * 1440, 5))
    reprocess(placed, station_months(placed), NOW)
    placed.network.with_name("thresholds.toml").write_text(
        '[[limit]]\ntest = "gross_range"\nparameters = ["o3"]\nsuspect_max = 10.0\nunit = "ug/m3"\nsource = "a try"\nverified = false\n'
    )
    again = reprocess(placed, station_months(placed), NOW)
    assert again.days == 6
    assert (store.read_flags(Bucket.NATIVE, "gas", START, END, "s1")["test"] == "gross_range").sum() == 3 * 288


@integration
def test_a_stopped_run_is_marked_and_goes_on_where_it_was(placed: SharedSettings, store: InfluxStore) -> None:
    put(store, range(0, 3 * 1440, 5))
    done: list[object] = []
    stopped = reprocess(placed, station_months(placed), NOW, stop=lambda: bool(done), progress=done.append)
    assert (stopped.judged, stopped.left) == (1, 1)
    with StateStore(placed.state_url) as state:
        (kept,) = state.runs.list("reprocess")
    assert kept.state == RunState.CANCELLED
    rest = reprocess(placed, station_months(placed), NOW)
    assert (rest.judged, rest.unchanged, rest.left) == (0, 2, 0)
    forget(placed, station_months(placed))
    assert reprocess(placed, station_months(placed), NOW).judged == 1


@integration
def test_two_processes_make_what_one_makes(placed: SharedSettings, store: InfluxStore) -> None:
    put(store, range(0, 3 * 1440, 5))
    done = reprocess(placed, station_months(placed), NOW, workers=2)
    assert (done.judged, done.unchanged, done.left) == (1, 1, 0)
    before = store.read_hourly("gas", "s1", START, END)
    forget(placed, station_months(placed))
    again = reprocess(placed, station_months(placed), NOW)
    assert (again.revised, again.taken_back) == (0, 0)
    assert store.read_hourly("gas", "s1", START, END).equals(before)


@integration
def test_a_station_without_the_network_is_named(placed: SharedSettings) -> None:
    with pytest.raises(ValueError, match="no instrument of met at s2"):
        plan(placed, ["met"], START, END, stations=["s2"], now=NOW)
    with pytest.raises(ValueError, match="no instrument of gas at s9"):
        plan(placed, ["gas"], NOW + DAY, NOW + 2 * DAY, stations=["s9"], now=NOW)


@integration
def test_a_network_that_there_is_not_is_refused_and_one_without_instruments_left_out(placed: SharedSettings) -> None:
    options = {"stations": None, "now": NOW, "most": 4, "everything": False}
    assert plan_batches(placed, ["voc"], START, END, **options) == []
    with pytest.raises(ValueError, match="'foo' is not a valid NetworkCode"):
        plan_batches(placed, ["gas", "foo"], START, END, **options)


@integration
def test_batches_hold_every_month_once(placed: SharedSettings) -> None:
    options = {"stations": None, "now": NOW + 60 * DAY, "everything": False}
    batches = plan_batches(placed, ["gas", "voc"], START, END + 60 * DAY, most=4, **options)
    assert len(batches) <= 4
    assert sum(map(len, batches)) == 6


@integration
def test_the_command_lists_and_evaluates_months(
    placed: SharedSettings, store: InfluxStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, range(0, 3 * 1440, 5))
    names = ("RUN_DIR", "NETWORK", "INFLUX_URL", "INFLUX_DATABASE", "STATE_URL")
    for name in names:
        monkeypatch.setenv(f"SKYGROUND_{name}", str(getattr(placed, name.lower())))
    app, shell = typer.Typer(), CliRunner()
    command.register(app)
    monkeypatch.setattr(command.shell, "now", lambda: NOW)
    asked = ["qc", "run", "--from", "2026-06-01T00:00Z", "--network", "gas", "--stations", "s1"]
    listed = shell.invoke(app, [*asked, "--dry-run", "--json"])
    assert json.loads(listed.output)["days"] == 3
    done = shell.invoke(app, [*asked, "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout.splitlines()[-1])["judged"] == 1
    assert "0 of 1" not in shell.invoke(app, [*asked, "--dry-run", "--all"]).output
    wrong = shell.invoke(app, [*asked, "--stations", "s9"])
    assert (wrong.exit_code, "no instrument of gas at s9" in wrong.output) == (2, True)
