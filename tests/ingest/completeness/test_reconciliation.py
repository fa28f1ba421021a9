"""The balance sheet: rows sum to zero whatever comes, and name what is missing where."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.backlog.dual_cursor import CURSOR
from ingest.collector.housekeeping import expire, prune_state, seconds_until_next
from ingest.completeness.balance import audit
from ingest.completeness.expected_count import expected_in, filled, up_to
from ingest.completeness.reconciliation import reconcile
from ingest.completeness.reconciliation_row import count_sent, differences, enter_message
from ingest.pipeline import Pipeline
from ingest.writer import Writer
from schemas.interval import Interval, floor_hour
from schemas.message import RawMessage
from schemas.reading import Rejection, RejectReason
from store.error import StateError
from store.influx.store import Bucket
from store.rawlog import RawLog
from store.state import Finding, FindingKind, Gap, GapState, ReconciliationFigures, ReconciliationRow, StateStore
from store.state.ingest.reconciliation import ReconciliationStore
from tests.ingest.conftest import own_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ingest.process.settings import CollectorSettings
    from store.influx.store import InfluxStore
    from tests.command import Done

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
H0 = floor_hour(datetime.now(UTC)) - 3 * HOUR
TOPIC = "obs/v1/gas/st-1/gas1/json"


def message(
    minute: int, seq: int | None, *, redelivered: bool = False, value: object = 1.0, topic: str = TOPIC
) -> RawMessage:
    body = {"start": H0 + minute * MINUTE, "end": H0 + (minute + 1) * MINUTE, "values": {"so2": value}, "seq": seq}
    return RawMessage(topic, msgspec.json.encode(body), H0 + (minute + 1) * MINUTE + timedelta(seconds=1), redelivered)


class Bench:
    """A raw log that is drained and settled by hand."""

    def __init__(self, collector_settings: CollectorSettings, store: InfluxStore, state: StateStore) -> None:
        own = collector_settings.model_copy(update={"drain_live_after_s": 0.0})
        self.settings, self.store, self.state = own, store, state
        self.log = RawLog(own.rawlog_dir)
        stop = threading.Event()
        self.work = Pipeline(own, self.log, writer=Writer(store, stop), state=state)

    def take(self, *messages: RawMessage) -> None:
        self.take_in(*messages)
        self.reconcile()

    def take_in(self, *messages: RawMessage) -> None:
        self.log.append(messages)
        batch = self.work.decode_next()
        assert batch is not None
        assert self.work.store(batch) is not None

    def reconcile(self) -> None:
        reconcile(
            self.settings,
            self.log,
            store=self.store,
            state=self.state,
            drained=self.log.cursor(CURSOR),
            now=datetime.now(UTC),
        )

    def rows(self) -> dict[datetime, ReconciliationFigures]:
        found = self.state.reconciliation.read(H0 - 24 * HOUR, H0 + 24 * HOUR, station_id="st-1")
        return {row.hour: row.facts for row in found}


@pytest.fixture
def bench(collector_settings: CollectorSettings, store: InfluxStore) -> Iterator[Bench]:
    with StateStore(collector_settings.state_url) as state:
        state.migrate()
        made = Bench(collector_settings, store, state)
        yield made
        made.log.close()


class Overtaken:
    """A database that lets something else happen before it first answers."""

    def __init__(self, store: InfluxStore, happen: Callable[[], None]) -> None:
        self._store, self._happen = store, [happen]

    def read_native(self, *span: Any) -> Any:
        if self._happen:
            self._happen.pop()()
        return self._store.read_native(*span)


def test_two_collectors_that_settle_the_same_hour_at_once_count_all_of_it(bench: Bench) -> None:
    own = bench.settings.model_copy(update={"run_dir": bench.settings.run_dir / "second"})
    other = Bench(own, bench.store, bench.state)
    for minute in range(60):
        (bench, other)[minute % 2].take_in(message(minute, minute + 1))
    reconcile(
        bench.settings,
        bench.log,
        store=cast("InfluxStore", Overtaken(bench.store, other.reconcile)),
        state=bench.state,
        drained=bench.log.cursor(CURSOR),
        now=datetime.now(UTC),
    )
    other.log.close()
    (facts,) = bench.rows().values()
    assert (facts.expected, facts.sent, facts.received, facts.stored, facts.read_back) == (60, 60, 60, 60, 60)
    assert set(differences(facts).values()) == {0}


def test_a_reconciliation_that_is_always_overtaken_fails_and_counts_nothing_twice(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ReconciliationStore, "put", lambda *_: False)
    with pytest.raises(StateError, match="other collectors changed the same rows"):
        bench.take(message(0, 1))
    monkeypatch.undo()
    bench.reconcile()
    assert bench.rows()[H0].received == 1


def test_a_full_hour_has_no_difference(bench: Bench) -> None:
    bench.take(*(message(minute, minute + 1) for minute in range(60)))
    (facts,) = bench.rows().values()
    assert (facts.expected, facts.sent, facts.received, facts.stored, facts.read_back) == (60, 60, 60, 60, 60)
    assert set(differences(facts).values()) == {0}


def test_a_reading_of_nulls_is_empty_and_no_rest(bench: Bench) -> None:
    bench.take(message(0, 1), message(1, 2, value=None), message(1, 2, value=None), message(2, 3))
    facts = bench.rows()[H0]
    assert (facts.received, facts.stored, len(facts.empty), facts.repeated, facts.sent) == (4, 2, 1, 1, 3)
    assert (facts.rest, differences(facts)["lost_before_collector"]) == (0, 0)
    assert not bench.state.findings.list(kind=FindingKind.BALANCE_REST)
    bench.take(message(1, 2, value=5.0))
    facts = bench.rows()[H0]
    assert (facts.stored, facts.empty, facts.repeated, facts.rest) == (3, {}, 2, 0)


def test_times_with_microseconds_are_found(bench: Bench) -> None:
    start = H0 + timedelta(microseconds=60_123_456)
    body = {"start": start, "end": start + MINUTE, "values": {"so2": 5.0}}
    bench.take(RawMessage(TOPIC, msgspec.json.encode(body), start + 2 * MINUTE))
    facts = bench.rows()[H0]
    assert (facts.stored, facts.read_back, facts.rest) == (1, 1, 0)


def test_the_audit_counts_within_the_runs_of_a_counter(bench: Bench) -> None:
    bench.take_in(message(0, 99_998), message(1, 99_999), message(2, 1), message(3, 2), message(6, 5))
    found = audit(bench.settings, bench.log, bench.store, bench.state, cursor=CURSOR, start=H0, end=H0 + HOUR)
    assert found.sequence_gaps == 2


def test_rows_of_the_years_between_are_not_read(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    spans: list[timedelta] = []
    read = ReconciliationStore.read

    def watched(self: ReconciliationStore, start: datetime, end: datetime, **more: Any) -> Any:
        spans.append(end - start)
        return read(self, start, end, **more)

    monkeypatch.setattr(ReconciliationStore, "read", watched)
    old = [msgspec.structs.replace(message(-60 * 24 * days, None)) for days in (6, 0)]
    bench.take(*old)
    assert len(spans) == 2
    assert max(spans) <= timedelta(hours=97)


def test_all_rests_are_looked_at_page_by_page_and_in_order(bench: Bench) -> None:
    rows = [
        ReconciliationRow(
            hour=H0 + at // 3 * HOUR,
            station_id=f"s-{at % 3}",
            instrument_id="i",
            facts=ReconciliationFigures(network="gas", seen={0: None}),
        )
        for at in range(10)
    ]
    assert bench.state.reconciliation.put(rows)
    found: list[ReconciliationRow] = []
    while page := bench.state.reconciliation.list_rests(found[-1] if found else None, limit=4):
        found += page
    assert [(row.hour, row.station_id) for row in found] == sorted((row.hour, row.station_id) for row in rows)


def test_a_rest_of_a_station_that_left_the_network_file_is_no_open_finding(bench: Bench) -> None:
    now = datetime.now(UTC)
    gone = Finding(key="balance_rest/st-9", kind=FindingKind.BALANCE_REST, station_id="st-9", first_at=now, last_at=now)
    bench.state.findings.report([gone])
    bench.reconcile()
    assert not bench.state.findings.list(kind=FindingKind.BALANCE_REST)


def test_every_difference_has_its_name(bench: Bench) -> None:
    sound = [message(minute, minute + 1) for minute in range(50) if minute not in (7, 8, 20)]
    again = [msgspec.structs.replace(sound[3], redelivered=True), sound[4]]
    future = RawMessage(TOPIC, message(59, 55).payload, H0)  # received before it ended
    undecodable = RawMessage(TOPIC, b"{", H0 + MINUTE)
    bench.take(*sound, *again, future, undecodable)
    (facts,) = bench.rows().values()
    assert facts.quarantined == {"time_future": 1}
    assert facts.unreadable == {"not_json": 1}
    assert (facts.expected, facts.sent, facts.received, facts.stored, facts.read_back) == (60, 50, 50, 47, 47)
    assert differences(facts) == {
        "not_sent": 10, "lost_before_collector": 2, "redelivered": 1, "repeated": 1, "rest": 0,
    }  # fmt: skip


def test_a_repaired_gap_is_no_difference_any_more(bench: Bench) -> None:
    bench.take(*(message(minute, minute + 1) for minute in range(60) if not 10 <= minute < 20))
    assert differences(bench.rows()[H0])["lost_before_collector"] == 10
    bench.take(*(message(minute, minute + 1) for minute in range(10, 20)))
    assert set(differences(bench.rows()[H0]).values()) == {0}


def test_a_hole_is_spread_over_its_hours(bench: Bench) -> None:
    bench.take(*(message(minute, minute + 1) for minute in range(60)))
    bench.take(*(message(minute, minute + 1) for minute in range(150, 180)))
    lost = {hour: differences(facts)["lost_before_collector"] for hour, facts in bench.rows().items()}
    assert lost == {H0: 0, H0 + HOUR: 60, H0 + 2 * HOUR: 30}
    assert bench.rows()[H0 + HOUR].expected == 60


def test_a_reading_that_the_database_lost_is_a_rest_and_reported(bench: Bench) -> None:
    bench.take(*(message(minute, minute + 1) for minute in range(10)))
    bench.store._http.query_json(  # the accident
        f"DELETE FROM gas WHERE station='st-1' AND time < {int((H0 + 4 * MINUTE).timestamp()) * 10**9}", Bucket.NATIVE
    )
    bench.take(message(10, 11))
    facts = bench.rows()[H0]
    assert (facts.stored, facts.read_back, facts.rest) == (11, 7, 4)
    assert bench.state.reconciliation.count_rests(H0, H0 + HOUR) == {"st-1": 4}
    (finding,) = bench.state.findings.list(kind=FindingKind.BALANCE_REST)
    assert (finding.key, finding.facts["rest"]) == ("balance_rest/st-1", 4)


def test_a_rest_that_was_restored_is_taken_back(bench: Bench) -> None:
    bench.take(*(message(minute, minute + 1) for minute in range(10)))
    lines = [f"gas,instrument=gas1,station=st-1 so2=1 {int((H0 + n * MINUTE).timestamp())}000000000" for n in range(4)]
    bench.store._http.query_json(  # the accident
        f"DELETE FROM gas WHERE station='st-1' AND time < {int((H0 + 4 * MINUTE).timestamp()) * 10**9}", Bucket.NATIVE
    )
    bench.take(message(10, 11))
    assert bench.state.findings.list(kind=FindingKind.BALANCE_REST)
    bench.store.write_lines(Bucket.NATIVE, [line.encode() for line in lines])
    bench.reconcile()
    assert bench.rows()[H0].rest == 0
    assert not bench.state.findings.list(kind=FindingKind.BALANCE_REST)


def test_readings_held_after_decoding_are_quarantined_in_the_reconciliation(bench: Bench) -> None:
    line = f'gas,instrument=gas1,station=st-1 so2="text" {int((H0 - 700 * 24 * HOUR).timestamp())}000000000'
    bench.store.write_lines(Bucket.NATIVE, [line.encode()])
    shards = [message(0, 1)]
    bench.state.quarantine.add(
        shards[0], None, [Rejection(RejectReason.CLOCK_SUSPECT, "held", "st-1", "gas1", None, reading_interval(0))]
    )
    bench.take(*shards, message(1, 2))
    facts = bench.rows()[H0]
    assert facts.quarantined == {"clock_suspect": 1}
    assert facts.stored == 1


def test_the_audit_includes_readings_held_after_decoding(bench: Bench) -> None:
    behind = message(11 - 8 * 60, 2)  # the number goes on, the time goes back by the zone's offset
    bench.take_in(message(10, 1))
    bench.take_in(msgspec.structs.replace(behind, received_at=H0 + 12 * MINUTE))
    found = audit(bench.settings, bench.log, bench.store, bench.state, cursor=CURSOR, start=H0, end=H0 + HOUR)
    assert (found.readings, found.values, found.lost) == (1, 1, 0)
    assert found.quarantined == {"clock_suspect": 1}
    assert found.sequence_gaps == 0


def reading_interval(minute: int) -> Interval:
    return Interval(H0 + minute * MINUTE, H0 + (minute + 1) * MINUTE)


def test_the_command_prints_the_reconciliation_and_fails_on_a_rest(bench: Bench, command: Callable[..., Done]) -> None:
    bench.take(*(message(minute, minute + 1) for minute in range(60)))

    def run() -> Done:
        return command("balance", "--station", "st-1", "--json", **own_settings(bench.settings), survey_every_s=0)

    done = run()
    *rows, summary = [json.loads(line) for line in done.stdout.splitlines()]
    (own,) = [
        row for row in rows if row["hour"] == H0.isoformat().replace("+00:00", "Z") and row["instrument"] == "gas1"
    ]
    assert (own["expected"], own["stored"], own["rest"]) == (60, 60, 0)
    assert any(row["not_sent"] == 1 and row["instrument"] == "gc1" for row in rows)  # an hourly one that never came
    assert summary["rest"] == 0
    assert done.returncode == 0
    bench.store._http.query_json("DELETE FROM gas WHERE station='st-1'", Bucket.NATIVE)
    bench.take(message(60, 61))
    assert run().returncode == 1


def test_the_quarantine_is_bounded_by_age_and_bytes_and_reports_itself(bench: Bench) -> None:
    for number in range(4):
        raw = RawMessage(TOPIC, bytes(100_000), H0 - timedelta(days=100 * number))
        bench.state.quarantine.add(raw, None, [Rejection(RejectReason.NOT_JSON, str(number))])
    small = bench.settings.model_copy(update={"quarantine_keep_days": 250, "quarantine_max_bytes": 350_000})
    assert expire(small, bench.state, H0) == 1
    assert bench.state.quarantine.count_expired() == {"not_json": 1}
    (finding,) = bench.state.findings.list(kind=FindingKind.QUARANTINE_FULL)
    assert finding.facts["payload_bytes"] == 300_000
    bench.state.quarantine.limit_bytes = 250_000
    assert bench.state.quarantine.expire(H0 - timedelta(days=3000), dry_run=True) == 1
    assert expire(small, bench.state, H0) == 1
    assert expire(bench.settings, bench.state, H0) == 1  # older than half a year
    assert bench.state.findings.list(kind=FindingKind.QUARANTINE_FULL) == []


def test_closed_rows_and_settled_gaps_go_when_nothing_changed_them_for_long(bench: Bench) -> None:
    def gap(minute: int, state: GapState) -> Gap:
        start = H0 + minute * MINUTE
        return Gap(
            network="gas", station_id="st-1", instrument_id="gas1", start=start, end=start + MINUTE, missing=1,
            found_by="seq", found_at=H0, due_at=H0, state=state,
        )  # fmt: skip

    bench.take(message(0, 1), message(60, 2))
    _, second = bench.state.reconciliation.read(H0, H0 + 2 * HOUR)
    second.facts.read_back = 0
    assert bench.state.reconciliation.put([second])  # one with a rest
    bench.state.gaps.add([gap(number, state) for number, state in enumerate(GapState)])
    later = datetime.now(UTC) + timedelta(days=100)
    small = bench.settings.model_copy(update={"sheet_keep_days": 101})
    assert prune_state(small, bench.state, later) == 0
    assert prune_state(small.model_copy(update={"sheet_keep_days": 0}), bench.state, later) == 0
    assert prune_state(small.model_copy(update={"sheet_keep_days": 99}), bench.state, later) == 5
    assert [row.hour for row in bench.state.reconciliation.read(H0, H0 + 2 * HOUR)] == [second.hour]
    assert {item.state for item in bench.state.gaps.list()} == {GapState.OPEN, GapState.ASKED}


@pytest.mark.parametrize(
    ("cadence_s", "expected"), [(60, 60), (30, 120), (3600, 1), (1800, 2), (7200, 1), (2940, 1), (86_400, 0)]
)
def test_expected_counts_the_steps_of_the_cadence(cadence_s: int, expected: int) -> None:
    hour = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
    assert expected_in(hour, timedelta(seconds=cadence_s), None, None) == expected
    assert expected_in(hour, timedelta(seconds=60), hour + 30 * MINUTE, None) == 30
    assert expected_in(hour, timedelta(seconds=60), None, hour) == 0


def test_the_hour_at_hand_expects_only_what_is_over(collector_settings: CollectorSettings) -> None:
    network = collector_settings.stations
    rows = filled([], network, H0, H0 + HOUR, "st-1")
    assert {row.instrument_id: row.facts.expected for row in rows} == {"gas1": 60, "gc1": 1}
    rows = up_to(H0 + 20 * MINUTE, rows, network)
    assert {row.instrument_id: row.facts.expected for row in rows} == {"gas1": 19, "gc1": 0}


def test_housekeeping_runs_five_minutes_past_the_hour() -> None:
    at = datetime(2026, 11, 22, 2, 3, tzinfo=UTC)
    assert seconds_until_next(at, 3600.0) == 120.0
    assert seconds_until_next(at + 2 * MINUTE, 3600.0) == 3600.0


_EVENT = st.tuples(
    st.integers(0, 130), st.booleans(), st.sampled_from(["ok", "ok", "ok", "future", "text", "brackets"]), st.booleans()
)


@settings(deadline=None, max_examples=150)
@given(st.lists(_EVENT, max_size=60))
def test_every_row_sums_to_zero(
    tmp_path_factory: pytest.TempPathFactory, events: list[tuple[int, bool, str, bool]]
) -> None:
    from ingest.decode.message import decode_and_validate
    from ingest.process.settings import CollectorSettings
    from sensors.network_file import network_toml
    from tests.ingest.conftest import station_network

    path = tmp_path_factory.getbasetemp() / "sheet-network.toml"
    if not path.exists():
        path.write_text(network_toml(station_network()))
    own = CollectorSettings(network=path)
    rows: dict[tuple[datetime, str, str], ReconciliationFigures] = {}

    class Rows(dict):  # type: ignore[type-arg]  # rows made as they are touched
        def __missing__(self, key: tuple[datetime, str, str]) -> ReconciliationFigures:
            rows[key] = self[key] = ReconciliationFigures(network="gas")
            return rows[key]

    grown = Rows()
    entered = 0
    for minute, redelivered, kind, numbered in events:
        raw = message(
            minute, minute if numbered else None, redelivered=redelivered, value="x" if kind == "text" else 1.0
        )
        if kind == "future":
            raw = msgspec.structs.replace(raw, received_at=H0 - HOUR)
        elif kind == "brackets":
            raw = msgspec.structs.replace(raw, payload=b"{")
        decoded = decode_and_validate(raw, own)
        entered += len(decoded.readings) + sum(
            item.interval is not None and item.parameter is None for item in decoded.rejections
        )
        enter_message(grown, decoded, {}, own.stations)
    hours = {key[0]: facts for key, facts in rows.items() if key[1]}
    count_sent(hours, MINUTE)
    for hour, facts in hours.items():
        facts.expected, facts.read_back = expected_in(hour, MINUTE, None, None), facts.stored
        named = differences(facts)
        quarantined = sum(facts.quarantined.values())
        assert facts.expected == named["not_sent"] + named["lost_before_collector"] + quarantined + facts.stored
        assert facts.received == named["redelivered"] + named["repeated"] + quarantined + facts.stored
        assert facts.stored == facts.read_back + named["rest"]
        assert named["lost_before_collector"] >= 0
    assert sum(facts.received for facts in hours.values()) == entered


def test_silent_instruments_are_in_the_reconciliation(collector_settings: CollectorSettings) -> None:
    rows = filled([], collector_settings.stations, H0, H0 + 2 * HOUR, None)
    assert {(row.station_id, row.instrument_id, row.facts.expected) for row in rows} == {
        ("st-1", "gas1", 60),
        ("st-1", "gc1", 1),
    }
    assert len(rows) == 4
