"""Scenarios of the crash matrix with more than a kill: clocks, gap repair, the gateway, a full disk, a database that only reads."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self

import msgspec

from bench.crash_scene import SCENE_CODES, Outcome, Scene, account, expect, key_of
from bench.field import DEVICE_PASSWORD, START, USER, Field, message
from bench.poison import OLD, WEEK_H, Due, seed_conflict, stations_of
from bench.poison_kinds import DEVICE
from console.local.process import wait_until
from console.local.settings import free_ports
from ingest.station import Answerer, Asked
from schemas.message import RawMessage, parse_topic
from sensors.hj212.frame import Frame, encode_frame
from sensors.hj212.framer import Framer
from sensors.json_v1 import decode
from store.rawlog import free_bytes

if TYPE_CHECKING:
    import random
    from collections.abc import Callable
    from pathlib import Path

    from bench.poison import Key, Place
    from schemas.reading import Reading
    from sensors.hj212.framer import Found

_ZONE = timedelta(hours=8)
_MINUTE = timedelta(minutes=1)
_REPAIR_PATIENCE_S = 240.0
_AWAY_S = 5.0
_CHINA = timedelta(hours=8)
_FRAME_ANSWER_S = 2.0


def run_clock_jump(scene: Scene, count: int) -> Outcome:
    """Stations' clocks are right, then eight hours ahead, then eight hours behind, then right; numbers go on."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    with scene.rig.publisher() as publisher, scene.poisoner(sound=scene.stations[0]) as poisoner:
        for station in scene.stations:
            steps = [(-10 + number, timedelta(0)) for number in range(4)]
            steps += [(-count + number, _ZONE) for number in range(count)]
            steps += [(-count + number, -_ZONE) for number in range(count)]
            steps += [(-5 + number, timedelta(0)) for number in range(4)]
            for seq, (minute, error) in enumerate(steps):
                start = now + minute * _MINUTE + error
                body = {"start": start, "end": start + _MINUTE, "seq": seq, "values": {SCENE_CODES[0]: float(seq)}}
                key = f"obs/v1/voc/{station}/gc1/json", msgspec.json.encode(body)
                publisher.publish(*key)
                place: Place = ("voc", station, "gc1", SCENE_CODES[0], start)
                held = Due(entries=frozenset({("clock_suspect", None)}))
                scene.due[key] = held if error else Due({place: float(seq)})
        publisher.flush()
    scene.fault()
    expect(scene, poisoner)
    return account(scene, f"{count} messages of each station each way")


def run_repair(scene: Scene, faults: Callable[[Scene, int], None], times: int) -> Outcome:
    """As the other kills, but the stations keep what they sent and answer when asked for it."""
    load = scene.load()

    def buffer(asked: Asked) -> list[Reading]:
        if asked.station_id not in scene.stations:
            return []
        place = scene.stations.index(asked.station_id)
        first = max(0, -((START - asked.span.start) // _MINUTE))
        last = -((START - asked.span.end) // _MINUTE)
        numbers = [minute * len(scene.stations) + place for minute in range(first, last)]
        return [_reading(number, scene) for number in numbers if number < load.count]

    answerer = Answerer(scene.rig.settings("memory"), "memory", network_of=lambda *_: "voc", buffer=buffer)
    with answerer:
        with load, scene.poisoner(sound=scene.stations[0]) as poisoner:
            faults(scene, times)
            time.sleep(2.0)
        expect(scene, load, poisoner)
        deadline = time.monotonic() + _REPAIR_PATIENCE_S
        while _stored(scene) < load.count and time.monotonic() < deadline:
            time.sleep(1.0)
        recover_s = round(time.monotonic() - scene.last_fault, 1)
        outcome = account(scene, f"{times} times", brought_back=[key_of(load, number) for number in range(load.count)])
    outcome.recover_s = recover_s
    return outcome


def _reading(number: int, scene: Scene) -> Reading:
    topic, payload = message(number, scene.stations, SCENE_CODES)
    (reading,) = decode(RawMessage(topic, payload, START), parse_topic(topic)).readings
    return reading


def _stored(scene: Scene) -> int:
    """Readings of the load's stations that the database holds."""
    span = START, START + timedelta(days=3_000)
    frames = [scene.rig.store.read_native("voc", station, "gc1", *span, SCENE_CODES[:1]) for station in scene.stations]
    return sum(len(frame[SCENE_CODES[0]].dropna()) for frame in frames)


def run_gateway(scene: Scene, times: int) -> Outcome:
    """A device sends frames one after the other, each again until it is answered, while the gateway is killed."""
    (port,) = free_ports(1)
    gateway = _Gateway(scene.rig, port)
    gateway.start()
    device = _Device(port, scene.name)
    with device, scene.poisoner() as poisoner:
        for _ in range(times):
            scene.pause(0.5, 2.0)
            gateway.kill()
            scene.fault()
            gateway.start()
        time.sleep(1.0)
    expect(scene, poisoner)
    scene.due |= device.due
    scene.poison += device.poison
    outcome = account(scene, f"{times} times")
    gateway.stop()
    return outcome


class _Gateway:
    """``skyground gateway`` in a process of its own."""

    def __init__(self, rig: Field, port: int) -> None:
        self._port = port
        self._log = (rig.directory / "gateway.log").open("ab")
        chosen = {
            "RUN_DIR": rig.directory / "gateway-run",
            "NETWORK": rig.network,
            "MQTT_URL": rig.broker.url,
            "GATEWAY_PORT": port,
            "GATEWAY_METRICS_PORT": 0,
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SKYGROUND_")}
        self._environment = kept | {f"SKYGROUND_{name}": str(value) for name, value in chosen.items()}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "console.cli", "gateway"]
        process = subprocess.Popen(command, env=self._environment, stderr=self._log)
        self._process = process
        wait_until(self._answers, what="the gateway", timeout_s=60, alive=lambda: process.poll() is None)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)
        self._log.close()

    def _end(self, number: int) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(60)

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self._port), 0.5).close()
        except OSError:
            return False
        return True


class _Device:
    """A data logger with one frame under way at a time, sent again until it is answered; noise between them is never answered.

    Every fifth frame is sound by length and sum, and its content is poison.
    """

    def __init__(self, port: int, station: str) -> None:
        self._port = port
        self._station = station
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._number = 0
        self._line: socket.socket | None = None
        self._framer = Framer()
        self.poison = 0
        self.due: dict[Key, Due] = {}
        """Of the frames that were answered."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._hang_up()

    def _run(self) -> None:
        while not self._stop.is_set():
            frame, due = self._frame(self._number)
            while not self._is_answered(frame):
                self._hang_up()
                time.sleep(0.05)
            self._number += 1
            self.poison += bool(due.entries)
            self.due[f"obs/v1/gas/{self._station}/gas1/hj212", encode_frame(frame) + b"\r\n"] = due

    def _frame(self, number: int) -> tuple[Frame, Due]:
        moment = START + number * _MINUTE
        stamp = moment.strftime("%Y%m%d%H%M%S")
        header = {
            "QN": f"{stamp}000",
            "ST": "22",
            "CN": "2051",
            "PW": DEVICE_PASSWORD,
            "MN": self._station.upper(),
            "Flag": "5",
        }
        place: Place = ("gas", self._station, "gas1", "so2", moment - _CHINA)
        content, due = f"DataTime={stamp};a21026-Avg={number}", Due({place: float(number)})
        if number % 5 == 0:
            wrong, entry = _POISON[number // 5 % len(_POISON)]
            content, due = wrong.format(stamp), Due(entries=frozenset({entry}))
        return Frame(header, content.encode()), due

    def _is_answered(self, frame: Frame) -> bool:
        sound = encode_frame(frame)
        noise = (b"", b"noise\r\n", sound[:40] + b"\r\n", sound[:-4] + b"GGGG\r\n")[self._number % 4]
        try:
            if self._line is None:
                self._line, self._framer = (
                    socket.create_connection(("127.0.0.1", self._port), _FRAME_ANSWER_S),
                    Framer(),
                )
            self._line.sendall(noise + sound + b"\r\n")
            while not any(item.frame is not None and item.frame.qn == frame.qn for item in self._heard(self._line)):
                pass
        except OSError:
            return False
        return True

    def _heard(self, line: socket.socket) -> list[Found]:
        data = line.recv(65_536)
        if not data:
            msg = "the gateway has closed the connection"
            raise ConnectionError(msg)
        return self._framer.feed(data)

    def _hang_up(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None


_POISON = (
    ("DataTime=20260230080000;a21026-Avg=1", ("bad_schema", None)),
    ("DataTime=99991231235959;a21026-Avg=1", ("bad_schema", None)),
    ("DataTime={};a21026-Avg=NaN", ("bad_value", "a21026")),
    ("DataTime={};a21026-Avg=1e999", ("bad_value", "a21026")),
    ("DataTime={};a21026-Avg=1,a21026-Flag=@", ("bad_status", "a21026")),
    ("DataTime={};a99999-Avg=1", ("unknown_parameter", "a99999")),
)
"""Contents that no reading can be made of, and the entry that they make."""


def run_disk_full(scene: Scene) -> Outcome:
    """A file leaves less room than the collector's reserve; nothing is acknowledged until it is gone."""
    directory = scene.rig.directory
    (collector,) = scene.collectors
    reserve = free_bytes(directory) - (200 << 20)
    collector.settings = collector.settings.model_copy(update={"disk_reserve_bytes": reserve})
    collector.start()
    filler = directory / "filler"
    with scene.load() as load, scene.poisoner(sound=scene.stations[0]) as poisoner:
        time.sleep(1.0)
        with filler.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, 400 << 20)
        time.sleep(_AWAY_S)
        filler.unlink()
        scene.fault()
        time.sleep(1.0)
    expect(scene, load, poisoner)
    outcome = account(scene, f"{_AWAY_S:.0f} s")
    if b"disk_reserve_reached" not in collector.log.read_bytes():
        outcome.lost += 1  # the disk was never full: the scenario proves nothing
    collector.stop()
    return outcome


def run_read_only(directory: Path, rng: random.Random, rate_per_s: float) -> Outcome:
    """The collector's user loses the right to write, and gets it back."""
    stations = [f"read-only-{number}" for number in range(5)]
    directory.mkdir()
    with Field(
        directory,
        stations + stations_of(["read-only"]),
        SCENE_CODES,
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
        scene = Scene(rig, "read-only", rate_per_s, [collector], rng)
        with scene.load() as load, scene.poisoner(sound=stations[0]) as poisoner:
            time.sleep(1.0)
            rig.administer(f'GRANT READ ON "skyground" TO {USER}')
            time.sleep(_AWAY_S)
            rig.administer(f'GRANT ALL ON "skyground" TO {USER}')
            scene.fault()
            time.sleep(1.0)
        expect(scene, load, poisoner)
        outcome = account(scene, f"{_AWAY_S:.0f} s")
        if b"write_repeated" not in collector.log.read_bytes():
            outcome.lost += 1  # writing was never refused: the scenario proves nothing
        collector.stop()
    return outcome
