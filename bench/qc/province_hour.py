"""The hourly quality control of a province: 500 stations, 40 parameters at one minute, from and to a real InfluxDB.

More is filled than the look-back of the network's longest test (6 h) reads; the newest hours are processed one after the other, as they
are in operation, each of which is timed.

Run: ``python -m bench.qc.province_hour``
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from bench.qc.province import START, codes_of, fill, network_text, settings_of
from qc.run.job import run
from store.influx.store import InfluxStore
from tests import servers

STATIONS = int(os.environ.get("BENCH_STATIONS", "500"))
PARAMETERS, HOURS, ROUNDS = 40, 12, 2
HOUR = timedelta(hours=1)


def main() -> None:
    """Fill, process the newest hour, print one line of JSON."""
    codes = codes_of("voc", PARAMETERS)
    with (
        tempfile.TemporaryDirectory() as directory,
        servers.running(servers.influxd(Path(directory) / "influx")) as server,
    ):
        settings = settings_of(Path(directory), server.url, network_text(STATIONS, [("voc", 60, codes)]))
        store = InfluxStore(settings)
        began = time.perf_counter()
        fill(store, "voc", list(settings.stations.stations), codes, cadence_s=60, rows=HOURS * 60)
        filled = time.perf_counter() - began
        store.close()
        rounds, busy = [], []
        for number in range(ROUNDS):
            end = START + (HOURS - ROUNDS + 1 + number) * HOUR
            began, busy_before = time.perf_counter(), time.process_time()
            summary = run(settings, "voc", end - HOUR, end, end)
            rounds.append(time.perf_counter() - began)
            busy.append(time.process_time() - busy_before)
    report = {
        "name": "qc.province_hour",
        "value": round(min(rounds), 2),
        "unit": "s",
        "vs": "must 15 s, aim 10 s",
        "ratio": round(15 / min(rounds), 2),
        "workload": f"{STATIONS} stations x {len(codes)} parameters at 1 min, InfluxDB 1.6, one process, best of {ROUNDS}",
        "hours": summary.hours,
        "values": summary.value_count,
        "rounds_s": [round(item, 2) for item in rounds],
        "cpu_s": round(min(busy), 2),
        "fill_s": round(filled, 1),
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
