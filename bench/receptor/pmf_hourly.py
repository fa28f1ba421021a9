"""Seconds to split one new hour of 70 stations onto their factors, and how often 90 % intervals hold the truth: one line of JSON.

Mixtures of the simulator with known contributions. The profiles that a station knows are the true ones with log-normal errors of 15 %, and
one more for what the named sources leave (small sources, constant background). VOC are consumed by sunlight on the way, which no profile has.
"""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING

import numpy as np

from analysis.receptor.split import HourlySplit, split
from sensors.simulator.labelled import Mixture, source_mixture

if TYPE_CHECKING:
    import pandas as pd

STATIONS, FIRST_SEED = 70, 3_000
SCORED_H = 24
ERROR = 0.15
"""Standard deviation of the logarithm of known profiles [1]."""
REST = "rest"


def known_profiles(mixture: Mixture, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Profiles (mean concentration of a factor) with errors, and the true contributions relative to their mean."""
    rng = np.random.Generator(np.random.PCG64(seed))
    mean = mixture.contributions.mean(axis=0)
    true = mixture.profiles.mul(mean, axis=0)
    rest = (mixture.conc - mixture.contributions @ mixture.profiles).median(axis=0).clip(lower=0.0)
    true.loc[REST] = rest
    noise = np.exp(ERROR * rng.standard_normal(true.shape))
    return true * noise, mixture.contributions / mean


def scored(found: HourlySplit, truth: pd.DataFrame) -> np.ndarray:
    """Whether the intervals hold the truth, (hour, source)."""
    low, high = found.low[truth.columns].to_numpy(), found.high[truth.columns].to_numpy()
    return (low <= truth.to_numpy() + 1e-9) & (truth.to_numpy() <= high + 1e-9)


def main() -> int:
    """Print one line of JSON."""
    seconds: list[float] = []
    held: dict[str, list[np.ndarray]] = {"voc": [], "pm": []}
    width: list[np.ndarray] = []
    for number in range(STATIONS):
        mixture = source_mixture(FIRST_SEED + number, "pm" if number % 2 else "voc")
        profiles, truth = known_profiles(mixture, FIRST_SEED + number)
        hour, day = slice(-1, None), slice(-1 - SCORED_H, -1)
        begin = time.perf_counter()
        split(mixture.conc.iloc[hour], mixture.unc.iloc[hour], profiles, ERROR)
        seconds.append(time.perf_counter() - begin)
        found = split(mixture.conc.iloc[day], mixture.unc.iloc[day], profiles, ERROR)
        held["pm" if number % 2 else "voc"].append(scored(found, truth.iloc[day]).ravel())
        width.append((found.high - found.low)[truth.columns].to_numpy().ravel())
    every = [np.concatenate(found) for found in held.values()]
    line = {
        "name": "pmf.hourly", "value": round(sum(seconds), 3), "unit": "s", "must": 5, "aim": 1,
        "slowest_station": round(max(seconds), 4), "coverage": round(float(np.concatenate(every).mean()), 3),
        "coverage_voc": round(float(every[0].mean()), 3), "coverage_pm": round(float(every[1].mean()), 3),
        "intervals": int(sum(len(item) for item in every)), "width_median": round(float(np.median(np.concatenate(width))), 3),
        "workload": f"{STATIONS} stations, one new hour each; intervals: {SCORED_H} hours each, profiles known within {ERROR:.0%}",
        "seeds": [FIRST_SEED, FIRST_SEED + STATIONS - 1],
    }  # fmt: skip
    print(json.dumps(line))
    return 0


if __name__ == "__main__":
    sys.exit(main())
