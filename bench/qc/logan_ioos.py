"""Flags of ioos_qc for `bench.qc.logan`; runs in ioos_qc's own environment: ``python logan_ioos.py IN.npz OUT.npz``.

Of each series every test is run with every threshold of its grid, in units of the series' usual step; the caller joins and
chooses.
"""

from __future__ import annotations

import sys

import numpy as np
from ioos_qc import qartod

STEPS = (5, 10, 20, 50, 100, 200)
FLAT_H = (1, 2, 4, 8, 24)
CADENCE_S = 900
SUSPECT = 3


def main(source: str, target: str) -> None:
    """Read series, write masks by series, test and threshold."""
    data, found = np.load(source), {}
    for name in sorted({key.split("|")[0] for key in data.files}):
        values, times = data[f"{name}|values"], data[f"{name}|times"].astype("datetime64[s]")
        low, high, step = data[f"{name}|prior"]
        # A value outside the range would set off the other tests at its neighbours too.
        inside = np.where((values < low) | (values > high), np.nan, values)
        found[f"{name}|range|0"] = is_flagged(qartod.gross_range_test(values, (low, high)))
        for size in STEPS:
            found[f"{name}|spike|{size}"] = is_flagged(
                qartod.spike_test(inside, suspect_threshold=size * step, fail_threshold=1e12)
            )
            found[f"{name}|rate|{size}"] = is_flagged(
                qartod.rate_of_change_test(inside, times, threshold=size * step / CADENCE_S)
            )
        for hours in FLAT_H:
            found[f"{name}|flat|{hours}"] = is_flagged(
                qartod.flat_line_test(
                    inside, times, suspect_threshold=hours * 3600, fail_threshold=10**9, tolerance=step / 10
                )
            )
    np.savez_compressed(target, **found)


def is_flagged(flags: np.ma.MaskedArray) -> np.ndarray:
    """SUSPECT or FAIL."""
    return np.isin(np.ma.filled(flags, 9), (SUSPECT, 4))


if __name__ == "__main__":
    main(*sys.argv[1:])
