"""An invented sonde in an invented river: no real data."""

from __future__ import annotations

import numpy as np

from qc.detector.scoring import Prior

PER_HOUR = 4
PRIORS = {
    "water_temperature": Prior(low=-5, high=40),
    "water_conductivity": Prior(low=20, high=2000, least_offset=3),
    "dissolved_oxygen": Prior(low=2, high=22, least_offset=0.3),
    "turbidity": Prior(low=0, high=4000),
}


def river(days: int, seed: int = 1) -> dict[str, np.ndarray]:
    """Four parameters with a daily cycle and noise."""
    rng = np.random.default_rng(seed)
    rows = days * 24 * PER_HOUR
    day = 2 * np.pi * np.arange(rows) / (24 * PER_HOUR)
    temperature = 9 + 2 * np.sin(day) + rng.normal(0, 0.05, rows)
    return {
        "water_temperature": temperature.round(2),
        "water_conductivity": (330 + 3 * np.cos(day) + rng.normal(0, 0.3, rows)).round(1),
        "dissolved_oxygen": (10 - 0.3 * np.sin(day) + rng.normal(0, 0.03, rows)).round(2),
        "turbidity": np.exp(1.2 + rng.normal(0, 0.1, rows)).round(2),
    }


def visit(sonde: dict[str, np.ndarray], row: int, length: int = 4) -> None:
    """Lift the sonde out of the water for some rows."""
    sonde["water_temperature"][row : row + length] = -9999
    sonde["water_conductivity"][row : row + length] = 2.0


def hours(rows: int, step_s: int = 900) -> np.ndarray:
    """Times of rows."""
    return np.datetime64("2024-01-01T00:00:00") + np.arange(rows) * np.timedelta64(step_s, "s")
