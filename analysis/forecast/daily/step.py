"""Step model: how a concentration changes over some hours under their weather, run on from each issue to the end of the last lead.

It follows how the air builds up and is cleared hour by hour, which the daily models see only as sums; it needs the weather ahead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import lightgbm
import numpy as np
import pandas as pd

from analysis.forecast.daily.feature import ahead, drawn_weather, mean_known, network_mean
from analysis.forecast.daily.fold import FOLDS, fold_of, is_near
from analysis.forecast.daily.site_hours import DailyTarget

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.forecast.daily.site_hours import SiteHours

    Values = NDArray[np.float64]

STEPS_H = (3, 6)
"""Lengths of the steps; each length is a model."""
_STATE_H = (12, 24)
"""Hours back whose level is known to a step, besides the last two steps; also the time over which a missing level is carried on."""
_HALF_LIVES_H = (6, 24)
_WINDOW_H = 8
_FLOOR = {DailyTarget.PM25: 3.0, DailyTarget.MDA8: 1.0}
_OBJECTIVE: dict[DailyTarget, dict[str, object]] = {
    DailyTarget.PM25: {"objective": "huber", "alpha": 0.5},
    DailyTarget.MDA8: {"objective": "l2"},
}
"""Jumps of PM2.5 beyond a factor of 1.6 count by their size, not their square; held-out runs of 2013 to 2016 are nearer then."""
_SETTINGS: dict[str, object] = {
    "verbosity": -1,
    "deterministic": True,
    "force_col_wise": True,
    "max_bin": 63,
    "num_iterations": 300,
    "num_leaves": 31,
    "min_data_in_leaf": 60,
    "learning_rate": 0.06,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
}


@dataclass(frozen=True, slots=True)
class StepLevels:
    """Levels and weather by steps.

    Attributes
    ----------
    target : DailyTarget
    step_h : int
        Hours of a step.
    level : array, (steps, stations)
        Logarithm of PM2.5, square root of O3; NaN missing.
    weather : array of float32, (steps, stations, features)
        Of each step and the hours before it, hour of the day and season.
    """

    target: DailyTarget
    step_h: int
    level: Values
    weather: NDArray[np.float32]

    @property
    def a_day(self) -> int:
        """Steps of a day."""
        return 24 // self.step_h

    @property
    def back(self) -> tuple[int, ...]:
        """Steps back whose level is known to a step."""
        return tuple(sorted({1, 2, *(hour // self.step_h for hour in _STATE_H)}))


def simulate(hours: SiteHours, target: DailyTarget, *, last_training: int, leads: int, threads: int = 1) -> Values:
    """Daily values that step models run into from every day of issue, with the weather ahead.

    Parameters
    ----------
    hours : SiteHours
    target : DailyTarget
    last_training : int
        Place of the last day of training. Days up to it are run by models that saw neither their block nor the days next to it,
        later days by the mean of these models.
    leads : int
        Days ahead.
    threads : int

    Returns
    -------
    array, (days, stations, leads, len(STEPS_H))
        [µg m⁻³]; NaN where there is no level at the issue.
    """
    day = np.arange(len(hours.days))
    found = np.full((len(day), len(hours.stations), leads, len(STEPS_H)), np.nan)
    later = day[day > last_training]
    for place, step_h in enumerate(STEPS_H):
        steps = steps_of(hours, target, step_h)
        boosters = fit_folds(steps, day <= last_training, threads=threads)
        for fold, booster in boosters.items():
            own = day[(fold_of(day) == fold) & (day <= last_training)]
            found[own, :, :, place] = run_steps(booster, steps, own, leads)
        if boosters:
            runs = [run_steps(booster, steps, later, leads) for booster in boosters.values()]
            found[later, :, :, place] = np.mean(runs, axis=0)
    return found


def fit_folds(steps: StepLevels, training: NDArray[np.bool_], *, threads: int = 1) -> dict[int, lightgbm.Booster]:
    """Models by the fold that each of them did not see; ``training`` by day. A fold without others to learn from is left out."""
    day = np.arange(len(training))
    found = {fold: fit_steps(steps, training & ~is_near(day, fold), threads=threads) for fold in range(FOLDS)}
    return {fold: booster for fold, booster in found.items() if booster is not None}


def steps_of(hours: SiteHours, target: DailyTarget, step_h: int) -> StepLevels:
    """Means of steps from hours."""
    known = _by_step(hours.hourly["pm25" if target is DailyTarget.PM25 else "o3"], step_h)
    filled = np.where(np.isfinite(known), known, network_mean(known))
    filled = pd.DataFrame(filled).ffill(limit=_STATE_H[-1] // step_h).to_numpy()
    floored = np.maximum(filled, _FLOOR[target])
    level = np.log(floored) if target is DailyTarget.PM25 else np.sqrt(floored)
    return StepLevels(target, step_h, level, _weather(hours, step_h))


def fit_steps(steps: StepLevels, days: NDArray[np.bool_], *, threads: int = 1) -> lightgbm.Booster | None:
    """Learn the change over a step from the steps of some days; None where none is known."""
    last = [ahead(steps.level, -back) for back in steps.back]
    inputs = np.concatenate([_state(last), steps.weather], axis=-1).reshape(steps.level.size, -1)
    change = (steps.level - last[0]).ravel()
    rows = np.repeat(days, steps.a_day * steps.level.shape[1]) & np.isfinite(change)
    if not rows.any():
        return None
    settings = _SETTINGS | _OBJECTIVE[steps.target] | {"num_threads": threads, "seed": 0}
    return lightgbm.train(settings, lightgbm.Dataset(inputs[rows], change[rows], params=settings))


def run_steps(booster: lightgbm.Booster, steps: StepLevels, issue: NDArray[np.int64], days: int) -> Values:
    """Daily values that the model runs into from each issue.

    Parameters
    ----------
    booster : Booster
        From `fit_steps`.
    steps : StepLevels
    issue : array of int, (n,)
        Days of issue; levels before their midnight are used, and the weather from it on.
    days : int
        Days ahead; weather beyond the end of the data is that of the last step.

    Returns
    -------
    array, (n, stations, days)
        [µg m⁻³]; NaN without a level at the issue.
    """
    if not len(issue):
        return np.empty((0, steps.level.shape[1], days))
    first = issue * steps.a_day
    past = [_at(steps.level, first - back) for back in range(1, steps.back[-1] + 1)]
    unknown = ~np.isfinite(past[0])
    for ahead_steps in range(days * steps.a_day):
        at = np.minimum(first + ahead_steps, len(steps.level) - 1)
        inputs = np.concatenate([_state([past[back - 1] for back in steps.back]), steps.weather[at]], axis=-1)
        change = np.asarray(booster.predict(inputs.reshape(past[0].size, -1))).reshape(past[0].shape)
        past.insert(0, past[0] + change)
    run = np.stack(past[: days * steps.a_day][::-1], axis=-1)
    run = np.where(unknown[..., None], np.nan, run)
    return _daily(run.reshape(*run.shape[:2], days, steps.a_day), steps)


def _daily(run: Values, steps: StepLevels) -> Values:
    """Mean of the day, or the largest mean of consecutive steps about 8 h long."""
    if steps.target is DailyTarget.PM25:
        return np.asarray(np.exp(run).mean(axis=-1), dtype=float)
    windows = np.lib.stride_tricks.sliding_window_view(
        np.maximum(run, 0.0) ** 2, round(_WINDOW_H / steps.step_h), axis=-1
    )
    return np.asarray(windows.mean(axis=-1).max(axis=-1), dtype=float)


def _state(past: list[Values]) -> NDArray[np.float32]:
    """Level, its changes, and how far the mean of the stations is from it."""
    now = past[0]
    return np.stack([now, *(now - item for item in past[1:]), network_mean(now) - now], axis=-1).astype(np.float32)


def _at(level: Values, place: NDArray[np.int64]) -> Values:
    return np.where((place >= 0)[:, None], level[np.maximum(place, 0)], np.nan)


def _by_step(values: Values, step_h: int) -> Values:
    return mean_known(values.reshape(len(values) // step_h, step_h, -1), axis=1)


def _weather(hours: SiteHours, step_h: int) -> NDArray[np.float32]:
    drawn = drawn_weather(hours)
    now = {name: _by_step(values, step_h) for name, values in drawn.items()}
    columns = [*now.values(), *(ahead(values, -1) for values in now.values())]
    columns += [now[name] - ahead(now[name], -2) for name in ("pressure", "dew_point", "temperature")]
    for name in ("wind_speed", "north", "dryness"):
        for half_life in _HALF_LIVES_H:
            mean = pd.DataFrame(drawn[name]).ewm(halflife=half_life, ignore_na=True).mean().to_numpy()
            columns.append(mean[step_h - 1 :: step_h])
    angle = 2 * np.pi * np.repeat(np.asarray(hours.days.day_of_year, dtype=float), 24 // step_h) / 365.25
    part = np.tile(np.arange(24 // step_h, dtype=float), len(hours.days))
    shape = columns[0].shape
    columns += [np.broadcast_to(values[:, None], shape) for values in (part, np.sin(angle), np.cos(angle))]
    return np.stack(columns, axis=-1).astype(np.float32)
