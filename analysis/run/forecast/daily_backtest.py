"""Back-test of the daily forecast on files of a data set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from analysis.forecast.daily.backtest import backtest_daily
from analysis.forecast.daily.site_hours import site_hours
from analysis.run.hour_source import hours_of_files

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date
    from pathlib import Path

    from analysis.forecast.daily.backtest import DailyBacktest
    from analysis.forecast.daily.model import DailyOptions
    from analysis.forecast.daily.sample import WeatherInput
    from analysis.forecast.daily.site_hours import DailyTarget


def backtest_files(
    files: Iterable[Path],
    dataset: str,
    target: DailyTarget,
    *,
    weather: WeatherInput,
    train_until: date,
    options: DailyOptions | None = None,
) -> DailyBacktest:
    """Back-test the daily forecast on files.

    Parameters
    ----------
    files : iterable of Path
        Files, or folders of them, each with any number of sites.
    dataset : str
        A layout of `analysis.run.hour_source.LAYOUTS`.
    target : DailyTarget
    weather : WeatherInput
    train_until : date
        Last civil day of training.
    options : DailyOptions

    Raises
    ------
    DatasetError
        If a file has another layout or an hour of a site is there twice.
    BacktestPeriodError
        If the day leaves too little to train on or nothing to score.
    BacktestWeatherError
        With perfect weather, where the files have too little of it.
    """
    found = hours_of_files(files, dataset)
    scored = backtest_daily(site_hours(found.hourly, target, found.zone), target, weather, train_until, options)
    return msgspec.structs.replace(scored, out_of_range=dict(found.out_of_range))
