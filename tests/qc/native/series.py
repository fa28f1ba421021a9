"""Series that tests of native tests share."""

from __future__ import annotations

import numpy as np


def minutes(count: int) -> np.ndarray:
    """Consecutive minutes."""
    return np.datetime64("2026-01-01", "us") + np.arange(count) * np.timedelta64(60, "s")


def minute_ranges(*parts: tuple[int, int]) -> np.ndarray:
    """Minutes of half-open ranges."""
    found = np.concatenate([np.arange(first, last) for first, last in parts])
    return np.datetime64("2026-06-01T00:00", "us") + found * np.timedelta64(60, "s")


def noise(count: int, seed: int = 1) -> np.ndarray:
    """Values around 50."""
    return 50 + np.random.default_rng(seed).normal(0, 1, count)


def suspects(flags: np.ndarray) -> list[int]:
    """Positions that are SUSPECT."""
    return np.flatnonzero(flags == 3).tolist()
