"""A small network with a daily course, whose changes the weather decides."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from analysis.forecast.hourly.grid import HourGrid, hour_grid
from analysis.forecast.hourly.model import HourlyModel, HourlyOptions
from analysis.forecast.hourly.training import train

ZONE = ZoneInfo("Asia/Shanghai")
QUICK = HourlyOptions(rows=4000, trees=30, samples=60, targets=("pm25", "o3"))
LEVELS = {"pm25": (60.0, 75.0, 110.0), "o3": (120.0, 300.0)}


def frames(days: int = 90, count: int = 3) -> dict[str, pd.DataFrame]:
    """Hours of `count` stations: PM2.5 follows the calm of the days, O3 the hour."""
    rng = np.random.default_rng(5)
    n = days * 24
    index = pd.date_range("2026-03-01T16:00", periods=n, freq="h", tz="UTC", name="start")
    # hours are alike for half a day, so that only a weather forecast knows the day after
    wind = 3 + pd.Series(rng.normal(0, 1, n)).ewm(halflife=12).mean().to_numpy() * 6
    found = {}
    for place in range(count):
        level = 90 - 14 * wind + 10 * np.sin(np.arange(n) / 24 * 2 * np.pi) + rng.normal(0, 6, n) + 3 * place
        ozone = 80 + 60 * np.sin((np.arange(n) % 24 - 9) / 24 * 2 * np.pi) + rng.normal(0, 8, n)
        gas = {"pm25": level, "pm10": 1.5 * level, "o3": ozone, "no2": 30 + rng.normal(0, 3, n)}
        air = {
            "wind_speed": wind,
            "wind_direction": (40.0 * place + np.arange(n)) % 360,
            "temperature": 15 + 5 * rng.random(n),
        }
        found[f"s{place}"] = pd.DataFrame(gas | air, index=index)
    return found


def grid(days: int = 90, count: int = 3) -> HourGrid:
    """The grid of `frames`."""
    found = hour_grid(frames(days, count), ZONE)
    assert found is not None
    return found


def trained(known: HourGrid, *, before_end_d: int = 20) -> tuple[HourlyModel, int]:
    """A quick model of all hours but the last days, and the row of its end."""
    end = len(known.hours) - 24 * before_end_d
    model = train(known, before=known.hours[end], options=QUICK, levels=LEVELS)
    assert model is not None
    return model, end
