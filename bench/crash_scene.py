"""What the scenarios of the crash matrix share: their sizes, the scene, and the count of what is where afterwards."""

from __future__ import annotations

import random  # noqa: TC003 - a field of a dataclass
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bench.field import CODES, START, CollectorProcess, Field, Load
from ingest.lanes import waiting
from store.rawlog import BEGINNING, RawLog
from store.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

VALUES = 6
SCENE_CODES = CODES[:VALUES]
POISON = b'{"start": "2026-01-01T00:00:00Z", "values": {"benzene": '
_QUIET_S = 4.0
_PATIENCE_S = 90.0


@dataclass(frozen=True)
class Sizes:
    """How much of everything."""

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
    rate_per_s=100,
)


@dataclass
class Outcome:
    """One line of the table; messages, except `recover_s` [s].

    Attributes
    ----------
    sent : int
        Confirmed to the publisher by the broker.
    broker_lost : int
        Of these, never delivered: the broker was killed before it had written them to its file.
    brought_back : int
        Of these, sent again by the station on request.
    stored, quarantined : int
        In InfluxDB with the right value; in the quarantine.
    lost : int
        In the raw log, but neither stored nor in the quarantine; must be 0.
    duplicated : int
        Rows in InfluxDB that no message explains; must be 0.
    copies : int
        Messages that stand in a raw log more than once (delivered again), harmless.
    recover_s : float
        From the last fault until everything delivered was in InfluxDB or the quarantine.
    """

    name: str
    faults: str
    sent: int = 0
    broker_lost: int = 0
    brought_back: int = 0
    stored: int = 0
    quarantined: int = 0
    lost: int = 0
    duplicated: int = 0
    copies: int = 0
    recover_s: float = 0.0

    @property
    def is_sound(self) -> bool:
        """Nothing lost behind the broker, nothing twice, nothing without a place."""
        rest = self.sent - (self.broker_lost - self.brought_back) - self.stored - self.quarantined
        return self.lost == self.duplicated == rest == 0


@dataclass
class Scene:
    """One scenario: its stations, its load and the collectors that must account for it."""

    rig: Field
    name: str
    rate_per_s: float
    collectors: list[CollectorProcess]
    rng: random.Random
    kept_before: int = 0
    last_fault: float = 0.0
    expected: dict[tuple[str, datetime], float] = field(default_factory=dict)

    @property
    def stations(self) -> list[str]:
        """Stations that only this scenario uses."""
        return [name for name in self.rig.stations if name.startswith(self.name)]

    def load(self) -> Load:
        """A load that is not yet started."""
        return Load(self.rig, self.stations, self.rate_per_s, SCENE_CODES)

    def fault(self) -> None:
        """Note that something was broken just now."""
        self.last_fault = time.monotonic()

    def pause(self, low_s: float, high_s: float) -> None:
        """Let the load go on for a random time."""
        time.sleep(self.rng.uniform(low_s, high_s))


def expect(scene: Scene, number: int, value: float) -> None:
    """Message ``number`` must be in the database with this value."""
    scene.expected[place(scene.stations, number)] = float(value)


def place(stations: Sequence[str], number: int) -> tuple[str, datetime]:
    """Station and start of message ``number`` (`bench.field.Load`)."""
    return stations[number % len(stations)], START + timedelta(minutes=number // len(stations))


def account(scene: Scene, faults: str, sent: int) -> Outcome:
    """Wait until nothing moves any more, then compare what was sent with what is where."""
    settled_at = settle(scene, sent)
    outcome = Outcome(scene.name, faults, sent, recover_s=round(max(0.0, settled_at - scene.last_fault), 1))
    raw = [item for collector in scene.collectors for item in _raw(collector, scene.stations)]
    distinct = set(raw)
    repeats = sum(payload == POISON for _, payload in raw)
    poison = min(repeats, sent - len(scene.expected)) if repeats else 0
    outcome.copies = len(raw) - len(distinct) - max(0, repeats - 1)
    delivered = len(distinct) - (poison > 0) + poison
    outcome.broker_lost = sent - delivered
    outcome.quarantined = quarantined_of(scene)
    rows = _rows(scene)
    outcome.stored = sum(rows.get(place) == value for place, value in scene.expected.items())
    outcome.duplicated = sum(place not in scene.expected for place in rows)
    outcome.lost = delivered - outcome.stored - outcome.quarantined
    return outcome


def settle(scene: Scene, sent: int) -> float:
    """Moment of the last change in raw logs and cursors."""
    began = changed_at = time.monotonic()
    before: tuple[int, int] | None = None
    while time.monotonic() - began < _PATIENCE_S:
        now = (sum(count_of(item)[0] for item in scene.collectors), sum(count_of(item)[1] for item in scene.collectors))
        if now != before:
            before, changed_at = now, time.monotonic()
        is_all = now[0] - scene.kept_before >= sent
        if now[1] == 0 and time.monotonic() - changed_at > (1.0 if is_all else _QUIET_S):
            return changed_at
        time.sleep(0.2)
    return changed_at


def count_of(collector: CollectorProcess) -> tuple[int, int]:
    """Messages in a collector's raw log, and those still to be dealt with."""
    log = RawLog(collector.settings.rawlog_dir)
    try:
        return log.count_after(BEGINNING), waiting(log)
    finally:
        log.close()


def _raw(collector: CollectorProcess, stations: list[str]) -> Iterator[tuple[str, bytes]]:
    log, position = RawLog(collector.settings.rawlog_dir), BEGINNING
    own = frozenset(stations)
    try:
        while page := log.read(position, 10_000):
            position = page[-1].position
            for item in page:
                if item.message.topic.split("/")[3] in own:
                    yield item.message.topic, item.message.payload
    finally:
        log.close()


def _rows(scene: Scene) -> dict[tuple[str, datetime], float]:
    """Everything of this scenario's stations that InfluxDB holds, by station and start."""
    rows: dict[tuple[str, datetime], float] = {}
    far = timedelta(days=3_000)
    for station in scene.stations:
        frame = scene.rig.store.read_native("voc", station, "gc1", START - far, START + far, [SCENE_CODES[0]])
        for start, value in frame[SCENE_CODES[0]].dropna().items():
            if not isinstance(value, str):
                rows[station, start.to_pydatetime()] = float(value)
    return rows


def quarantined_of(scene: Scene) -> int:
    """Messages of this scenario in the quarantines of its collectors; one delivered twice counts once."""
    entries: set[tuple[object, ...]] = set()
    for collector in scene.collectors:
        with StateStore(collector.settings.state_url) as state:
            after = 0
            while page := state.list_quarantine(after=after, limit=1_000):
                after = page[-1].id
                for item in page:
                    if item.station_id in scene.stations:
                        entries.add((item.station_id, item.interval_start or item.id))
    return len(entries)
