"""The crash matrix: real servers and collectors under a steady load with poison, kill -9 of each, and a count of everything afterwards.

``python -m bench.crash`` runs the full matrix and writes ``docs/crash-matrix.md``; ``--short`` runs fewer faults and only
prints. Every message has its own bytes, so that what was sent is compared one by one with the raw logs, InfluxDB and
the quarantine. Exit status 1 when anything is lost, duplicated or misplaced.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bench.crash.gateway import run_gateway
from bench.crash.page import table
from bench.crash.poison import OLD, WEEK_H, Due, one_of, seed_conflict, stations_of
from bench.crash.poison_kinds import CONFLICT_START, DEVICE, KILLER
from bench.crash.repair import run_clock_jump, run_disk_full, run_read_only, run_repair
from bench.crash.scenario import SCENARIO_CODES, SHORT, Outcome, Scenario, Sizes, account, count_of, expect, key_of
from bench.ingest.field import Field, Load
from console.local.process import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.ingest.field import CollectorProcess
    from tests.servers import Server

TABLE = Path(__file__).parents[2] / "docs" / "crash-matrix.md"
SCENARIOS = (
    "collector-kill",
    "influxd-kill",
    "type-conflict",
    "clock-jump",
    "poison",
    "broker-stop",
    "broker-kill",
    "broker-alone",
    "disk-full",
    "pair-kill",
    "deadly",
)
_DEATHS_S = 180.0


def collector_kill(scenario: Scenario, times: int) -> None:
    """Kill the collector at random moments."""
    for _ in range(times):
        scenario.pause(0.3, 2.0)
        scenario.collectors[0].stop(kill=True)
        scenario.fault()
        scenario.collectors[0].start()


def influxd_kill(scenario: Scenario, times: int) -> None:
    """Kill the database at random moments; it stays away for up to two seconds."""
    for _ in range(times):
        scenario.pause(0.5, 2.0)
        _restart(scenario, scenario.rig.influx, away_s=2.0)


def pair_kill(scenario: Scenario, times: int) -> None:
    """Kill the two collectors of a share group in turn; each stays away long enough for a takeover."""
    for number in range(times):
        scenario.pause(0.5, 1.5)
        victim = scenario.collectors[number % 2]
        victim.stop(kill=True)
        scenario.fault()
        scenario.pause(2.0, 4.0)
        victim.start()


def broker_stop(scenario: Scenario, times: int) -> None:
    """Stop the broker in an orderly way and start it again."""
    _break_broker(scenario, times, kill=False)


def broker_kill(scenario: Scenario, times: int) -> None:
    """Kill the broker: what it had not yet written to its file is gone."""
    _break_broker(scenario, times, kill=True)


def broker_kill_alone(scenario: Scenario, times: int) -> None:
    """Kill the broker while it alone has the messages, since the collector is away."""
    for _ in range(times):
        scenario.pause(1.0, 2.0)  # a station that was never heard of has no gap
        scenario.collectors[0].stop()
        scenario.pause(1.0, 3.0)
        scenario.rig.broker.stop(kill=True)
        scenario.fault()
        scenario.rig.broker.start()
        scenario.collectors[0].start()


def _break_broker(scenario: Scenario, times: int, *, kill: bool) -> None:
    for _ in range(times):
        scenario.pause(1.0, 3.0)
        _restart(scenario, scenario.rig.broker, away_s=1.0, kill=kill)
        scenario.pause(2.0, 3.0)


def _restart(scenario: Scenario, server: Server, *, away_s: float, kill: bool = True) -> None:
    """End a server and start it again within ``away_s`` seconds."""
    server.stop(kill=kill)
    scenario.fault()
    scenario.pause(0.0, away_s)
    server.start()


def run_kills(scenario: Scenario, faults: Callable[[Scenario, int], None], times: int, words: str) -> Outcome:
    """Load and poison during the faults, then wait, then count."""
    with scenario.load() as load, scenario.poisoner(sound=scenario.stations[0]) as poisoner:
        faults(scenario, times)
        time.sleep(1.0)
    expect(scenario, load, poisoner)
    return account(scenario, words)


def run_conflict(scenario: Scenario, count: int) -> Outcome:
    """A station's messages fall into a week in which a parameter is a text field in the database."""
    refused_station, *sound_stations = scenario.stations
    sound = Load(scenario.rig, sound_stations, scenario.rate_per_s, SCENARIO_CODES)
    refused = Load(scenario.rig, [refused_station], scenario.rate_per_s / 10, SCENARIO_CODES, start_at=CONFLICT_START)
    with sound, refused, scenario.poisoner(sound=sound_stations[0]) as poisoner:
        time.sleep(count / scenario.rate_per_s)
        scenario.fault()
    expect(scenario, sound, poisoner)
    for number in range(refused.count):
        scenario.due[key_of(refused, number)] = Due(entries=frozenset({("refused_by_store", None)}))
    return account(scenario, "text field in one week")


def run_poison(scenario: Scenario, count: int) -> Outcome:
    """Poison as fast as the broker takes it, amid sound messages."""
    with scenario.load() as load:
        with scenario.poisoner(sound=scenario.stations[0], rate_per_s=0, at_least=count) as poisoner:
            pass
        scenario.fault()
    expect(scenario, load, poisoner)
    return account(scenario, f"{count} messages at once")


def run_deadly(scenario: Scenario) -> Outcome:
    """A message that ends the draining process each time, until it is identified as the cause and quarantined unread."""
    key, due = one_of(KILLER, scenario.name)
    with scenario.load() as load, scenario.poisoner(sound=scenario.stations[0]) as poisoner:
        with scenario.rig.publisher() as publisher:
            publisher.publish(*key)
            publisher.flush()
        scenario.fault()
        time.sleep(5.0)
    expect(scenario, load, poisoner)
    scenario.due[key] = due
    scenario.poison += 1
    (collector,) = scenario.collectors
    wait_until(lambda: count_of(collector)[1] == 0, what="the end of the deaths", timeout_s=_DEATHS_S)
    outcome = account(scenario, "1 message")
    if b"one_at_a_time" not in collector.log.read_bytes():
        outcome.lost += 1  # no process has died: the scenario proves nothing
    return outcome


def run_matrix(directory: Path, sizes: Sizes, seed: int) -> Iterator[Outcome]:
    """Every scenario, one after the other, on the same servers."""
    stations = [f"{name}-{number}" for name in SCENARIOS for number in range(5)]
    rng = random.Random(seed)
    with ExitStack() as stack:
        # stations that keep a memory take data of any age by a window of years, since a window of 0 marks a data set
        windows = {"clock-jump": 168, "broker-alone": 24 * 3_650, OLD: WEEK_H}
        devices = ("gateway-kill", DEVICE)
        rig = Field(
            directory,
            stations + stations_of([*SCENARIOS, "gateway-kill"]),
            SCENARIO_CODES,
            late_windows=windows,
            devices=devices,
            stumbles=True,
        )
        stack.enter_context(rig)
        seed_conflict(rig)
        single = rig.collector()
        single.start()

        def scenario(name: str, *collectors: CollectorProcess) -> Scenario:
            chosen = list(collectors) or [single]
            before = sum(count_of(item)[0] for item in chosen)
            return Scenario(rig, name, sizes.rate_per_s, chosen, rng, kept_before=before)

        yield from _run_with_one(scenario, sizes)
        if sizes.disk_full:
            yield run_disk_full(scenario("disk-full", rig.collector("small-disk")))
        if sizes.read_only:
            yield run_read_only(directory / "read-only", rng, sizes.rate_per_s)
        if sizes.pair_kills:
            single.stop()
            pair = [rig.collector(f"pair-{name}", "pair") for name in ("a", "b")]
            for item in pair:
                item.start()
            yield run_kills(
                scenario("pair-kill", *pair), pair_kill, sizes.pair_kills, f"{sizes.pair_kills} times, in turn"
            )


def _run_with_one(scenario: Callable[[str], Scenario], sizes: Sizes) -> Iterator[Outcome]:
    """Scenarios of a single collector."""

    def kills(name: str, faults: Callable[[Scenario, int], None], times: int) -> Outcome:
        return run_kills(scenario(name), faults, times, f"{times} times")

    yield kills("collector-kill", collector_kill, sizes.collector_kills)
    yield kills("influxd-kill", influxd_kill, sizes.influxd_kills)
    yield run_conflict(scenario("type-conflict"), int(5 * sizes.rate_per_s))
    yield run_clock_jump(scenario("clock-jump"), sizes.jumped)
    yield run_poison(scenario("poison"), sizes.poison)
    if sizes.deadly:
        yield run_deadly(scenario("deadly"))
    yield kills("broker-stop", broker_stop, sizes.broker_stops)
    yield kills("broker-kill", broker_kill, sizes.broker_kills)
    if sizes.broker_kills_alone:
        yield run_repair(scenario("broker-alone"), broker_kill_alone, sizes.broker_kills_alone)
    if sizes.gateway_kills:
        yield run_gateway(scenario("gateway-kill"), sizes.gateway_kills)


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
