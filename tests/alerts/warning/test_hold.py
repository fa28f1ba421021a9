"""Hysteresis of what is due: on boundaries, and scored on simulated forecasts that move around the condition."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np
import pandas as pd

from alerts.warning.episode import find_warnings
from alerts.warning.hold import EvaluatedLevel, HeldLevel, hold_level
from alerts.warning.scheme import WarningHysteresis, WarningLevel, WarningRules, warning_rules
from tests.alerts.warning.test_episode import ZONE

AT = datetime(2026, 12, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
NONE, YELLOW, ORANGE, RED = WarningLevel
FIGURES = warning_rules().hysteresis
WITHOUT = msgspec.structs.replace(FIGURES, margin=0, hold_h=0)


def followed(found: list[EvaluatedLevel], figures: WarningHysteresis = FIGURES) -> list[WarningLevel]:
    """Levels after one evaluation an hour."""
    held, levels = HeldLevel(), []
    for hour, item in enumerate(found):
        held = hold_level(held, AT + hour * HOUR, item, figures)
        levels.append(held.level)
    return levels


def test_a_higher_level_is_due_at_once_and_a_lower_one_after_the_hold() -> None:
    lower = [EvaluatedLevel(YELLOW, YELLOW)] * (FIGURES.hold_h + 1)
    levels = followed([EvaluatedLevel(YELLOW, YELLOW), EvaluatedLevel(RED, RED), *lower])
    assert levels == [YELLOW, RED, *[RED] * FIGURES.hold_h, YELLOW]


def test_what_the_lowered_conditions_fulfil_stays_due_however_long() -> None:
    assert followed([EvaluatedLevel(ORANGE, ORANGE), *[EvaluatedLevel(NONE, ORANGE)] * 100])[-1] is ORANGE
    assert followed([EvaluatedLevel(ORANGE, ORANGE), *[EvaluatedLevel(NONE, YELLOW)] * 100])[-1] is YELLOW


def test_the_hold_begins_again_when_an_evaluation_confirms_the_level() -> None:
    below, kept = EvaluatedLevel(NONE, NONE), EvaluatedLevel(NONE, YELLOW)
    levels = followed([EvaluatedLevel(YELLOW, YELLOW), *([*[below] * FIGURES.hold_h, kept] * 3), below])
    assert set(levels) == {YELLOW}


def test_without_a_forecast_that_reaches_far_enough_nothing_falls_and_a_higher_level_is_due() -> None:
    unknown = EvaluatedLevel(NONE, NONE, is_known=False)
    assert followed([EvaluatedLevel(YELLOW, YELLOW), *[unknown] * 50])[-1] is YELLOW
    assert followed([EvaluatedLevel(YELLOW, YELLOW), EvaluatedLevel(RED, RED, is_known=False)])[-1] is RED


def test_figures_of_zero_follow_each_evaluation() -> None:
    assert followed([EvaluatedLevel(YELLOW, YELLOW), EvaluatedLevel(NONE, NONE)], WITHOUT) == [YELLOW, NONE]


def _due(series: pd.Series, at: datetime, rules: WarningRules) -> WarningLevel:
    alive = [item for item in find_warnings(series, rules, ZONE) if item.end > at or not item.is_released]
    return max((item.level_from(at) for item in alive), key=lambda item: item.rank, default=NONE)


def _evaluated() -> list[EvaluatedLevel]:
    """One evaluation an hour of 8 days; the AQI of 24 h wanders around 160, forecasts err by 10 a day ahead (one sigma)."""
    rng, count = np.random.default_rng(1), 288
    noise = rng.normal(0, 4, count + 72)
    truth, level, error, found = [], 0.0, 0.0, []
    for item in noise:
        level = 0.985 * level + item
        truth.append(160 + level)
    for hour in range(96, count):
        error = 0.9 * error + rng.normal(0, 10 * np.sqrt(1 - 0.9**2))
        ahead = np.array(truth[hour : hour + 72]) + error * np.minimum(np.arange(72) / 24, 1.5)
        at = AT + hour * HOUR
        series = pd.Series(
            [*truth[hour - 96 : hour], *ahead], index=pd.date_range(at - 96 * HOUR, periods=168, freq="h")
        )
        found.append(EvaluatedLevel(_due(series, at, warning_rules()), _due(series, at, warning_rules().lowered())))
    return found


def test_hysteresis_takes_most_changes_and_delays_no_rise() -> None:
    def changes(levels: list[WarningLevel]) -> int:
        return sum(first is not second for first, second in zip([NONE, *levels], levels, strict=False))

    evaluated = _evaluated()
    without, kept = followed(evaluated, WITHOUT), followed(evaluated)
    assert changes(without) > 2 * changes(kept) > 0
    assert all(held.rank >= plain.rank for held, plain in zip(kept, without, strict=True))
