"""Outliers found in random fields by the tests in space, one JSON line a figure.

``python -m bench.space.outliers``; ``buddy_check`` and ``sct_resistant`` of titanlib, in an environment of its own, see the same
fields and the same limits.

Fields: 60 stations within 200 km, 200 hours, a random smooth field (scale 60 km) of standard deviation 20 on a level of 80,
noise of 3 a station; in each hour 3 stations are wrong by 60 to 120.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from bench.peer import peer_python
from qc.hourly.space.buddy import buddy_test
from qc.hourly.space.consistency import consistency_test
from qc.hourly.space.neighbours import StationCoordinates
from schemas.flag import Flag

SEED, STATIONS, HOURS, WRONG = 42, 60, 200, 3
LEVEL, SPREAD, SCALE_KM, NOISE = 80.0, 20.0, 60.0, 3.0
RADIUS_KM, DEVIATIONS, FLOOR = 80.0, 4.0, 3.0
BUDDY: dict[str, Any] = {
    "radius_km": RADIUS_KM, "height_m": 300.0, "deviations": DEVIATIONS, "floor": FLOOR, "min_neighbours": 4,
}  # fmt: skip
CONSISTENCY = {**BUDDY, "min_neighbours": 5, "length_km": SCALE_KM, "length_m": 200.0, "noise": 0.1}

TITANLIB = ("titanlib==0.4.0", f"numpy=={version('numpy')}")
PEER = """
import json, sys, time
import numpy as np, titanlib
data = np.load(sys.argv[1]); values, lat, lon, alt = (data[k] for k in ("values", "lat", "lon", "alt"))
n = len(lat); points = titanlib.Points(lat, lon, alt); one = np.ones(n)
out = {}
for name in ("buddy_check", "sct_resistant"):
    flags = np.zeros(values.shape, int); began = time.perf_counter()
    for hour, row in enumerate(values):
        if name == "buddy_check":
            flags[hour] = titanlib.buddy_check(points, row, np.full(n, 80e3), np.full(n, 4, int), 4.0, 300.0, 0.0, 3.0, 5)
        else:
            flags[hour] = list(titanlib.sct_resistant(points, row, np.ones(n, int), np.zeros(n), titanlib.MedianOuterCircle,
                5, 100, 80e3, 80e3, 10, 3, 30.0, 10e3, 100e3, 5, 200.0, row - 40, row + 40, row - 5, row + 5,
                0.1 * one, 4.0 * one, 4.0 * one, False, True)[0])
    out[name] = {"seconds": time.perf_counter() - began, "flags": (flags > 0).astype(int).tolist()}
print(json.dumps(out))
"""


def main() -> None:
    """Print recall, false alarms and time of each test."""
    values, places, wrong = fields(SEED)
    ours = {"buddy": partial(buddy_test, **BUDDY), "spatial_consistency": partial(consistency_test, **CONSISTENCY)}
    for name, run in ours.items():
        began = time.perf_counter()
        flags = run(values, places).flags == Flag.SUSPECT
        _say("skyground", name, flags, wrong, time.perf_counter() - began)
    for name, found in titanlib_flags(values, places).items():
        _say("titanlib", name, np.array(found["flags"], dtype=bool), wrong, found["seconds"])


def fields(seed: int) -> tuple[np.ndarray, StationCoordinates, np.ndarray]:
    """Values (hour, station), places, and which of the values are wrong."""
    rng = np.random.default_rng(seed)
    places = StationCoordinates(
        122.5 + rng.uniform(0, 2.0, STATIONS), 41 + rng.uniform(0, 1.5, STATIONS), rng.uniform(0, 150, STATIONS)
    )
    root = np.linalg.cholesky(np.exp(-0.5 * (places.distance_km() / SCALE_KM) ** 2) + 1e-6 * np.eye(STATIONS))
    values = LEVEL + SPREAD * rng.standard_normal((HOURS, STATIONS)) @ root.T
    values += NOISE * rng.standard_normal(values.shape)
    order = rng.random(values.shape).argsort(axis=1)
    wrong = order < WRONG
    values[wrong] += rng.uniform(60, 120, wrong.sum())
    return values, places, wrong


def titanlib_flags(values: np.ndarray, places: StationCoordinates) -> dict[str, dict[str, Any]]:
    """Flags (hour, station) and seconds by name of titanlib's tests; raises `bench.peer.PeerUnavailableError`."""
    python = peer_python("titanlib", *TITANLIB)
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "fields.npz"
        np.savez(path, values=values, lat=places.lat, lon=places.lon, alt=places.altitude_m)
        done = subprocess.run([python, "-c", PEER, str(path)], check=True, capture_output=True, text=True)
    found: dict[str, dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return found


def _say(by: str, test: str, flags: np.ndarray, wrong: np.ndarray, seconds: float) -> None:
    hit, false = int((flags & wrong).sum()), int((flags & ~wrong).sum())
    figures = {
        "name": "qc.space",
        "value": round(2 * hit / max(1, 2 * hit + false + int((wrong & ~flags).sum())), 4),
        "unit": "F1",
        "by": by,
        "test": test,
        "recall": round(hit / int(wrong.sum()), 4),
        "precision": round(hit / max(1, hit + false), 4),
        "seconds": round(seconds, 3),
        "workload": f"{HOURS} hours x {STATIONS} stations, {WRONG} wrong an hour, seed {SEED}",
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
