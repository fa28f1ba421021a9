"""The scenario of the crash matrix with the HJ 212 gateway: a device, the gateway that is killed, and what becomes of each frame."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from bench.crash.poison import Due
from bench.crash.scenario import Outcome, Scenario, account, expect
from bench.ingest.field import DEVICE_PASSWORD, START, Field
from console.local.process import wait_until
from console.local.settings import free_ports
from sensors.hj212.frame import Frame, encode_frame
from sensors.hj212.framer import Framer

if TYPE_CHECKING:
    from bench.crash.poison import Key, Place
    from sensors.hj212.framer import FoundFrame

_CHINA = timedelta(hours=8)
_MINUTE = timedelta(minutes=1)
_FRAME_ANSWER_S = 2.0


def run_gateway(scenario: Scenario, times: int) -> Outcome:
    """A device sends frames one after the other, each again until it is answered, while the gateway is killed."""
    (port,) = free_ports(1)
    gateway = _Gateway(scenario.rig, port)
    gateway.start()
    device = _Device(port, scenario.name)
    with device, scenario.poisoner() as poisoner:
        for _ in range(times):
            scenario.pause(0.5, 2.0)
            gateway.kill()
            scenario.fault()
            gateway.start()
        time.sleep(1.0)
    expect(scenario, poisoner)
    scenario.due |= device.due
    scenario.poison += device.poison
    outcome = account(scenario, f"{times} times")
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

    def _heard(self, line: socket.socket) -> list[FoundFrame]:
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
