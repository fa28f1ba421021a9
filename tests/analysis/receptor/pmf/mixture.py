"""Synthetic mixtures with known sources."""

from __future__ import annotations

import numpy as np
import pandas as pd

SPECIES = ("pb", "zn", "fe", "ca", "oc", "ec", "so4", "no3")
PROFILES = np.array([
    [3.0, 2.0, 0.2, 0.0, 1.0, 0.5, 0.0, 0.0],
    [0.0, 0.3, 4.0, 3.0, 0.0, 0.1, 0.2, 0.0],
    [0.1, 0.0, 0.0, 0.2, 1.0, 0.3, 4.0, 3.0],
])  # fmt: skip


def mixture(seed: int, samples: int = 80, floor: float = 0.05) -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray]:
    """Concentrations with noise, their uncertainties, and the true contributions (sample, factor) with mean 1."""
    rng = np.random.Generator(np.random.PCG64(seed))
    true = rng.lognormal(0.0, 1.0, (samples, len(PROFILES)))
    true[rng.random(true.shape) < 0.2] = 0.0
    true /= true.mean(axis=0)
    clean = true @ PROFILES
    spread = 0.05 * clean + floor
    times = pd.date_range("2026-01-01", periods=samples, freq="D", tz="UTC", name="start")
    conc = pd.DataFrame(clean + spread * rng.standard_normal(clean.shape), times, list(SPECIES))
    return conc, pd.DataFrame(spread, times, list(SPECIES)), true
