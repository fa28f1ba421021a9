"""How often 90 % bootstrap intervals of profiles hold the truth: one line of JSON.

Mixtures of three sources with lognormal contributions, a fifth of them 0, and noise of the stated size. The truth is the profile times
the mean contribution of the whole population, so the intervals have to hold the error of sampling as well.
"""

from __future__ import annotations

import json
import sys

import numpy as np
import pandas as pd

from analysis.receptor.pmf import bootstrap, fit
from analysis.receptor.pmf.match import match_profiles

PROFILES = np.array([
    [3.0, 2.0, 0.2, 0.0, 1.0, 0.5, 0.0, 0.1],
    [0.0, 0.3, 4.0, 3.0, 0.1, 0.1, 0.2, 0.0],
    [0.1, 0.0, 0.1, 0.2, 1.0, 0.3, 4.0, 3.0],
])  # fmt: skip
TRIALS, SAMPLES, RUNS, FIRST_SEED = 60, 120, 100, 9_000
ABSENT = 0.8
"""Share of samples in which a source is present."""


def trial(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Whether the intervals hold the truth, those of the profiles and of the per cents, and how wide the former are relative to it.

    Returns
    -------
    tuple of array, (factor, species), three times, and int
        Last the number of factors without an interval.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    true = rng.lognormal(0.0, 0.7, (SAMPLES, 3)) * (rng.random((SAMPLES, 3)) < ABSENT)
    clean = true @ PROFILES
    unc = pd.DataFrame(0.05 * clean + 0.1)
    conc = clean + unc * rng.standard_normal(clean.shape)
    base = fit(conc, unc, 3, starts=5, seed=seed)
    found = bootstrap(base, conc, unc, block=1, runs=RUNS, seed=seed)
    truth = PROFILES * ABSENT * np.exp(0.7**2 / 2)
    rows, _ = match_profiles(base.profiles.to_numpy(), truth)
    low, high, percent_low, percent_high = (
        frame.to_numpy()[rows] for frame in (found.low, found.high, found.percent_low, found.percent_high)
    )
    percent = 100 * truth / truth.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        width = (high - low) / truth
    holds_percent = (percent_low <= percent) & (percent <= percent_high)
    return (low <= truth) & (truth <= high), holds_percent, width, int(np.isnan(low).all(axis=1).sum())


def main() -> int:
    """Print one line of JSON."""
    held, held_percent, width, unfound = zip(*(trial(FIRST_SEED + number) for number in range(TRIALS)), strict=True)
    holds, holds_percent, wide = np.array(held), np.array(held_percent), np.array(width)
    large, zero = PROFILES >= 0.5, PROFILES == 0
    line = {
        "name": "pmf.coverage", "value": round(float(holds[:, large].mean()), 3), "unit": "share of 90 % intervals that hold the truth",
        "percent_of_species": round(float(holds_percent[:, large].mean()), 3), "small": round(float(holds[:, ~large & ~zero].mean()), 3), "zero": round(float(holds[:, zero].mean()), 3),
        "intervals": int(holds[:, large].size), "width_median": round(float(np.nanmedian(wide[:, large])), 3),
        "factors_not_found": int(sum(unfound)), "trials": TRIALS,
        "workload": f"{SAMPLES} x 8, 3 factors, {RUNS} resamples; value: species of at least 0.5, small: below, zero: absent",
        "seeds": [FIRST_SEED, FIRST_SEED + TRIALS - 1],
    }  # fmt: skip
    print(json.dumps(line))
    return 0


if __name__ == "__main__":
    sys.exit(main())
