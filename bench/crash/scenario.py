"""What the scenarios of the crash matrix share: their sizes, stations and collectors, and the count of what is where afterwards."""

from __future__ import annotations

import random  # noqa: TC003 - a field of a dataclass
import time
from collections import Counter, defaultdict
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import pandas as pd

from bench.crash.poison import BAD, OLD, Due, Key, Place, Poisoner
from bench.crash.poison_kinds import DEVICE
from bench.ingest.field import CODES, START, CollectorProcess, Field, Load, message
from ingest.backlog.dual_cursor import waiting
from store.rawlog import BEGINNING, RawLog
from store.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from bench.crash.poison import Entry
    from schemas.message import RawMessage

VALUES = 6
SCENARIO_CODES = CODES[:VALUES]
_QUIET_S = 4.0
_PATIENCE_S = 90.0
_FAR = timedelta(days=3_000)
_PAGE = 1_000


@dataclass(frozen=True)
class Sizes:
    """Counts and rates of the scenarios."""

    collector_kills: int = 20
    influxd_kills: int = 10
    pair_kills: int = 8
    broker_stops: int = 3
    broker_kills: int = 3
    broker_kills_alone: int = 1
    poison: int = 10_000
    jumped: int = 9
    gateway_kills: int = 10
    disk_full: bool = True
    read_only: bool = True
    deadly: bool = True
    rate_per_s: float = 200.0


SHORT = Sizes(
    collector_kills=1,
    influxd_kills=1,
    pair_kills=0,
    broker_stops=1,
    broker_kills=1,
    broker_kills_alone=0,
    poison=300,
    jumped=4,
    gateway_kills=1,
    disk_full=True,
    read_only=True,
    deadly=False,
    rate_per_s=100,
)


@dataclass
class Outcome:
    """One line of the table; messages, except where said.

    Attributes
    ----------
    sent, poison : int
        Confirmed to the publisher by the broker; of these, poison.
    broker_lost : int
        Of those sent, never delivered: the broker was killed before it had written them to its file.
    brought_back : int
        Of these, sent again by the station on request.
    stored, stored_expected : int
        Values in InfluxDB that are right; those that the delivered messages hold.
    quarantined, quarantined_expected : int
        Entries in the quarantine of the right reason and parameter; those that the delivered messages must make.
    lost : int
        Values and entries that are missing; must be 0.
    duplicated : int
        Values in InfluxDB that no message explains, and entries that none does, or of which there are more than deliveries; must be 0.
    copies : int
        Repeated deliveries of messages that are in a raw log, harmless.
    recover_s : float
        From the last fault until everything delivered was in InfluxDB or the quarantine [s].
    """

    name: str
    faults: str
    sent: int = 0
    poison: int = 0
    broker_lost: int = 0
    brought_back: int = 0
    stored: int = 0
    stored_expected: int = 0
    quarantined: int = 0
    quarantined_expected: int = 0
    lost: int = 0
    duplicated: int = 0
    copies: int = 0
    recover_s: float = 0.0

    @property
    def is_sound(self) -> bool:
        """Nothing lost behind the broker, nothing duplicated, nothing misplaced."""
        is_whole = (self.stored, self.quarantined) == (self.stored_expected, self.quarantined_expected)
        return is_whole and self.lost == self.duplicated == 0


@dataclass
class Scenario:
    """One scenario: its stations, its load and the collectors that must account for it."""

    rig: Field
    name: str
    rate_per_s: float
    collectors: list[CollectorProcess]
    rng: random.Random
    kept_before: int = 0
    last_fault: float = 0.0
    due: dict[Key, Due] = field(default_factory=dict)
    since: datetime = START
    """Start of the first reading of poison."""
    poison: int = 0

    @property
    def stations(self) -> list[str]:
        """Stations that only this scenario uses."""
        return [name for name in self.rig.stations if name.startswith(self.name)]

    def load(self) -> Load:
        """A load that is not yet started."""
        return Load(self.rig, self.stations, self.rate_per_s, SCENARIO_CODES)

    def poisoner(self, *, sound: str = "", **others: float) -> Poisoner:
        """Poison that is not yet published; ``sound`` is a station of the load that some of it comes from."""
        return Poisoner(self.rig, self.name, sound=sound, rng=self.rng, **others)  # type: ignore[arg-type]

    def fault(self) -> None:
        """Record the moment of a fault."""
        self.last_fault = time.monotonic()

    def pause(self, low_s: float, high_s: float) -> None:
        """Let the load go on for a random time."""
        time.sleep(self.rng.uniform(low_s, high_s))


def expect(scenario: Scenario, *loads: Load | Poisoner) -> None:
    """Add what these have sent to what is due; messages of a sound load are stored."""
    for load in loads:
        if isinstance(load, Poisoner):
            scenario.due |= load.due
            scenario.poison += len(load.due)
            scenario.since = load.since
            continue
        for number in range(load.count):
            start = load.start_at + timedelta(minutes=number // len(load.stations))
            place: Place = ("voc", load.stations[number % len(load.stations)], "gc1", CODES[0], start)
            scenario.due[key_of(load, number)] = Due({place: float(number)})


def key_of(load: Load, number: int) -> Key:
    """Topic and payload of a message of a load."""
    return message(number, load.stations, load.codes, load.start_at)


def account(scenario: Scenario, faults: str, *, brought_back: Iterable[Key] = ()) -> Outcome:
    """Wait until all is drained, then compare what was sent with raw logs, database and quarantine.

    Parameters
    ----------
    scenario : Scenario
    faults : str
    brought_back : iterable of Key
        Messages that must be stored even if the broker has lost them.
    """
    settled_at = settle(scenario, len(scenario.due))
    outcome = Outcome(scenario.name, faults, len(scenario.due), scenario.poison)
    outcome.recover_s = round(max(0.0, settled_at - scenario.last_fault), 1)
    deliveries = [item for collector in scenario.collectors for item in _raw(collector, scenario.due)]
    kept = Counter((item.topic, item.payload) for item in deliveries)
    outcome.copies = len(deliveries) - len(kept)
    outcome.broker_lost = len(scenario.due) - len(kept)
    must = {*kept, *brought_back}
    outcome.brought_back = len(must) - len(kept)
    _compare_rows(scenario, must, outcome)
    _compare_entries(scenario, kept, deliveries, outcome)
    return outcome


def _compare_rows(scenario: Scenario, must: set[Key], outcome: Outcome) -> None:
    due = {place: value for key in must for place, value in scenario.due[key].rows.items()}
    rows = dict(_rows(scenario))
    outcome.stored_expected = len(due)
    outcome.stored = sum(rows.get(place) == value for place, value in due.items())
    outcome.lost += outcome.stored_expected - outcome.stored
    outcome.duplicated += sum(place not in due for place in rows)


def _compare_entries(scenario: Scenario, kept: Counter[Key], deliveries: list[RawMessage], outcome: Outcome) -> None:
    """Each entry at least once, and none more often than its message was delivered."""
    found: dict[Key, Counter[Entry]] = defaultdict(Counter)
    origin = {(item.topic, item.received_at): (item.topic, item.payload) for item in deliveries}
    for collector in scenario.collectors:
        for topic, received_at, entry in _entries(collector):
            key = origin.get((topic, received_at))
            if key is not None:
                found[key][entry] += 1
    for key, times in kept.items():
        due = scenario.due[key].entries
        outcome.quarantined_expected += len(due)
        outcome.quarantined += sum(entry in found[key] for entry in due)
        outcome.duplicated += sum(
            max(0, number - (times if entry in due else 0)) for entry, number in found[key].items()
        )
    outcome.lost += outcome.quarantined_expected - outcome.quarantined


def settle(scenario: Scenario, sent: int) -> float:
    """Moment of the last change in raw logs and cursors."""
    began = changed_at = time.monotonic()
    before: tuple[int, int] | None = None
    while time.monotonic() - began < _PATIENCE_S:
        counts = [count_of(item) for item in scenario.collectors]
        now = sum(kept for kept, _ in counts), sum(left for _, left in counts)
        if now != before:
            before, changed_at = now, time.monotonic()
        is_all = now[0] - scenario.kept_before >= sent
        if now[1] == 0 and time.monotonic() - changed_at > (1.0 if is_all else _QUIET_S):
            return changed_at
        time.sleep(0.2)
    return changed_at


def count_of(collector: CollectorProcess) -> tuple[int, int]:
    """Messages in a collector's raw log, and those not yet drained."""
    with closing(RawLog(collector.settings.rawlog_dir)) as log:
        return log.count_after(BEGINNING), waiting(log)


def _raw(collector: CollectorProcess, due: dict[Key, Due]) -> Iterator[RawMessage]:
    position = BEGINNING
    with closing(RawLog(collector.settings.rawlog_dir)) as log:
        while page := log.read(position, _PAGE):
            position = page[-1].position
            for item in page:
                if (item.message.topic, item.message.payload) in due:
                    yield item.message


def _rows(scenario: Scenario) -> Iterator[tuple[Place, float]]:
    """Everything of this scenario's stations that InfluxDB holds: of the load's the first value, of the others' all."""
    for station in scenario.stations:
        yield from _rows_of(scenario, ("voc", station, "gc1"), START - _FAR, codes=SCENARIO_CODES[:1])
    for kind in (BAD, OLD):
        yield from _rows_of(scenario, ("voc", f"{kind}-{scenario.name}", "gc1"), START - _FAR)
    for station in {DEVICE, scenario.name}.intersection(scenario.rig.devices):
        start = scenario.since if station == DEVICE else START - _FAR
        yield from _rows_of(scenario, ("gas", station, "gas1"), start, codes=["so2"])


def _rows_of(
    scenario: Scenario, names: tuple[str, str, str], start: datetime, codes: list[str] = SCENARIO_CODES
) -> Iterator[tuple[Place, float]]:
    frame = scenario.rig.store.read_native(*names, start, START + _FAR, codes)
    for code in codes:
        values = frame[code].dropna()
        for at, value in zip(pd.DatetimeIndex(values.index).to_pydatetime(), values, strict=True):
            if not isinstance(value, str):
                yield (*names, code, at), float(value)


def _entries(collector: CollectorProcess) -> Iterator[tuple[str, datetime, Entry]]:
    with StateStore(collector.settings.state_url) as state:
        after = 0
        while page := state.quarantine.list(after=after, limit=_PAGE):
            after = page[-1].id
            for item in page:
                yield item.topic, item.received_at, (item.reason.value, item.parameter)
