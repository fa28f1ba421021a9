"""Runs in the environment of ESAT: factorises the arrays of a file and prints seconds and Q of every start."""

from __future__ import annotations

import json
import sys
import time

import numpy as np
from esat.model.batch_sa import BatchSA


def _as_read(values: np.ndarray) -> np.ndarray:
    """As ESAT's own reader gives them: its compiled part takes rows for columns in any other layout and ends at Q > 1e8."""
    return np.asfortranarray(values, dtype=np.float32)


def main() -> None:
    """Arguments: file, factors, models, seed."""
    arrays = np.load(sys.argv[1])
    factors, models, seed = map(int, sys.argv[2:5])
    batch = BatchSA(
        V=_as_read(arrays["conc"]), U=_as_read(arrays["unc"]), factors=factors, models=models, method="ls-nmf", seed=seed, max_iter=20_000,
        converge_delta=0.1, converge_n=10, parallel=False, verbose=False,
    )  # fmt: skip
    began = time.perf_counter()
    batch.train()
    seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "q_true": [float(one.Qtrue) for one in batch.results if one is not None]}))


if __name__ == "__main__":
    main()
