"""How often independent noise is given a wind direction, and how often the intervals of its sectors hold the truth.

Concentrations and the two components of the wind are AR(1) series of their own, so no sector differs from all hours. 30 days a
trial, as the attribution has; a clear source at one side shows that the same rule still names it. Seeds stated in the output.
"""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
from scipy.signal import lfilter

from analysis.receptor.cpf import MINIMUM_HOURS_OF_SECTOR, SectorTable, cpf
from analysis.receptor.wind import sectors

HOURS = 720
TRIALS = 200
MEMORIES = (0.8, 0.95, 0.98)
SOURCES = (1.6, 2.0, 3.0)
QUANTILE = 0.75


def series(rng: np.random.Generator, memory: float) -> np.ndarray:
    """AR(1) of unit variance, after a start that is left out."""
    steps = np.sqrt(1 - memory**2) * rng.standard_normal(HOURS + 300)
    return np.asarray(lfilter([1.0], [1.0, -memory], steps)[300:])


def trial(rng: np.random.Generator, memory: float, boost: float = 1.0) -> SectorTable:
    """One month: noise, or with ``boost`` above 1 a source in the west that multiplies concentrations by it."""
    east, north = 2 * series(rng, 0.9), 2 * series(rng, 0.9)
    direction = np.rad2deg(np.arctan2(east, north)) % 360
    level = 30 * np.exp(0.5 * series(rng, memory)) * np.where(np.abs(direction - 270) < 25, boost, 1.0)
    index = pd.date_range("2026-05-01", periods=HOURS, freq="h", tz="UTC", name="start")
    values = pd.Series(level, index=index)
    sector = sectors(pd.Series(np.hypot(east, north), index=index), pd.Series(direction, index=index))
    return cpf(values, sector, float(values.quantile(QUANTILE)))


def main() -> None:
    """Print one line of JSON."""
    named, covered, together = 0, [], 0
    for memory in MEMORIES:
        for seed in range(TRIALS):
            table = trial(np.random.default_rng([seed, int(100 * memory)]), memory)
            named += table.leading() is not None
            held = [
                (row.low or 0.0) <= 1 - QUANTILE <= (row.high or 0.0)
                for row in table.rows
                if row.hours >= MINIMUM_HOURS_OF_SECTOR
            ]
            covered += held
            together += all(held)
    count = TRIALS * len(MEMORIES)
    found = {}
    for boost in SOURCES:
        leads = [trial(np.random.default_rng([seed, 7]), 0.9, boost).leading() for seed in range(TRIALS)]
        found[f"x{boost:g}"] = sum(lead is not None and lead.sector in {11, 12, 13} for lead in leads) / TRIALS
    figures = {
        "name": "attribution.noise",
        "value": named / count,
        "unit": "1",
        "must": 0.05,
        "interval_coverage": round(float(np.mean(covered)), 4),
        "intervals_together": round(together / count, 4),
        "source_found": found,
        "workload": f"{count} months of AR(1) noise (memory {MEMORIES}), seeds 0 to {TRIALS - 1}; sources as often",
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
