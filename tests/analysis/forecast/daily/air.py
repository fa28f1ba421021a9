"""Synthetic hours of sites whose PM2.5 builds up in calm air and whose O3 follows warmth."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

ZONE = ZoneInfo("Asia/Shanghai")


def site_frames(days: int, *, sites: int = 2, seed: int = 1) -> dict[str, pd.DataFrame]:
    """Frames of sites under one weather: calm spells of some days, then wind from the north."""
    rng = np.random.default_rng(seed)
    hours = days * 24
    index = pd.date_range("2013-02-28T16:00", periods=hours, freq="h", tz="UTC", name="start")
    spell = np.repeat(rng.uniform(0.5, 6.0, hours // 48 + 1), 48)[:hours]
    hour = np.arange(hours)
    warmth = 12 - 14 * np.cos(2 * np.pi * hour / 24 / 365) + 5 * np.sin(2 * np.pi * (hour % 24 - 8) / 24)
    level = np.empty(hours)
    level[0] = 60.0
    for step in range(1, hours):
        level[step] = level[step - 1] + 6.0 - 0.035 * spell[step] * level[step - 1]
    return {f"s{number}": _frame(index, spell, warmth, level * (1 + 0.1 * number), rng) for number in range(sites)}


def _frame(
    index: pd.DatetimeIndex, spell: np.ndarray, warmth: np.ndarray, level: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    noise = rng.normal(1.0, 0.05, len(index))
    return pd.DataFrame(
        {
            "pm25": level * noise, "pm10": 1.4 * level, "so2": 0.2 * level, "no2": 0.5 * level, "co": 0.01 * level,
            "o3": np.maximum(6.0 * warmth * noise, 2.0), "temperature": warmth, "pressure": 1010 + spell,
            "dew_point": warmth - spell, "rain": 0.0, "wind_speed": spell, "wind_direction": 0.0,
        },
        index=index,
    )  # fmt: skip
