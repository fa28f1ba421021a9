"""Flags of SaQC for `bench.qc.logan`; runs in SaQC's own environment: ``python logan_saqc.py IN.npz OUT.npz``.

Of each series every test is run with every threshold of its grid; the caller joins and chooses.
"""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
from saqc import SaQC

CONSTANT_H = (1, 2, 4, 8, 24)
DEVIATIONS = (3.5, 5, 8, 12, 20, 40)
FACTORS = (1.5, 2, 3, 5, 8)


def main(source: str, target: str) -> None:
    """Read series, write masks by series, test and threshold."""
    data, found = np.load(source), {}
    for name in sorted({key.split("|")[0] for key in data.files}):
        index = pd.DatetimeIndex(data[f"{name}|times"].astype("datetime64[s]").astype("datetime64[ns]"))
        series = pd.Series(data[f"{name}|values"], index=index)
        low, high, step = data[f"{name}|prior"]
        inside = series.where(series.between(low, high))
        found[f"{name}|range|0"] = flagged(series, "flagRange", min=low, max=high)
        for hours in CONSTANT_H:
            found[f"{name}|constant|{hours}"] = flagged(inside, "flagConstants", window=f"{hours}h", thresh=step / 10)
        for size in DEVIATIONS:
            found[f"{name}|deviation|{size}"] = flagged(
                inside, "flagZScore", method="modified", window="1D", thresh=size
            )
        for size in FACTORS:
            found[f"{name}|outlier|{size}"] = flagged(inside, "flagUniLOF", thresh=size)
    np.savez_compressed(target, **found)


def flagged(series: pd.Series, test: str, **settings: object) -> np.ndarray:
    """Rows that a test flags; rows without a value are not."""
    result = getattr(SaQC(data=pd.DataFrame({"x": series})), test)("x", **settings)
    return (result.flags["x"].reindex(series.index).fillna(-np.inf).to_numpy() > 0) & series.notna().to_numpy()


if __name__ == "__main__":
    main(*sys.argv[1:])
