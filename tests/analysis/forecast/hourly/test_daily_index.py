"""Daily AQI from joint samples: by hand, in both editions, with the primary pollutant and what is missing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.forecast.hourly.daily_index import daily_index
from analysis.forecast.hourly.grid import LAST_LEAD_H, LEVELS, TARGETS, HourGrid, hour_grid
from analysis.forecast.hourly.issue import SeriesForecast
from analysis.forecast.hourly.model import ForecastKind, IntervalBasis
from tests.analysis.forecast.hourly.air import ZONE


def observed(start: str, hours: int, value: float = 40.0) -> HourGrid:
    index = pd.date_range(start, periods=hours, freq="h", tz="UTC", name="start")
    found = hour_grid({"a": pd.DataFrame(dict.fromkeys(TARGETS, value) | {"co": 0.5}, index=index)}, ZONE)
    assert found is not None
    return found


def forecast_of(target: str, middle: float, width: float = 0.0) -> SeriesForecast:
    levels = middle + width * (np.array(LEVELS) - 0.5)
    return SeriesForecast(
        series="a", target=target, quantiles=np.tile(levels, (LAST_LEAD_H, 1)), mean=np.full(LAST_LEAD_H, middle),
        warn=np.full(LAST_LEAD_H, middle),
        kind=ForecastKind.BOOSTED, out_of_range="", with_weather=np.zeros(LAST_LEAD_H, dtype=bool),
        basis=IntervalBasis.WITHOUT_WEATHER,
    )  # fmt: skip


def every(**changes: float) -> dict[str, SeriesForecast]:
    values = dict.fromkeys(TARGETS, 10.0) | {"co": 0.5} | changes
    return {target: forecast_of(target, value) for target, value in values.items()}


@pytest.mark.parametrize("hour", range(16, 40, 3))
def test_today_and_three_more_days_are_there_from_any_hour(hour: int) -> None:
    grid = observed("2026-04-29T16:00", hour)
    origin = grid.hours[-1] + pd.Timedelta(hours=1)
    days = daily_index(grid, every(), origin, None, ZONE)
    first = origin.tz_convert(ZONE).normalize()
    assert [day.tz_convert(ZONE) for day in days.index] == [first + pd.Timedelta(days=ahead) for ahead in range(4)]


@pytest.mark.parametrize(
    ("start", "aqi", "edition"), [("2026-02-25", 100, "HJ633-2012"), ("2026-03-04", 114, "HJ633-2026")]
)
def test_75_of_pm25_gives_the_index_of_the_edition_in_force(start: str, aqi: int, edition: str) -> None:
    grid = observed(f"{start}T16:00", 24)
    days = daily_index(grid, every(pm25=75.0), grid.hours[-1] + pd.Timedelta(hours=1), None, ZONE)
    row = days.iloc[1]
    assert (row["aqi"], row["edition"]) == (aqi, edition)
    assert (row["primary"], row["primary_probability"]) == ("PM2.5", 1.0)


def test_the_edition_changes_inside_a_forecast_with_the_civil_day() -> None:
    grid = observed("2026-02-26T16:00", 24)
    days = daily_index(grid, every(pm25=75.0), grid.hours[-1] + pd.Timedelta(hours=1), None, ZONE)
    assert days["edition"].tolist() == ["HJ633-2012"] + ["HJ633-2026"] * 3


def test_observed_hours_of_today_count() -> None:
    grid = observed("2026-04-29T16:00", 36, value=115.0)  # until 12:00 of the day
    days = daily_index(grid, every(pm25=115.0, o3=115.0), grid.hours[-1] + pd.Timedelta(hours=1), None, ZONE)
    assert days["observed_h"].tolist() == [12.0, 0.0, 0.0, 0.0]
    assert days["aqi"].iloc[0] == 150


def test_the_range_is_that_of_samples_and_opposed_pollutants_narrow_it() -> None:
    grid = observed("2026-04-29T16:00", 24)
    origin = grid.hours[-1] + pd.Timedelta(hours=1)
    found = every() | {target: forecast_of(target, 100.0, 80.0) for target in ("pm25", "pm10")}
    same = np.tile(np.arange(100, dtype=np.uint8)[:, None, None], (1, len(TARGETS), LAST_LEAD_H))
    rng = np.random.default_rng(1)
    apart = np.stack([[rng.permutation(100) for _ in range(LAST_LEAD_H)] for _ in TARGETS]).transpose(2, 0, 1)
    whole = daily_index(grid, found, origin, same, ZONE).iloc[2]
    mixed = daily_index(grid, found, origin, apart.astype(np.uint8), ZONE).iloc[2]
    assert whole["aqi_q95"] - whole["aqi_q05"] > 2 * (mixed["aqi_q95"] - mixed["aqi_q05"])
    assert whole["aqi_q05"] <= whole["aqi_q10"] <= whole["aqi"] <= whole["aqi_q90"] <= whole["aqi_q95"]


def test_a_pollutant_without_forecast_is_named() -> None:
    grid = observed("2026-04-29T16:00", 24)
    found = {target: item for target, item in every().items() if target != "co"}
    days = daily_index(grid, found, grid.hours[-1] + pd.Timedelta(hours=1), None, ZONE)
    assert set(days["missing"]) == {"CO 24h"}
    assert daily_index(grid, {}, grid.hours[-1], None, ZONE).empty
