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
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bench.crash_repair import run_clock_jump, run_disk_full, run_gateway, run_read_only, run_repair
from bench.crash_scene import (
    POISON,
    SCENE_CODES,
    SHORT,
    VALUES,
    Outcome,
    Scene,
    Sizes,
    account,
    count_of,
    expect,
    place,
)
from bench.field import START, Field, Load
from store.influx import Bucket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bench.field import CollectorProcess

TABLE = Path(__file__).parents[1] / "docs" / "crash-matrix.md"
_CONFLICT_START = START - timedelta(days=700)


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
        scene.pause(1.0, 2.0)  # a station that was never heard of has no gap
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
        expect(scene, number, number)
    return account(scene, words, load.count)


def run_conflict(scene: Scene, count: int) -> Outcome:
    """Every second station's messages fall into a week in which a parameter stands as text in the database."""
    poisoned, *_ = scene.stations
    line = f'voc,instrument=gc1,station={poisoned} {SCENE_CODES[0]}="text" {int(_CONFLICT_START.timestamp()) - 60}000000000'
    scene.rig.store.write_lines(Bucket.NATIVE, [line.encode()])
    sound = Load(scene.rig, scene.stations[1:], scene.rate_per_s, SCENE_CODES)
    refused = Load(scene.rig, [poisoned], scene.rate_per_s / 10, SCENE_CODES, start_at=_CONFLICT_START)
    with sound, refused:
        time.sleep(count / scene.rate_per_s)
        scene.fault()
    for number in range(sound.count):
        scene.expected[place(scene.stations[1:], number)] = float(number)
    return account(scene, "text field in one week", sound.count + refused.count)


def run_poison(scene: Scene, count: int) -> Outcome:
    """The same undecodable message again and again, amid sound ones."""
    with scene.load() as load:
        with scene.rig.publisher() as publisher:
            for _ in range(count):
                publisher.publish(f"obs/v1/voc/{scene.stations[0]}/gc1/json", POISON)
            publisher.flush()
        scene.fault()
    for number in range(load.count):
        expect(scene, number, number)
    return account(scene, f"{count} times", load.count + count)


def run_matrix(directory: Path, sizes: Sizes, seed: int) -> Iterator[Outcome]:  # noqa: C901 - one line a scenario
    """Every scenario, one after the other, on the same servers."""
    names = ("collector-kill", "influxd-kill", "pair-kill", "broker-stop", "type-conflict", "clock-jump", "poison")
    stations = [
        f"{name}-{number}" for name in (*names, "broker-kill", "broker-alone", "disk-full") for number in range(5)
    ]
    rng = random.Random(seed)
    with ExitStack() as stack:
        # stations that keep a memory take data of any age by a window of years, since a window of 0 marks a data set
        windows = {"clock-jump": 168, "broker-alone": 24 * 3_650}
        rig = stack.enter_context(
            Field(directory, stations, SCENE_CODES, late_windows=windows, devices=("gateway-kill-0",))
        )
        single = rig.collector()
        single.start()

        def scene(name: str, collectors: list[CollectorProcess]) -> Scene:
            before = sum(count_of(item)[0] for item in collectors)
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
            yield run_repair(scene("broker-alone", [single]), broker_kill_alone, sizes.broker_kills_alone)
        if sizes.gateway_kills:
            yield run_gateway(scene("gateway-kill", [single]), sizes.gateway_kills)
        if sizes.disk_full:
            yield run_disk_full(scene("disk-full", [rig.collector("small-disk")]))
        if sizes.read_only:
            yield run_read_only(directory / "read-only", rng, sizes.rate_per_s)
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
    "clock-jump": "clocks of stations jump by +8 h, then by -8 h, and are right again",
    "gateway-kill": "kill -9 of the HJ 212 gateway under load",
    "disk-full": "a file takes the free space up to the collector's reserve, for a while",
    "read-only": "InfluxDB takes no writes (the collector's user may only read), for a while",
    "poison": "undecodable message amid sound ones",
}


def table(outcomes: Sequence[Outcome], sizes: Sizes, seconds: float) -> str:
    """The Markdown page."""
    rows = "\n".join(
        f"| {_WORDS[item.name]} | {item.faults} | {item.sent} | {item.broker_lost} | {item.brought_back} | {item.stored} | {item.quarantined} "
        f"| {item.lost} | {item.duplicated} | {item.copies} | {item.recover_s} |"
        for item in outcomes
    )
    return f"""# Crash matrix

Written by `make crash` (`bench/crash.py`) from a real run on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores, mosquitto
{_version("mosquitto", "-h")}, InfluxDB {_version("influxd", "version")}, {sizes.rate_per_s:.0f} messages/s of {VALUES} values during the faults, {seconds / 60:.1f} min in all.

| what happens | faults | sent | lost in the broker | brought back | stored | quarantined | lost | duplicated | copies in the raw log | recovered after [s] |
|---|---|---|---|---|---|---|---|---|---|---|
{rows}

* **sent**: confirmed to the station by the broker (for the gateway: by its 9014). **lost in the broker**: of these, never delivered.
  mosquitto writes its file every `autosave_interval` (30 s here) and at an orderly stop; killed in between, it forgets what it has
  confirmed since. **brought back**: of these, asked for by gap repair and answered by the station. Stations without a memory cannot
  bring them back; there the gap shows in the balance sheet (`lost_before_collector`).
* **lost**: in the raw log, but neither in InfluxDB nor in the quarantine. **duplicated**: rows in InfluxDB that no message explains, such
  as readings stored under a wrong time. Both must be 0; the script ends with status 1 otherwise.
* **copies in the raw log**: delivered again after a crash, kept again, stored once.
* **recovered after**: from the last fault until everything delivered was in InfluxDB or in the quarantine, the start of the killed
  program and the last second of load included; for gap repair the waiting for an answer too.
* **clocks jump**: what they stamp meanwhile is held in the quarantine as `clock_suspect`, and nothing of it is stored.
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
