"""Flags and hours as history, on a real InfluxDB and a real state database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from console.query.flag_explanation import explain
from console.query.flag_text import explanation_lines
from qc.run import job
from schemas.flag import Flag
from schemas.interval import Interval
from schemas.reading import Reading
from store.history import AsOf
from store.influx.store import Bucket, InfluxStore
from store.state import StateStore
from tests.qc.run.test_job import NETWORK, START, put, run

if TYPE_CHECKING:
    from store.settings import SharedSettings

__all__ = ["NETWORK"]  # of the fixtures
pytestmark = pytest.mark.integration
HOUR = timedelta(hours=1)
END = START + 3 * HOUR
SPIKE = {"start": START, "end": END, "station_id": "s1"}


def state_of(settings: SharedSettings) -> StateStore:
    return StateStore(settings.state_url)


def test_every_verdict_is_kept_with_rule_version_and_run(placed: SharedSettings, store: InfluxStore) -> None:
    put(store, range(180), {5: "D"}, pm25=300.0)
    summary = run(placed, 3)
    changes = state_of(placed).flag_history.list_changes(**SPIKE)
    assert {item.run_id for item in changes} == {summary.run_id}
    assert {item.version for item in changes} == {summary.version}
    (inversion,) = {item.figures["ratio"] for item in changes if item.test == "pm_inversion"}
    assert inversion == 1.1
    (status,) = [item for item in changes if item.test == "status"]
    assert (status.flag, status.flag_before, status.figures, status.instrument_id) == (4, 1, {}, "a")


def test_running_again_records_nothing(placed: SharedSettings, store: InfluxStore) -> None:
    put(store, range(180), {5: "D"}, pm25=300.0)
    run(placed, 3)
    before = state_of(placed).flag_history.list_changes(**SPIKE)
    again = run(placed, 3)
    assert again.revised == again.taken_back == 0
    assert state_of(placed).flag_history.list_changes(**SPIKE) == before
    assert state_of(placed).flag_history.list_hours(start=START, end=END) == []


def test_hours_and_flags_answer_as_of_a_moment(placed: SharedSettings, store: InfluxStore) -> None:
    ago = datetime.now(UTC)
    put(store, [*range(60), *range(90, 180)])  # type: ignore[arg-type]
    run(placed, 3)
    hours = store.read_hourly("gas", "s1", START, END)
    flags = store.read_flags(Bucket.HOURLY, "gas", START, END, "s1")
    then = datetime.now(UTC)
    put(store, range(60, 90))
    assert run(placed, 3).revised == 3
    now = store.read_hourly("gas", "s1", START, END)
    assert now["o3__revision"].tolist() == [0, 1, 0]
    state = state_of(placed)
    past = AsOf(influx=store, state=state, network="gas", station_id="s1", start=START, end=END, moment=then)
    told = past.hourly()
    for name in ("o3", "o3__n", "o3__flag", "pm25", "pm10__flag"):
        assert told[name].tolist() == hours[name].tolist()
    assert told["o3__revision"].tolist() == [0, 0, 0]
    told_flags = past.flags(Bucket.HOURLY)
    key = ["start", "parameter", "test"]
    assert told_flags.sort_values(key)[[*key, "flag", "reason"]].to_numpy().tolist() == (
        flags.sort_values(key)[[*key, "flag", "reason"]].to_numpy().tolist()
    )
    assert replace(past, moment=datetime.now(UTC)).flags(Bucket.HOURLY).empty
    assert replace(past, moment=ago).hourly().empty
    assert replace(past, moment=ago).flags(Bucket.HOURLY).empty


def test_why_names_limit_run_and_what_was_taken_back(placed: SharedSettings, store: InfluxStore) -> None:
    put(store, [*range(60), *range(90, 180)])  # type: ignore[arg-type]
    first = run(placed, 3)
    then = datetime.now(UTC)
    put(store, range(60, 90))
    second = run(placed, 3)
    asked = {"network": placed.stations, "station_id": "s1", "parameter": "o3", "at": START + 1.5 * HOUR}
    now = explain(store, state_of(placed), **asked)
    assert now.verdicts == ()
    assert [(item.run_id, item.test, item.flag) for item in now.changes if item.level == "hourly"] == [
        (first.run_id, "completeness", Flag.FAIL),
        (second.run_id, "completeness", Flag.PASS),
    ]
    old = explain(store, state_of(placed), as_of=then, **asked)
    (complete,) = [item for item in old.verdicts if item.test == "completeness"]
    assert complete.limit["min_completeness"] == 0.75
    assert (complete.version, complete.run_id) == (first.version, first.run_id)
    assert (old.hours[0].count, old.hours[0].flag, now.hours[0].count, now.hours[0].revision) == (30, 4, 60, 1)
    assert any("min_completeness=0.75" in line for line in explanation_lines(old, "en"))
    assert any("第 1 次修订" in line for line in explanation_lines(now, "zh"))


def test_a_value_that_goes_leaves_nothing_behind(placed: SharedSettings, store: InfluxStore) -> None:
    put(store, range(60))
    run(placed, 1)
    readings = [
        Reading(
            "gas", "s1", "a", Interval(START + minute * HOUR / 60, START + (minute + 1) * HOUR / 60), {}, {"o3": "D"}
        )
        for minute in range(60)
    ]
    store.write_readings(readings)
    run(placed, 1)
    hour = store.read_hourly("gas", "s1", START, START + HOUR).iloc[0]
    assert np.isnan(hour["o3"])
    assert np.isnan(hour["o3__std"])
    assert (hour["o3__n"], hour["o3__completeness"], hour["o3__revision"]) == (0, 0, 1)
    assert hour["pm25__n"] == 60


def test_run_of_some_stations_leaves_the_others_alone(placed: SharedSettings, store: InfluxStore) -> None:
    put(store, range(60), {5: "D"})
    run(placed, 1)
    summary = job.run(placed, "gas", START, START + HOUR, START + HOUR, ["s2"])
    assert (summary.stations, summary.taken_back, summary.streams) == (("s2",), 0, 0)
    assert len(store.read_flags(Bucket.NATIVE, "gas", START, START + HOUR, "s1")) == 1
    with pytest.raises(ValueError, match="no instrument of network gas at s9"):
        job.run(placed, "gas", START, START + HOUR, START + HOUR, ["s9"])
