"""How often 90 % intervals of profiles hold the truth: one line of JSON.

Mixtures of three sources with lognormal contributions, a fifth of them 0, and noise of the stated size. The truth is the profile times
the mean contribution of the whole population, so the intervals have to hold the error of sampling as well.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.receptor.pmf import bootstrap, displace, fit
from analysis.receptor.pmf.interval import growth_of, join_errors
from analysis.receptor.pmf.match import match_profiles

if TYPE_CHECKING:
    from numpy.typing import NDArray

PROFILES = np.array([
    [3.0, 2.0, 0.2, 0.0, 1.0, 0.5, 0.0, 0.1],
    [0.0, 0.3, 4.0, 3.0, 0.1, 0.1, 0.2, 0.0],
    [0.1, 0.0, 0.1, 0.2, 1.0, 0.3, 4.0, 3.0],
])  # fmt: skip
TRIALS, SAMPLES, RUNS, FIRST_SEED = 40, 120, 100, 10_000
ABSENT = 0.8
"""Share of samples in which a source is present."""
MAIN = 0.5
"""Least concentration of a main species in `PROFILES`."""
PARTS = ("intervals", "percent_intervals", "bootstrap", "percent_bootstrap", "displacement", "percent_displacement")


def trial(seed: int) -> NDArray[np.float64]:
    """Low end, high end and truth of each kind of range, (part, 3, factor, species), parts as `PARTS`; NaN for no range."""
    rng = np.random.Generator(np.random.PCG64(seed))
    true = rng.lognormal(0.0, 0.7, (SAMPLES, 3)) * (rng.random((SAMPLES, 3)) < ABSENT)
    clean = true @ PROFILES
    unc = pd.DataFrame(0.05 * clean + 0.1)
    conc = clean + unc * rng.standard_normal(clean.shape)
    base = fit(conc, unc, 3, starts=5, seed=seed)
    spread = bootstrap(base, conc, unc, block=1, runs=RUNS, seed=seed)
    moved = displace(base, conc, unc, levels=(growth_of(base),))
    truth = PROFILES * ABSENT * np.exp(0.7**2 / 2)
    rows, _ = match_profiles(base.profiles.to_numpy(), truth)
    parts = [
        [getattr(found, f"{kind}low").to_numpy()[rows], getattr(found, f"{kind}high").to_numpy()[rows], known]
        for found in (join_errors(base, spread, moved), spread, moved)
        for kind, known in (("", truth), ("percent_", 100 * truth / truth.sum(axis=0)))
    ]
    return np.array(parts)


def main() -> int:
    """Print one line of JSON."""
    found = np.array([trial(FIRST_SEED + number) for number in range(TRIALS)])
    low, high, truth = found[:, :, 0], found[:, :, 1], found[:, :, 2]
    holds = (low <= truth + 1e-9) & (truth - 1e-9 <= high)
    classes = {
        "main": PROFILES >= MAIN, "small": (PROFILES > 0) & (PROFILES < MAIN), "absent": PROFILES == 0,
    }  # fmt: skip
    with np.errstate(divide="ignore", invalid="ignore"):
        width = (high - low) / truth
    line = {
        "name": "pmf.coverage", "value": round(float(holds[:, 0][:, classes["main"]].mean()), 3),
        "unit": "share of 90 % intervals that hold the truth",
        "coverage": {
            part: {name: round(float(holds[:, at][:, chosen].mean()), 3) for name, chosen in classes.items()}
            for at, part in enumerate(PARTS)
        },
        "width_median": {
            part: {name: round(float(np.nanmedian(width[:, at][:, classes[name]])), 3) for name in ("main", "small")}
            for at, part in enumerate(PARTS)
        },
        "elements": {name: TRIALS * int(chosen.sum()) for name, chosen in classes.items()},
        "factors_without": int(np.isnan(low[:, 0]).all(axis=2).sum()), "trials": TRIALS,
        "workload": f"{SAMPLES} x 8, 3 factors, {RUNS} resamples; main: species of at least {MAIN}, small: below, absent: 0; width relative to the truth",
        "seeds": [FIRST_SEED, FIRST_SEED + TRIALS - 1],
    }  # fmt: skip
    print(json.dumps(line))
    return 0


if __name__ == "__main__":
    sys.exit(main())
