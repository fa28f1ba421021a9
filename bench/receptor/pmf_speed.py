"""Our factorisation against ESAT's in the same run: one line of JSON.

``python -m bench.receptor.pmf_speed`` needs the shared data and, at its first run, a package index for the peer. Both run 20
starts of least squares in one process with one thread, one after the other; times exclude reading and imports.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from analysis.receptor.pmf import fit
from bench.peer import PeerUnavailableError, peer_python
from bench.receptor.files import SHARED, baltimore

FACTORS, STARTS, SEED, ROUNDS = 6, 20, 42, 3
ESAT_BEST_Q = 17_996.0
"""Lowest of 20 that was seen with these settings."""
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"), "1")


def main() -> int:
    """Print one line of JSON; status 1 where data or peer cannot be had."""
    if not (SHARED / "epa_pmf").is_dir():
        sys.stderr.write(f"pmf.speed: no data at {SHARED / 'epa_pmf'}\n")
        return 1
    conc, unc = baltimore()
    try:
        peer_seconds, peer_q = run_esat(conc, unc)
    except PeerUnavailableError as error:
        sys.stderr.write(f"pmf.speed: ESAT cannot be installed: {error}\n")
        return 1
    seconds, q_true = zip(*(ours(conc, unc) for _ in range(ROUNDS)), strict=True)
    own = float(np.median(seconds))
    ratio = round(peer_seconds / own, 1) if q_true[0] <= min(peer_q, ESAT_BEST_Q) else 0
    line = {
        "name": "pmf.speed", "value": ratio, "unit": "ESAT's seconds over ours", "must": 10, "aim": 50, "vs": "ESAT 2025.0.1 LS-NMF",
        "ratio": ratio, "seconds": round(own, 3), "seconds_rounds": [round(one, 3) for one in seconds],
        "seconds_esat": round(peer_seconds, 2), "q_true": round(q_true[0], 1), "q_true_esat": round(peer_q, 1),
        "workload": f"Baltimore, {conc.shape[0]} x {conc.shape[1]}, {FACTORS} factors, {STARTS} starts", "seeds": [SEED],
    }  # fmt: skip
    print(json.dumps(line))
    return 0


def ours(conc: np.ndarray, unc: np.ndarray) -> tuple[float, float]:
    """Seconds and best Q of our factorisation, non-negative as ESAT's."""
    began = time.perf_counter()
    result = fit(conc, unc, FACTORS, starts=STARTS, seed=SEED, robust=False, least_contribution=0.0)
    return time.perf_counter() - began, result.q_true


def run_esat(conc: np.ndarray, unc: np.ndarray) -> tuple[float, float]:
    """Seconds and best Q of the peer."""
    python = peer_python("esat", "esat==2025.0.1")
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "in.npz"
        np.savez(source, conc=conc, unc=unc)
        script = Path(__file__).with_name("pmf_esat.py")
        command = [str(python), "-W", "ignore", str(script), str(source), str(FACTORS), str(STARTS), str(SEED)]
        done = subprocess.run(command, env=os.environ | _ONE_THREAD, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    return float(found["seconds"]), float(min(found["q_true"]))


if __name__ == "__main__":
    sys.exit(main())
