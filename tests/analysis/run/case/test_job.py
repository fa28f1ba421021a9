"""Case files on a real InfluxDB and a real state database."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from analysis.case.case_file import Basis, EventKind
from analysis.report.stored_case import CASE, read_case
from analysis.run.case import CaseSources, NoEventError, case_at, cases_of_span, first_cases, moment
from analysis.run.case import job as case_job
from analysis.run.case.case_data import CaseData
from analysis.run.case.case_document import find_case
from analysis.run.case.moment import EventWindow
from schemas.flag import Flag
from schemas.interval import Interval
from schemas.reading import Reading
from schemas.reason import parse_reason, reason_text
from schemas.words import render
from store.influx.store import Bucket, InfluxStore
from store.state import StateStore
from tests.analysis.frames import EPISODE_H, START, episode_start, network_text, province

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from store.settings import SharedSettings

pytestmark = pytest.mark.integration
END = START + timedelta(days=32)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def own(settings: SharedSettings, tmp_path: Path) -> SharedSettings:
    """Settings of the small province; nothing is stored yet."""
    path = tmp_path / "network.toml"
    path.write_text(network_text().replace("cadence_s = 3600", "cadence_s = 60"), encoding="utf-8")
    settings = settings.model_copy(update={"network": path})
    store = InfluxStore(settings)
    store.ensure()
    store.close()
    with StateStore(settings.state_url) as state:
        state.migrate()
    return settings


@pytest.fixture
def state(own: SharedSettings) -> Iterator[StateStore]:
    with StateStore(own.state_url) as state:
        yield state


def store_hours(own: SharedSettings, until: datetime = END) -> None:
    store = InfluxStore(own)
    for code, stations in province().items():
        for station_id, frame in stations.items():
            store.write_hourly(code, station_id, frame[frame.index < pd.Timestamp(until)])
    store.close()


def store_minutes(own: SharedSettings, start: datetime, minutes: int) -> None:
    """PM2.5 of the first station rises from 20 to 120 ug/m3 in an hour; a wind of 3 m/s from the west."""
    store = InfluxStore(own)
    values = 20.0 + 100.0 * np.clip(np.arange(minutes) / 60, 0, 1)
    readings = []
    for step, value in enumerate(values.tolist()):
        at = start + step * MINUTE
        readings += [
            Reading("gas", "st-0", "gas1", Interval(at, at + MINUTE), {"pm25": value, "pm10": 1.6 * value}),
            Reading("gas", "st-1", "gas1", Interval(at, at + MINUTE), {"pm25": 21.0, "pm10": 33.0}),
            Reading("met", "st-0", "met1", Interval(at, at + MINUTE), {"wind_speed": 3.0, "wind_direction": 270.0}),
        ]
    store.write_readings(readings)
    store.close()


def test_an_episode_of_the_span_has_one_case_file_that_is_read_back(own: SharedSettings, state: StateStore) -> None:
    store_hours(own)
    summary = cases_of_span(own, episode_start(), END, END)
    assert (summary.events, summary.failed) == (1, {})
    assert summary.included == 2  # PM10 rose with PM2.5, and the rise is an event too
    (document,) = state.documents.list(CASE)
    stored = read_case(document.body)
    assert stored is not None
    case = stored.case
    assert document.key == case.key == summary.keys[0]
    assert case.key.startswith("st-0/")
    assert case.event.start == episode_start()
    assert (case.peak.hours, case.basis) == (EPISODE_H, Basis.HOURLY)
    assert stored.chart is not None
    assert {mark.id for mark in stored.chart.marks} == {"st-0", "st-1", "st-2", "st-3"}  # within 30 km
    assert len(stored.chart.values) == len(stored.chart.usual_high)


def test_the_same_data_make_no_new_version(own: SharedSettings, state: StateStore) -> None:
    store_hours(own)
    (key,) = cases_of_span(own, episode_start(), END, END).keys
    assert cases_of_span(own, episode_start(), END, END + HOUR).keys == (key,)
    assert [item.version for item in state.documents.list_versions(CASE, key)] == [1]


def test_the_first_case_from_minutes_is_renewed_by_the_hours_under_its_key(
    own: SharedSettings, state: StateStore
) -> None:
    start = episode_start()
    store_hours(own, until=start)
    store_minutes(own, start - 6 * HOUR, 6 * 60 + 40)
    began, now = start, start + timedelta(minutes=40)
    window = EventWindow(station_id="st-0", parameter="pm25", interval=Interval(began, now), threshold=75.0)
    store = InfluxStore(own)
    first = first_cases(CaseSources(influx=store, state=state, network=own.stations), [window], now)
    store.close()
    assert first.failed == {}
    found = find_case(state, "st-0", "pm25", began, now)
    assert found is not None
    assert (found.case.basis, found.case.computed_at) == (Basis.MINUTE, now)
    assert found.chart is not None
    assert found.chart.step_s == 300
    store_hours(own)
    later = cases_of_span(own, start, END, END)
    assert first.keys[0] in later.keys
    assert [item.version for item in state.documents.list_versions(CASE, first.keys[0])] == [2, 1]
    renewed = find_case(state, "st-0", "pm25", began, now)
    assert renewed is not None
    assert renewed.case.basis is Basis.HOURLY


def test_the_moment_chooses_the_most_deviating_parameter(own: SharedSettings) -> None:
    store_hours(own)
    stored = case_at(own, "st-0", episode_start() + HOUR, END)
    assert stored.case.event.start == episode_start()
    chosen = case_at(own, "st-0", episode_start() + HOUR, END, parameter="toluene")
    assert chosen.case.key == f"st-0/toluene/{episode_start():%Y-%m-%dT%H:%MZ}"


def test_a_rise_at_the_moment_comes_before_a_larger_one_that_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    def rise(parameter: str, first: int, hours: int, score: float) -> EventWindow:
        span = Interval(START + first * HOUR, START + (first + hours) * HOUR)
        return EventWindow(station_id="st-0", parameter=parameter, interval=span, score=score)

    known = [rise("no", 0, 9, 50.0), rise("toluene", 9, 6, 8.0)]
    monkeypatch.setattr(moment, "windows_of", lambda *_, **__: iter(known))
    data, zone = CaseData(stations={}), ZoneInfo("Asia/Shanghai")
    asked = [moment.window_at(data, "st-0", START + hour * HOUR, zone).parameter for hour in (4, 11, 17)]
    assert asked == ["no", "toluene", "toluene"]


def test_a_moment_without_an_event_names_the_nearest(own: SharedSettings) -> None:
    store_hours(own)
    with pytest.raises(NoEventError) as raised:
        case_at(own, "st-0", episode_start() + 20 * HOUR, END, parameter="pm25")
    assert raised.value.nearest is not None
    assert raised.value.nearest.interval.start == episode_start()


def test_hours_that_quality_control_failed_are_a_fault(own: SharedSettings) -> None:
    store_hours(own)
    at = episode_start() + 20 * HOUR
    starts = pd.date_range(at, periods=4, freq="h").as_unit("us")
    reason = reason_text("gross_range", "high", limit=100.0, value=140.0)
    frame = pd.DataFrame({"start": starts, "station_id": "st-0", "parameter": "so2", "test": "gross_range"})
    store = InfluxStore(own)
    store.write_flags(Bucket.NATIVE, "gas", frame.assign(instrument_id="gas1", flag=int(Flag.FAIL), reason=reason))
    store.close()
    case = case_at(own, "st-0", at + HOUR, END).case
    assert (case.kind, case.parameter) == (EventKind.FAULT, "so2")
    assert (case.event.start, case.event.end) == (at, at + 4 * HOUR)
    rise = case_at(own, "st-0", episode_start() + HOUR, END).case
    assert rise.event.start == episode_start()


@pytest.mark.parametrize("is_known", [True, False])
def test_suspect_hours_give_way_to_a_rise_shortly_after_unless_a_verdict_calls_them_a_fault(
    own: SharedSettings, monkeypatch: pytest.MonkeyPatch, *, is_known: bool
) -> None:
    store_hours(own)
    at = episode_start() - 2 * HOUR
    starts = pd.date_range(at, periods=2 * 60, freq="min").as_unit("us")
    reason = reason_text("gross_range", "high", limit=100.0, value=140.0)
    frame = pd.DataFrame({"start": starts, "station_id": "st-0", "parameter": "co", "test": "target_gas"})
    store = InfluxStore(own)
    store.write_flags(Bucket.NATIVE, "gas", frame.assign(instrument_id="gas1", flag=int(Flag.SUSPECT), reason=reason))
    store.close()
    if not is_known:
        monkeypatch.setattr(case_job, "verdict_on", lambda *_: None)
    case = case_at(own, "st-0", at + HOUR, END).case
    assert (case.kind is EventKind.FAULT, case.event.start) == (is_known, at if is_known else episode_start())


def test_an_instrument_that_is_stuck_in_an_episode_is_a_fault_where_its_parameter_is_asked(own: SharedSettings) -> None:
    store_hours(own)
    at, hours = episode_start(), 6
    store = InfluxStore(own)
    readings = [
        Reading(
            "gas",
            "st-0",
            "gas1",
            Interval(at + n * MINUTE, at + (n + 1) * MINUTE),
            {"so2": 50.0 if n > 30 else 40.0 + n % 7},
        )
        for n in range(hours * 60)
    ]
    store.write_readings(readings)
    starts = pd.date_range(at + 2 * HOUR, periods=(hours - 2) * 60, freq="min").as_unit("us")
    reason = reason_text("flat_line", "flat", tolerance=0.1, unit="ug/m3", hours=1, value=50.0)
    frame = pd.DataFrame({"start": starts, "station_id": "st-0", "parameter": "so2", "test": "flat_line"})
    store.write_flags(Bucket.NATIVE, "gas", frame.assign(instrument_id="gas1", flag=int(Flag.SUSPECT), reason=reason))
    store.close()
    asked = case_at(own, "st-0", at + HOUR, END, parameter="so2").case
    assert (asked.kind, asked.event.start) == (EventKind.FAULT, at)
    assert case_at(own, "st-0", at + HOUR, END, parameter="pm25").case.event.start == episode_start()


def test_a_station_without_data_has_no_event(own: SharedSettings) -> None:
    with pytest.raises(NoEventError) as raised:
        case_at(own, "st-0", END, END)
    assert raised.value.nearest is None


def test_a_case_that_fails_does_not_stop_the_others(
    own: SharedSettings, state: StateStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_hours(own)
    real = case_job.case_file

    def breaking(given: object) -> object:
        if getattr(given, "parameter", "") == "so2":
            msg = "broken"
            raise RuntimeError(msg)
        return real(given)  # type: ignore[arg-type]  # a CaseInput

    monkeypatch.setattr(case_job, "case_file", breaking)
    span = Interval(episode_start(), episode_start() + 6 * HOUR)
    windows = [EventWindow(station_id="st-0", parameter=name, interval=span) for name in ("so2", "pm25")]
    store = InfluxStore(own)
    summary = first_cases(CaseSources(influx=store, state=state, network=own.stations), windows, END)
    store.close()
    assert summary.failed == {"st-0/so2": "RuntimeError: broken"}
    assert summary.events == 1


def test_a_parameter_without_a_value_is_listed_as_failed(own: SharedSettings, state: StateStore) -> None:
    store_hours(own)
    window = EventWindow(station_id="st-1", parameter="toluene", interval=Interval(END - HOUR, END))
    store = InfluxStore(own)
    summary = first_cases(CaseSources(influx=store, state=state, network=own.stations), [window], END)
    store.close()
    assert summary.events == 0
    reason = parse_reason(summary.failed["st-1/toluene"])
    assert reason is not None
    assert reason.figures["start"] == f"{(END - HOUR).astimezone(own.stations.timezone):%Y-%m-%d %H:%M}"
    assert "没有有效值" in render(reason, "zh")
    assert "toluene has no valid value at st-1" in render(reason, "en")


def test_an_event_below_every_threshold_has_a_case_file(own: SharedSettings) -> None:
    store = InfluxStore(own)
    begin = pd.Timestamp(END - timedelta(days=1))
    for code, stations in province().items():
        for station_id, frame in stations.items():
            calm = frame[frame.index < pd.Timestamp(END)].copy()
            late = np.asarray(calm.index >= pd.Timestamp(episode_start()))
            for name in [item for item in calm if "__" not in str(item)]:
                calm.loc[late, name] = float(calm[name].median())
            if "toluene" in calm and station_id == "st-0":
                calm.loc[np.asarray((calm.index >= begin) & (calm.index < begin + 4 * HOUR)), "toluene"] *= 12
            store.write_hourly(code, station_id, calm)
    store.close()
    summary = cases_of_span(own, END - timedelta(days=2), END, END)
    assert summary.failed == {}
    assert [key for key in summary.keys if key.startswith("st-0/toluene/")]
