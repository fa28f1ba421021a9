"""Scenarios of the crash matrix with more than a kill: clocks, gap repair, the gateway, a full disk, a database that only reads."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from bench.crash.poison import OLD, WEEK_H, Due, seed_conflict, stations_of
from bench.crash.poison_kinds import DEVICE
from bench.crash.scenario import SCENARIO_CODES, Outcome, Scenario, account, expect, key_of
from bench.ingest.field import START, USER, Field, message
from ingest.completeness.station import Answerer, StationRequest
from schemas.message import RawMessage, parse_topic
from sensors.json_v1 import decode
from store.rawlog import free_bytes

if TYPE_CHECKING:
    import random
    from collections.abc import Callable
    from pathlib import Path

    from bench.crash.poison import Place
    from schemas.reading import Reading

_ZONE = timedelta(hours=8)
_MINUTE = timedelta(minutes=1)
_REPAIR_PATIENCE_S = 240.0
_AWAY_S = 5.0
_ROOM_BYTES = 1 << 30
"""Free bytes above the reserve before the disk is full: others on the machine must not use them up."""
_CHINA = timedelta(hours=8)
_FRAME_ANSWER_S = 2.0


def run_clock_jump(scenario: Scenario, count: int) -> Outcome:
    """Stations' clocks are right, then eight hours ahead, then eight hours behind, then right; numbers go on."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    with scenario.rig.publisher() as publisher, scenario.poisoner(sound=scenario.stations[0]) as poisoner:
        for station in scenario.stations:
            steps = [(-10 + number, timedelta(0)) for number in range(4)]
            steps += [(-count + number, _ZONE) for number in range(count)]
            steps += [(-count + number, -_ZONE) for number in range(count)]
            steps += [(-5 + number, timedelta(0)) for number in range(4)]
            for seq, (minute, error) in enumerate(steps):
                start = now + minute * _MINUTE + error
                body = {"start": start, "end": start + _MINUTE, "seq": seq, "values": {SCENARIO_CODES[0]: float(seq)}}
                key = f"obs/v1/voc/{station}/gc1/json", msgspec.json.encode(body)
                publisher.publish(*key)
                place: Place = ("voc", station, "gc1", SCENARIO_CODES[0], start)
                held = Due(entries=frozenset({("clock_suspect", None)}))
                scenario.due[key] = held if error else Due({place: float(seq)})
        publisher.flush()
    scenario.fault()
    expect(scenario, poisoner)
    return account(scenario, f"{count} messages of each station each way")


def run_repair(scenario: Scenario, faults: Callable[[Scenario, int], None], times: int) -> Outcome:
    """As the other kills, but the stations keep what they sent and answer requests for it."""
    load = scenario.load()

    def buffer(asked: StationRequest) -> list[Reading]:
        if asked.station_id not in scenario.stations:
            return []
        place = scenario.stations.index(asked.station_id)
        first = max(0, -((START - asked.span.start) // _MINUTE))
        last = -((START - asked.span.end) // _MINUTE)
        numbers = [minute * len(scenario.stations) + place for minute in range(first, last)]
        return [_reading(number, scenario) for number in numbers if number < load.count]

    answerer = Answerer(scenario.rig.settings("memory"), "memory", network_of=lambda *_: "voc", buffer=buffer)
    with answerer:
        with load, scenario.poisoner(sound=scenario.stations[0]) as poisoner:
            faults(scenario, times)
            time.sleep(2.0)
        expect(scenario, load, poisoner)
        deadline = time.monotonic() + _REPAIR_PATIENCE_S
        while _stored(scenario) < load.count and time.monotonic() < deadline:
            time.sleep(1.0)
        recover_s = round(time.monotonic() - scenario.last_fault, 1)
        outcome = account(
            scenario, f"{times} times", brought_back=[key_of(load, number) for number in range(load.count)]
        )
    outcome.recover_s = recover_s
    return outcome


def _reading(number: int, scenario: Scenario) -> Reading:
    topic, payload = message(number, scenario.stations, SCENARIO_CODES)
    (reading,) = decode(RawMessage(topic, payload, START), parse_topic(topic)).readings
    return reading


def _stored(scenario: Scenario) -> int:
    """Readings of the load's stations that the database holds."""
    span = START, START + timedelta(days=3_000)
    frames = [
        scenario.rig.store.read_native("voc", station, "gc1", *span, SCENARIO_CODES[:1])
        for station in scenario.stations
    ]
    return sum(len(frame[SCENARIO_CODES[0]].dropna()) for frame in frames)


def run_disk_full(scenario: Scenario) -> Outcome:
    """A file leaves less room than the collector's reserve; nothing is acknowledged until it is gone."""
    directory = scenario.rig.directory
    (collector,) = scenario.collectors
    reserve = free_bytes(directory) - _ROOM_BYTES
    collector.settings = collector.settings.model_copy(update={"disk_reserve_bytes": reserve})
    collector.start()
    with scenario.load() as load, scenario.poisoner(sound=scenario.stations[0]) as poisoner:
        time.sleep(1.0)
        _fill_disk(directory / "filler", reserve)
        scenario.fault()
        time.sleep(1.0)
    expect(scenario, load, poisoner)
    outcome = account(scenario, f"{_AWAY_S:.0f} s")
    if b"disk_reserve_reached" not in collector.log.read_bytes():
        outcome.lost += 1  # the disk was never full: the scenario proves nothing
    collector.stop()
    return outcome


def _fill_disk(filler: Path, reserve: int) -> None:
    """Keep the free bytes below the reserve, whatever else on this machine frees some meanwhile; then free them."""
    until = time.monotonic() + _AWAY_S
    with filler.open("wb") as file:
        while time.monotonic() < until:
            missing = free_bytes(filler.parent) - reserve + _ROOM_BYTES // 5
            if missing > 0:
                os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, missing)
            time.sleep(0.1)
    filler.unlink()


def run_read_only(directory: Path, rng: random.Random, rate_per_s: float) -> Outcome:
    """The collector's user loses the right to write, and gets it back."""
    stations = [f"read-only-{number}" for number in range(5)]
    directory.mkdir()
    with Field(
        directory,
        stations + stations_of(["read-only"]),
        SCENARIO_CODES,
        late_windows={OLD: WEEK_H},
        devices=(DEVICE,),
        needs_login=True,
        stumbles=True,
    ) as rig:
        seed_conflict(rig)
        rig.administer(f"REVOKE ALL PRIVILEGES FROM {USER}")
        rig.administer(f'GRANT ALL ON "skyground" TO {USER}')
        collector = rig.collector()
        collector.start()
        scenario = Scenario(rig, "read-only", rate_per_s, [collector], rng)
        with scenario.load() as load, scenario.poisoner(sound=stations[0]) as poisoner:
            time.sleep(1.0)
            rig.administer(f'GRANT READ ON "skyground" TO {USER}')
            time.sleep(_AWAY_S)
            rig.administer(f'GRANT ALL ON "skyground" TO {USER}')
            scenario.fault()
            time.sleep(1.0)
        expect(scenario, load, poisoner)
        outcome = account(scenario, f"{_AWAY_S:.0f} s")
        if b"write_repeated" not in collector.log.read_bytes():
            outcome.lost += 1  # writing was never refused: the scenario proves nothing
        collector.stop()
    return outcome
