"""Clocks: honest streams are never held, wrong clocks always are, whatever their cadence."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.decode.clock import ClockScreen
from ingest.decode.clock_report import ClockReport
from ingest.decode.clock_track import skew_s
from ingest.decode.message import DecodedMessage
from ingest.decode.validate import validate
from ingest.process.settings import CollectorSettings
from schemas.interval import Interval
from schemas.message import RawMessage, Topic
from schemas.network import Instrument, Network, Station
from schemas.reading import Reading, RejectReason
from sensors.network_file import network_toml
from store.state import Clock, FindingKind, StateStore

if TYPE_CHECKING:
    from pathlib import Path

    from schemas.reading import Rejection

CADENCES = {"fast": 30, "minute": 60, "five": 300, "hour": 3600}
ZONE = timedelta(hours=8)
NOW = datetime(2026, 11, 22, 0, 0, tzinfo=UTC)


class Stream:
    """One instrument's messages through the screen."""

    def __init__(
        self,
        screen: ClockScreen,
        report: ClockReport,
        network: Network,
        *,
        instrument: str,
        station: str = "st-1",
    ) -> None:
        self.screen, self.report, self.network = screen, report, network
        self.instrument, self.station = instrument, station
        self.cadence = timedelta(seconds=CADENCES[instrument])

    def hear(
        self, end: datetime, received_at: datetime, seq: int | None = None, *, readings: int = 1
    ) -> DecodedMessage:
        topic = Topic("gas", self.station, self.instrument, "json")
        decoded = DecodedMessage(RawMessage(str(topic), b"", received_at), topic, [], [])
        for back in reversed(range(readings)):
            stop = end - back * self.cadence
            reading = Reading(
                "gas", self.station, self.instrument, Interval(stop - self.cadence, stop), {"so2": 1.0}, seq=seq
            )
            found = validate(reading, self.network, received_at)
            if found.reading is not None:
                decoded.readings.append(found.reading)
            decoded.rejections.extend(found.rejections)
        self.screen.screen(decoded)
        return decoded

    def note(self) -> None:
        """Store how the clocks stand, as the settling thread does."""
        self.report.note_states(self.screen.hand_over())
        self.report.note(NOW)

    def live(
        self, count: int, first: int, wrong: timedelta = timedelta(0), *, numbered: bool = True
    ) -> list[DecodedMessage]:
        """``count`` messages at the live pace from the ``first`` step on; ``wrong`` is added to their times."""
        steps = range(first, first + count)
        moments = [NOW + step * self.cadence for step in steps]
        return [
            self.hear(moment + wrong, moment + timedelta(seconds=2), step if numbered else None)
            for step, moment in zip(steps, moments, strict=True)
        ]


@pytest.fixture
def collector_settings(tmp_path: Path) -> CollectorSettings:
    return _settings(tmp_path)


def _settings(directory: Path) -> CollectorSettings:
    instruments = tuple(
        Instrument(id=name, network="gas", cadence_s=cadence, parameters=("so2",)) for name, cadence in CADENCES.items()
    )
    stations = (
        Station(id="st-1", instruments=instruments),
        Station(id="archive", instruments=instruments, late_window_h=0),
    )
    path = directory / "network.toml"
    path.write_text(network_toml(Network(zone="Asia/Shanghai", station_list=stations)))
    return CollectorSettings(network=path)


def held(decoded: list[DecodedMessage]) -> list[Rejection]:
    return [item for one in decoded for item in one.rejections if item.reason is RejectReason.CLOCK_SUSPECT]


def stream(collector_settings: CollectorSettings, state: StateStore, instrument: str, station: str = "st-1") -> Stream:
    screen, report = ClockScreen(collector_settings, state), ClockReport(collector_settings, state)
    return Stream(screen, report, collector_settings.stations, instrument=instrument, station=station)


@pytest.mark.parametrize("instrument", CADENCES)
@pytest.mark.parametrize("numbered", [True, False])
@pytest.mark.parametrize("wrong", [-ZONE, ZONE])
def test_a_jump_by_the_zone_is_held_until_the_clock_is_right_again(
    collector_settings: CollectorSettings, state: StateStore, instrument: str, *, numbered: bool, wrong: timedelta
) -> None:
    clock = stream(collector_settings, state, instrument)
    before = clock.live(5, 0, numbered=numbered)
    during = clock.live(20, 5, wrong, numbered=numbered)
    after = clock.live(5, 25, numbered=numbered)
    assert held(before + after) == []
    assert len(held(during)) == 20
    assert not any(item.readings for item in during)
    assert all(item.readings for item in before + after)
    assert "8.00 h" in held(during)[0].detail


def test_the_name_of_a_jump_describes_the_clock(collector_settings: CollectorSettings, state: StateStore) -> None:
    clock = stream(collector_settings, state, "minute")
    clock.live(5, 0)
    (rejection,) = clock.live(1, 5, -ZONE)[0].rejections
    assert "UTC sent as local time" in rejection.detail
    assert "while the number went on from 4 to 5" in rejection.detail
    assert rejection.interval is not None


@pytest.mark.parametrize("instrument", CADENCES)
@pytest.mark.parametrize("numbered", [True, False])
def test_a_clock_that_was_never_right_is_held_from_its_second_reading(
    collector_settings: CollectorSettings, state: StateStore, instrument: str, *, numbered: bool
) -> None:
    assert len(held(stream(collector_settings, state, instrument).live(10, 0, -ZONE, numbered=numbered))) == 9


@pytest.mark.parametrize("instrument", CADENCES)
@pytest.mark.parametrize("numbered", [True, False])
@pytest.mark.parametrize("hours", [8, 9])
def test_a_backlog_of_the_broker_is_not_held(
    collector_settings: CollectorSettings, state: StateStore, instrument: str, *, numbered: bool, hours: int
) -> None:
    clock = stream(collector_settings, state, instrument)
    decoded = clock.live(3, 0, numbered=numbered)
    count = hours * 3600 // CADENCES[instrument]
    back = NOW + (3 + count) * clock.cadence
    for step in range(3, 3 + count):
        back += timedelta(milliseconds=5)
        decoded.append(clock.hear(NOW + step * clock.cadence, back, step if numbered else None))
    assert held(decoded) == []
    assert all(item.readings for item in decoded)


@pytest.mark.parametrize("instrument", CADENCES)
def test_history_at_full_speed_is_not_held(
    collector_settings: CollectorSettings, state: StateStore, instrument: str
) -> None:
    clock = stream(collector_settings, state, instrument)
    decoded = [
        clock.hear(NOW - timedelta(hours=12) + step * clock.cadence, NOW + step * timedelta(milliseconds=3), step)
        for step in range(12 * 3600 // CADENCES[instrument])
    ]
    assert held(decoded) == []


def test_old_readings_that_fill_or_correct_are_not_held(
    collector_settings: CollectorSettings, state: StateStore
) -> None:
    clock = stream(collector_settings, state, "minute")
    clock.live(5, 1000)
    late = NOW + 1005 * clock.cadence
    for minutes_ago, seq in ((480, 525), (300, 2000), (60, 2001), (481, None)):
        assert clock.hear(late - timedelta(minutes=minutes_ago), late + timedelta(seconds=3), seq).readings, minutes_ago
    assert clock.hear(late - timedelta(hours=8), late + timedelta(seconds=5), 9999, readings=30).readings


def test_data_sets_keep_their_own_times(collector_settings: CollectorSettings, state: StateStore) -> None:
    clock = stream(collector_settings, state, "hour", "archive")
    assert held(clock.live(5, 0) + clock.live(20, 5, -ZONE)) == []


@pytest.mark.parametrize("instrument", ["minute", "five"])
def test_a_constant_delay_at_the_live_pace_is_a_clock_behind(
    collector_settings: CollectorSettings, state: StateStore, instrument: str
) -> None:
    clock = stream(collector_settings, state, instrument)
    decoded = clock.live(5, 0) + clock.live(30, 5, timedelta(hours=-3))
    assert len(held(decoded)) == 25  # the first five prove it
    assert "3.00 h before reception" in held(decoded)[0].detail
    assert held(clock.live(3, 35)) == []


def test_verdicts_survive_a_restart(collector_settings: CollectorSettings, state: StateStore) -> None:
    clock = stream(collector_settings, state, "minute")
    clock.live(5, 0)
    clock.live(3, 5, -ZONE)
    clock.note()
    (noted,) = state.instruments.list()
    assert (noted.clock, noted.held, noted.skew_s) == (Clock.WRONG_ZONE, 3, pytest.approx(-28802))
    (finding,) = state.findings.list(kind=FindingKind.CLOCK)
    assert (finding.station_id, finding.facts["held"], finding.facts["clock"]) == ("st-1", 3, "wrong_zone")
    again = stream(collector_settings, state, "minute")
    again.live(1, 8, -ZONE)  # the pace is known from the second message on
    assert len(held(again.live(3, 9, -ZONE))) == 3
    assert held(again.live(2, 12)) == []
    again.note()
    assert state.instruments.list()[0].clock is Clock.RIGHT


def test_the_finding_goes_when_the_clock_is_right(collector_settings: CollectorSettings, state: StateStore) -> None:
    clock = stream(collector_settings, state, "minute")
    clock.live(3, 0, ZONE)
    clock.note()
    assert len(state.findings.list(kind=FindingKind.CLOCK)) == 1
    clock.live(1, 3)
    clock.note()
    assert state.findings.list(kind=FindingKind.CLOCK) == []


def test_a_finding_of_the_process_before_goes_when_the_clock_is_right(
    collector_settings: CollectorSettings, state: StateStore
) -> None:
    clock = stream(collector_settings, state, "minute")
    clock.live(5, 0)
    clock.live(5, 5, -ZONE)
    clock.note()
    assert len(state.findings.list(kind=FindingKind.CLOCK)) == 1
    clock = stream(collector_settings, state, "minute")  # a restart
    clock.live(5, 10)
    clock.note()
    assert state.findings.list(kind=FindingKind.CLOCK) == []


def test_a_finding_stays_while_this_process_has_not_seen_the_instrument_it_names_right(
    collector_settings: CollectorSettings, state: StateStore
) -> None:
    other = stream(
        collector_settings, state, "fast"
    )  # of another collector: it knows nothing of the first one's verdict
    clock = stream(collector_settings, state, "minute")
    clock.live(5, 0)
    clock.live(5, 5, -ZONE)
    clock.note()
    other.live(5, 0)
    other.note()
    assert len(state.findings.list(kind=FindingKind.CLOCK)) == 1


def test_other_times_ahead_keep_their_reason(collector_settings: CollectorSettings, state: StateStore) -> None:
    clock = stream(collector_settings, state, "minute")
    (decoded,) = clock.live(1, 0, timedelta(hours=3))
    assert [item.reason for item in decoded.rejections] == [RejectReason.TIME_FUTURE]
    clock.note()
    assert state.instruments.list()[0].clock is Clock.AHEAD


def test_the_screen_can_be_switched_off(tmp_path: Path, state: StateStore) -> None:
    off = _settings(tmp_path).model_copy(update={"clock_screen": False})
    clock = stream(off, state, "minute")
    assert held(clock.live(5, 0) + clock.live(5, 5, -ZONE)) == []


def test_skew_is_the_least_delay() -> None:
    assert skew_s([3.0, 0.5, 60.0]) == -0.5
    assert skew_s([-120.0, 5.0]) == 120.0
    assert skew_s([]) is None


@pytest.mark.slow
@settings(deadline=None, max_examples=40)
@given(
    data=st.data(),
    instrument=st.sampled_from(sorted(CADENCES)),
    outage=st.integers(0, 600),
    numbered=st.booleans(),
)
def test_an_honest_station_is_never_held(
    tmp_path_factory: pytest.TempPathFactory,
    migrated: Path,
    data: st.DataObject,
    instrument: str,
    outage: int,
    *,
    numbered: bool,
) -> None:
    directory = tmp_path_factory.mktemp("clock")
    shutil.copyfile(migrated, directory / "state.sqlite")
    with StateStore(f"sqlite:///{directory / 'state.sqlite'}") as store:
        clock = stream(_settings(directory), store, instrument)
        decoded = clock.live(3, 0, numbered=numbered)
        waiting = list(range(3, 3 + outage))
        lost = set(data.draw(st.sets(st.sampled_from(waiting), max_size=5))) if waiting else set()
        moment = NOW + (3 + outage) * clock.cadence
        for step in waiting:
            moment += timedelta(milliseconds=data.draw(st.sampled_from([1, 20])))
            if step not in lost:
                decoded.append(clock.hear(NOW + step * clock.cadence, moment, step if numbered else None))
        decoded += clock.live(3, 3 + outage + 1, numbered=numbered)
        # Repaired one by one, in single messages. Without numbers, one that comes at the live pace and is as old as the zone's
        # offset cannot be told from a wrong clock.
        is_told = numbered or outage * clock.cadence < timedelta(hours=7)
        for step in sorted(lost) if is_told else ():
            moment += timedelta(seconds=1)
            decoded.append(
                clock.hear(NOW + step * clock.cadence, moment + 4 * clock.cadence, step if numbered else None)
            )
        assert held(decoded) == []
