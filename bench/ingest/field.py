"""Real servers, real collectors and a load, for the crash matrix and the benchmarks of the ingest."""

from __future__ import annotations

import base64
import os
import random
import signal
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
import uuid
from abc import ABC, abstractmethod
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Self

import msgspec
from pydantic import SecretStr

from console.local.process import wait_until
from ingest.mqtt import Publisher
from ingest.process.log import configure_logging
from ingest.process.settings import Broker, CollectorSettings
from schemas.network import Hj212, Hj212Factor, Instrument, Network, Station
from schemas.parameter import load_parameters
from sensors.network_file import network_toml
from store.influx.store import InfluxStore
from store.rawlog import BEGINNING, RawLog
from tests import servers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ingest.mqtt import Sent

START = datetime(2026, 1, 1, tzinfo=UTC)
CODES = [code for code, item in load_parameters().items() if "voc" in item.networks][:30]
PATIENCE_S = 120.0
ADMIN, USER, PASSWORD, DEVICE_PASSWORD = "admin", "collector", "secret", "123456"
_MINUTE = timedelta(minutes=1)
_SETTINGS = (
    *("run_dir", "network", "mqtt_url", "mqtt_client_id", "mqtt_share", "mqtt_cover_after_s", "influx_url"),
    *("influx_user", "disk_reserve_bytes", "drain_live_after_s", "metrics_port"),
)


class FieldError(RuntimeError):
    """The field does not do what the measurement needs."""


@dataclass
class CollectorProcess:
    """``skyground collect`` in a process of its own."""

    settings: CollectorSettings
    process: subprocess.Popen[bytes] | None = None
    program: str = "from console.cli.collect import collect; collect()"
    group: Path | None = None
    """Control group (`bench.ingest.quota`) that limits it."""

    @property
    def log(self) -> Path:
        """What it has written."""
        return self.settings.run_dir / "collector.log"

    @property
    def pid(self) -> int:
        """Of the intake."""
        if self.process is None:
            msg = "the collector is not started"
            raise FieldError(msg)
        return self.process.pid

    @property
    def drain_pid(self) -> int:
        """Of the draining process."""
        return int(Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()[-1])

    def start(self, *, wait: bool = True) -> None:
        """Start, and wait for the subscription."""
        self.settings.run_dir.mkdir(parents=True, exist_ok=True)
        seen = self.log.stat().st_size if self.log.exists() else 0
        chosen = {f"SKYGROUND_{name.upper()}": str(getattr(self.settings, name)) for name in _SETTINGS}
        if self.settings.influx_user:
            chosen["SKYGROUND_INFLUX_PASSWORD"] = self.settings.influx_password.get_secret_value()
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SKYGROUND_")}
        command = [sys.executable, "-c", self.program]
        if self.group is not None:
            command = ["sh", "-c", 'echo $$ > "$0" && exec "$@"', str(self.group), *command]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, env=kept | chosen, stderr=log)
        if wait:
            process = self.process
            wait_until(
                lambda: b'"subscribed"' in self.log.read_bytes()[seen:],
                what="the collector",
                timeout_s=PATIENCE_S,
                alive=lambda: process.poll() is None,
            )

    def stop(self, *, kill: bool = False) -> None:
        """SIGTERM, or SIGKILL; waits for the end."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
        self.process.wait(60)
        self.process = None


@dataclass
class Field:
    """A broker, a database, and the collectors that work between them; a context that ends them all."""

    directory: Path
    stations: list[str]
    codes: list[str] = field(default_factory=lambda: CODES)
    late_window_h: int = 0
    late_windows: Mapping[str, int] = field(default_factory=dict)
    devices: tuple[str, ...] = ()
    needs_login: bool = False
    stumbles: bool = False
    """Whether the collectors' own code raises for marked messages (`bench.crash.fault`)."""
    collectors: list[CollectorProcess] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.network = self.directory / "network.toml"
        instrument = Instrument(id="gc1", network="voc", cadence_s=60, parameters=tuple(self.codes))  # type: ignore[arg-type]
        stations = [
            Station(id=name, instruments=(instrument,), late_window_h=self._window(name)) for name in self.stations
        ]
        stations += [Station(id=name, instruments=(device(name),), late_window_h=0) for name in self.devices]
        text = network_toml(Network(zone="Asia/Shanghai", station_list=tuple(stations)))
        self.network.write_text(text, encoding="utf-8")
        self.broker = servers.mosquitto(self.directory / "mosquitto")
        self.influx = servers.influxd(self.directory / "influxd", needs_login=self.needs_login)

    def __enter__(self) -> Self:
        """Start both servers and make the database."""
        configure_logging()  # to standard error: on standard output stand figures, a line of JSON each
        self.broker.start()
        self.influx.start()
        if self.needs_login:
            self.administer(f"CREATE USER {ADMIN} WITH PASSWORD '{PASSWORD}' WITH ALL PRIVILEGES")
            self.administer(f"CREATE USER {USER} WITH PASSWORD '{PASSWORD}' WITH ALL PRIVILEGES")
        self.store = InfluxStore(self.settings("observer"))
        self.store.ensure()
        return self

    def __exit__(self, *_: object) -> None:
        """End everything that was started here."""
        for collector in self.collectors:
            collector.stop()
        self.store.close()
        self.influx.stop(kill=True)
        self.broker.stop(kill=True)

    def _window(self, station: str) -> int:
        found = [hours for prefix, hours in self.late_windows.items() if station.startswith(prefix)]
        return found[0] if found else self.late_window_h

    def settings(self, name: str, share: str = "") -> CollectorSettings:
        """Settings of a collector of that name."""
        return CollectorSettings(
            run_dir=self.directory / name,
            network=self.network,
            mqtt_url=self.broker.url,
            mqtt_client_id=name,
            mqtt_share=share,
            mqtt_cover_after_s=1.0,
            influx_url=self.influx.url,
            influx_user=USER if self.needs_login else "",
            influx_password=SecretStr(PASSWORD if self.needs_login else ""),
            metrics_port=0,
        )

    def collector(self, name: str = "collector", share: str = "") -> CollectorProcess:
        """A collector, not yet started, that ends with the field."""
        made = CollectorProcess(self.settings(name, share))
        if self.stumbles:
            made.program = "from bench.crash.fault import collect; collect()"
        self.collectors.append(made)
        return made

    def administer(self, statement: str) -> None:
        """Run a statement of InfluxQL as the administrator."""
        # InfluxDB 1.6 reads credentials from the header or the address, never from the body.
        credentials = base64.b64encode(f"{ADMIN}:{PASSWORD}".encode()).decode()
        request = urllib.request.Request(
            f"{self.influx.url}/query",
            data=urllib.parse.urlencode({"q": statement}).encode(),
            headers={"Authorization": f"Basic {credentials}"},
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            body = answer.read()
        if b"error" in body:
            raise FieldError(body.decode())

    def publisher(self, *, window: int = 1_000) -> Publisher:
        """A publisher of its own name."""
        return Publisher(Broker(mqtt_url=self.broker.url), f"load-{uuid.uuid4().hex[:12]}", window=window)

    def values(self, start: datetime = START, days: int = 366) -> int:
        """Values that can be queried."""
        return self.store.count_values("voc", start, start + timedelta(days=days))


def device(name: str) -> Instrument:
    """An HJ 212 instrument behind the gateway, a reading of SO2 a minute."""
    factors = {"a21026": Hj212Factor(parameter="so2", unit="ug/m3")}
    hj212 = Hj212(mn=name.upper(), cn=2051, password=DEVICE_PASSWORD, minute_interval=1, factors=factors)
    return Instrument(id="gas1", network="gas", cadence_s=60, parameters=("so2",), hj212=hj212)  # type: ignore[arg-type]


class Publishing(ABC):
    """Publishes from a thread until stopped, in a ``with`` block."""

    def __enter__(self) -> Self:
        """Begin."""
        self._stop = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, and wait until the broker has confirmed everything; raises what went wrong on the way."""
        self._stop.set()
        self._thread.join()
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            self._publish()
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that waits
            self._error = error

    @abstractmethod
    def _publish(self) -> None:
        """Publish until ``_stop`` is set."""


@dataclass
class Load(Publishing):
    """Messages at a rate from a thread, each with a number of its own, until stopped.

    Message ``n`` comes from station ``n % len(stations)``, is of minute ``n // len(stations)``, and its first value is
    ``n``, so that every one can be found again. ``published_at`` are the moments of the first station's messages.
    """

    rig: Field
    stations: list[str]
    rate_per_s: float
    codes: list[str]
    first: int = 0
    start_at: datetime = START
    sent: Sent | None = None
    published_at: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.count = 0

    def _publish(self) -> None:
        with self.rig.publisher() as publisher:
            began = time.monotonic()
            while not self._stop.is_set():
                self._stop.wait(max(0.0, began + self.count / self.rate_per_s - time.monotonic()))
                if self.count % len(self.stations) == 0:
                    self.published_at.append(time.monotonic())
                publisher.publish(*message(self.first + self.count, self.stations, self.codes, self.start_at))
                self.count += 1
            self.sent = publisher.flush()


def message(number: int, stations: list[str], codes: list[str], start_at: datetime = START) -> tuple[str, bytes]:
    """Topic and payload of message ``number``; see `Load`."""
    station, minute = stations[number % len(stations)], number // len(stations)
    start = start_at + minute * _MINUTE
    rng = random.Random(number)
    values = {codes[0]: float(number)} | {code: round(rng.lognormvariate(0, 1), 4) for code in codes[1:]}
    body = {"start": start.isoformat(), "end": (start + _MINUTE).isoformat(), "seq": minute, "values": values}
    return f"obs/v1/voc/{station}/gc1/json", msgspec.json.encode(body)


def backlog(field: Field, count: int, *, first: int = 0) -> Iterator[tuple[str, bytes]]:
    """``count`` messages of all stations of the field."""
    return (message(number, field.stations, field.codes) for number in range(first, first + count))


def kept(collector: CollectorProcess) -> int:
    """Messages in a collector's raw log."""
    with closing(RawLog(collector.settings.rawlog_dir)) as log:
        return log.count_after(BEGINNING)
