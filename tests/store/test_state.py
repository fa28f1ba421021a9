from __future__ import annotations

import multiprocessing
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from schemas.alert import AlertState, AlertTransition, RuleKind, Severity
from schemas.interval import Interval
from schemas.message import MAX_PAYLOAD_BYTES, RawMessage, parse_topic
from schemas.reading import Rejection, RejectReason
from store.error import StateError
from store.state import (
    Balance,
    Clock,
    ClockState,
    Finding,
    FindingKind,
    GateOutcome,
    GateResult,
    Progress,
    QuarantineState,
    ReconciliationFigures,
    ReconciliationRow,
    RunState,
    StateStore,
)
from store.state.database import newest_revision
from store.state.table import metadata

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
TOPIC = parse_topic("obs/v1/gas/a/i/json")


def message(payload: bytes = b"{}", seconds: int = 0) -> RawMessage:
    return RawMessage(str(TOPIC), payload, NOW + timedelta(seconds=seconds))


def rejection(detail: str = "so2: 'x'", reason: RejectReason = RejectReason.BAD_VALUE) -> Rejection:
    return Rejection(reason, detail, "a", "i", "so2", Interval(NOW, NOW))


def transition(minute: int = 0, state: AlertState = AlertState.FIRING, key: str = "high/a/so2") -> AlertTransition:
    at = NOW + timedelta(minutes=minute)
    before = AlertState.PENDING if state is AlertState.FIRING else AlertState.FIRING
    return AlertTransition(
        alert_key=key, rule="high", kind=RuleKind.THRESHOLD, severity=Severity.WARNING, station_id="a", parameter="so2",
        from_state=before, to_state=state, at=at, since=at, value=9.5, threshold=5.0, unit="ug/m3", evidence={"series": [1.0, None], "zh": "超标"},
    )  # fmt: skip


def test_migrations_make_exactly_the_tables_of_the_code(store: StateStore) -> None:
    with store.database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts={"compare_type": False}), metadata) == []


def test_the_newest_migration_is_known_without_alembic(url: str) -> None:
    with StateStore(url) as store:
        assert store.database.pending_migrations()[-1] == newest_revision()


def test_migrating_is_harmless_when_done(url: str) -> None:
    with StateStore(url) as store:
        assert store.database.pending_migrations() == [
            "0001",
            "0002",
            "0003",
            "0004_review",
            "0005",
            "0009",
            "0007",
            "0006",
            "0008",
            "0010",
        ]
        store.migrate()
        store.migrate()
        assert store.database.pending_migrations() == []


@pytest.mark.slow
def test_processes_may_migrate_at_once(url: str) -> None:
    with ProcessPoolExecutor(3, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert list(pool.map(_migrate, [url] * 3)) == [[], [], []]


def _migrate(url: str) -> list[str]:
    with StateStore(url) as store:
        store.migrate()
        return store.database.pending_migrations()


def test_tables_that_are_missing_are_explained(url: str) -> None:
    with StateStore(url) as store, pytest.raises(StateError, match="skyground migrate"):
        store.runs.list()


def test_a_url_that_is_none_is_explained() -> None:
    with pytest.raises(StateError, match="SKYGROUND_STATE_URL"):
        StateStore("nonsense")


def test_a_naive_time_is_a_programming_error(store: StateStore) -> None:
    with pytest.raises(sa.exc.StatementError, match="naive"):
        store.balance.read(datetime(2026, 1, 1), NOW)  # noqa: DTZ001 - the point of the test


def test_rejections_are_kept_with_the_bytes_they_came_in(store: StateStore) -> None:
    assert store.quarantine.add(message(b'{"so2": "x"}'), TOPIC, [rejection(), rejection("no: 'y'")]) == 2
    first = store.quarantine.list()[0]
    found = store.quarantine.get(first.id)
    assert found is not None
    assert (first.payload, found.message) == (None, message(b'{"so2": "x"}'))
    assert (first.reason, first.station_id, first.received_at, first.interval_start) == (
        RejectReason.BAD_VALUE,
        "a",
        NOW,
        NOW,
    )


def test_reading_history_again_adds_no_rejection_twice(store: StateStore) -> None:
    for _ in range(2):
        store.quarantine.add(message(), TOPIC, [rejection(), rejection("other")])
    store.quarantine.add(message(), TOPIC, [rejection("refused", RejectReason.REFUSED_BY_STORE)])
    assert store.quarantine.count() == {"bad_value": 2, "refused_by_store": 1}


def test_a_message_without_a_sound_topic_is_kept_whatever_it_holds(store: StateStore) -> None:
    odd = RawMessage("obs/\x00/\ud800", b"\xff\x00", NOW)
    store.quarantine.add(odd, None, [Rejection(RejectReason.BAD_SCHEMA, "lone \ud800 and \x00")])
    (item,) = store.quarantine.list()
    assert (item.network, item.station_id) == (None, None)
    assert store.quarantine.count("station_id") == {"": 1}


def test_a_payload_that_was_cut_cannot_be_replayed(store: StateStore) -> None:
    store.quarantine.add(message(b"x" * (MAX_PAYLOAD_BYTES + 1)), TOPIC, [rejection(reason=RejectReason.TOO_LARGE)])
    item = store.quarantine.get(1)
    assert item is not None
    with pytest.raises(ValueError, match="not complete"):
        _ = item.message


def test_an_item_is_replayed_once(store: StateStore) -> None:
    store.quarantine.add(message(), TOPIC, [rejection()])
    assert [
        store.quarantine.mark_replayed(1),
        store.quarantine.mark_replayed(1),
        store.quarantine.mark_replayed(99),
    ] == [True, False, False]
    assert store.quarantine.list(state=QuarantineState.NEW) == []


def test_the_quarantine_is_bounded_and_counts_what_had_to_go(store: StateStore) -> None:
    store.quarantine.limit = 5
    for second in range(9):
        store.quarantine.add(message(seconds=second), TOPIC, [rejection()])
    assert [item.id for item in store.quarantine.list()] == [5, 6, 7, 8, 9]
    assert store.quarantine.count_expired() == {"bad_value": 4}
    assert store.quarantine.get(1) is None


def test_refusals_of_a_station_are_counted_by_reason_with_the_newest_of_each(store: StateStore) -> None:
    for second in range(12):
        reason = RejectReason.BAD_UNIT if second == 3 else RejectReason.BAD_VALUE
        store.quarantine.add(message(seconds=second), TOPIC, [rejection(reason=reason)])
    store.quarantine.mark_replayed(12)
    groups = store.quarantine.list_groups("a", NOW + timedelta(seconds=1), newest=2)
    assert [(reason, count, [item.id for item in items]) for reason, count, items in groups] == [
        ("bad_value", 9, [11, 10]),
        ("bad_unit", 1, [4]),
    ]
    assert store.quarantine.list_groups("b", NOW) == []


def test_listing_filters_and_pages(store: StateStore) -> None:
    for second, reason in enumerate([RejectReason.BAD_VALUE, RejectReason.BAD_UNIT, RejectReason.BAD_UNIT]):
        store.quarantine.add(message(seconds=second), TOPIC, [rejection(reason=reason)])
    assert [item.id for item in store.quarantine.list(reason=RejectReason.BAD_UNIT, after=2)] == [3]
    assert [item.id for item in store.quarantine.list(received_from=NOW + timedelta(seconds=1), limit=1)] == [2]
    assert store.quarantine.list(station_id="b") == []


def test_balances_add_up_within_the_hour(store: StateStore) -> None:
    part = Balance(hour=NOW, station_id="a", instrument_id="i", messages=2, values_stored=5, rejected={"bad_value": 1})
    store.balance.add([part, part])
    store.balance.add(
        [Balance(hour=NOW.astimezone(timezone(timedelta(hours=8))), station_id="a", instrument_id="i", readings=1)]
    )
    hour = NOW.replace(minute=0)
    total = Balance(
        hour=hour,
        station_id="a",
        instrument_id="i",
        messages=4,
        readings=1,
        values_stored=10,
        rejected={"bad_value": 2},
    )
    assert store.balance.read(hour, NOW) == [total]
    assert store.balance.read(hour, NOW, "b") == store.balance.read(NOW, NOW + timedelta(days=1)) == []


@pytest.mark.slow
def test_no_increment_is_lost_between_processes(url: str, store: StateStore) -> None:
    with ProcessPoolExecutor(3, mp_context=multiprocessing.get_context("spawn")) as pool:
        list(pool.map(_add_fifty, [url] * 3))
    assert store.balance.read(NOW - timedelta(hours=1), NOW)[0].messages == 150


def _add_fifty(url: str) -> None:
    with StateStore(url) as store:
        for _ in range(50):
            store.balance.add([Balance(hour=NOW, station_id="a", instrument_id="i", messages=1)])


def test_runs_are_noted_from_start_to_end(store: StateStore) -> None:
    run_id = store.runs.start("qc", "gas", NOW, NOW + timedelta(hours=1), "1.0")
    assert store.runs.list()[0].state is RunState.RUNNING
    store.runs.finish(run_id, RunState.DONE, {"hours": 3})
    (run,) = store.runs.list(kind="qc", network="gas")
    assert (run.state, run.counts, run.start) == (RunState.DONE, {"hours": 3}, NOW)
    assert store.runs.list(kind="gate") == []


def test_a_run_ends_with_its_block(store: StateStore) -> None:
    with store.runs.open("qc", "gas", NOW, NOW, "1.0") as current:
        current.counts = {"hours": 3}
    (run,) = store.runs.list()
    assert (run.state, run.counts) == (RunState.DONE, {"hours": 3})


def test_a_run_whose_block_raises_is_failed_with_the_words(store: StateStore) -> None:
    with pytest.raises(KeyError), store.runs.open("qc", "gas", NOW, NOW, "1.0"):
        {}["hour"]
    (run,) = store.runs.list()
    assert (run.state, run.counts) == (RunState.FAILED, {"error": "KeyError: 'hour'"})


def test_a_run_that_cannot_be_recorded_is_failed(store: StateStore) -> None:
    with (
        pytest.raises((TypeError, sa.exc.StatementError), match="JSON"),
        store.runs.open("qc", "gas", NOW, NOW, "1.0") as current,
    ):
        current.counts = {"moment": NOW}
    assert store.runs.list()[0].state is RunState.FAILED


@pytest.mark.slow
def test_a_run_of_a_killed_process_is_lost_when_the_next_starts(url: str, store: StateStore) -> None:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        killed = pool.submit(_start_run, url).result()
    here = store.runs.start("gate", "gas", NOW, NOW, "1.0")
    states = {run.id: run.state for run in store.runs.list()}
    assert states == {killed: RunState.LOST, here: RunState.RUNNING}
    store.runs.start("gate", "gas", NOW, NOW, "1.0")
    assert {run.id: run.state for run in store.runs.list()}[here] is RunState.RUNNING


def test_a_run_on_another_host_is_lost_after_two_days_and_says_so_if_it_ends(store: StateStore) -> None:
    far = store.runs.start("reprocess", None, NOW, NOW, "1.0")
    for days, state in ((1, RunState.RUNNING), (3, RunState.LOST)):
        with store.database.writing() as connection:
            began = datetime.now(UTC) - timedelta(days=days)
            connection.execute(sa.update(metadata.tables["run"]).values(process="far/1/x", started_at=began))
        store.runs.start("qc", "gas", NOW, NOW, "1.0")
        assert {run.id: run.state for run in store.runs.list()}[far] is state
    store.runs.finish(far, RunState.DONE, {})
    assert {run.id: run.state for run in store.runs.list()}[far] is RunState.DONE


def _start_run(url: str) -> str:
    with StateStore(url) as opened:
        return opened.runs.start("qc", "gas", NOW, NOW, "1.0")


def test_a_run_that_never_started_cannot_finish(store: StateStore) -> None:
    with pytest.raises(StateError, match="never started"):
        store.runs.finish("nobody", RunState.DONE, {})


def test_gate_results_stay_and_the_newest_comes_first(store: StateStore) -> None:
    for outcome in (GateOutcome.HOLD, GateOutcome.PASS):
        store.gate.add_result(GateResult(network="gas", start=NOW, end=NOW, outcome=outcome, detail={"failed": 2}))
    assert [item.outcome for item in store.gate.list_results("gas", NOW)] == [GateOutcome.PASS, GateOutcome.HOLD]
    assert store.gate.list_results("gas", end=NOW) == []


def test_a_transition_makes_the_alerts_state(store: StateStore) -> None:
    store.alerts.save(transition())
    status = store.alerts.get_states()["high/a/so2"]
    assert (status.state, status.transition) == (AlertState.FIRING, transition())
    store.alerts.save(transition(5, AlertState.OK))
    assert store.alerts.get_states()["high/a/so2"].state is AlertState.OK


def test_an_older_transition_that_comes_late_does_not_change_the_state(store: StateStore) -> None:
    store.alerts.save(transition(5, AlertState.OK))
    store.alerts.save(transition(0))
    assert store.alerts.get_states()["high/a/so2"].state is AlertState.OK
    assert [item.transition.at.minute for item in store.alerts.list()] == [35, 30]


def test_the_same_transition_twice_is_one_and_is_delivered_once(store: StateStore) -> None:
    assert store.alerts.save(transition()) == store.alerts.save(transition())
    assert len(store.deliveries.list()) == 1


def test_a_pending_alert_is_not_delivered(store: StateStore) -> None:
    waiting = transition()
    store.alerts.save(
        AlertTransition(
            **{name: getattr(waiting, name) for name in waiting.__struct_fields__}
            | {"from_state": AlertState.OK, "to_state": AlertState.PENDING}
        )
    )
    assert store.deliveries.claim("w", "email") == []


def sheet_row(seen: int, at: datetime | None = None, instrument_id: str = "i") -> ReconciliationRow:
    facts = ReconciliationFigures(network="gas", seen=dict.fromkeys(range(seen)))
    return ReconciliationRow(hour=NOW, station_id="a", instrument_id=instrument_id, facts=facts, settled_at=at)


def read_one(store: StateStore) -> ReconciliationRow:
    (row,) = store.reconciliation.read(NOW, NOW + timedelta(hours=1), instruments=[("a", "i")])
    return row


def test_rows_of_the_sheet_are_replaced_only_as_they_were_read(store: StateStore) -> None:
    assert store.reconciliation.put([])
    assert store.reconciliation.put([sheet_row(1)])
    assert not store.reconciliation.put([sheet_row(2)])  # it is there by now
    first = read_one(store).settled_at or NOW
    assert store.reconciliation.put([sheet_row(3, first)])
    assert (read_one(store).settled_at or first) > first
    assert not store.reconciliation.put([sheet_row(4, first), sheet_row(4, None, "j")])
    (row,) = store.reconciliation.read(NOW, NOW + timedelta(hours=1))  # nor the sound one of the two
    assert row.facts.stored == 3


@pytest.mark.slow
def test_no_process_undoes_what_another_added_to_a_row_of_the_sheet(url: str, store: StateStore) -> None:
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        list(pool.map(_enter_thirty, [url, url], [0, 30]))
    assert read_one(store).facts.stored == 60


def _enter_thirty(url: str, first: int) -> None:
    with StateStore(url) as store:
        for offset in range(first, first + 30):
            while True:
                rows = store.reconciliation.read(NOW, NOW + timedelta(hours=1)) or [sheet_row(0)]
                rows[0].facts.seen[offset] = None
                if store.reconciliation.put(rows):
                    break


def test_exactly_one_of_many_workers_gets_a_delivery(url: str, store: StateStore) -> None:
    for number in range(20):
        store.alerts.save(msgspec.structs.replace(transition(), alert_key=f"high/{number}/so2"))
    barrier = threading.Barrier(4)

    def work(name: str) -> list[int]:
        with StateStore(url) as mine:
            barrier.wait()
            found = []
            while claimed := mine.deliveries.claim(name, "email"):
                found += [item.transition_id for item in claimed]
            return found

    with ThreadPoolExecutor(4) as pool:
        claims = [item for part in pool.map(work, "abcd") for item in part]
    assert sorted(claims) == list(range(1, 21))


def test_a_claim_whose_worker_died_is_free_after_its_lease(store: StateStore) -> None:
    store.alerts.save(transition())
    now = datetime.now(UTC)
    assert store.deliveries.claim("dead", "email", now=now)
    assert store.deliveries.claim("w", "email", now=now + timedelta(minutes=4)) == []
    (second,) = store.deliveries.claim("w", "email", now=now + timedelta(minutes=6))
    assert second.attempt == 2
    assert not store.deliveries.finish(second.delivery_id, ok=True, worker="dead")
    assert store.deliveries.finish(second.delivery_id, ok=True, worker="w")
    assert not store.deliveries.finish(second.delivery_id, ok=True)


def test_a_failed_delivery_is_tried_again_with_growing_pauses_and_then_given_up(store: StateStore) -> None:
    store.alerts.save(transition())
    now = datetime.now(UTC)
    pauses = []
    begun = now
    while claimed := store.deliveries.claim("w", "email", now=now):
        store.deliveries.finish(claimed[0].delivery_id, ok=False, detail="451 later", now=now)
        (delivery,) = store.deliveries.list()
        pauses.append((delivery.due_at - now) // timedelta(minutes=1))
        now = delivery.due_at
    assert pauses[:8] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert timedelta(days=7) < now - begun < timedelta(days=8)
    assert store.deliveries.list(state="failed")[0].detail == "451 later"


def test_a_permanent_failure_is_not_tried_again(store: StateStore) -> None:
    store.alerts.save(transition())
    (claimed,) = store.deliveries.claim("w", "email")
    store.deliveries.finish(claimed.delivery_id, ok=False, detail="550 no such user", permanent=True)
    assert store.deliveries.claim("w", "email", now=datetime.now(UTC) + timedelta(days=9)) == []


def test_an_acknowledgement_holds_until_the_state_changes(store: StateStore) -> None:
    store.alerts.save(transition())
    store.alerts.acknowledge("high/a/so2", "王", "on it", now=NOW)
    status = store.alerts.get_states()["high/a/so2"]
    assert (status.acknowledged_by, status.acknowledged_at, status.note) == ("王", NOW, "on it")
    store.alerts.save(transition(5, AlertState.OK))
    assert store.alerts.get_states()["high/a/so2"].acknowledged_by is None
    with pytest.raises(StateError, match="no alert"):
        store.alerts.acknowledge("other", "w")


def test_documents_keep_their_versions_and_the_newest_wins(store: StateStore) -> None:
    versions = [store.documents.put("attribution", "a/1", body) for body in ({"x": 1}, {"x": 1}, {"x": 2})]
    assert versions == [1, 1, 2]
    newest = store.documents.get("attribution", "a/1")
    assert newest is not None
    assert (newest.version, newest.body) == (2, {"x": 2})
    assert [item.version for item in store.documents.list_versions("attribution", "a/1")] == [2, 1]
    assert store.documents.get("attribution", "a/2") is None


def test_documents_are_listed_by_kind_and_prefix(store: StateStore) -> None:
    for key in ("a/1", "a%/2", "b/1"):
        store.documents.put("attribution", key, {"key": key})
    assert [item.key for item in store.documents.list("attribution", prefix="a%")] == ["a%/2"]
    assert len(store.documents.list("attribution")) == 3
    assert store.documents.list("backtest") == []


def report(key: str = "clock/a", minute: int = 0, **facts: object) -> Finding:
    at = NOW + timedelta(minutes=minute)
    return Finding(key=key, kind=FindingKind.CLOCK, station_id="a", facts=facts, first_at=at, last_at=at)


def test_a_finding_reported_again_counts_up_and_keeps_its_beginning(store: StateStore) -> None:
    store.findings.report([report(skew_s=-28800.0)])
    store.findings.report([report(minute=5, skew_s=-28799.0), report("clock/b", minute=3)])
    assert [(item.key, item.count) for item in store.findings.list()] == [("clock/a", 2), ("clock/b", 1)]
    (newest,) = store.findings.list(kind=FindingKind.CLOCK, since=NOW + timedelta(minutes=4))
    assert (newest.first_at, newest.last_at) == (NOW, NOW + timedelta(minutes=5))
    assert newest.facts == {"skew_s": -28799.0}
    store.findings.drop("clock/a")
    assert [item.key for item in store.findings.list()] == ["clock/b"]


def test_progress_and_clock_of_an_instrument_are_kept_apart(store: StateStore) -> None:
    def progress(seq: int) -> Progress:
        return Progress(
            network="gas", station_id="a", instrument_id="i", last_seq=seq, last_start=NOW, last_end=NOW, last_received_at=NOW
        )  # fmt: skip

    wrong = ClockState(
        network="gas", station_id="a", instrument_id="i", skew_s=-28800.0, clock=Clock.WRONG_ZONE, clock_since=NOW, held=3
    )  # fmt: skip
    store.instruments.note_progress([progress(7)])
    assert store.instruments.list("a")[0].clock is Clock.UNKNOWN
    store.instruments.note_clocks([wrong])
    store.instruments.note_progress([progress(8)])
    (state,) = store.instruments.list()
    assert (state.last_seq, state.clock, state.held, state.skew_s) == (8, Clock.WRONG_ZONE, 3, -28800.0)
    assert store.instruments.list("b") == []
