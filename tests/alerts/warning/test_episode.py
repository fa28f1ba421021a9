"""Levels, episodes and acts of warnings on made AQI of 24 h; every boundary of hours."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.warning.episode import WarningAct, WarningEpisode, find_warnings
from alerts.warning.index import day_index
from alerts.warning.scheme import WarningLevel, warning_rules

ZONE = ZoneInfo("Asia/Shanghai")
NONE, YELLOW, ORANGE, RED = WarningLevel
CLEAN = [80.0] * 60


def warned(values: list[float], start: str = "2026-12-01") -> tuple[WarningEpisode, ...]:
    hours = pd.date_range(start, periods=len(values), freq="h", tz="UTC", name="start")
    return find_warnings(pd.Series(values, index=hours), warning_rules(), ZONE)


def level_of(spell: list[float], start: str = "2026-12-01") -> WarningLevel:
    found = warned([*CLEAN, *spell, *CLEAN], start)
    return found[0].level if found else NONE


def days(hours: int, value: float) -> list[float]:
    """AQI of the 24 h that end with each hour, of so many hours of pollution: the first end 24 h after it begins."""
    return [value] * (hours - 23)


@pytest.mark.parametrize(
    ("spell", "level"),
    [
        (days(24, 201), YELLOW),
        (days(24, 200), NONE),
        (days(47, 151), NONE),
        (days(48, 151), YELLOW),
        (days(48, 150), NONE),
        (days(47, 201), YELLOW),
        (days(48, 201), ORANGE),
        (days(71, 151), YELLOW),
        (days(72, 151), ORANGE),
        (days(71, 500), ORANGE),
        (days(72, 201), ORANGE),
        (days(72, 301), RED),
        ([*days(24, 301), *[201.0] * 48], RED),
        ([*days(24, 300), *[201.0] * 48], ORANGE),
    ],
)
def test_the_scheme_of_2024_at_its_boundaries(spell: list[float], level: WarningLevel) -> None:
    assert level_of(spell) is level


@pytest.mark.parametrize(
    ("spell", "level"),
    [
        (days(47, 201), NONE),
        (days(48, 201), YELLOW),
        (days(72, 201), ORANGE),
        (days(96, 201), ORANGE),
        ([*days(48, 301), *[201.0] * 48], RED),
        ([*days(47, 301), *[201.0] * 49], ORANGE),
        (days(24, 500), RED),
        (days(24, 499), NONE),
    ],
)
def test_the_scheme_of_2018_holds_before_2024(spell: list[float], level: WarningLevel) -> None:
    assert level_of(spell, "2020-12-01") is level


def test_a_warning_covers_the_hours_that_fulfil_it_and_is_released_after_36_clean_hours() -> None:
    episode = warned([*CLEAN, *days(24, 210), *[80.0] * 36])[0]
    assert episode.end - episode.start == timedelta(hours=24)
    assert [item.act for item in episode.steps] == [WarningAct.ISSUE, WarningAct.RELEASE]
    assert episode.steps[-1].at == episode.end


def test_35_clean_hours_release_nothing() -> None:
    assert not warned([*CLEAN, *days(24, 210), *[80.0] * 35])[0].is_released


@pytest.mark.parametrize(("gap_h", "count"), [(35, 1), (36, 2)])
def test_episodes_with_a_gap_of_less_than_36_h_are_one(gap_h: int, count: int) -> None:
    second = [80.0] * (gap_h + 23) + [210.0]
    found = warned([*CLEAN, *days(24, 210), *second, *CLEAN])
    assert len(found) == count


def test_a_level_rises_and_falls_within_an_episode() -> None:
    spell = [*days(48, 210), *[160.0] * 60]
    acts = [(item.act, item.level) for item in warned([*CLEAN, *spell, *CLEAN])[0].steps]
    assert acts[0] == (WarningAct.ISSUE, ORANGE)
    assert acts[-1] == (WarningAct.RELEASE, NONE)


def test_missing_hours_fulfil_nothing() -> None:
    assert warned([float("nan")] * 100) == ()
    assert level_of([*[201.0] * 20, float("nan"), *[201.0] * 3]) is YELLOW
    assert warned([]) == ()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([80.0, 160.0, 210.0, 310.0]), st.integers(1, 60)), min_size=1, max_size=8))
def test_worse_air_never_lowers_a_level_and_episodes_stay_apart(parts: list[tuple[float, int]]) -> None:
    values = np.concatenate([np.full(count, value) for value, count in parts])
    better, worse = warned(values.tolist()), warned((values + 40).tolist())
    highest = max((item.level.rank for item in better), default=0)
    assert max((item.level.rank for item in worse), default=0) >= highest
    for first, second in pairwise(better):
        assert second.start - first.end >= timedelta(hours=36)
    for item in better:
        assert item.end - item.start >= timedelta(hours=1)
        assert item.level.rank == max(step.level.rank for step in item.steps)


def test_ozone_and_dust_raise_no_aqi_of_a_warning() -> None:
    hours = pd.date_range("2026-12-01", periods=24, freq="h", tz="UTC", name="start")
    found = day_index(pd.DataFrame({"pm25": 50.0, "pm10": 600.0, "o3": 300.0}, index=hours), ZONE, pm_ratio=0.3)
    assert found.aqi.iloc[-1] < 100
    assert found.dust.iloc[-1]
    assert found.dust_aqi.iloc[-1] > 400
    assert found.ozone.iloc[-1] > 200
