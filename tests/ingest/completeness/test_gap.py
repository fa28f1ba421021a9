"""Gaps: found by numbers and cadence, asked for at the station, filled, or ended when it has nothing."""

from __future__ import annotations

import threading
import uuid
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.completeness.gap import GapWatch, Last, Missing, missing_between, says_nothing, steps_by_hour
from ingest.completeness.repair import Repairer, Request, missing_starts, missing_steps
from ingest.completeness.station import Answerer, StationRequest
from ingest.decode.message import DecodedMessage, decode_and_validate
from ingest.mqtt import CommandListener
from ingest.process.settings import Broker
from schemas.interval import Interval
from schemas.message import RawMessage, command_topic, parse_command_topic
from schemas.reading import Reading
from store.state import FindingKind, Gap, GapState, StateStore
from tests.ingest.conftest import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ingest.mqtt import Publisher
    from ingest.process.settings import CollectorSettings
    from store.influx.store import InfluxStore
    from tests.ingest.conftest import Collector

MINUTE = timedelta(minutes=1)
T0 = datetime(2026, 11, 22, 0, 0, tzinfo=UTC)


def reading(minute: int, seq: int | None, base: datetime = T0) -> Reading:
    start = base + minute * MINUTE
    return Reading("gas", "st-1", "gas1", Interval(start, start + MINUTE), {"so2": float(minute)}, seq=seq)


@pytest.mark.parametrize(
    ("minute", "seq", "missing"),
    [
        (11, 6, None),
        (40, 6, None),  # the instrument was off: no number is missing
        (14, 9, (11, 14, 3, "seq")),
        (40, 9, (11, 40, 3, "seq")),
        (12, 99, (11, 12, 1, "seq")),  # no more than there was time for
        (13, None, (11, 13, 2, "cadence")),
        (13, 1, (11, 13, 2, "cadence")),  # numbers restarted
        (11, 1, None),
        (11, None, None),
    ],
)
def test_numbers_prove_what_is_missing_and_the_cadence_where_there_are_none(
    minute: int, seq: int | None, missing: tuple[int, int, int, str] | None
) -> None:
    last = Last(5, T0 + 10 * MINUTE, T0 + 11 * MINUTE)
    found = missing_between(last, reading(minute, seq), MINUTE)
    expected = missing and Missing(T0 + missing[0] * MINUTE, T0 + missing[1] * MINUTE, missing[2], missing[3])
    assert found == expected


@given(st.sets(st.integers(0, 50)), st.integers(1, 50))
def test_missing_starts_are_what_is_not_stored(stored: set[int], count: int) -> None:
    starts = [T0 + minute * MINUTE + timedelta(seconds=2) for minute in sorted(stored)]
    found = missing_starts(T0, T0 + count * MINUTE, MINUTE, starts)
    assert found == [T0 + minute * MINUTE for minute in range(count) if minute not in stored]
    if found:
        request = missing_steps(found, MINUTE, 10)
        assert request.start == found[0]
        assert request.end - request.start <= 10 * MINUTE
        assert request.end - MINUTE in found


def test_the_command_is_the_contracts() -> None:
    assert (
        Request(T0, T0 + MINUTE).payload() == b'{"get":{"start":"2026-11-22T00:00:00Z","end":"2026-11-22T00:01:00Z"}}'
    )
    assert parse_command_topic(command_topic("st-1", "gas1")) == ("st-1", "gas1")
    assert parse_command_topic("cmd/v1/st-1/gas1/more") is None
    assert parse_command_topic("cmd/v1/ST/gas1") is None


def test_a_repair_a_repetition_and_a_restart_find_no_gap(
    collector_settings: CollectorSettings, store: InfluxStore
) -> None:
    with StateStore(collector_settings.state_url) as state:
        state.migrate()

        def hear(*readings: tuple[int, int | None]) -> None:
            received = T0 + timedelta(hours=1)
            body = [
                {"start": reading(*item).interval.start, "values": {"so2": 1.0}, "seq": item[1]} for item in readings
            ]
            watch.note(
                [
                    decode_and_validate(
                        RawMessage("obs/v1/gas/st-1/gas1/json", msgspec.json.encode(body), received), collector_settings
                    )
                ]
            )

        watch = GapWatch(collector_settings, state, store)
        hear((0, 1), (1, 2))
        hear((5, 6))
        hear((3, 4), (2, 3), (5, 6))
        (gap,) = state.gaps.list()
        assert (gap.start, gap.end, gap.missing, gap.state) == (T0 + 2 * MINUTE, T0 + 5 * MINUTE, 3, GapState.OPEN)
        watch.close()
        watch = GapWatch(collector_settings, state, store)
        hear((6, 7))
        assert len(state.gaps.list()) == 1
        hear((8, 9))
        assert [item.missing for item in state.gaps.list()] == [3, 1]


@pytest.mark.parametrize(
    ("payload", "is_nothing"),
    [
        (b"[]", True),
        (b" [ \n ] ", True),
        (b"\xef\xbb\xbf[]", True),
        (b"", False),
        (b"[[]]", False),
        (b"{}", False),
        (b"##0100QN=1;CN=2011;CP=&&&&0000", False),
    ],
)
def test_only_an_empty_array_means_that_a_station_has_nothing(payload: bytes, is_nothing: bool) -> None:  # noqa: FBT001 - parametrised
    assert says_nothing(RawMessage("obs/v1/gas/st-1/gas1/json", payload, T0)) is is_nothing


def test_a_gap_that_reaches_beyond_the_late_window_is_kept_in_two_parts(
    collector_settings: CollectorSettings, store: InfluxStore
) -> None:
    window = timedelta(hours=collector_settings.stations.stations["st-1"].late_window_h)
    now = T0 + timedelta(days=8)
    last = reading(0, None)
    with StateStore(collector_settings.state_url) as state:
        state.migrate()
        watch = GapWatch(collector_settings, state, store)
        for start in (now - window - 10 * MINUTE, now - window + 10 * MINUTE):
            taken = msgspec.structs.replace(last, interval=Interval(start, start + MINUTE))
            watch.note([DecodedMessage(RawMessage("obs/v1/gas/st-1/gas1/json", b"", now), None, [taken], [])])
        old, young = state.gaps.list()
        assert (old.state, old.missing, old.end) == (GapState.TOO_OLD, 9, young.start)
        assert (young.state, young.missing) == (GapState.OPEN, 10)
        (finding,) = state.findings.list(kind=FindingKind.GAP)
        assert finding.facts["missing"] == 9


@pytest.mark.parametrize(("minutes", "state"), [(12, GapState.ASKED), (200 * 60, GapState.TOO_OLD)])
def test_a_gap_whose_readings_left_the_late_window_is_too_old_and_reported(
    collector_settings: CollectorSettings, store: InfluxStore, minutes: int, state: GapState
) -> None:
    gap = Gap(
        network="gas", station_id="st-1", instrument_id="gas1", start=T0, end=T0 + 9 * MINUTE, missing=9, found_by="seq",
        found_at=T0, due_at=T0,
    )  # fmt: skip
    store.ensure()
    with StateStore(collector_settings.state_url) as kept:
        kept.migrate()
        kept.gaps.add([gap])
        worker = Repairer(collector_settings, store=store, state=kept, backlog=lambda: 0, stop=threading.Event())
        worker._next_request(kept.gaps.list()[0], T0 + minutes * MINUTE)
        (found,) = kept.gaps.list()
        assert (found.state, found.missing) == (state, 9)
        assert len(kept.findings.list(kind=FindingKind.GAP)) == (state is GapState.TOO_OLD)


def test_only_one_gap_a_station_is_due_and_one_collector_gets_it(collector_settings: CollectorSettings) -> None:
    def gap(station: str, minute: int) -> Gap:
        return Gap(
            network="gas", station_id=station, instrument_id="gas1", start=T0 + minute * MINUTE, end=T0 + (minute + 1) * MINUTE,
            missing=1, found_by="seq", found_at=T0, due_at=T0 + minute * MINUTE,
        )  # fmt: skip

    with StateStore(collector_settings.state_url) as state:
        state.migrate()
        assert state.gaps.add([gap("a", 1), gap("a", 2), gap("b", 3), gap("a", 1)]) == 3
        due = state.gaps.list_due(T0 + 10 * MINUTE)
        assert [(item.station_id, item.start) for item in due] == [("a", T0 + MINUTE), ("b", T0 + 3 * MINUTE)]
        assert state.gaps.claim(due[0], T0 + 20 * MINUTE)
        assert not state.gaps.claim(due[0], T0 + 20 * MINUTE)
        state.gaps.change(due[0].id, GapState.ASKED, attempts=1)
        assert [item.station_id for item in state.gaps.list_due(T0 + 10 * MINUTE)] == ["b"]
        assert state.gaps.end_asked("a", "gas1") == 1
        assert [item.state for item in state.gaps.list(station_id="a")] == [GapState.NO_DATA, GapState.OPEN]


@contextmanager
def station(mqtt_url: str, kept: Sequence[Reading], asked: list[StationRequest]) -> Iterator[Answerer]:
    def buffer(request: StationRequest) -> list[Reading]:
        asked.append(request)
        return [item for item in kept if request.span.start <= item.interval.start < request.span.end]

    def network_of(station_id: str, _instrument_id: str) -> str | None:
        return "gas" if station_id == "st-1" else None

    with Answerer(
        Broker(mqtt_url=mqtt_url), f"st-1-{uuid.uuid4().hex[:8]}", network_of=network_of, buffer=buffer
    ) as made:
        yield made


def stored(store: InfluxStore) -> int:
    now = datetime.now(UTC)
    return len(store.read_native("gas", "st-1", "gas1", now - timedelta(days=2), now))


def live_base() -> datetime:
    return datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=60)


def publish(publisher: Publisher, readings: Sequence[Reading]) -> None:
    for item in readings:
        body = {"start": item.interval.start, "end": item.interval.end, "seq": item.seq, "values": dict(item.values)}
        publisher.publish("obs/v1/gas/st-1/gas1/json", msgspec.json.encode(body))
    publisher.flush()


@pytest.mark.integration
def test_what_was_lost_before_the_broker_is_brought_back(
    collector_settings: CollectorSettings, publisher: Publisher, store: InfluxStore, mqtt_url: str, collector: Collector
) -> None:
    everything = [reading(minute, minute + 1, live_base()) for minute in range(30)]
    lost = {5, 6, 7, 20}
    asked: list[StationRequest] = []
    with station(mqtt_url, everything, asked), StateStore(collector_settings.state_url) as state:
        publish(publisher, [item for minute, item in enumerate(everything) if minute not in lost])
        wait_for(lambda: stored(store) == 30, "the missing readings")
        wait_for(
            lambda: [item.state for item in state.gaps.list()] == [GapState.FILLED] * 2 or advance(state),
            "both to be seen filled",
        )
    assert [(item.span.start, item.span.end) for item in asked] == [
        (everything[5].interval.start, everything[8].interval.start),
        (everything[20].interval.start, everything[21].interval.start),
    ]
    assert collector.is_alive()


def advance(state: StateStore) -> bool:
    """Make asked gaps due at once instead of after the minute that an answer is waited for."""
    for item in state.gaps.list(states=[GapState.ASKED]):
        state.gaps.claim(item, datetime.now(UTC) - timedelta(seconds=1))
    return False


@pytest.mark.integration
def test_a_station_without_the_data_ends_the_asking(
    collector_settings: CollectorSettings, publisher: Publisher, store: InfluxStore, mqtt_url: str, collector: Collector
) -> None:
    asked: list[StationRequest] = []
    base = live_base()
    with station(mqtt_url, [], asked), StateStore(collector_settings.state_url) as state:
        publish(publisher, [reading(0, 1, base), reading(9, 10, base)])
        wait_for(lambda: [item.state for item in state.gaps.list()] == [GapState.NO_DATA], "the end of the asking")
        assert state.quarantine.count() == {}
    assert len(asked) == 1
    assert stored(store) == 2
    assert collector.is_alive()


@pytest.mark.integration
def test_a_station_that_never_answers_is_given_up_and_reported(
    collector_settings: CollectorSettings, publisher: Publisher, mqtt_url: str, collector: Collector
) -> None:
    heard: list[bytes] = []
    ready = threading.Event()
    base = live_base()
    with (
        CommandListener(
            Broker(mqtt_url=mqtt_url),
            f"mute-{uuid.uuid4().hex[:8]}",
            lambda *item: heard.append(item[2]),
            ("cmd/v1/st-1/#",),
        ),
        StateStore(collector_settings.state_url) as state,
    ):
        ready.wait(1.0)
        publish(publisher, [reading(0, 1, base), reading(3, 4, base)])
        wait_for(
            lambda: advance(state) or [item.state for item in state.gaps.list()] == [GapState.GIVEN_UP], "giving up"
        )
        wait_for(lambda: bool(state.findings.list(kind=FindingKind.GAP)), "the finding")
        (finding,) = state.findings.list(kind=FindingKind.GAP)
    assert len(heard) == collector_settings.gap_attempts
    assert msgspec.json.decode(heard[0])["get"]["start"] == (base + MINUTE).isoformat().replace("+00:00", "Z")
    assert (finding.station_id, finding.facts["missing"]) == ("st-1", 2)
    assert collector.is_alive()


def test_the_outcome_of_requests_is_counted_by_hour() -> None:
    start = T0 + 50 * MINUTE
    gap = Gap(
        network="gas", station_id="st-1", instrument_id="gas1", start=start, end=start + 30 * MINUTE, missing=30,
        found_by="seq", found_at=T0, due_at=T0, state=GapState.NO_DATA,
    )  # fmt: skip
    assert steps_by_hour([gap], {("st-1", "gas1"): MINUTE}) == {
        (T0, "st-1", "gas1"): {"no_data": 10},
        (T0 + 60 * MINUTE, "st-1", "gas1"): {"no_data": 20},
    }
    assert steps_by_hour([gap], {}) == {}
