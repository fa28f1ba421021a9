"""What is lost when something dies: real servers and collectors, a steady load, kill -9, and the count afterwards.

``python -m bench.crash`` runs the full matrix and writes ``docs/crash-matrix.md``; ``--short`` runs fewer faults and only
prints. Every message carries its own number, so that what was sent is compared with what stands in the raw logs, in
InfluxDB and in the quarantine, one by one. Exit status 1 when anything was lost or stored twice.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bench.field import CODES, START, Field, Load
from ingest.lanes import CURSOR
from store.influx import Bucket
from store.rawlog import BEGINNING, RawLog
from store.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bench.field import CollectorProcess

TABLE = Path(__file__).parents[1] / "docs" / "crash-matrix.md"
VALUES = 6
_CODES = CODES[:VALUES]
_QUIET_S = 4.0
_PATIENCE_S = 90.0
_POISON = b'{"start": "2026-01-01T00:00:00Z", "values": {"benzene": '
_CONFLICT_START = START - timedelta(days=700)
_ZONE_ERROR = timedelta(hours=8)


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
    jumped: int = 60
    rate_per_s: float = 200.0


SHORT = Sizes(
    collector_kills=1,
    influxd_kills=1,
    pair_kills=0,
    broker_stops=1,
    broker_kills=1,
    broker_kills_alone=0,
    poison=300,
    jumped=20,
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
    stored: int = 0
    quarantined: int = 0
    lost: int = 0
    duplicated: int = 0
    copies: int = 0
    recover_s: float = 0.0

    @property
    def is_sound(self) -> bool:
        """Nothing lost behind the broker, nothing twice, nothing without a place."""
        rest = self.sent - self.broker_lost - self.stored - self.quarantined
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
        return Load(self.rig, self.stations, self.rate_per_s, _CODES)

    def fault(self) -> None:
        """Note that something was broken just now."""
        self.last_fault = time.monotonic()

    def pause(self, low_s: float, high_s: float) -> None:
        """Let the load go on for a random time."""
        time.sleep(self.rng.uniform(low_s, high_s))


def collector_kill(scene: Scene, times: int) -> None:
    """Kill the collector at random moments."""
    for _ in range(times):
        scene.pause(0.3, 2.0)
        scene.collectors[0].stop(kill=True)
        scene.fault()
        scene.collectors[0].start()


def influxd_kill(scene: Scene, times: int) -> None:
    """Kill the database at random moments; it stays away for up to two seconds."""
    for _ in range(times):
        scene.pause(0.5, 2.0)
        scene.rig.influx.stop(kill=True)
        scene.fault()
        scene.pause(0.0, 2.0)
        scene.rig.influx.start()


def pair_kill(scene: Scene, times: int) -> None:
    """Kill the two collectors of a share group in turn; each stays away long enough to be stood in for."""
    for number in range(times):
        scene.pause(0.5, 1.5)
        victim = scene.collectors[number % 2]
        victim.stop(kill=True)
        scene.fault()
        scene.pause(2.0, 4.0)
        victim.start()


def broker_stop(scene: Scene, times: int) -> None:
    """Stop the broker in an orderly way and start it again."""
    _break_broker(scene, times, kill=False)


def broker_kill(scene: Scene, times: int) -> None:
    """Kill the broker: what it had not yet written to its file is gone."""
    _break_broker(scene, times, kill=True)


def broker_kill_alone(scene: Scene, times: int) -> None:
    """Kill the broker while it alone has the messages, since the collector is away."""
    for _ in range(times):
        scene.collectors[0].stop()
        scene.pause(1.0, 3.0)
        scene.rig.broker.stop(kill=True)
        scene.fault()
        scene.rig.broker.start()
        scene.collectors[0].start()


def _break_broker(scene: Scene, times: int, *, kill: bool) -> None:
    for _ in range(times):
        scene.pause(1.0, 3.0)
        scene.rig.broker.stop(kill=kill)
        scene.fault()
        scene.pause(0.0, 1.0)
        scene.rig.broker.start()
        scene.pause(2.0, 3.0)


def run_kills(scene: Scene, faults: Callable[[Scene, int], None], times: int, words: str) -> Outcome:
    """Load during the faults, then wait, then count."""
    with scene.load() as load:
        faults(scene, times)
        time.sleep(1.0)
    for number in range(load.count):
        _expect(scene, number, number)
    return _account(scene, words, load.count)


def run_conflict(scene: Scene, count: int) -> Outcome:
    """Every second station's messages fall into a week in which a parameter stands as text in the database."""
    poisoned, *_ = scene.stations
    line = f'voc,instrument=gc1,station={poisoned} {_CODES[0]}="text" {int(_CONFLICT_START.timestamp()) - 60}000000000'
    scene.rig.store.write_lines(Bucket.NATIVE, [line.encode()])
    sound = Load(scene.rig, scene.stations[1:], scene.rate_per_s, _CODES)
    refused = Load(scene.rig, [poisoned], scene.rate_per_s / 10, _CODES, start_at=_CONFLICT_START)
    with sound, refused:
        time.sleep(count / scene.rate_per_s)
        scene.fault()
    for number in range(sound.count):
        scene.expected[_place(scene.stations[1:], number)] = float(number)
    return _account(scene, "text field in one week", sound.count + refused.count)


def run_poison(scene: Scene, count: int) -> Outcome:
    """The same undecodable message again and again, amid sound ones."""
    with scene.load() as load:
        with scene.rig.publisher() as publisher:
            for _ in range(count):
                publisher.publish(f"obs/v1/voc/{scene.stations[0]}/gc1/json", _POISON)
            publisher.flush()
        scene.fault()
    for number in range(load.count):
        _expect(scene, number, number)
    return _account(scene, f"{count} times", load.count + count)


def run_clock_jump(scene: Scene, count: int) -> Outcome:
    """A station's clock is right, then eight hours ahead, then eight hours behind."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    sent = 0
    with scene.rig.publisher() as publisher:
        for error in (timedelta(0), _ZONE_ERROR, -_ZONE_ERROR):
            for minute in range(1, count + 1):
                start = now + error - timedelta(minutes=minute)
                body = {"start": start.isoformat(), "seq": sent, "values": {_CODES[0]: float(sent)}}
                publisher.publish(f"obs/v1/voc/{scene.stations[0]}/gc1/json", msgspec.json.encode(body))
                if error <= timedelta(0):
                    scene.expected[scene.stations[0], start] = float(sent)
                sent += 1
        publisher.flush()
    scene.fault()
    return _account(scene, f"{count} messages each: right, +8 h, -8 h", sent)


def _expect(scene: Scene, number: int, value: float) -> None:
    scene.expected[_place(scene.stations, number)] = float(value)


def _place(stations: Sequence[str], number: int) -> tuple[str, datetime]:
    return stations[number % len(stations)], START + timedelta(minutes=number // len(stations))


def _account(scene: Scene, faults: str, sent: int) -> Outcome:
    """Wait until nothing moves any more, then compare what was sent with what is where."""
    settled_at = _settle(scene, sent)
    outcome = Outcome(scene.name, faults, sent, recover_s=round(max(0.0, settled_at - scene.last_fault), 1))
    raw = [item for collector in scene.collectors for item in _raw(collector, scene.stations)]
    distinct = set(raw)
    repeats = sum(payload == _POISON for _, payload in raw)
    poison = min(repeats, sent - len(scene.expected)) if repeats else 0
    outcome.copies = len(raw) - len(distinct) - max(0, repeats - 1)
    delivered = len(distinct) - (poison > 0) + poison
    outcome.broker_lost = sent - delivered
    outcome.quarantined = _quarantined(scene)
    rows = _rows(scene)
    outcome.stored = sum(rows.get(place) == value for place, value in scene.expected.items())
    outcome.duplicated = sum(place not in scene.expected for place in rows)
    outcome.lost = delivered - outcome.stored - outcome.quarantined
    return outcome


def _settle(scene: Scene, sent: int) -> float:
    """Moment of the last change in raw logs and cursors."""
    began = changed_at = time.monotonic()
    before: tuple[int, int] | None = None
    while time.monotonic() - began < _PATIENCE_S:
        now = (sum(_count(item)[0] for item in scene.collectors), sum(_count(item)[1] for item in scene.collectors))
        if now != before:
            before, changed_at = now, time.monotonic()
        is_all = now[0] - scene.kept_before >= sent
        if now[1] == 0 and time.monotonic() - changed_at > (1.0 if is_all else _QUIET_S):
            return changed_at
        time.sleep(0.2)
    return changed_at


def _count(collector: CollectorProcess) -> tuple[int, int]:
    log = RawLog(collector.settings.rawlog_dir)
    try:
        return log.count_after(BEGINNING), log.count_after(log.cursor(CURSOR))
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
        frame = scene.rig.store.read_native("voc", station, "gc1", START - far, START + far, [_CODES[0]])
        for start, value in frame[_CODES[0]].dropna().items():
            if not isinstance(value, str):
                rows[station, start.to_pydatetime()] = float(value)
    return rows


def _quarantined(scene: Scene) -> int:
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


def run_matrix(directory: Path, sizes: Sizes, seed: int) -> Iterator[Outcome]:
    """Every scenario, one after the other, on the same servers."""
    names = ("collector-kill", "influxd-kill", "pair-kill", "broker-stop", "type-conflict", "clock-jump", "poison")
    stations = [f"{name}-{number}" for name in (*names, "broker-kill", "broker-alone") for number in range(5)]
    rng = random.Random(seed)
    with ExitStack() as stack:
        rig = stack.enter_context(Field(directory, stations, _CODES, late_window_h=0))
        single = rig.collector()
        single.start()

        def scene(name: str, collectors: list[CollectorProcess]) -> Scene:
            before = sum(_count(item)[0] for item in collectors)
            return Scene(rig, name, sizes.rate_per_s, collectors, rng, kept_before=before)

        def kills(name: str, faults: Callable[[Scene, int], None], times: int) -> Outcome:
            return run_kills(scene(name, [single]), faults, times, f"{times} times")

        yield kills("collector-kill", collector_kill, sizes.collector_kills)
        yield kills("influxd-kill", influxd_kill, sizes.influxd_kills)
        yield run_conflict(scene("type-conflict", [single]), int(5 * sizes.rate_per_s))
        yield run_clock_jump(scene("clock-jump", [single]), sizes.jumped)
        yield run_poison(scene("poison", [single]), sizes.poison)
        yield kills("broker-stop", broker_stop, sizes.broker_stops)
        yield kills("broker-kill", broker_kill, sizes.broker_kills)
        if sizes.broker_kills_alone:
            yield kills("broker-alone", broker_kill_alone, sizes.broker_kills_alone)
        if sizes.pair_kills:
            single.stop()
            pair = [rig.collector(f"pair-{name}", "pair") for name in ("a", "b")]
            for item in pair:
                item.start()
            yield run_kills(scene("pair-kill", pair), pair_kill, sizes.pair_kills, f"{sizes.pair_kills} times, in turn")


_WORDS = {
    "collector-kill": "kill -9 of the collector at random under load",
    "influxd-kill": "kill -9 of influxd, up to 2 s away",
    "pair-kill": "kill -9 of both collectors of a share group in turn, 2 to 4 s away",
    "broker-stop": "restart of the broker",
    "broker-kill": "kill -9 of the broker",
    "broker-alone": "kill -9 of the broker while the collector is away",
    "type-conflict": "InfluxDB refuses a field for its type",
    "clock-jump": "clock of a station jumps",
    "poison": "undecodable message amid sound ones",
}


def table(outcomes: Sequence[Outcome], sizes: Sizes, seconds: float) -> str:
    """The Markdown page."""
    rows = "\n".join(
        f"| {_WORDS[item.name]} | {item.faults} | {item.sent} | {item.broker_lost} | {item.stored} | {item.quarantined} "
        f"| {item.lost} | {item.duplicated} | {item.copies} | {item.recover_s} |"
        for item in outcomes
    )
    return f"""# Crash matrix

Written by `make crash` (`bench/crash.py`) from a real run on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores, mosquitto
{_version("mosquitto", "-h")}, InfluxDB {_version("influxd", "version")}, {sizes.rate_per_s:.0f} messages/s of {VALUES} values during the faults, {seconds / 60:.1f} min in all.

| what happens | faults | sent | lost in the broker | stored | quarantined | lost | duplicated | copies in the raw log | recovered after [s] |
|---|---|---|---|---|---|---|---|---|---|
{rows}

* **sent**: confirmed to the station by the broker. **lost in the broker**: of these, never delivered. mosquitto writes its file every
  `autosave_interval` (30 s here) and at an orderly stop; killed in between, it forgets what it has confirmed since. No collector
  can mend that; the gap shows in the sequence numbers (`sequence_gaps` of `skyground balance --audit`).
* **lost**: in the raw log, but neither in InfluxDB nor in the quarantine. **duplicated**: rows in InfluxDB that no message explains.
  Both must be 0; the script ends with status 1 otherwise.
* **copies in the raw log**: delivered again after a crash, kept again, stored once.
* **recovered after**: from the last fault until everything delivered was in InfluxDB or in the quarantine, the start of the killed
  program and the last second of load included.
* **clock of a station jumps**: eight hours ahead is refused (`time_future`). Eight hours behind is stored under the wrong time, as sent
  (the stations here take any age), and would replace what stands there: nothing recognises it yet.
"""


def _version(program: str, option: str) -> str:
    words = subprocess.run([program, option], capture_output=True, text=True, check=False).stdout.split()
    return next((word.lstrip("v") for word in words if word.lstrip("v")[:1].isdigit()), "of unknown version")


def main() -> int:
    """Run, print one line of JSON a scenario, and write the page after a full run."""
    parser = argparse.ArgumentParser(prog="bench.crash")
    parser.add_argument("--short", action="store_true", help="few faults, nothing written")
    parser.add_argument("--seed", type=int, default=20261122)
    options = parser.parse_args()
    sizes = SHORT if options.short else Sizes()
    began, outcomes = time.monotonic(), []
    with tempfile.TemporaryDirectory() as name:
        for outcome in run_matrix(Path(name), sizes, options.seed):
            outcomes.append(outcome)
            print(json.dumps(msgspec.to_builtins(outcome)), flush=True)
    if not options.short:
        TABLE.write_text(table(outcomes, sizes, time.monotonic() - began), encoding="utf-8")
    return 0 if all(item.is_sound for item in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
