"""A correction holds, through the product's own drain and on a real database, whatever is redelivered in any order."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import TYPE_CHECKING

import msgspec
import pytest

from ingest.pipeline import Pipeline
from ingest.quarantine.quarantine import replay
from ingest.quarantine.repair import MessageRepair, repair_entries
from ingest.writer import Writer
from schemas.interval import floor_hour
from schemas.message import RawMessage
from store.rawlog import RawLog

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.process.settings import CollectorSettings
    from store.influx.store import InfluxStore
    from store.state import StateStore

pytestmark = pytest.mark.integration
MINUTE = timedelta(minutes=1)
H0 = floor_hour(datetime.now(UTC)) - timedelta(hours=5)


class Collecting:
    """A raw log drained by hand; `restart` opens what is on disk."""

    def __init__(self, settings: CollectorSettings, store: InfluxStore, state: StateStore) -> None:
        self.settings, self.store, self.state = settings, store, state
        self.log = RawLog(settings.rawlog_dir)
        self.writer = Writer(store, threading.Event())
        self.restart()

    def restart(self) -> None:
        self.work = Pipeline(self.settings, self.log, writer=self.writer, state=self.state)

    def take(self, at: datetime, received: int, **body: object) -> None:
        payload = msgspec.json.encode({"start": at, **body})
        self.log.append([RawMessage("obs/v1/gas/st-1/gas1/json", payload, at + received * MINUTE)])
        batch = self.work.decode_next()
        assert batch is not None
        self.work.store(batch)

    def stored(self, at: datetime) -> dict[str, float]:
        found = self.store.read_stored("gas", "st-1", "gas1", at, at + MINUTE)
        return found[at].values if at in found else {}


@pytest.fixture
def collecting(collector_settings: CollectorSettings, store: InfluxStore, state: StateStore) -> Iterator[Collecting]:
    made = Collecting(collector_settings, store, state)
    yield made
    made.log.close()


def test_the_end_is_the_same_in_every_order_with_copies_and_restarts(collecting: Collecting) -> None:
    messages = ((1, {"so2": 50.0}), (5, {"so2": 12.0}), (9, {"so2": 9.0}))
    for number, order in enumerate(permutations(messages)):
        at = H0 + number * 10 * MINUTE
        for received, values in order:
            collecting.take(at, received, values=values)
        collecting.restart()
        collecting.take(at, 60, values={"so2": 50.0})  # retained, or delivered again
        assert collecting.stored(at) == {"so2": 9.0}, order


def test_a_delayed_original_with_a_lower_number_does_not_replace_its_correction(collecting: Collecting) -> None:
    collecting.take(H0, 1, values={"so2": 12.0}, seq=8)
    collecting.take(H0, 5, values={"so2": 50.0}, seq=7)
    assert collecting.stored(H0) == {"so2": 12.0}


def test_a_counter_that_restarted_does_not_hold_up_a_correction(collecting: Collecting) -> None:
    collecting.take(H0, 1, values={"so2": 50.0}, seq=4711)
    collecting.take(H0, 5, values={"so2": 12.0}, seq=1)
    assert collecting.stored(H0) == {"so2": 12.0}


@pytest.mark.parametrize("way", ["repair", "replay"])
def test_a_refused_value_brought_back_adds_and_replaces_nothing(collecting: Collecting, way: str) -> None:
    collecting.take(H0, 1, values={"so2": 50.0, "ozone": 33.0})
    collecting.take(H0, 5, values={"so2": 12.0})
    ids = [item.id for item in collecting.state.quarantine.list()]
    if way == "repair":
        mending = MessageRepair(codes={"ozone": "o3"}, move=timedelta(0), who="lin")
        repair_entries(ids, mending, collecting.settings, collecting.state, writer=collecting.writer)
    else:
        replay(ids, collecting.settings, collecting.state, collecting.writer)
    assert collecting.stored(H0) == ({"so2": 12.0, "o3": 33.0} if way == "repair" else {"so2": 12.0})


def test_each_change_is_kept_and_nothing_of_what_was_superseded(collecting: Collecting) -> None:
    collecting.take(H0, 1, values={"so2": 50.0})
    collecting.take(H0, 5, values={"so2": 12.0})
    collecting.take(H0, 9, values={"so2": 50.0})  # a copy of the first
    (kept,) = collecting.state.revisions.list(only_corrections=True)
    assert kept.before is not None
    assert kept.before.values == {"so2": 50.0}


NOW = datetime.now(UTC).replace(second=0, microsecond=0)


def repair_units(collecting: Collecting) -> None:
    ids = [item.id for item in collecting.state.quarantine.list()]
    mending = MessageRepair(codes={}, units={"odd": "ppb"}, move=timedelta(0), who="lin")
    repair_entries(ids, mending, collecting.settings, collecting.state, writer=collecting.writer)


@pytest.mark.parametrize("goes_on", [False, True])
def test_a_refused_correction_that_is_repaired_is_kept(collecting: Collecting, *, goes_on: bool) -> None:
    at = NOW - 40 * MINUTE
    collecting.take(at, 1, values={"so2": 50.0})
    collecting.take(at, 25, values={"so2": 12.0}, units={"so2": "odd"})
    if goes_on:
        collecting.take(at + 30 * MINUTE, 1, values={"so2": 7.0})
    repair_units(collecting)
    assert collecting.stored(at)["so2"] == pytest.approx(31.42, abs=0.01)  # 12 ppb at 298.15 K


@pytest.mark.parametrize("received", [3, 20])
def test_a_refused_original_that_is_repaired_does_not_replace_what_was_sent_again(
    collecting: Collecting, received: int
) -> None:
    at = NOW - 40 * MINUTE
    collecting.take(at + MINUTE, 1, values={"so2": 7.0})
    collecting.take(at, received, values={"so2": 50.0}, units={"so2": "odd"})
    collecting.take(at, received + 2, values={"so2": 12.0})
    repair_units(collecting)
    assert collecting.stored(at) == {"so2": 12.0}
