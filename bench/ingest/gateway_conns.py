"""Stations connected to one gateway process: each sends a frame in a while; every answer is timed, every frame counted.

The gateway runs as the real command; its buffer is counted afterwards, so an answer without a frame on disk would show.
There is no broker: that the buffer empties is measured elsewhere. Prints one line of JSON.

``--connections``, ``--period`` and ``--seconds`` scale it down; the workload of record is 10,000, 30 s and 300 s.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.memory import resident_bytes
from console.local.settings import free_ports
from schemas.network import Hj212, Hj212Factor, Instrument, Network, Station
from sensors.hj212.frame import Frame, encode_frame
from sensors.network_file import network_toml
from store.rawlog import BEGINNING, RawLog

LIMIT_P99_S = 1.0
_PATIENCE_S = 60.0


async def main() -> None:
    """Run the stations and print the figures."""
    parser = argparse.ArgumentParser(prog="bench.ingest.gateway_conns")
    parser.add_argument("--connections", type=int, default=10_000)
    parser.add_argument("--period", type=float, default=30.0)
    parser.add_argument("--seconds", type=float, default=300.0)
    chosen = parser.parse_args()
    _allow_files(chosen.connections)
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        port, process = _start(directory, chosen.connections)
        try:
            await _wait_open(port)
            waits, sent = await _stations(port, chosen)
            peak = resident_bytes(process.pid, peak=True)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)
        log = RawLog(directory / "run" / "gateway")
        kept = log.count_after(BEGINNING)
        log.close()
    print(json.dumps(_figures(chosen, sorted(waits), sent, kept) | {"peak_rss_mb": round(peak / 1e6, 1)}))


def _figures(chosen: argparse.Namespace, waits: list[float], sent: int, kept: int) -> dict[str, object]:
    p99 = waits[int(0.99 * (len(waits) - 1))] if waits else float("inf")
    return {
        "name": "gateway.conns",
        "value": round(p99, 4),
        "unit": "s, p99 from frame to answer",
        "vs": f"limit {LIMIT_P99_S} s, nothing lost",
        "ratio": round(LIMIT_P99_S / p99, 2) if sent == len(waits) <= kept else 0.0,
        "workload": f"{chosen.connections} connections, a frame each {chosen.period:g} s, {chosen.seconds:g} s",
        "p50": round(waits[len(waits) // 2], 4) if waits else None,
        "sent": sent,
        "answered": len(waits),
        "kept": kept,
        "load_1min": os.getloadavg()[0],
        "cpus": os.cpu_count(),
    }


def _start(directory: Path, connections: int) -> tuple[int, subprocess.Popen[bytes]]:
    factors = {"a21026": Hj212Factor(parameter="so2", unit="ug/m3")}
    stations = tuple(
        Station(
            id=f"st-{number}",
            instruments=(
                Instrument(
                    id="gas1",
                    network="gas",  # type: ignore[arg-type]
                    cadence_s=60,
                    parameters=("so2",),
                    hj212=Hj212(mn=f"M{number}", cn=2011, password="123456", factors=factors),
                ),
            ),
        )
        for number in range(connections)
    )
    network = directory / "network.toml"
    network.write_text(network_toml(Network(zone="Asia/Shanghai", station_list=stations)), encoding="utf-8")
    port, nowhere = free_ports(2)
    chosen = {
        "RUN_DIR": directory / "run",
        "NETWORK": network,
        "GATEWAY_PORT": port,
        "GATEWAY_METRICS_PORT": 0,
        "GATEWAY_CONNECTIONS_MAX": connections + 10,
        "MQTT_URL": f"mqtt://127.0.0.1:{nowhere}",
    }
    environment = os.environ | {f"SKYGROUND_{name}": str(value) for name, value in chosen.items()}
    log = None if os.environ.get("BENCH_VERBOSE") else subprocess.DEVNULL
    return port, subprocess.Popen([sys.executable, "-m", "console.cli", "gateway"], env=environment, stderr=log)


async def _wait_open(port: int) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.2)
        else:
            writer.close()
            return


async def _stations(port: int, chosen: argparse.Namespace) -> tuple[list[float], int]:
    """Seconds from a frame to its answer, and how many frames were sent."""
    waits: list[float] = []
    rng = random.Random(10_000)
    gate = asyncio.Semaphore(200)
    lines = await asyncio.gather(*(_connect(port, gate) for _ in range(chosen.connections)))
    end = time.monotonic() + chosen.seconds
    counts = await asyncio.gather(
        *(
            _station(number, line, waits, end=end, period_s=chosen.period, first_s=rng.uniform(0, chosen.period))
            for number, line in enumerate(lines)
        )
    )
    return waits, sum(counts)


async def _connect(port: int, gate: asyncio.Semaphore) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    async with gate:
        return await asyncio.open_connection("127.0.0.1", port)


async def _station(
    number: int,
    line: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    waits: list[float],
    *,
    end: float,
    period_s: float,
    first_s: float,
) -> int:
    reader, writer = line
    sent = 0
    next_at = time.monotonic() + first_s
    while next_at < end:
        await asyncio.sleep(max(0.0, next_at - time.monotonic()))
        header = {
            "QN": f"20261122{sent:09d}",
            "ST": "22",
            "CN": "2011",
            "PW": "123456",
            "MN": f"M{number}",
            "Flag": "5",
        }
        content = f"DataTime=20261122{sent % 24:02d}0000;a21026-Rtd={number % 90}.5,a21026-Flag=N".encode()
        started = time.perf_counter()
        writer.write(encode_frame(Frame(header, content)) + b"\r\n")
        sent += 1
        answer = await asyncio.wait_for(reader.readline(), _PATIENCE_S)
        if b"CN=9014" not in answer:
            break
        waits.append(time.perf_counter() - started)
        next_at += period_s
    writer.close()
    return sent


def _allow_files(connections: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < connections + 200:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, connections + 200), hard))


if __name__ == "__main__":
    asyncio.run(main())
