"""One year of hourly means, 40 parameters with count and flag, from a real InfluxDB into a DataFrame.

Against the usual way on InfluxDB 1.x: the same statement over ``/query`` as JSON (requests), rows into a DataFrame, as
influxdb-python's ``DataFrameClient`` does. Both run in this process, alternately, on the same server; medians count.

Run: ``python -m bench.query_year``
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import requests

from store.influx.influxql import select
from store.influx.store import InfluxStore
from store.settings import SharedSettings
from tests import servers

if TYPE_CHECKING:
    from collections.abc import Callable

HOURS, PARAMETERS, ROUNDS = 8_760, 40, 7
START = datetime(2025, 1, 1, tzinfo=UTC)
END = START + timedelta(hours=HOURS)


def made_year() -> pd.DataFrame:
    """Hourly frame with 2 % of the values missing."""
    rng = np.random.default_rng(20)
    frame = {}
    for number in range(PARAMETERS):
        values = np.round(rng.lognormal(2, 0.8, HOURS), 3)
        values[rng.random(HOURS) < 0.02] = np.nan
        frame[f"parameter_{number}"] = values
        frame[f"parameter_{number}__n"] = np.where(np.isnan(values), 0, 60)
        frame[f"parameter_{number}__flag"] = np.where(np.isnan(values), 9, 1).astype(np.int8)
    return pd.DataFrame(frame, index=pd.date_range(START, periods=HOURS, freq="h", unit="us", name="start"))


def read_as_json(url: str, database: str) -> pd.DataFrame:
    """The peer's way: InfluxQL over JSON, rows of Python objects into a DataFrame."""
    params = {
        "db": database,
        "rp": "hourly",
        "epoch": "ns",
        "q": select("voc", START, END, tags={"station": "ln-sy-01"}),
    }
    series = requests.get(url + "/query", params=params, timeout=300).json()["results"][0]["series"][0]
    frame = pd.DataFrame(series["values"], columns=series["columns"])
    frame.index = pd.to_datetime(frame.pop("time"), unit="ns", utc=True)
    return frame


def seconds(call: Callable[[], object]) -> float:
    """Wall time of one call [s]."""
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def peak_mb(way: str, url: str, database: str) -> float:
    """Growth of the resident memory's peak by one read in a process of its own, imports excluded [MB]."""
    command = [sys.executable, "-m", "bench.query_year", way, url, database]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def resident_peak_kb(*, reset: bool = False) -> int:
    """Peak of the resident memory since the last reset, as Linux counts it [kB]."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5")  # see proc(5)
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0])


def print_peak(way: str, url: str, database: str) -> None:
    """Body of the process that `peak_mb` starts."""
    store = InfluxStore(SharedSettings(influx_url=url, influx_database=database))
    store.health()
    begun = resident_peak_kb(reset=True)
    _ = store.read_hourly("voc", "ln-sy-01", START, END) if way == "ours" else read_as_json(url, database)
    print((resident_peak_kb() - begun) / 1e3)


def main() -> None:
    """Write the year, read it both ways, print one line of JSON."""
    year = made_year()
    with tempfile.TemporaryDirectory() as directory, servers.running(servers.influxd(Path(directory))) as server:
        settings = SharedSettings(influx_url=server.url, influx_database="bench_query_year")
        store = InfluxStore(settings)
        store.ensure()
        writing = seconds(lambda: store.write_hourly("voc", "ln-sy-01", year))
        ours, peers = [], []
        for _ in range(ROUNDS):
            ours.append(seconds(lambda: store.read_hourly("voc", "ln-sy-01", START, END)))
            peers.append(seconds(lambda: read_as_json(server.url, settings.influx_database)))
        found = store.read_hourly("voc", "ln-sy-01", START, END)
        pd.testing.assert_frame_equal(found[list(year)], year, check_freq=False)
        memory = peak_mb("ours", server.url, settings.influx_database)
        memory_peer = peak_mb("peer", server.url, settings.influx_database)
        store.close()
    value, peer = statistics.median(ours), statistics.median(peers)
    report = {
        "name": "query.year",
        "value": round(value, 3),
        "unit": "s",
        "vs": "InfluxQL as JSON through requests into a DataFrame",
        "ratio": round(peer / value, 2),
        "workload": f"{HOURS} h x {PARAMETERS} parameters with count and flag ({PARAMETERS * 3} columns), one station, InfluxDB 1.6, median of {ROUNDS}",
        "peer_s": round(peer, 3),
        "write_s": round(writing, 3),
        "peak_mb": round(memory, 1),
        "peer_peak_mb": round(memory_peer, 1),
    }
    print(json.dumps(report))


if __name__ == "__main__":
    print_peak(*sys.argv[1:]) if len(sys.argv) > 1 else main()
