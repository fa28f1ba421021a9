"""Repair of quarantined messages: codes renamed, times moved, nothing else let through."""

from __future__ import annotations

import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

from ingest.decode.message import decode_and_validate
from ingest.quarantine.quarantine import replay
from ingest.quarantine.repair import DOCUMENT, MessageRepair, repair_entries
from ingest.writer import Writer
from schemas.interval import Interval
from schemas.message import RawMessage
from schemas.reading import Rejection, RejectReason
from store.state import QuarantineState
from tests.ingest.conftest import environment, own_settings
from tests.sensors.hj212.build import NETWORK_TOML, frame

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ingest.process.settings import CollectorSettings
    from store.influx.store import InfluxStore
    from store.state import StateStore
    from tests.command import Done

pytestmark = pytest.mark.integration

NOW = datetime.now(UTC).replace(second=0, microsecond=0)
START = NOW - timedelta(minutes=5)
ZONE = timedelta(hours=8)
TOPIC = "obs/v1/gas/st-1/gas1/json"
RENAME = MessageRepair(codes={"ozone": "o3"}, move=timedelta(0), who="lin")
MOVE = MessageRepair(codes={}, move=ZONE, who="lin", note="clock was UTC")


def message(start: datetime, values: dict[str, float]) -> RawMessage:
    body = {
        "start": start,
        "end": start + timedelta(minutes=1),
        "values": values,
        "units": dict.fromkeys(values, "ppb"),
    }
    return RawMessage(TOPIC, msgspec.json.encode(body), NOW)


def refused(state: StateStore, settings: CollectorSettings, raw: RawMessage) -> list[int]:
    decoded = decode_and_validate(raw, settings)
    state.quarantine.add(raw, decoded.topic, decoded.rejections)
    return [item.id for item in state.quarantine.list()]


def held(state: StateStore, raw: RawMessage, start: datetime) -> int:
    interval = Interval(start, start + timedelta(minutes=1))
    state.quarantine.add(raw, None, [Rejection(RejectReason.CLOCK_SUSPECT, "held", "st-1", "gas1", None, interval)])
    return state.quarantine.list()[-1].id


def writer(store: InfluxStore) -> Writer:
    return Writer(store, threading.Event())


def stored(store: InfluxStore) -> dict[datetime, dict[str, float]]:
    frame = store.read_native("gas", "st-1", "gas1", NOW - timedelta(days=1), NOW)
    return {start.to_pydatetime(): row.dropna().to_dict() for start, row in frame.iterrows()}


def test_an_unknown_code_is_stored_under_its_mapped_one(
    collector_settings: CollectorSettings, state: StateStore, store: InfluxStore
) -> None:
    ids = refused(state, collector_settings, message(START, {"so2": 1.0, "ozone": 30.0}))
    assert [item.reason for item in state.quarantine.list()] == [RejectReason.UNKNOWN_PARAMETER]
    (seen,) = repair_entries(ids, RENAME, collector_settings, state, writer=None)
    assert (seen.values, seen.starts, stored(store)) == (2, [START], {})
    repair_entries(ids, RENAME, collector_settings, state, writer=writer(store))
    repair_entries(ids, RENAME, collector_settings, state, writer=writer(store))  # once more changes nothing
    assert stored(store)[START]["o3"] > 30.0  # converted from ppb
    (item,) = state.quarantine.list()
    assert item.state is QuarantineState.REPLAYED
    assert b"ozone" in (state.quarantine.get(item.id) or item).message.payload
    document = state.documents.get(DOCUMENT, str(item.id))
    assert document is not None
    assert document.body["who"] == "lin"


def test_a_code_that_still_is_none_stays_refused(
    collector_settings: CollectorSettings, state: StateStore, store: InfluxStore
) -> None:
    ids = refused(state, collector_settings, message(START, {"so2": 1.0, "nonsense": 30.0}))
    (outcome,) = repair_entries(ids, RENAME, collector_settings, state, writer=writer(store))
    assert "nonsense" in outcome.refused[0]
    assert state.quarantine.list()[0].state is QuarantineState.NEW


def test_times_of_a_wrong_clock_are_moved(
    collector_settings: CollectorSettings, state: StateStore, store: InfluxStore
) -> None:
    entry = held(state, message(START - ZONE, {"so2": 1.0}), START - ZONE)
    (outcome,) = repair_entries([entry], RENAME, collector_settings, state, writer=writer(store))
    assert "how many hours" in outcome.refused[0]
    assert stored(store) == {}
    repair_entries([entry], MOVE, collector_settings, state, writer=writer(store))
    assert list(stored(store)) == [START]
    assert state.quarantine.list()[0].state is QuarantineState.REPLAYED


def test_no_other_entry_of_a_message_frees_what_is_held_for_its_clock(
    collector_settings: CollectorSettings, state: StateStore, store: InfluxStore
) -> None:
    raw = message(START - ZONE, {"so2": 1.0, "ozone": 30.0})
    (entry,) = refused(state, collector_settings, raw)
    suspect = held(state, raw, START - ZONE)
    (outcome,) = repair_entries([entry], RENAME, collector_settings, state, writer=writer(store))
    assert "how many hours" in outcome.refused[0]
    assert replay([entry], collector_settings, state, writer(store)).refused == 1
    both = msgspec.structs.replace(MOVE, codes={"ozone": "o3"})
    repair_entries([suspect], both, collector_settings, state, writer=writer(store))
    assert list(stored(store)) == [START]
    repair_entries([entry], RENAME, collector_settings, state, writer=writer(store))
    assert list(stored(store)) == [START]
    assert [item.state for item in state.quarantine.list()] == [QuarantineState.NEW, QuarantineState.REPLAYED]


def test_only_refused_times_are_moved_and_only_json_is_rewritten(
    collector_settings: CollectorSettings, state: StateStore, store: InfluxStore
) -> None:
    ids = refused(state, collector_settings, message(START, {"ozone": 1.0}))
    (outcome,) = repair_entries(ids, MOVE, collector_settings, state, writer=writer(store))
    assert "only where the time was refused" in outcome.refused[0]
    frame = RawMessage("obs/v1/gas/st-1/gas1/hj212", b"##", NOW)
    state.quarantine.add(frame, None, [Rejection(RejectReason.BAD_FRAME, "x")])
    (outcome,) = repair_entries(
        [state.quarantine.list()[-1].id], RENAME, collector_settings, state, writer=writer(store)
    )
    assert "not JSON" in outcome.refused[0]
    (outcome,) = repair_entries([999], RENAME, collector_settings, state, writer=writer(store))
    assert outcome.refused == ["there is no such entry"]
    assert stored(store) == {}


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (RawMessage(TOPIC, b'{"\xff":1}', NOW), "bad_utf8"),
        (RawMessage(TOPIC, b"[" * 100_000 + b"]" * 100_000, NOW), "nested deeper than can be read"),
        (RawMessage(TOPIC, b"{", NOW), "not_json"),
        (RawMessage(TOPIC, b'{"start":"9999-12-31T23:00:00Z","values":{"so2":1}}', NOW), "expected a time from 1800"),
        (RawMessage(TOPIC, b'{"start":"never","values":{"so2":1}}', NOW), "expected ISO 8601 with a zone"),
        (RawMessage(TOPIC, b'["\\ud800"]', NOW), "expected an object"),
        (RawMessage("obs/v1/nonsense", b"{}", NOW), "expected obs/v1/"),
    ],
)
def test_an_entry_that_cannot_be_rewritten_is_refused_and_the_next_is_rewritten(
    collector_settings: CollectorSettings, state: StateStore, store: InfluxStore, raw: RawMessage, words: str
) -> None:
    state.quarantine.add(raw, None, [Rejection(RejectReason.TIME_FUTURE, "x")])
    bad = state.quarantine.list()[-1].id
    good = held(state, message(START - ZONE, {"so2": 1.0}), START - ZONE)
    first, second = repair_entries([bad, good], MOVE, collector_settings, state, writer=writer(store))
    assert words in first.refused[0]
    assert second.starts == [START]


@pytest.mark.parametrize("values", ['{"so2":NaN,"ozone":33}', '{"so2":nan,"ozone":33.}', '{"so2":"x","ozone":+33,}'])
def test_what_the_decoder_reads_can_be_repaired(
    collector_settings: CollectorSettings, state: StateStore, store: InfluxStore, values: str
) -> None:
    raw = RawMessage(TOPIC, b"\xef\xbb\xbf" + f'{{"start":"{START.isoformat()}","values":{values}}}'.encode(), NOW)
    refused(state, collector_settings, raw)
    bad, unknown = sorted(state.quarantine.list(), key=lambda item: item.parameter == "ozone")
    repair_entries([unknown.id], RENAME, collector_settings, state, writer=writer(store))
    assert stored(store)[START] == {"o3": 33.0}
    assert {item.id: item.state for item in state.quarantine.list()} == {
        bad.id: QuarantineState.NEW,
        unknown.id: QuarantineState.REPLAYED,
    }
    # the value that is still none is not repaired by it
    repair_entries([bad.id], RENAME, collector_settings, state, writer=writer(store))
    assert {item.id: item.state for item in state.quarantine.list()}[bad.id] is QuarantineState.NEW


def test_a_code_is_not_renamed_onto_one_that_has_a_value(
    collector_settings: CollectorSettings, state: StateStore, store: InfluxStore
) -> None:
    ids = refused(state, collector_settings, message(START, {"ozone": 30.0, "o3": 31.0}))
    (outcome,) = repair_entries(ids, RENAME, collector_settings, state, writer=writer(store))
    assert outcome.refused == ["values hold 'ozone' and 'o3', which would both be 'o3': one of them would be lost"]
    two = msgspec.structs.replace(RENAME, codes={"ozone": "o3", "o_3": "o3"})
    ids = refused(state, collector_settings, message(START, {"ozone": 30.0, "o_3": 31.0}))
    (outcome, _) = repair_entries(ids[-2:], two, collector_settings, state, writer=writer(store))
    assert "one of them would be lost" in outcome.refused[0]
    assert stored(store) == {}
    assert {item.state for item in state.quarantine.list()} == {QuarantineState.NEW}


def test_a_repair_of_one_reading_of_an_array_leaves_the_others_alone(
    collector_settings: CollectorSettings, state: StateStore, store: InfluxStore
) -> None:
    other = START - timedelta(minutes=1)
    parts = (message(START, {"ozone": 30.0}), message(other, {"ozone": 1.0, "o3": 2.0}))
    raw = RawMessage(TOPIC, b"[" + b",".join(part.payload for part in parts) + b"]", NOW)
    refused(state, collector_settings, raw)
    (wanted,) = [item.id for item in state.quarantine.list() if item.interval_start == START]
    repair_entries([wanted], RENAME, collector_settings, state, writer=writer(store))
    assert list(stored(store)) == [START]


def test_a_unit_that_a_station_spells_in_its_own_way_is_mapped(
    collector_settings: CollectorSettings, state: StateStore, store: InfluxStore
) -> None:
    raw = message(START, {"so2": 30.0})
    raw = msgspec.structs.replace(raw, payload=raw.payload.replace(b'"ppb"', b'"ug/cbm"'))
    ids = refused(state, collector_settings, raw)
    assert [item.reason for item in state.quarantine.list()] == [RejectReason.BAD_UNIT]
    unit = MessageRepair(codes={}, move=timedelta(0), who="lin", units={"ug/cbm": "ug/m3"})
    repair_entries(ids, unit, collector_settings, state, writer=writer(store))
    assert stored(store)[START] == {"so2": 30.0}
    document = state.documents.get(DOCUMENT, str(ids[0]))
    assert document is not None
    assert document.body["units"] == {"ug/cbm": "ug/m3"}


def test_a_value_that_is_refused_under_its_new_code_is_not_done_with(
    collector_settings: CollectorSettings, state: StateStore, store: InfluxStore
) -> None:
    raw = message(START, {"so2": 1.0, "ozone": 30.0})
    raw = msgspec.structs.replace(raw, payload=raw.payload.replace(b'"ozone":"ppb"', b'"ozone":"furlong"'))
    ids = refused(state, collector_settings, raw)
    (outcome,) = repair_entries(ids, RENAME, collector_settings, state, writer=writer(store))
    assert "furlong" in outcome.refused[0]
    assert state.quarantine.list()[0].state is QuarantineState.NEW


def test_times_of_an_hj212_device_are_moved_too(
    collector_settings: CollectorSettings, state: StateStore, store: InfluxStore, tmp_path: Path
) -> None:
    path = tmp_path / "hj212.toml"
    path.write_text(NETWORK_TOML.replace("ln-sy-01", "st-1"), encoding="utf-8")
    settings = collector_settings.model_copy(update={"network": path})
    stamped = (START - ZONE).replace(minute=0) + timedelta(hours=8)  # the device's clock shows UTC
    content = f"DataTime={stamped - ZONE:%Y%m%d%H%M}00;a21026-Avg=6"
    raw = RawMessage("obs/v1/gas/st-1/gas1/hj212", frame(content), NOW)
    entry = held(state, raw, stamped - 2 * ZONE)
    (outcome,) = repair_entries([entry], RENAME, settings, state, writer=writer(store))
    assert "not JSON" in outcome.refused[0]
    (outcome,) = repair_entries([entry], MOVE, settings, state, writer=writer(store))
    assert (outcome.values, outcome.starts) == (1, [stamped - ZONE])
    assert state.quarantine.list()[0].state is QuarantineState.REPLAYED


def test_a_refused_time_at_the_end_of_the_calendar_is_not_moved(
    collector_settings: CollectorSettings, state: StateStore
) -> None:
    last = datetime(9999, 12, 31, 23, 0, tzinfo=UTC)
    (outcome,) = repair_entries(
        [held(state, message(START, {"so2": 1.0}), last)], MOVE, collector_settings, state, writer=None
    )
    assert "moved by +8 h is no time any more" in outcome.refused[0]


def test_the_commands(
    collector_settings: CollectorSettings, state: StateStore, store: InfluxStore, command: Callable[..., Done]
) -> None:
    refused(state, collector_settings, message(START, {"ozone": 30.0}))

    def run(*more: str) -> Done:
        return command("quarantine", *more, **own_settings(collector_settings), language="en")

    chosen = ("repair", "--reason", "unknown_parameter", "--map", "ozone=o3")
    assert "responsible person" in run(*chosen).stderr
    assert "would store" in run(*chosen, "--dry-run").stdout
    assert stored(store) == {}
    done = run(*chosen, "--who", "lin")
    assert (done.returncode, list(stored(store))) == (0, [START]), done.stderr
    assert "expected WRONG=right" in run("repair", "1", "--map", "ozone", "--who", "lin").stderr
    status = msgspec.json.decode(run("status", "--json").stdout)
    assert (status["items"], status["items_max"], status["by_state"]) == (1, 200_000, {"replayed": 1})
    assert run("expire", "--older-than-days", "0", "--dry-run").stdout.split()[-1] == "1"
    expired = msgspec.json.decode(run("expire", "--older-than-days", "0", "--json").stdout)
    assert expired == {"older_than_days": 0, "entries": 1, "dry_run": False}
    assert state.quarantine.count() == {}


def test_a_replay_can_be_looked_at_before(
    collector_settings: CollectorSettings, state: StateStore, store: InfluxStore
) -> None:
    good, bad = message(START, {"so2": 1.0, "o3": 2.0}), message(START + timedelta(minutes=1), {"nonsense": 1.0})
    state.quarantine.add(good, None, [Rejection(RejectReason.REFUSED_BY_STORE, "once", "st-1", "gas1")])
    refused(state, collector_settings, bad)
    ids = [item.id for item in state.quarantine.list()]
    outcome = replay(ids, collector_settings, state, None)
    assert (outcome.stored, outcome.refused, outcome.values) == (1, 1, 2)
    assert stored(store) == {}
    assert {item.state for item in state.quarantine.list()} == {QuarantineState.NEW}


def test_times_are_not_moved_by_more_than_a_clock_can_be_wrong(collector_settings: CollectorSettings) -> None:
    command = [sys.executable, "-m", "console.cli", "quarantine", "repair", "1", "--move-hours", "1e300", "--dry-run"]
    done = subprocess.run(
        command,
        env=environment(collector_settings) | {"SKYGROUND_LANGUAGE": "en"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "move-hours" in done.stderr
