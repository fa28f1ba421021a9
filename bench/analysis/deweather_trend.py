"""How often the interval of a trend with the usual weather holds a known trend, one JSON line.

``python -m bench.analysis.deweather_trend [SEEDS]``: simulated series of four years whose sources fall while the wind clears the air more from
year to year. ``peer``: the mean of the weather model over drawn weather alone (Grange and Carslaw 2019). ``observed``: without normalisation.
"""

from __future__ import annotations

import json
import sys
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from analysis.forecast.daily.site_hours import DailyTarget, SiteHours, site_hours
from analysis.forecast.deweather.model import daily_means
from analysis.forecast.deweather.normalise import normalised_days
from analysis.forecast.deweather.predictor import predictors
from analysis.statistics.assessment.month import monthly_means
from analysis.statistics.trend import trend

SEEDS = 12
SLOPE, DRIFT, YEARS = -0.05, 0.06, 4
_DAY_H = 24


def main() -> int:
    """Print the figure."""
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else SEEDS
    true = 100 * SLOPE / (1 + SLOPE * YEARS / 2)
    held: dict[str, list[bool]] = {"observed": [], "peer": [], "value": []}
    slopes: dict[str, list[float]] = {name: [] for name in held}
    for seed in range(seeds):
        hours = drifting_air(seed)
        daily = daily_means(hours, "pm25")
        found = normalised_days(predictors(hours), daily)
        for name, values in (("observed", daily), ("peer", found.usual), ("value", found.normalised)):
            item = trend(monthly_means(pd.Series(values[:, 0], index=hours.days)))
            assert item.percent is not None
            assert item.percent_low is not None
            assert item.percent_high is not None
            held[name].append(item.percent_low <= true <= item.percent_high)
            slopes[name].append(item.percent)
    line: dict[str, object] = {"name": "deweather.trend", "value": round(float(np.mean(held["value"])), 3), "unit": "1"}
    line |= {name: round(float(np.mean(held[name])), 3) for name in ("peer", "observed")}
    line |= {f"percent_{name}": round(float(np.mean(found)), 2) for name, found in slopes.items()}
    line["percent_true"] = round(true, 2)
    line["workload"] = (
        f"{seeds} simulated series of {YEARS} years, sources {100 * SLOPE:+.0f} % of the first year a year, wind "
        f"{100 * DRIFT:+.0f} % a year; share of 95 % intervals that hold the trend"
    )
    print(json.dumps(line), flush=True)
    return 0


def drifting_air(
    seed: int, *, years: int = YEARS, slope: float = SLOPE, drift: float = DRIFT, stations: int = 1
) -> SiteHours:
    """Hours of PM2.5 in a box that wind and rain clear, with memory from day to day.

    Parameters
    ----------
    seed : int
    years : int
        Of 365.25 days from 2013-01-01 on.
    slope : float
        Change of the sources a year, as part of those at the start [1/a].
    drift : float
        Change of the logarithm of the wind speed a year [1/a].
    stations : int
        With the same weather.
    """
    rng = np.random.default_rng(seed)
    days = int(365.25 * years)
    year = np.arange(days) / 365.25
    season = np.cos(2 * np.pi * year)
    speed = 2.0 * np.exp(0.15 * season + drift * year + _noise(rng, days, 0.5, 0.5))
    direction = rng.uniform(0, 360, days)
    temperature = 12 - 13 * season + _noise(rng, days, 0.7, 3.0)
    dew_point = temperature - 5 - _noise(rng, days, 0.6, 3.0)
    rain = np.where(rng.uniform(size=days) < 0.15, rng.exponential(0.5, days), 0.0)
    weather = {
        "wind_speed": np.repeat(speed, _DAY_H) * rng.lognormal(0, 0.2, _DAY_H * days),
        "wind_direction": np.repeat(direction, _DAY_H),
        "temperature": np.repeat(temperature, _DAY_H),
        "dew_point": np.repeat(dew_point, _DAY_H),
        "pressure": np.repeat(1015 + 8 * season + _noise(rng, days, 0.7, 5.0), _DAY_H),
        "rain": np.repeat(rain, _DAY_H),
    }
    cleared = 0.35 * speed + 0.15 * np.maximum(speed * np.cos(np.deg2rad(direction)), 0) + 0.3 * rain
    sources = (1 + slope * year) * (1 + 0.25 * season)
    level = _box(sources, cleared) * np.exp(0.02 * dew_point + _noise(rng, days, 0.4, 0.25) - 0.25**2 / 2)
    index = pd.date_range("2013-01-01", periods=_DAY_H * days, freq="h", tz="Asia/Shanghai").tz_convert("UTC")
    frames = {
        f"s{number}": pd.DataFrame(
            weather | {"pm25": np.repeat(level * (1 + 0.1 * number) * rng.lognormal(0, 0.1, days), _DAY_H)}, index=index
        )
        for number in range(stations)
    }
    return site_hours(frames, DailyTarget.PM25, ZoneInfo("Asia/Shanghai"))


def _box(sources: np.ndarray, cleared: np.ndarray) -> np.ndarray:
    """Concentration at the end of each day [µg m⁻³]."""
    found, content = np.empty(len(sources)), 50.0
    for day, (source, rate) in enumerate(zip(sources, cleared, strict=True)):
        kept = np.exp(-rate)
        content = content * kept + 60.0 * source * (1 - kept) / rate
        found[day] = content
    return found


def _noise(rng: np.random.Generator, days: int, persistence: float, spread: float) -> np.ndarray:
    steps = rng.normal(0, spread * np.sqrt(1 - persistence**2), days)
    found = np.zeros(days)
    for day in range(1, days):
        found[day] = persistence * found[day - 1] + steps[day]
    return found


if __name__ == "__main__":
    sys.exit(main())
