"""Hourly values that stations bring along from the time before a staged province."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np
import pytest

from schemas.network.file import parse_network
from sensors.simulator import Province
from sensors.simulator.archive import PER_MESSAGE, is_archived
from sensors.simulator.story import Story

AT = datetime(2026, 11, 28, 2, 17, tzinfo=UTC)
HOUR = AT.replace(minute=0)
START, END = HOUR - timedelta(days=3), HOUR + timedelta(days=1)
ARCHIVE = START - timedelta(days=5)


@pytest.fixture(scope="module")
def staged() -> Province:
    story = Story(at=AT, history_end=HOUR, end=END, archive_start=ARCHIVE)
    return Province(42, START, END, story=story).subset(cities=["jz", "fs"], networks=["gas", "met", "voc"])


def test_an_archived_instrument_reports_hours_until_the_later_one_begins(staged: Province) -> None:
    station = next(item for item in staged.stations if item.id == "ln-jz-11")
    archived = next(item for item in station.instruments if item.id == "gas0")
    later = next(item for item in station.instruments if item.id == "gas1")
    assert (archived.cadence_s, archived.since, archived.until) == (3600, ARCHIVE, START)
    assert (later.since, later.until) == (START, None)
    readings = list(staged.readings(station, archived))
    assert len(readings) == 5 * 24
    assert (readings[0].interval.start, readings[-1].interval.end) == (ARCHIVE, START)


def test_the_archive_has_the_air_of_the_same_days(staged: Province) -> None:
    station = next(item for item in staged.stations if item.id == "ln-fs-01")
    archived = next(item for item in station.instruments if item.id == "met0")
    later = next(item for item in station.instruments if item.id == "met1")
    last = list(staged.readings(station, archived))[-1].values["temperature"]
    first = next(staged.readings(station, later)).values["temperature"]
    assert last == pytest.approx(first, abs=2.0)
    gases = next(item for item in station.instruments if item.id == "gas0")
    values = staged.series(station, gases).values
    assert np.all(values["pm10"] >= values["pm25"])


def test_the_archive_is_sent_in_arrays_once_and_not_again_by_what_goes_on(staged: Province) -> None:
    history = [item for item in staged.messages(until=HOUR) if "/gas0/" in item.topic or "/gc0/" in item.topic]
    assert history
    assert all(len(msgspec.json.decode(item.payload)) <= PER_MESSAGE for item in history)
    assert not any("0/json" in item.topic for item in staged.messages(since=HOUR))


def test_the_network_file_accepts_the_age_of_the_archive_and_has_no_checks_of_it(staged: Province) -> None:
    network = parse_network(staged.network_toml(), "network.toml")
    assert network.late_windows["ln-jz-11", "gas0"] >= END - ARCHIVE
    archived = {
        (station.id, item.id) for station in staged.stations for item in station.instruments if is_archived(item)
    }
    topics = {item.topic for item in staged.check_messages()}
    assert topics
    assert not any(f"/{station}/{instrument}" in topic for station, instrument in archived for topic in topics)


def test_events_and_faults_of_the_province_do_not_move_into_the_archive(staged: Province) -> None:
    truth = staged.truth()
    assert min(item.start for item in truth.staged) >= START
    assert min(item.start for item in truth.contributions) == START
