"""Ten native checks over a year of minutes, against ioos_qc's equivalents on the same series in the same run.

The series is 525,600 values around a slowly changing level with 500 spikes, 50 flat runs of 3 h and 5,000 missing values. Ours runs
in a process of its own, whose peak memory is read with that of its imports; ioos_qc runs in an environment of its own, and
only the checks that it has are compared. Every figure is the best of some runs; the ratio is of processor time. One line of JSON.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.memory import resident_bytes
from bench.peer import IOOS_QC, ROOT, PeerUnavailableError, peer_python

if TYPE_CHECKING:
    from collections.abc import Callable

SEED, VALUES = 42, 525_600
SPIKES, FLAT_RUNS, FLAT_LENGTH, MISSING = 500, 50, 180, 5_000
ROUNDS, PEER_ROUNDS = 7, 2
MUST_S, MUST_MB, MUST_RATIO = 0.5, 300, 5
WINDOW_S = 10_800
#: Our test, and name and arguments of that of ioos_qc; None where it has none.
PEER_CALLS: dict[str, tuple[str, dict[str, Any]] | None] = {
    "gross_range": ("gross_range", {"fail_span": [-10.0, 1000.0], "suspect_span": [0.0, 100.0]}),
    "climatology": (
        "climatology",
        {"config": [{"tspan": [m, m], "vspan": [0.0, 90.0 + m], "period": "month"} for m in range(1, 13)]},
    ),
    "spike": ("spike", {"suspect_threshold": 20.0, "fail_threshold": 50.0, "method": "differential"}),
    "rate_of_change": ("rate_of_change", {"threshold": 0.5, "fail_threshold": 1.0}),
    "flat_line": ("flat_line", {"suspect_threshold": WINDOW_S, "fail_threshold": 2 * WINDOW_S, "tolerance": 0.01}),
    "attenuated_signal": (
        "attenuated_signal",
        {
            "suspect_threshold": 0.1,
            "fail_threshold": 0.01,
            "test_period": WINDOW_S,
            "min_obs": 135,
            "check_type": "std",
        },
    ),
    "spike_burst": None,
    "step": None,
    "detection_limit": None,
    "gap": None,
}


def main() -> int:
    """Measure ours and theirs; status 1 where a bar is missed."""
    if sys.argv[1:2] == ["--ours"]:
        print(json.dumps(_measure_ours(Path(sys.argv[2]))))
        return 0
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "series.npz"
        values, times = make_series()
        calls = [["year", *call] for call in PEER_CALLS.values() if call is not None]
        arrays = {"year.values": values, "year.times": times, "calls": np.array(json.dumps(calls))}
        np.savez(path, **arrays)  # type: ignore[arg-type]  # the stub takes a key for allow_pickle
        ours = _output([sys.executable, "-m", "bench.qc.station_year", "--ours", str(path)])
        try:
            script = str(ROOT / "bench" / "qc" / "station_year_ioos.py")
            theirs = _output([str(peer_python("ioos_qc", *IOOS_QC)), script, "time", str(path), str(PEER_ROUNDS)])
        except PeerUnavailableError as error:
            sys.stderr.write(f"qc.station_year: no peer to compare with: {error}\n")
            theirs = None
    figures = _figures(ours, theirs)
    print(json.dumps(figures))
    is_met = figures["value"] <= MUST_S and figures["peak_rss_mb"] <= MUST_MB and figures["ratio"] >= MUST_RATIO
    return 0 if is_met else 1


def make_series(seed: int = SEED) -> tuple[np.ndarray, np.ndarray]:
    """Values and times of the year."""
    rng = np.random.default_rng(seed)
    day = np.arange(VALUES) / 1440
    values = 50 + 15 * np.sin(2 * np.pi * day) + 10 * np.sin(2 * np.pi * day / 365) + rng.normal(0, 0.5, VALUES)
    values[rng.choice(VALUES, SPIKES, replace=False)] += rng.uniform(40, 120, SPIKES)
    for first in rng.choice(VALUES - FLAT_LENGTH, FLAT_RUNS, replace=False):
        values[first : first + FLAT_LENGTH] = values[first]
    values[rng.choice(VALUES, MISSING, replace=False)] = np.nan
    times = np.datetime64("2026-01-01", "ns") + np.arange(VALUES) * np.timedelta64(60, "s")
    return values, times


def _measure_ours(path: Path) -> dict[str, Any]:
    from qc.native.test.attenuated_signal import attenuated_signal_test
    from qc.native.test.climatology import Spans, climatology_test
    from qc.native.test.detection_limit import detection_limit_test
    from qc.native.test.flat_line import flat_line_test
    from qc.native.test.gap import gap_test
    from qc.native.test.gross_range import gross_range_test
    from qc.native.test.rate_of_change import rate_of_change_test
    from qc.native.test.spike import SpikeMethod, spike_test
    from qc.native.test.spike_burst import spike_burst_test
    from qc.native.test.step import step_test

    imports_mb = resident_bytes() / 2**20
    series = np.load(path)
    values, times = series["year.values"], series["year.times"]
    months = times.astype("datetime64[M]").astype(np.int64) % 12 + 1
    hours = times.astype("datetime64[h]").astype(np.int64) % 24
    spans = Spans.of_months([[0.0]] * 12, [[90.0 + month] for month in range(1, 13)])
    differential = SpikeMethod.DIFFERENTIAL
    runs: dict[str, Callable[[], object]] = {
        "gross_range": lambda: gross_range_test(values, (-10, 1000), (0, 100)),
        "climatology": lambda: climatology_test(values, months, hours, spans),
        "spike": lambda: spike_test(values, 20, fail=50, method=differential),
        "rate_of_change": lambda: rate_of_change_test(values, times, 0.5, fail_per_s=1),
        "flat_line": lambda: flat_line_test(values, times, WINDOW_S, tolerance=0.01, fail_s=2 * WINDOW_S),
        "attenuated_signal": lambda: attenuated_signal_test(values, times, 0.1, fail=0.01, window_s=WINDOW_S),
        "spike_burst": lambda: spike_burst_test(values, times, 20),
        "step": lambda: step_test(values, times, 20, window_s=1800),
        "detection_limit": lambda: detection_limit_test(values, times, 2, persistent_s=86_400),
        "gap": lambda: gap_test(times[np.isfinite(values)], 60),
    }
    # The peer gets its times as they are and takes them apart itself, so taking them apart is counted here too.
    months_s = min(_seconds(lambda: times.astype("datetime64[M]").astype(np.int64) % 12 + 1) for _ in range(ROUNDS))
    best = {name: min(_seconds(run) for _ in range(ROUNDS)) for name, run in runs.items()}
    best["climatology"] += 2 * months_s
    walls = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for run in runs.values():
            run()
        walls.append(time.perf_counter() - began)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": best, "wall_s": min(walls) + 2 * months_s, "peak_rss_mb": peak_mb, "imports_rss_mb": imports_mb}


def _figures(ours: dict[str, Any], theirs: dict[str, Any] | None) -> dict[str, Any]:
    seconds = ours["seconds"]
    compared = [name for name, call in PEER_CALLS.items() if call is not None]
    peer = {} if theirs is None else dict(theirs["seconds"])

    def ratio(names: list[str]) -> float:
        return round(sum(peer[name] for name in names) / sum(seconds[name] for name in names), 1) if peer else 0.0

    return {
        "name": "qc.station_year",
        "value": round(ours["wall_s"], 3),
        "unit": "s for ten checks",
        "vs": f"{IOOS_QC[0]}: {', '.join(compared)}",
        "ratio": ratio(compared),
        "workload": f"{VALUES} one-minute values, {SPIKES} spikes, {FLAT_RUNS} flat runs of 3 h, {MISSING} missing, seed {SEED}",
        "limit_s": MUST_S,
        "peak_rss_mb": round(ours["peak_rss_mb"], 1),
        "imports_rss_mb": round(ours["imports_rss_mb"], 1),
        "ratio_without_flat_line": ratio([name for name in compared if name != "flat_line"]),
        "cpu_ms": {name: round(1000 * value, 1) for name, value in seconds.items()},
        "peer_cpu_ms": {name: round(1000 * value, 1) for name, value in peer.items()},
        "peer_peak_rss_mb": None if theirs is None else theirs["peak_rss_mb"],
        "load_1min": os.getloadavg()[0],
        "cpus": os.cpu_count(),
    }


def _seconds(run: Callable[[], object]) -> float:
    began = time.process_time()
    run()
    return time.process_time() - began


def _output(command: list[str]) -> dict[str, Any]:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        msg = f"{command[1:4]} failed: {done.stderr[-2_000:]}"
        raise RuntimeError(msg)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


if __name__ == "__main__":
    sys.exit(main())
