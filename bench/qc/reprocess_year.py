"""Reprocessing a year: 70 stations, hourly readings of all networks, from and to a real InfluxDB.

3, 6 and 12 months by one process show whether time grows with station-months alone; then 12 months by two.

Run: ``python -m bench.qc.reprocess_year``
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from bench.qc.province import START, codes_of, fill, network_text, settings_of
from qc.run.reprocess.job import reprocess
from qc.run.reprocess.plan import forget, plan
from store.influx.store import InfluxStore
from tests import servers

if TYPE_CHECKING:
    from store.settings import SharedSettings

STATIONS = int(os.environ.get("BENCH_STATIONS", "70"))
#: Networks with the number of their parameters.
NETWORKS = {"gas": 7, "met": 5, "pm": 15, "voc": 30, "eco": 8, "rad": 1, "ghg": 4}
DAYS = 365


def reprocessed(settings: SharedSettings, days: int, workers: int) -> tuple[float, int]:
    """Seconds and station-months of the first run over the first days of the year."""
    end = START + timedelta(days=days)
    station_months = plan(settings, list(NETWORKS), START, end, now=end)
    forget(settings, station_months)
    began = time.perf_counter()
    reprocess(settings, station_months, end, workers=workers)
    return time.perf_counter() - began, len(station_months)


def main() -> None:
    """Fill, reprocess, print one line of JSON."""
    instruments = [(network, 3600, codes_of(network, count)) for network, count in NETWORKS.items()]
    with (
        tempfile.TemporaryDirectory() as directory,
        servers.running(servers.influxd(Path(directory) / "influx")) as server,
    ):
        settings = settings_of(Path(directory), server.url, network_text(STATIONS, instruments))
        store = InfluxStore(settings)
        for network, cadence_s, codes in instruments:
            fill(store, network, list(settings.stations.stations), codes, cadence_s=cadence_s, rows=DAYS * 24)
        store.close()
        times = {months: reprocessed(settings, days, 1) for months, days in ((3, 90), (6, 181), (12, DAYS))}
        two, _ = reprocessed(settings, DAYS, 2)
    again, station_months = times[12]
    report = {
        "name": "qc.reprocess_year",
        "value": round(again / two, 2),
        "unit": "x",
        "vs": "one process; must 1.7",
        "ratio": round(again / two / 1.7, 2),
        "workload": f"{STATIONS} stations, {len(NETWORKS)} networks, hourly, {DAYS} days, InfluxDB 1.6",
        "station_months": station_months,
        "one_s": round(again, 1),
        "two_s": round(two, 1),
        "per_station_month_ms": {months: round(1e3 * took / count, 2) for months, (took, count) in times.items()},
        "months_s": {months: round(took, 1) for months, (took, _) in times.items()},
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
