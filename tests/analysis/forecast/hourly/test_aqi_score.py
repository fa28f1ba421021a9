"""Scores of the issued daily AQI."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pandas as pd

from analysis.forecast.hourly.aqi_score import aqi_scores, score_aqi

ZONE = ZoneInfo("Asia/Shanghai")
DAY = pd.Timestamp("2026-06-05T00:00+08:00").tz_convert("UTC")


def issued(origin: str, **changed: object) -> pd.DataFrame:
    row = {
        "station_id": "a", "model": "m", "origin": origin, "aqi": 120.0, "aqi_q10": 90.0, "aqi_q90": 140.0,
        "level": 3.0, "level_low": 2.0, "level_high": 3.0, "primary": "PM2.5",
    }  # fmt: skip
    return pd.DataFrame([row | changed], index=pd.DatetimeIndex([DAY], name="start"))


def observed(aqi: float, level: float, primary: object) -> pd.DataFrame:
    row = {"station_id": "a", "aqi": aqi, "level": level, "primary": primary}
    return pd.DataFrame([row], index=pd.DatetimeIndex([DAY], name="start"))


def test_level_range_and_primary_are_counted_by_the_day_of_issue() -> None:
    several = pd.concat(
        [issued("2026-06-04T15:00Z"), issued("2026-06-04T16:00Z"), issued("2026-06-05T10:00Z", primary="O3")]
    )
    found = {lead: sums for _, _, lead, _, sums in score_aqi(several, observed(95.0, 2.0, "pm25,pm10"), ZONE)}
    assert {lead: sums.n for lead, sums in found.items()} == {1: 1, 0: 2}
    today = aqi_scores([found[0]])
    assert (today.level, today.level_range, today.range, today.primary, today.mae) == (0.0, 1.0, 1.0, 0.5, 25.0)


def test_a_clean_day_has_no_primary_and_a_day_without_index_no_score() -> None:
    (found,) = score_aqi(issued("2026-06-04T16:00Z"), observed(40.0, 1.0, None), ZONE)
    scores = aqi_scores([found[4]])
    assert (scores.primary_n, scores.primary, scores.range) == (0, None, 0.0)
    assert list(score_aqi(issued("2026-06-04T16:00Z"), observed(float("nan"), float("nan"), ""), ZONE)) == []
