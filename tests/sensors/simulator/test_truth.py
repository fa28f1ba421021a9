from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from schemas.calibration import CheckKind
from sensors.simulator import Province, Truth, parse_truth
from sensors.simulator.accident import FRONT_UG_M3
from sensors.simulator.accident import STATION as ACCIDENT_STATION
from sensors.simulator.checks import check_results
from sensors.simulator.faults import SPAN_VALUE, FaultKind
from sensors.simulator.layout import PLUME_TARGET as PAST_TARGET
from sensors.simulator.story import CUT_LINE, DEAD, MISSPELT, PLUME_TARGET_NOW, SILENT_STATION, WRONG_CLOCK, Story

if TYPE_CHECKING:
    from schemas.network import Instrument, Station

STAGED = {"dead", "misspelt", "declared", "cut_line"}
"""Faults of a staged province alone."""
EVENTS = {"haze", "rain", "ozone", "plume"}


def reading_values(province: Province, station_id: str, instrument_id: str, code: str) -> dict[object, float]:
    network = province.network()
    station, instrument = network.stations[station_id], network.instruments[station_id, instrument_id]
    return {r.interval.start: r.values[code] for r in province.readings(station, instrument)}


def test_three_days_hold_every_event_and_every_kind_of_fault(province: Province) -> None:
    kinds = {record.kind for record in province.truth().records}
    assert kinds == EVENTS | {kind.value for kind in FaultKind} - STAGED


def _instrument(province: Province, station_id: str, instrument_id: str) -> tuple[Station, Instrument]:
    network = province.network()
    return network.stations[station_id], network.instruments[station_id, instrument_id]


def test_a_staged_province_has_the_planned_faults_and_continues_after_its_history() -> None:
    at = datetime(2026, 11, 28, 2, 17, tzinfo=UTC)
    hour = at.replace(minute=0)
    end = hour + timedelta(days=1)
    accident_at = at + timedelta(minutes=3)
    story = Story(at=at, history_end=hour, end=end, accident_at=accident_at)
    staged = Province(42, hour - timedelta(days=3), end, story=story)
    truth = staged.truth()
    (haze,) = truth.of_kind("haze")
    assert timedelta(0) < at - haze.end < timedelta(hours=24)
    assert {item.station_id for item in truth.of_kind("cut_line")} == {*CUT_LINE}
    assert not list(staged.readings(*_instrument(staged, "ln-hl-04", "gamma1"), since=at - timedelta(hours=3)))
    front = {
        item.interval.start: item.values["so2"]
        for item in staged.readings(*_instrument(staged, ACCIDENT_STATION, "gas1"), since=hour, until=end)
    }
    first = min(moment for moment, value in front.items() if value > FRONT_UG_M3)
    assert abs(first - accident_at) <= timedelta(minutes=2)
    (dead,) = truth.of_kind("dead")
    (misspelt,) = truth.of_kind("misspelt")
    assert (dead.station_id, dead.parameter, misspelt.station_id) == (DEAD[0], DEAD[2], MISSPELT[0])
    past, now = (
        next(item for item in truth.of_kind("plume") if item.station_id == name)
        for name in (PAST_TARGET, PLUME_TARGET_NOW)
    )
    assert past.end <= hour <= now.end
    assert now.start < at < now.end
    station = next(item for item in staged.stations if item.id == MISSPELT[0])
    last = list(staged.readings(station, station.instruments[0], since=at - timedelta(minutes=3), until=at))
    assert all("so2x" in item.values and "so2" not in item.values for item in last)
    wrong = next(item for item in staged.stations if item.id == WRONG_CLOCK)
    before, after = (
        list(
            staged.readings(
                wrong, wrong.instruments[0], since=at - timedelta(minutes=2), until=at + timedelta(minutes=2)
            )
        )[place]
        for place in (0, -1)
    )
    assert after.interval.start - before.interval.start < -timedelta(hours=7)
    silent = next(item for item in staged.stations if item.id == SILENT_STATION)
    assert not list(staged.readings(silent, silent.instruments[0], since=hour))


def test_the_span_check_of_the_dead_channel_fails() -> None:
    at = datetime(2026, 11, 28, 2, 17, tzinfo=UTC)
    end = at + timedelta(days=1)
    staged = Province(42, at - timedelta(days=3), end, story=Story(at=at, history_end=at, end=end))
    station = next(item for item in staged.stations if item.id == DEAD[0])
    own = tuple(fault for fault in staged.faults if fault.station_id == station.id)
    results = check_results(42, station, station.instruments[0], own, (staged.start, at))
    spans = [item for item in results if item.parameter == DEAD[2] and item.kind is CheckKind.SPAN]
    assert spans[-1].response < 0.1 * spans[-1].reference
    assert spans[0].response == pytest.approx(spans[0].reference, rel=0.05)


def test_truth_reads_back_from_its_json_lines(province: Province) -> None:
    part = province.subset(cities=["sy"])
    assert parse_truth(part.truth().json_lines()) == part.truth()


def test_without_faults_the_truth_has_none(faultless: Province) -> None:
    assert {record.kind for record in faultless.truth().records} == EVENTS


def test_a_spike_a_drift_and_a_stuck_value_of_the_truth_are_in_the_readings(
    province: Province, faultless: Province
) -> None:
    checked = set()
    for fault in province.faults:
        if fault.parameter is None:
            continue
        bad = reading_values(province, fault.station_id, fault.instrument_id, fault.parameter)
        good = reading_values(faultless, fault.station_id, fault.instrument_id, fault.parameter)
        during = [t for t in bad if fault.interval.start <= t < fault.interval.end]
        if fault.kind is FaultKind.SPIKE:
            assert np.isclose(bad[during[0]] - good[during[0]], fault.magnitude, atol=0.2)
        elif fault.kind is FaultKind.STUCK:
            assert len({bad[t] for t in during}) == 1
            assert len(during) > 6
        else:
            assert np.isclose(bad[during[-1]], good[during[-1]] * (1 + fault.magnitude), rtol=0.02, atol=0.2)
        checked.add(fault.kind)
    assert checked == {FaultKind.SPIKE, FaultKind.STUCK, FaultKind.DRIFT}


def test_a_calibration_carries_status_c_and_leaves_45_minutes_of_its_hour(province: Province) -> None:
    network = province.network()
    station, instrument = network.stations["ln-dd-01"], network.instruments["ln-dd-01", "gas1"]
    letters = [(r.interval.start, r.status, r.values) for r in province.readings(station, instrument) if r.status]
    assert len(letters) == 3 * 14
    assert {frozenset(status) for _, status, _ in letters} == {frozenset(SPAN_VALUE)}
    assert {values["o3"] for _, _, values in letters} == {0.0, SPAN_VALUE["o3"]}
    per_hour = {t.replace(minute=0): 0 for t, _, _ in letters}
    for t, _, _ in letters:
        per_hour[t.replace(minute=0)] += 1
    assert max(per_hour.values()) <= 15


def test_an_outage_sends_nothing_and_numbers_go_on_without_a_gap(province: Province) -> None:
    (outage,) = [f for f in province.faults if f.kind is FaultKind.OUTAGE and f.instrument_id == "gas1"]
    network = province.network()
    readings = list(
        province.readings(network.stations[outage.station_id], network.instruments[outage.station_id, "gas1"])
    )
    assert not [r for r in readings if outage.interval.start <= r.interval.start < outage.interval.end]
    assert [r.seq for r in readings] == list(range(1, len(readings) + 1))


def test_contributions_of_the_sources_add_up_to_the_measured_pm25(faultless: Province) -> None:
    truth: Truth = faultless.truth()
    measured = reading_values(faultless, "ln-cy-03", "mass1", "pm25")
    told = {c.start: sum(c.pm25_ug_m3.values()) for c in truth.contributions if c.station_id == "ln-cy-03"}
    assert len(told) == 72
    assert np.isclose(sum(measured.values()), sum(told.values()), rtol=0.02)


def test_every_hour_of_every_station_with_sources_is_listed_once(province: Province) -> None:
    keys = [(c.station_id, c.start) for c in province.truth().contributions]
    assert len(keys) == len(set(keys))
    assert {start.minute for _, start in keys} == {0}
    assert max(start for _, start in keys) == province.end - timedelta(hours=1)
