"""Alarm levels and memories of the gamma rule from stored hours. Pure."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from alerts.rules.gamma.memory import StationMemory
from alerts.rules.gamma.monitor import AlarmLevel, DoseSample, GammaMonitor, fit_levels

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

    from alerts.rules.gamma.figure import GammaFigures

WARM_UP = timedelta(days=5)
"""Hours of a record that are evaluated and not counted: baseline and fit are not yet those of the station."""
DAY_H = 24


class GammaTraining(msgspec.Struct, frozen=True, kw_only=True):
    """What the stored hours of a station give.

    Attributes
    ----------
    days : float
        Days of hours that were evaluated after the warm-up [d].
    level : AlarmLevel or None
        None: fewer days than the rule asks for; the station is not evaluated.
    memory : StationMemory or None
        At the end of the record; None without an hour.
    """

    days: float
    level: AlarmLevel | None = None
    memory: StationMemory | None = None


def train(
    places: Mapping[str, tuple[float, float]],
    doses: Mapping[str, pd.Series],
    rains: Mapping[str, pd.Series],
    figures: GammaFigures,
    *,
    min_days: int,
) -> dict[str, GammaTraining]:
    """Levels by station; of a station without hours too, with 0 days.

    Parameters
    ----------
    places : mapping of str to (float, float)
        Longitude and latitude of the stations of the rule [deg].
    doses : mapping of str to Series
        Hourly dose rates [nGy h⁻¹], index UTC hour starts; NaN is missing.
    rains : mapping of str to Series
        Hourly rain [mm], NaN where unknown.
    min_days : int
        Fewer days of hours: no level [d].
    """
    monitor = GammaMonitor(places, figures)
    begin: dict[str, datetime] = {}
    states = [state for step in _steps(places, doses, rains) for state in monitor.observe(step)]
    for state in states:
        begin.setdefault(state.station_id, state.at)
    counted = [state for state in states if state.at >= begin[state.station_id] + WARM_UP]
    hours = Counter(state.station_id for state in counted)
    levels = fit_levels(counted, figures)
    return {
        name: GammaTraining(
            days=hours[name] / DAY_H,
            level=levels[name] if hours[name] >= min_days * DAY_H else None,
            memory=monitor.memories[name] if monitor.memories[name].seen_at is not None else None,
        )
        for name in places
    }


def _steps(
    places: Mapping[str, tuple[float, float]],
    doses: Mapping[str, pd.Series],
    rains: Mapping[str, pd.Series],
) -> Iterator[list[DoseSample]]:
    by_hour: dict[datetime, list[DoseSample]] = {}
    for name in places:
        if name not in doses:
            continue
        values = doses[name].dropna()
        rain = rains[name].reindex(values.index).tolist() if name in rains else [None] * len(values)
        for at, value, fallen in zip(values.index, values.tolist(), rain, strict=True):
            is_known = fallen is not None and fallen == fallen  # noqa: PLR0124 - NaN is not known
            sample = DoseSample(name, at.to_pydatetime(), value, fallen if is_known else None)
            by_hour.setdefault(sample.at, []).append(sample)
    for at in sorted(by_hour):
        yield by_hour[at]
