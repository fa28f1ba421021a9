"""Skill, coverage and cost of the daily forecast on real data, one JSON line a figure.

``python -m bench.analysis.forecast_daily`` needs the sites of Beijing in ``SKYGROUND_SHARED_DATA`` or ``../shared/data``. Trained
until 2016-02-29, scored on the year after; the CSI of lead day 1, and that of persistence and of lead day 0.
"""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from analysis.forecast.daily.backtest import LEADS_D, DailyBacktest, backtest_daily
from analysis.forecast.daily.model import DailyModel, train_daily
from analysis.forecast.daily.sample import WeatherInput, daily_features, daily_sample
from analysis.forecast.daily.site_hours import DailyTarget, SiteHours, site_hours
from analysis.forecast.daily.step import STEPS_H, fit_folds, run_steps, simulate, steps_of
from analysis.run.hour_source import hours_of_files

if TYPE_CHECKING:
    import pandas as pd
    from lightgbm import Booster

ZONE = ZoneInfo("Asia/Shanghai")
TRAIN_UNTIL = date(2016, 2, 29)
WORKLOAD = "Beijing, trained until 2016-02-29, test year from 2016-03-01"
STATIONS = 70
_HISTORY_D = 90


def main() -> int:
    """Print every figure; exit with 1 where the data are absent."""
    folder = _shared() / "beijing"
    if not folder.is_dir():
        sys.stderr.write("forecast.pm25: no folder beijing in SKYGROUND_SHARED_DATA\n")
        return 1
    frames = dict(hours_of_files([folder], "beijing").hourly)
    found: list[DailyBacktest] = []
    for target in DailyTarget:
        hours = site_hours(frames, target, ZONE)
        for weather in WeatherInput:
            found.append(backtest_daily(hours, target, weather, TRAIN_UNTIL))
            _say_skill(found[-1])
    shares = [item.coverage or 0.0 for result in found for item in result.lead_days]
    worst = max(shares, key=lambda share: abs(share - 0.9))
    _say({"name": "forecast.coverage", "value": worst, "unit": "1", "low": min(shares), "high": max(shares)})
    _say_cost(frames)
    return 0


def _say_skill(found: DailyBacktest) -> None:
    today, tomorrow = found.lead_days[:2]
    suffix = ".noweather" if found.weather == WeatherInput.NONE else ""
    _say(
        {
            "name": f"forecast.{found.target}{suffix}",
            "value": tomorrow.csi,
            "unit": "1",
            "persistence": tomorrow.persistence.csi,
            "today": today.csi,
            "persistence_today": today.persistence.csi,
            "pod": tomorrow.pod,
            "far": tomorrow.far,
            "r2": tomorrow.r2,
            "coverage": [item.coverage for item in found.lead_days],
            "workload": WORKLOAD,
        }
    )


def _say_cost(frames: dict[str, pd.DataFrame]) -> None:
    """Seconds to train all leads of one target, and to forecast them at 70 stations from 90 days of hours."""
    hours = site_hours(frames, DailyTarget.PM25, ZONE)
    until = int((np.datetime64(TRAIN_UNTIL) - hours.days[0].to_datetime64()) / np.timedelta64(1, "D"))
    began = time.perf_counter()
    models = _trained(hours, until)
    trained = time.perf_counter() - began
    names = list(frames)
    many = {f"s{number}": frames[names[number % len(names)]].iloc[-24 * _HISTORY_D :] for number in range(STATIONS)}
    folds = {
        step_h: fit_folds(steps_of(hours, DailyTarget.PM25, step_h), np.arange(len(hours.days)) <= until)
        for step_h in STEPS_H
    }
    began = time.perf_counter()
    _forecast(site_hours(many, DailyTarget.PM25, ZONE), models, folds)
    spent = time.perf_counter() - began
    workload = f"{len(frames)} sites, 3 years, 3 leads, perfect weather; forecast of {STATIONS} stations"
    _say({"name": "forecast.cost", "value": trained, "unit": "s", "forecast": spent, "workload": workload})


def _trained(hours: SiteHours, until: int) -> dict[int, DailyModel]:
    features = daily_features(hours)
    simulated = simulate(hours, DailyTarget.PM25, last_training=until, leads=len(LEADS_D))
    found = {}
    for lead in LEADS_D:
        sample = daily_sample(hours, features, lead, WeatherInput.PERFECT, simulated)
        found[lead] = train_daily(sample.where(sample.day + lead <= until), DailyTarget.PM25)
    return found


def _forecast(recent: SiteHours, models: dict[int, DailyModel], folds: dict[int, dict[int, Booster]]) -> None:
    """Every lead from the last day but two, whose weather ahead is in the hours."""
    features, last = daily_features(recent), len(recent.days) - len(LEADS_D)
    simulated = np.full((len(recent.days), len(recent.stations), len(LEADS_D), len(folds)), np.nan)
    for place, (step_h, boosters) in enumerate(folds.items()):
        steps = steps_of(recent, DailyTarget.PM25, step_h)
        runs = [run_steps(booster, steps, np.array([last]), len(LEADS_D)) for booster in boosters.values()]
        simulated[last, :, :, place] = np.mean(runs, axis=0)[0]
    for lead, model in models.items():
        sample = daily_sample(recent, features, lead, WeatherInput.PERFECT, simulated)
        model.predict(sample.where(sample.day == last))


def _shared() -> Path:
    return Path(os.environ.get("SKYGROUND_SHARED_DATA", Path(__file__).resolve().parents[2].parent / "shared" / "data"))


def _say(line: dict[str, object]) -> None:
    rounded = {name: round(value, 3) if isinstance(value, float) else value for name, value in line.items()}
    print(json.dumps(rounded), flush=True)


if __name__ == "__main__":
    sys.exit(main())
