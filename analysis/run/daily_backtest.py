"""Back-test of the daily forecast on files of a data set."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pandas as pd

from analysis.forecast.daily.backtest import backtest_daily
from analysis.forecast.daily.site_hours import site_hours
from sensors.datasets import DATASETS, DatasetError, beijing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import date, datetime
    from pathlib import Path

    from analysis.forecast.daily.backtest import DailyBacktest
    from analysis.forecast.daily.model import DailyOptions
    from analysis.forecast.daily.sample import WeatherInput
    from analysis.forecast.daily.site_hours import DailyTarget
    from sensors.datasets.table import Row

    _Values = Iterator[tuple[Row, datetime, dict[str, float]]]

LAYOUTS: Mapping[str, Callable[[Path], _Values]] = {"beijing": beijing.read_values}
"""Readers of hourly values by name of the data set; any site of that layout is read."""


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
        One of `LAYOUTS`.
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
    """
    hours = site_hours(read_sites(files, dataset), target, ZoneInfo(DATASETS[dataset].zone))
    return backtest_daily(hours, target, weather, train_until, options)


def read_sites(files: Iterable[Path], dataset: str) -> dict[str, pd.DataFrame]:
    """Hourly values by site: index UTC hour starts, columns by parameter in canonical units; raises `DatasetError`."""
    found: dict[str, dict[datetime, dict[str, float]]] = {}
    for path in files:
        for row, start, values in LAYOUTS[dataset](path):
            hours = found.setdefault(row.cells["station"], {})
            if start in hours:
                row.fail("hour", f"an hour of {row.cells['station']} once, {start:%Y-%m-%dT%H:%MZ} came before")
            hours[start] = values
    if not found:
        msg = "no hours in the files"
        raise DatasetError(msg)
    return {site: _frame(hours) for site, hours in found.items()}


def _frame(hours: dict[datetime, dict[str, float]]) -> pd.DataFrame:
    index = pd.DatetimeIndex(list(hours), name="start")
    return pd.DataFrame.from_records(list(hours.values()), index=index).sort_index()
