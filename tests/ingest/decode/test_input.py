"""What of a message reaches the clock screen: whatever else is refused, whatever the time is, whatever delay is stated."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.decode.clock import ClockScreen
from ingest.decode.message import DecodedMessage, decode_and_validate
from ingest.process.settings import CollectorSettings
from schemas.interval import Interval
from schemas.message import RawMessage, Topic
from schemas.network import Instrument, Network, Station
from schemas.reading import Reading, RejectReason
from sensors.network_file import network_toml

if TYPE_CHECKING:
    from pathlib import Path

    from store.state import StateStore

ZONE = timedelta(hours=8)
MINUTE = timedelta(minutes=1)
NOW = datetime(2026, 11, 22, 0, 0, tzinfo=UTC)
TOPIC = "obs/v1/gas/st-1/gas1/json"


def settings_of(directory: Path, *, station_delay_s: int = 0, own_delay_s: int | None = None) -> CollectorSettings:
    instrument = Instrument(id="gas1", network="gas", cadence_s=60, parameters=("so2", "o3"), delay_s=own_delay_s)
    station = Station(id="st-1", instruments=(instrument,), delay_s=station_delay_s)
    path = directory / "network.toml"
    path.write_text(network_toml(Network(zone="Asia/Shanghai", station_list=(station,))))
    return CollectorSettings(network=path)


class Sender:
    """An instrument at a cadence of a minute, decoded, validated and screened."""

    def __init__(self, own: CollectorSettings, state: StateStore) -> None:
        self.own = own
        self.screen = ClockScreen(own, state)

    def send(self, told: datetime, received_at: datetime, *, is_array: bool = False, **more: object) -> DecodedMessage:
        body = {"start": told - MINUTE, "end": told, "values": {"so2": 1.0}, **more}
        return self.take(msgspec.json.encode([body] if is_array else body), received_at)

    def take(self, payload: bytes, received_at: datetime) -> DecodedMessage:
        decoded = decode_and_validate(RawMessage(TOPIC, payload, received_at), self.own)
        self.screen.screen(decoded)
        return decoded

    def live(
        self, count: int, first: int, delay: timedelta = timedelta(0), *, numbered: bool = True, **more: object
    ) -> list[DecodedMessage]:
        """Messages that arrive ``delay`` after their end, one a minute of the collector's time."""
        steps = range(first, first + count)
        return [
            self.send(
                NOW + step * MINUTE - delay,
                NOW + step * MINUTE + timedelta(seconds=2),
                **({"seq": step} if numbered else {}),
                **more,
            )
            for step in steps
        ]


def held(decoded: list[DecodedMessage]) -> int:
    return sum(item.reason is RejectReason.CLOCK_SUSPECT for one in decoded for item in one.rejections)


#: Further content of messages, none of which concerns their time.
BESIDE = {
    "unknown code": {"values": {"so2": 1.0, "hcho": 1.0}},
    "no channel of the instrument": {"values": {"so2": 1.0, "no2": 1.0}},
    "unknown unit": {"values": {"so2": 1.0, "o3": 2.0}, "units": {"o3": "furlong"}},
    "text for a value": {"values": {"so2": 1.0, "o3": "2.0"}},
    "null": {"values": {"so2": 1.0, "o3": None}},
    "unknown letter": {"values": {"so2": 1.0, "o3": 2.0}, "status": {"o3": "X"}},
    "every value refused": {"values": {"hcho": 1.0}},
    "every channel refused": {"values": {"no2": 1.0}},
    "an array of one": {"is_array": True},
}


@pytest.mark.parametrize("numbered", [True, False])
@pytest.mark.parametrize("beside", BESIDE)
def test_a_wrong_clock_is_seen_whatever_else_is_refused(
    tmp_path: Path, state: StateStore, beside: str, *, numbered: bool
) -> None:
    sender = Sender(settings_of(tmp_path), state)
    before = sender.live(10, 0, numbered=numbered, **BESIDE[beside])
    during = sender.live(20, 10, ZONE, numbered=numbered, **BESIDE[beside])
    assert held(before) == 0
    assert not any(item.readings for item in during)
    # a message of which every value is refused tells no number
    assert held(during) >= 19


def test_an_array_with_an_element_that_cannot_be_read_is_back_fill(tmp_path: Path, state: StateStore) -> None:
    sender = Sender(settings_of(tmp_path), state)
    sender.live(10, 0)
    told = NOW + 10 * MINUTE - ZONE
    body = {"start": told - MINUTE, "end": told, "values": {"so2": 1.0}, "seq": 10}
    decoded = sender.take(msgspec.json.encode([body, "no reading"]), NOW + 10 * MINUTE)
    assert len(decoded.readings) == 1


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    start=st.datetimes(timezones=st.just(UTC)),
    length=st.timedeltas(timedelta(0), timedelta(days=2)),
    received_at=st.datetimes(timezones=st.just(UTC)),
    seq=st.none() | st.integers(0, 2**63 - 1),
)
def test_no_time_that_there_is_raises(
    tmp_path: Path,
    state: StateStore,
    *,
    start: datetime,
    length: timedelta,
    received_at: datetime,
    seq: int | None,
) -> None:
    screen = ClockScreen(settings_of(tmp_path), state)
    end = start + length if start < datetime.max.replace(tzinfo=UTC) - length else start
    topic = Topic("gas", "st-1", "gas1", "json")
    for moment in (received_at, NOW, datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)):
        reading = Reading("gas", "st-1", "gas1", Interval(start, end), {"so2": 1.0}, seq=seq)
        screen.screen(DecodedMessage(RawMessage(TOPIC, b"", moment), topic, [reading], []))
    screen.hand_over()


RELAY = timedelta(minutes=45)


def test_a_steady_delay_is_no_fault_of_the_clock_where_numbers_and_times_go_on_in_step(
    tmp_path: Path, state: StateStore
) -> None:
    assert held(Sender(settings_of(tmp_path), state).live(300, 0, RELAY)) == 0


def test_a_relay_that_loses_messages_is_no_wrong_clock(tmp_path: Path, state: StateStore) -> None:
    sender = Sender(settings_of(tmp_path), state)
    decoded = [one for step in range(300) if step % 7 for one in sender.live(1, step, RELAY)]
    assert held(decoded) == 0


def test_a_relay_that_starts_after_a_pause_is_no_wrong_clock(tmp_path: Path, state: StateStore) -> None:
    for delay in (RELAY, ZONE):
        sender = Sender(settings_of(tmp_path), state)
        before = sender.live(10, 0)
        pause = delay // MINUTE
        after = [
            sender.send(NOW + step * MINUTE, NOW + (step + pause) * MINUTE + timedelta(seconds=2), seq=step)
            for step in range(10, 300)
        ]
        assert held(before + after) == 0


def test_a_clock_that_is_set_back_is_behind_though_its_numbers_go_on(tmp_path: Path, state: StateStore) -> None:
    sender = Sender(settings_of(tmp_path), state)
    assert held(sender.live(10, 0)) == 0
    assert held(sender.live(100, 10, RELAY)) == 95
    sender.screen.hand_over()


def test_without_numbers_a_steady_delay_is_held_until_it_is_stated(tmp_path: Path, state: StateStore) -> None:
    assert held(Sender(settings_of(tmp_path), state).live(300, 0, RELAY, numbered=False)) == 295
    for stated in ({"station_delay_s": 2700}, {"own_delay_s": 2700}, {"station_delay_s": 9, "own_delay_s": 2700}):
        assert held(Sender(settings_of(tmp_path, **stated), state).live(300, 0, RELAY, numbered=False)) == 0


def test_a_wrong_zone_is_seen_behind_a_stated_delay(tmp_path: Path, state: StateStore) -> None:
    sender = Sender(settings_of(tmp_path, own_delay_s=2700), state)
    assert held(sender.live(10, 0, RELAY)) == 0
    assert held(sender.live(20, 10, RELAY + ZONE)) == 20
