"""Whatever raises on the way costs the message that makes it raise, and nothing else."""

from __future__ import annotations

import inspect
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

import ingest.bookkeeping
import ingest.decode.message
from ingest.backlog.dual_cursor import CURSOR
from ingest.collector.drain_loop import Drain
from ingest.completeness.gap import GapWatch
from ingest.correction.overwrite_log import OverwriteLog, WritePlan
from ingest.decode.clock import ClockScreen
from ingest.decode.clock_report import ClockReport
from ingest.decode.error_finding import ErrorReport
from ingest.pipeline import Pipeline
from ingest.process.guard import describe, divide
from ingest.quarantine.quarantine import replay
from ingest.writer import Writer
from schemas.message import NetworkCode, RawMessage
from schemas.network import Instrument, Network, Station
from schemas.reading import RejectReason
from sensors.network_file import network_toml
from store.error import QueryError, StateError, StateValueError, StoreUnavailableError
from store.influx.answer import Answer
from store.influx.http import InfluxHttp
from store.influx.store import InfluxStore
from store.rawlog import RawLog
from store.state import Finding, FindingKind, StateStore
from store.state.ingest.balance import BalanceStore
from store.state.ingest.gap import GapStore
from store.state.ingest.instrument import InstrumentStore
from store.state.qc.calibration import CalibrationStore
from store.state.quarantine.store import QuarantineStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ingest.decode.message import DecodedMessage
    from ingest.process.metrics import DrainReport
    from ingest.process.settings import CollectorSettings

STATIONS = ("sound-1", "poison", "sound-2")
STEPS_BEFORE_THE_WRITE = {
    "decode": (ingest.decode.message, "decode"),
    "validate": (ingest.decode.message, "validate"),
    "clock screen": (ClockScreen, "screen"),
    "revise": (OverwriteLog, "plan_writes"),
    "write": (InfluxStore, "write_readings"),
}
STEPS_AFTER_THE_WRITE = {
    "calibration results": (CalibrationStore, "add_checks"),
    "quarantine": (QuarantineStore, "add_many"),
    "count": (ingest.bookkeeping, "count_batch"),
    "gap": (GapWatch, "note"),
    "foreign": (ingest.bookkeeping, "spoofed_payloads"),
}
STEPS_OF_NO_MESSAGE = {
    "balance row": (BalanceStore, "add"),
    "clock note": (InstrumentStore, "note_clocks"),
    "clock report": (ClockReport, "_report"),
    "gap row": (GapStore, "add"),
    "progress row": (InstrumentStore, "note_progress"),
}


def poisoned(original: Callable[..., Any], error: Exception) -> Callable[..., Any]:
    """The function, raising where an argument other than the network is of the poisoned station."""

    def step(*arguments: Any, **named: Any) -> Any:
        kept = [list(item) if inspect.isgenerator(item) else item for item in arguments]
        if any(
            "'poison'" in str(item).replace("/poison/", "'poison'") for item in kept if not isinstance(item, Network)
        ):
            raise error
        return original(*kept, **named)

    return step


class Path:
    """A drain over a raw log that holds messages of three stations, the middle one's poisoned."""

    def __init__(self, settings: CollectorSettings, store: InfluxStore, state: StateStore) -> None:
        instrument = Instrument(id="gc1", network=NetworkCode.VOC, cadence_s=3600, parameters=("benzene",))
        stations = tuple(Station(id=name, instruments=(instrument,), late_window_h=168) for name in STATIONS)
        settings.network.write_text(network_toml(Network(zone="Asia/Shanghai", station_list=stations)))
        self.settings = settings.model_copy(update={"drain_live_after_s": 0.0})
        self.store, self.state = store, state
        self.log = RawLog(settings.rawlog_dir)
        self.hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)

    def put(self, *hours_ago: int, status: str = "N") -> None:
        """One message of each station for each hour, with a gap between them where hours are left out."""
        for ago in hours_ago:
            start = self.hour - timedelta(hours=ago)
            for station in STATIONS:
                body = {
                    "start": start,
                    "end": start + timedelta(hours=1),
                    "values": {"benzene": 1.5},
                    "status": {"benzene": status},
                }
                self.append(f"obs/v1/voc/{station}/gc1/json", body, start + timedelta(hours=1, minutes=1))

    def append(self, topic: str, body: object, at: datetime) -> None:
        self.log.append([RawMessage(topic, msgspec.json.encode(body), min(at, datetime.now(UTC)))])

    def drain(self, work: Drain | None = None) -> DrainReport:
        work = work or self.work()
        batch = work.path.decode_next()
        assert batch is not None
        report = work.path.store(batch)
        assert report is not None
        assert self.log.cursor(CURSOR) == self.log.end()
        return report

    def work(self) -> Drain:
        stop = threading.Event()
        return Drain(Pipeline(self.settings, self.log, writer=Writer(self.store, stop), state=self.state))

    def stored(self) -> dict[str, int]:
        far = timedelta(days=30)
        return {
            name: len(self.store.read_native("voc", name, "gc1", self.hour - far, self.hour + far)) for name in STATIONS
        }

    def entries(self) -> list[tuple[str | None, str]]:
        return [
            (item.station_id, item.detail) for item in self.state.quarantine.list(reason=RejectReason.INTERNAL_ERROR)
        ]


@pytest.fixture
def path(collector_settings: CollectorSettings, store: InfluxStore, state: StateStore) -> Iterator[Path]:
    made = Path(collector_settings, store, state)
    yield made
    made.log.close()


@pytest.mark.integration
@pytest.mark.parametrize("step", STEPS_BEFORE_THE_WRITE)
def test_a_step_that_raises_before_the_write_costs_one_message_which_can_be_replayed(
    path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path.put(3, 2)
    with monkeypatch.context() as broken:
        owner, name = STEPS_BEFORE_THE_WRITE[step]
        broken.setattr(owner, name, poisoned(getattr(owner, name), ArithmeticError("seven")))
        report = path.drain()
    assert path.stored() == {"sound-1": 2, "poison": 0, "sound-2": 2}
    assert {station for station, _ in path.entries()} == {"poison"}
    assert all("ArithmeticError: seven (tests/ingest/process/test_guard.py:" in words for _, words in path.entries())
    assert report.rejected == {"internal_error": 2}
    (finding,) = path.state.findings.list(kind=FindingKind.INTERNAL_ERROR)
    assert (finding.facts["process"], finding.count) == (path.settings.process_name, 2)
    assert "ArithmeticError: seven" in finding.facts["detail"]
    ids = [item.id for item in path.state.quarantine.list()]
    replayed = replay(ids, path.settings, path.state, Writer(path.store, threading.Event()))
    assert (replayed.stored, replayed.refused) == (2, 0)
    assert path.stored() == dict.fromkeys(STATIONS, 2)


@pytest.mark.integration
@pytest.mark.parametrize("step", STEPS_AFTER_THE_WRITE)
def test_a_step_that_raises_behind_the_write_is_an_entry_and_takes_nothing_back(
    path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path.put(3, 2)
    for station in STATIONS:
        result = {"at": path.hour, "parameter": "benzene", "kind": "zero", "reference": 0.0, "response": 0.1}
        path.append(f"cal/v1/voc/{station}/gc1", result, datetime.now(UTC))
        path.append(f"obs/v1/voc/{station}/gc1/json", {"start": "never"}, datetime.now(UTC))
        path.append(
            f"obs/v1/voc/{station}/gc1/json",
            {"start": path.hour, "station": "another", "values": {}},
            datetime.now(UTC),
        )
    owner, name = STEPS_AFTER_THE_WRITE[step]
    monkeypatch.setattr(owner, name, poisoned(getattr(owner, name), ArithmeticError("seven")))
    report = path.drain()
    assert path.stored() == dict.fromkeys(STATIONS, 2)
    refused = {item.station_id for item in path.state.quarantine.list()}
    if (
        step == "quarantine"
    ):  # not even the entry can be made: the counter and the log say so, the raw log has the message
        assert refused == {"sound-1", "sound-2"}
        assert report.errors["record"] >= 1
    else:
        assert refused == set(STATIONS)
        assert {station for station, _ in path.entries()} == {"poison"}
        assert sum(report.errors.values()) + report.rejected.get("internal_error", 0) >= 1


@pytest.mark.integration
def test_an_entry_that_cannot_be_made_is_made_without_what_is_odd_about_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.append("obs/v1/voc/poison/gc1/json", {"start": "never"}, datetime.now(UTC))
    original = QuarantineStore.add_many

    def odd(state: QuarantineStore, batch: Any) -> int:
        if any(rejection.reason == "bad_schema" for _, _, rejections in batch for rejection in rejections):
            raise OverflowError
        return original(state, batch)

    monkeypatch.setattr(QuarantineStore, "add_many", odd)
    path.drain()
    ((station, detail),) = path.entries()
    assert station == "poison"
    assert "OverflowError" in detail


@pytest.mark.integration
@pytest.mark.parametrize("step", STEPS_OF_NO_MESSAGE)
def test_a_row_that_raises_is_left_out_again_and_again_and_the_others_are_kept(
    path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    owner, name = STEPS_OF_NO_MESSAGE[step]
    monkeypatch.setattr(owner, name, poisoned(getattr(owner, name), ArithmeticError("seven")))
    work = path.work()
    for hours in ((9,), (3,)):
        path.put(*hours)
        path.drain(work)
    assert path.stored() == dict.fromkeys(STATIONS, 2)
    (finding,) = path.state.findings.list(kind=FindingKind.INTERNAL_ERROR)
    assert "ArithmeticError: seven" in finding.facts["detail"]


@pytest.mark.integration
def test_a_database_that_is_away_is_waited_for_and_no_message_is_set_aside(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.put(3)
    answers = iter([StoreUnavailableError("away"), StateError("locked")])
    original = OverwriteLog.plan_writes

    def plan_writes(overwrites: OverwriteLog, batch: Sequence[DecodedMessage]) -> WritePlan:
        error = next(answers, None)
        if error is not None:
            raise error
        return original(overwrites, batch)

    monkeypatch.setattr(OverwriteLog, "plan_writes", plan_writes)
    path.drain()
    assert path.entries() == []
    assert path.stored() == dict.fromkeys(STATIONS, 1)


@pytest.mark.integration
def test_a_question_that_the_database_refuses_again_and_again_is_the_fault_of_its_message(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.put(3)
    monkeypatch.setattr(
        OverwriteLog, "plan_writes", poisoned(OverwriteLog.plan_writes, QueryError("time out of range"))
    )
    path.drain()
    ((station, detail),) = path.entries()
    assert station == "poison"
    assert "time out of range" in detail


@pytest.mark.integration
def test_a_proxy_that_answers_every_question_with_a_page_is_waited_for(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.put(3)
    original, prepare, plan_writes = InfluxHttp.request, OverwriteLog.prepare, OverwriteLog.plan_writes
    left = [-1]

    def prepared(overwrites: OverwriteLog) -> object:
        found = prepare(overwrites)
        left[0] = 8 if left[0] < 0 else left[0]
        return found

    def ask(overwrites: OverwriteLog, batch: Sequence[DecodedMessage]) -> WritePlan:
        if left[0] > 0:
            left[0] -= 1
            overwrites._newest._store.newest_starts([("gas", "s-1", "gas1")])
        return plan_writes(overwrites, batch)

    def request(http: InfluxHttp, method: str, url: str, **named: Any) -> Answer:
        if url == "/query" and left[0] > 0:
            return Answer(200, b"<html><title>Maintenance</title></html>\n")
        return original(http, method, url, **named)

    monkeypatch.setattr(OverwriteLog, "prepare", prepared)
    monkeypatch.setattr(OverwriteLog, "plan_writes", ask)
    monkeypatch.setattr(InfluxHttp, "request", request)
    monkeypatch.setattr("ingest.process.outage.PAUSE_S", 0.05)
    path.drain()
    assert left == [0]
    assert path.entries() == []
    assert path.stored() == dict.fromkeys(STATIONS, 1)


@pytest.mark.integration
def test_a_row_that_no_database_takes_is_not_waited_for(state: StateStore) -> None:
    now = datetime.now(UTC)
    nameless = Finding(key=None, kind=FindingKind.CLOCK, first_at=now, last_at=now)  # type: ignore[arg-type]
    with pytest.raises(StateValueError, match="refuses a row"):
        state.findings.report([nameless])


def test_dividing_finds_every_culprit_and_keeps_the_order_of_the_others() -> None:
    done: list[int] = []
    aside: list[tuple[int, str]] = []

    def step(items: Sequence[int]) -> None:
        for item in items:
            if item % 7 == 3:
                raise ValueError(item)
        done.extend(items)

    divide(step, list(range(30)), lambda item, error: aside.append((item, str(error))))
    assert aside == [(item, str(item)) for item in (3, 10, 17, 24)]
    assert done == [item for item in range(30) if item % 7 != 3]


def test_a_message_whose_words_cannot_be_printed_is_still_described() -> None:
    class MuteError(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    with pytest.raises(MuteError) as caught:
        raise MuteError
    assert describe(caught.value).startswith("MuteError: ? (tests/ingest/process/test_guard.py:")


@pytest.mark.integration
def test_an_error_finding_that_cannot_be_stored_waits_and_is_not_reported_for_ever(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = path.work()
    with monkeypatch.context() as broken:
        broken.setattr(
            ingest.decode.message, "decode", poisoned(ingest.decode.message.decode, ArithmeticError("seven"))
        )
        broken.setattr(ErrorReport, "take", lambda *_: 1 / 0)
        path.put(3)
        path.drain(work)
        work._idle()
    work._idle()
    (finding,) = path.state.findings.list(kind=FindingKind.INTERNAL_ERROR)
    assert finding.count == 1
    assert "seven" in finding.facts["detail"]
