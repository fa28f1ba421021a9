"""The one correction rule against its definition, on a real database: many small histories in every order that a message can take.

What is stored in the end must be what `ingest.correction.rank.settled` says of the set of all messages, however they were processed.
"""

from __future__ import annotations

import random
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

from ingest.collector.drain_loop import Drain
from ingest.correction.contest import ReceivedReading, contender_of
from ingest.correction.rank import merged, settled
from ingest.decode.message import decode_and_validate
from ingest.pipeline import Pipeline
from ingest.process.settings import CollectorSettings
from ingest.quarantine.repair import MessageRepair, repair_entries
from ingest.writer import Writer
from schemas.message import RawMessage
from schemas.network import Instrument, Network, Station
from sensors.network_file import network_toml
from store.rawlog import RawLog

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from store.influx.store import InfluxStore
    from store.state import Before, Contender, StateStore

pytestmark = pytest.mark.integration
MINUTE = timedelta(minutes=1)
NOW = datetime.now(UTC).replace(second=0, microsecond=0)
HISTORIES = 40
GAS = Instrument(id="gas1", network="gas", cadence_s=60, parameters=("so2", "o3"))
MENDING = MessageRepair(codes={"s02": "so2"}, move=timedelta(0), who="lin")


class Collector:
    """A raw log of its own, drained by hand."""

    def __init__(self, settings: CollectorSettings, store: InfluxStore, state: StateStore, directory: Path) -> None:
        self.settings, self.state = settings, state
        self.log = RawLog(directory)
        self.writer = Writer(store, threading.Event())
        self.restart()

    def restart(self) -> None:
        self.drain = Drain(Pipeline(self.settings, self.log, writer=self.writer, state=self.state))

    def take(self, messages: list[RawMessage]) -> None:
        self.log.append(messages)
        while (batch := self.drain.path.decode_next()) is not None:
            self.drain.path.store(batch)


class History:
    """Messages about a few minutes of one station, in order of receipt, with copies; all made from a seed."""

    def __init__(self, number: int, way: str) -> None:
        self._random = random.Random(f"{way} {number}")
        self.station = f"s-{number}"
        self._way = way
        self._at = NOW - self._random.choice([70, 360]) * MINUTE
        self._seq = self._random.choice([None, 1, 100, 4711])
        self.messages = list(self._said())
        self.messages += [
            self._again(item) for item in self._random.choices(self.messages, k=self._random.randint(0, 4))
        ]

    def in_order_of_processing(self) -> list[list[RawMessage]]:
        """Batches of one to three."""
        rest = list(self.messages)
        if self._way == "permuted":
            self._random.shuffle(rest)
        batches = []
        while rest:
            size = self._random.randint(1, 3)
            batches.append(rest[:size])
            rest = rest[size:]
        return batches

    def _said(self) -> Iterator[RawMessage]:
        points = [self._at + minute * MINUTE for minute in range(self._random.randint(1, 4))]
        said = points + self._random.choices(points, k=self._random.randint(1, 5))
        received_at = self._at + (5 * MINUTE if self._way == "delayed" else timedelta(0))
        bodies = [self._body(start) for start in said]
        if self._way == "delayed":
            self._random.shuffle(bodies)
        for start, body in zip(said, bodies, strict=True):
            pause = timedelta(seconds=self._random.choice([1, 30, 90, 600]))
            received_at = max(received_at + pause, start + MINUTE)
            yield RawMessage(f"obs/v1/gas/{self.station}/gas1/json", msgspec.json.encode(body), received_at)

    def _body(self, start: datetime) -> dict[str, object]:
        codes = self._random.sample(["so2", "o3"], self._random.choice([1, 2]))
        body: dict[str, object] = {
            "start": start,
            "values": {code: float(self._random.randint(1, 3)) for code in codes},
        }
        if self._random.random() < 0.25:
            body["status"] = {codes[0]: self._random.choice(["M", "D", "N"])}
        if self._seq is not None:
            self._seq = 1 if self._random.random() < 0.1 else self._seq + 1
            body["seq"] = self._seq
        if self._way == "refused" and self._random.random() < 0.4:
            return msgspec.json.decode(msgspec.json.encode(body).replace(b'"so2"', b'"s02"'), type=dict[str, object])
        return body

    def _again(self, message: RawMessage) -> RawMessage:
        self._at = max(self._at, self.messages[-1].received_at) + timedelta(seconds=self._random.choice([1, 100, 1000]))
        return RawMessage(message.topic, message.payload, self._at)


def expected(messages: list[RawMessage], settings: CollectorSettings) -> dict[datetime, Before]:
    """What the rule says of the set of messages."""
    contenders: dict[datetime, dict[str, Contender]] = {}
    for message in messages:
        whole = RawMessage(message.topic, message.payload.replace(b'"s02"', b'"so2"'), message.received_at)
        for part, reading in enumerate(decode_and_validate(whole, settings).readings):
            arrival = ReceivedReading(reading, message.received_at, part, is_late=False, is_in_order=True, is_new=False)
            item = contender_of(arrival)
            known = contenders.setdefault(reading.interval.start, {})
            known[item.digest] = merged(known[item.digest], item) if item.digest in known else item
    return {start: settled(known.values(), MINUTE) for start, known in contenders.items()}


def plain(values: dict[str, float | None], status: dict[str, str | None]) -> tuple[dict[str, float], dict[str, str]]:
    return (
        {code: value for code, value in values.items() if value is not None},
        {code: letter for code, letter in status.items() if letter not in {None, "N"}},
    )  # fmt: skip


@pytest.mark.parametrize("way", ["in order", "permuted", "delayed", "rewound", "refused", "share group"])
def test_what_is_stored_follows_from_the_set_of_messages(
    collector_settings: CollectorSettings, store: InfluxStore, state: StateStore, tmp_path: Path, way: str
) -> None:
    stations = tuple(Station(id=f"s-{number}", instruments=(GAS,)) for number in range(HISTORIES))
    file = tmp_path / "many.toml"
    file.write_text(network_toml(Network(zone="Asia/Shanghai", station_list=stations)))
    share = {"mqtt_share": "group"} if way == "share group" else {}
    settings = CollectorSettings(**{**collector_settings.model_dump(exclude_unset=True), "network": file, **share})
    collectors = [Collector(settings, store, state, settings.rawlog_dir)]
    if share:
        collectors.append(Collector(settings, store, state, tmp_path / "another"))
    histories = [History(number, way) for number in range(HISTORIES)]
    for history in histories:
        process(history, collectors, way)
    for item in [*collectors, *collectors] if share else ():
        item.drain.settle_shared_points()
    for history in histories:
        wanted = expected(history.messages, settings)
        found = store.read_stored("gas", history.station, "gas1", min(wanted), max(wanted) + MINUTE)
        assert {start: plain(item.values, item.status) for start, item in found.items()} == {
            start: plain(item.values, item.status) for start, item in wanted.items()
        }, f"{history.station}: {history.messages}"
    for item in collectors:
        item.log.close()


def process(history: History, collectors: list[Collector], way: str) -> None:
    chance = random.Random(history.station)
    for batch in history.in_order_of_processing():
        collector = chance.choice(collectors)
        if chance.random() < 0.25:
            collector.restart()
        collector.take(batch)
        if way == "refused" and chance.random() < 0.5:
            repair(collector, history)
    if way == "rewound":
        collectors[0].restart()
        collectors[0].take(list(history.messages))
    if way == "refused":
        repair(collectors[0], history)


def repair(collector: Collector, history: History) -> None:
    waiting = [item.id for item in collector.state.quarantine.list(station_id=history.station)]
    repair_entries(waiting, MENDING, collector.settings, collector.state, writer=collector.writer)
