"""Hours of a station whose species come from known sources."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd

START = datetime(2026, 5, 1, tzinfo=UTC)
SPECIES = (
    "sodium_ion",
    "chloride",
    "magnesium_ion",
    "silicon",
    "iron",
    "titanium",
    "zinc",
    "nitrate",
    "ammonium",
    "oc",
)
PROFILES = np.array([
    [1.2, 2.0, 0.15, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    [0.0, 0.0, 0.05, 2.0, 0.8, 0.08, 0.02, 0.0, 0.0, 0.4],
    [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.05, 5.0, 1.5, 0.8],
])  # fmt: skip


def mixed_hours(seed: int, hours: int = 24 * 12) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Hourly frame of the network pm, and the true mass from each source (hour, source) [ug m⁻³]."""
    rng = np.random.Generator(np.random.PCG64(seed))
    amounts = rng.lognormal(0.0, 0.8, (hours, len(PROFILES)))
    amounts[rng.random(amounts.shape) < 0.2] = 0.02
    clean = amounts @ PROFILES
    measured = clean * (1 + 0.07 * rng.standard_normal(clean.shape)) + 0.001 * rng.standard_normal(clean.shape)
    index = pd.date_range(START, periods=hours, freq="h", name="start")
    frame = pd.DataFrame(np.abs(measured), index, list(SPECIES))
    for name in SPECIES:
        frame[f"{name}__n"], frame[f"{name}__flag"] = 1, np.int8(1)
    mass = pd.DataFrame(amounts * PROFILES.sum(axis=1), index)
    return frame, mass
