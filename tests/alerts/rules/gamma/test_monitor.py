"""Wash-out of radon progeny is explained by rain and neighbours; a release is not."""

from __future__ import annotations

import copy
import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest

from alerts.rules.gamma.figure import GammaFigures
from alerts.rules.gamma.memory import StationMemory
from alerts.rules.gamma.monitor import AlarmLevel, DoseSample, DoseState, GammaMonitor, fit_levels, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

T0 = datetime(2026, 7, 1, tzinfo=UTC)
STEP = timedelta(minutes=30)
PLACES = {name: (123.0 + 0.1 * number, 41.8) for number, name in enumerate("abcd")}
DAYS = 9
COUNT = DAYS * 48
DRY = 350


def record(seed: int = 1) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Dose rates [nGy/h] of four stations and their common rain [mm]: 60 nGy/h, noise of 2 %, wash-out with 30 min half-time."""
    rng = np.random.default_rng(seed)
    rain = np.zeros(COUNT)
    for first in range(100, COUNT - 20, 96):
        rain[first : first + 6] = rng.uniform(1.0, 3.0)
    deposit = np.zeros(COUNT)
    for number in range(1, COUNT):
        deposit[number] = 0.5 * deposit[number - 1] + 4.0 * rain[number] ** 0.7
    doses = {
        name: 60.0 + factor * deposit + rng.normal(0, 1.2, COUNT)
        for name, factor in zip("abcd", (1, 0.8, 1.1, 0.9), strict=True)
    }
    return doses, rain


def run(doses: Mapping[str, np.ndarray], rain: np.ndarray, monitor: GammaMonitor | None = None) -> list[DoseState]:
    monitor = monitor or GammaMonitor(PLACES)
    return [
        state
        for number in range(COUNT)
        for state in monitor.observe(
            [DoseSample(name, T0 + number * STEP, float(doses[name][number]), float(rain[number])) for name in doses]
        )
    ]


def alarms(states: list[DoseState], station_id: str) -> list[datetime]:
    return [item.at for item in states if item.station_id == station_id and item.is_alarm]


def test_rain_that_doubles_nothing_raises_no_alarm() -> None:
    states = run(*record())
    late = [item for item in states if item.at >= T0 + timedelta(days=5)]
    assert max(item.baseline_ngy_h + item.explained_ngy_h for item in late) > 66
    assert not any(item.is_alarm for item in late)


@pytest.mark.parametrize("first", [DRY, 100 + 96 * 2 + 2], ids=["dry", "in rain"])
def test_a_release_of_three_hours_and_a_fifth_is_an_alarm_within_two_hours(first: int) -> None:
    doses, rain = record()
    doses["b"] = doses["b"].copy()
    doses["b"][first : first + 6] += 12.0
    found = alarms(run(doses, rain), "b")
    start = T0 + first * STEP
    assert any(start <= moment <= start + timedelta(hours=2) for moment in found)


def test_a_rise_that_all_stations_share_without_rain_is_an_alarm() -> None:
    doses, rain = record()
    first = DRY
    assert not rain[first - 12 : first + 6].any()
    for name in doses:
        doses[name] = doses[name].copy()
        doses[name][first : first + 6] += 60.0
    found = run(doses, rain)
    assert all(alarms(found, name) for name in doses)


def test_rain_explains_no_more_than_the_limit() -> None:
    doses, rain = record()
    first = 100 + 96 * 2
    for name in doses:
        doses[name] = doses[name].copy()
        doses[name][first : first + 6] += 400.0
    assert all(alarms(run(doses, rain), name) for name in doses)


def test_the_outcome_of_a_copy_is_that_of_the_original() -> None:
    doses, rain = record()
    monitor = GammaMonitor(PLACES)
    run(doses, rain, monitor)
    twin = GammaMonitor(PLACES)
    twin.memories = copy.deepcopy(monitor.memories)
    sample = DoseSample("a", T0 + COUNT * STEP, 70.0, 0.0)
    assert monitor.observe([sample]) == twin.observe([sample])


def test_the_state_survives_storing() -> None:
    doses, rain = record()
    monitor = GammaMonitor(PLACES)
    run(doses, rain, monitor)
    memory = monitor.memories["a"]
    assert msgspec.json.decode(msgspec.json.encode(memory), type=StationMemory) == memory


def test_an_alarm_does_not_become_the_baseline() -> None:
    doses, rain = record()
    doses["a"] = doses["a"].copy()
    doses["a"][5 * 48 :] += 30.0
    states = [item for item in run(doses, rain) if item.station_id == "a"]
    assert states[-1].baseline_ngy_h == pytest.approx(60.0, abs=1.0)
    assert states[-1].is_alarm


def test_values_that_are_not_finite_and_unknown_stations_have_no_state() -> None:
    monitor = GammaMonitor(PLACES)
    assert monitor.observe([DoseSample("a", T0, math.nan, None), DoseSample("z", T0, 60.0, 0.0)]) == []


def test_a_level_is_a_margin_above_the_highest_score_of_the_regime() -> None:
    figures = GammaFigures(least_level=1.0, margin_dry=1.5, margin_wet=2.0)
    made = [
        DoseState("a", T0, 60.0, 0.0, 0.0, score, 9.0, is_wet)
        for score, is_wet in ((0.5, False), (0.8, False), (3.0, True))
    ]
    assert fit_levels(made, figures) == {"a": AlarmLevel(dry=1.2000000000000002, wet=6.0)}


@pytest.mark.parametrize(
    ("station_id", "baseline_ngy_h", "dry", "wet"),
    [("a", 60.0, 2.0, 2.0), ("a", 20.0, 2.0, 3.0), ("far", 60.0, 3.0, 8.0)],
    ids=["near", "low baseline", "sparse"],
)
def test_levels_are_higher_without_near_stations_and_while_wet_for_a_low_baseline(
    station_id: str, baseline_ngy_h: float, dry: float, wet: float
) -> None:
    figures = GammaFigures(least_level=2.0, sparse_dry=1.5, sparse_wet=4.0, least_baseline_ngy_h=30.0)
    levels = {station_id: AlarmLevel(dry=1.0, wet=1.0)}
    for monitor in (GammaMonitor(PLACES | {"far": (130.0, 41.8)}, figures, held) for held in (levels, {})):
        for number in range(40):
            for rain_mm, level in ((0.0, dry), (1.0, wet)) if number == 39 else ((0.0, dry),):
                at = T0 + number * STEP + timedelta(minutes=rain_mm)
                states = monitor.observe([DoseSample(station_id, at, baseline_ngy_h, rain_mm)])
                assert all(item.level == pytest.approx(level) for item in states)


def test_rain_at_the_own_gauge_adds_noise() -> None:
    def score_in_rain(deposit_noise: float) -> float:
        monitor = GammaMonitor(PLACES, GammaFigures(deposit_noise=deposit_noise))
        for number in range(40):
            monitor.observe([DoseSample("a", T0 + number * STEP, 60.0, 0.0)])
        return monitor.observe([DoseSample("a", T0 + 40 * STEP, 80.0, 5.0)])[0].score

    assert 0 < score_in_rain(1.0) < 0.8 * score_in_rain(0.1)


def test_neighbours_are_the_nearest_within_the_distance() -> None:
    assert nearest(PLACES, 2, 20.0) == {"a": ("b", "c"), "b": ("a", "c"), "c": ("b", "d"), "d": ("c", "b")}
    assert nearest(PLACES, 2, 5.0)["a"] == ()
