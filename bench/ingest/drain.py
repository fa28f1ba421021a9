"""How fast a backlog of the broker becomes queryable, against paho alone on the same messages in the same run.

60,000 QoS 1 messages of 30 values wait in two persistent sessions of a real mosquitto. The reference empties one with paho
alone (every message acknowledged by hand in the callback); then the collector empties the other, until InfluxDB counts
every value. Both in turn, three times on new servers: one measurement of paho alone differs from the next by a quarter and more.
The collector's bytecode is kept from round to round, as that of an installed service is; its start is part of the time.
Prints one line of JSON: medians, and every round.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import msgspec
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from bench.memory import resident_bytes
from ingest.mqtt import Publisher
from ingest.process.settings import Broker, CollectorSettings
from schemas.network import Instrument, Network, Station
from schemas.parameter import load_parameters
from sensors.network_file import network_toml
from store.influx.store import InfluxStore
from tests import servers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paho.mqtt.client import MQTTMessage

MESSAGES = 60_000
STATIONS = 60
VALUES = 30
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
TOPIC = "obs/v1/#"
START = datetime(2026, 1, 1, tzinfo=UTC)
_CODES = [code for code, item in load_parameters().items() if "voc" in item.networks][:VALUES]
_RECEIVE_MAXIMUM = 2_000
_PATIENCE_S = 300.0


def main() -> None:
    """Run both on one backlog, several times, and print the figures."""
    rounds = []
    with tempfile.TemporaryDirectory() as name:
        for number in range(ROUNDS):
            directory = Path(name) / str(number)
            directory.mkdir()
            rounds.append(_round(directory))
    print(json.dumps(_figures(rounds)))


def _round(directory: Path) -> dict[str, float]:
    """Both on one backlog, on servers of its own."""
    network = directory / "network.toml"
    network.write_text(network_toml(_network()), encoding="utf-8")
    with (
        servers.running(servers.mosquitto(directory / "mosquitto")) as broker,
        servers.running(servers.influxd(directory / "influxd")) as influx,
    ):
        settings = CollectorSettings(
            run_dir=directory / "run",
            network=network,
            mqtt_url=broker.url,
            influx_url=influx.url,
            metrics_port=0,
            mqtt_receive_maximum=_RECEIVE_MAXIMUM,
        )
        payload_bytes = _queue_backlog(settings)
        alone_cpu_s = -time.process_time()
        alone_s = _paho_alone(settings)
        alone_cpu_s += time.process_time()
        pids = {"mosquitto": broker.process.pid, "influxd": influx.process.pid}  # type: ignore[union-attr]  # both run
        collector_s, used = _collect(settings, pids)
    ours, alone = MESSAGES / collector_s, MESSAGES / alone_s
    rates = {"value": round(ours, 1), "alone": round(alone, 1), "ratio": round(ours / alone, 3), "bytes": payload_bytes}
    return rates | used | {"cpu_paho_alone_s": round(alone_cpu_s, 2)}


def _figures(rounds: list[dict[str, float]]) -> dict[str, object]:
    """Medians of the rounds; of memory the largest."""
    of = {name: median(item[name] for item in rounds) for name in rounds[0]}
    memory = {name: max(item[name] for item in rounds) for name in of if name.endswith("_mb")}
    return {
        "name": "ingest.drain",
        "value": of["value"],
        "unit": "messages/s",
        "vs": f"paho alone, manual ack, {of['alone']:.0f} messages/s; must reach 0.55 of it and 400 MB, aim 0.8 and 300 MB",
        "ratio": of["ratio"],
        "workload": f"{MESSAGES} QoS 1 messages of {VALUES} values, {of['bytes']:.0f} B, queued in a persistent session, until all are queryable; "
        f"median of {ROUNDS} rounds of both",
        "values_per_s": round(of["value"] * VALUES),
        **{name: value for name, value in (of | memory).items() if name.startswith(("cpu", "peak", "memory"))},
        "rounds": [[item["value"], item["alone"], item["ratio"]] for item in rounds],
        "load_1min": os.getloadavg()[0],
        "cpus": os.cpu_count(),
    }


def _network() -> Network:
    instrument = Instrument(id="gc1", network="voc", cadence_s=60, parameters=tuple(_CODES))  # type: ignore[arg-type]
    stations = tuple(
        Station(id=f"st-{number:02d}", instruments=(instrument,), late_window_h=0) for number in range(STATIONS)
    )
    return Network(zone="UTC", station_list=stations)


def _messages() -> Iterator[tuple[str, bytes]]:
    """One message a station and minute, with the units spelled out as a gas chromatograph's gateway does."""
    rng = random.Random(20260101)
    units = dict.fromkeys(_CODES, "ppb")
    for number in range(MESSAGES):
        start = START + timedelta(minutes=number // STATIONS)
        body = {
            "start": start.isoformat(),
            "end": (start + timedelta(minutes=1)).isoformat(),
            "seq": number // STATIONS,
            "values": {code: round(rng.lognormvariate(0, 1), 4) for code in _CODES},
            "units": units,
        }
        yield f"obs/v1/voc/st-{number % STATIONS:02d}/gc1/json", msgspec.json.encode(body)


def _queue_backlog(settings: CollectorSettings) -> int:
    for client_id in ("paho-alone", settings.mqtt_client_id):
        _open_session(settings, client_id)
    size = 0
    with Publisher(Broker(mqtt_url=settings.mqtt_url), "bench-publisher") as publisher:
        for topic, payload in _messages():
            publisher.publish(topic, payload)
            size += len(payload)
        sent = publisher.flush()
    if sent.acknowledged != MESSAGES:
        msg = f"the broker confirmed {sent.acknowledged} of {MESSAGES} messages"
        raise RuntimeError(msg)
    return round(size / MESSAGES)


def _session(settings: CollectorSettings, client_id: str) -> Client:
    client = Client(
        CallbackAPIVersion.VERSION2, client_id=client_id, protocol=MQTTProtocolVersion.MQTTv5, manual_ack=True
    )
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = 3600
    properties.ReceiveMaximum = _RECEIVE_MAXIMUM
    client.connect_async(settings.mqtt_host, settings.mqtt_port, 60, clean_start=False, properties=properties)
    return client


def _open_session(settings: CollectorSettings, client_id: str) -> None:
    subscribed = threading.Event()
    client = _session(settings, client_id)

    def subscribe(*_: object) -> None:
        client.subscribe(TOPIC, options=SubscribeOptions(qos=1))

    client.on_connect = subscribe
    client.on_subscribe = lambda *_: subscribed.set()
    client.loop_start()
    subscribed.wait(10)
    client.disconnect()
    client.loop_stop()


def _paho_alone(settings: CollectorSettings) -> float:
    """Seconds from connecting to the last message, each acknowledged by hand and thrown away."""
    client = _session(settings, "paho-alone")
    done = threading.Event()
    seen = 0

    def take(client: Client, _userdata: object, message: MQTTMessage) -> None:
        nonlocal seen
        client.ack(message.mid, message.qos)
        seen += 1
        if seen == MESSAGES:
            done.set()

    client.on_message = take
    started = time.perf_counter()
    client.loop_start()
    if not done.wait(_PATIENCE_S):
        msg = f"paho alone received {seen} of {MESSAGES} messages"
        raise RuntimeError(msg)
    elapsed = time.perf_counter() - started
    client.disconnect()
    client.loop_stop()
    return elapsed


def _collect(settings: CollectorSettings, pids: dict[str, int]) -> tuple[float, dict[str, float]]:
    """Seconds from the collector's connection until every value can be queried, and what each process used for it."""
    store = InfluxStore(settings)
    store.ensure()
    command = [sys.executable, "-c", "from console.cli.collect import collect; collect()"]
    process = subprocess.Popen(command, env=_environment(settings), stderr=subprocess.PIPE, text=True)
    connected = threading.Event()
    threading.Thread(target=_follow, args=(process, connected), daemon=True).start()
    try:
        if not connected.wait(60):
            msg = "the collector did not connect"
            raise RuntimeError(msg)
        started = time.perf_counter()
        pids = pids | {"intake": process.pid, "drain": _child(process.pid)}
        before = {name: _cpu_s(pid) for name, pid in pids.items()}
        while not _is_stored(store):
            if time.perf_counter() - started > _PATIENCE_S or process.poll() is not None:
                msg = "the collector did not store everything"
                raise RuntimeError(msg)
            time.sleep(0.2)
        elapsed = time.perf_counter() - started
        used = {f"cpu_{name}_s": round(_cpu_s(pid) - before[name], 2) for name, pid in pids.items()}
        used |= {
            f"peak_rss_{name}_mb": round(resident_bytes(pids[name], peak=True) / 1e6, 1) for name in ("intake", "drain")
        }
        used["memory_mb"] = round(used["peak_rss_intake_mb"] + used["peak_rss_drain_mb"], 1)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        store.close()
    return elapsed, used


def _is_stored(store: InfluxStore) -> bool:
    """Whether every value can be queried; counting them all costs the server much, so the last message is asked for first."""
    final = START + timedelta(minutes=MESSAGES // STATIONS - 1)
    if not store.read_stored("voc", f"st-{STATIONS - 1:02d}", "gc1", final, final + timedelta(minutes=1)):
        return False
    return store.count_values("voc", START, START + timedelta(days=365)) == MESSAGES * VALUES


def _environment(settings: CollectorSettings) -> dict[str, str]:
    names = ("run_dir", "network", "mqtt_url", "influx_url", "metrics_port", "mqtt_receive_maximum")
    chosen = {f"SKYGROUND_{name.upper()}": str(getattr(settings, name)) for name in names}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SKYGROUND_", "PYTHONDONTWRITE"))}
    return kept | chosen | {"PYTHONPYCACHEPREFIX": str(settings.run_dir.parent.parent / "bytecode")}


def _follow(process: subprocess.Popen[str], connected: threading.Event) -> None:
    """Read the collector's log so that it never waits for us; note the moment of its connection."""
    for line in process.stderr or ():
        if '"connected"' in line:
            connected.set()
        if os.environ.get("BENCH_VERBOSE"):
            sys.stderr.write(line)


def _child(pid: int) -> int:
    """The draining process."""
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[-1])


def _cpu_s(pid: int) -> float:
    """Processor time of a process so far [s]."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
