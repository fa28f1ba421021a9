"""Rows of a daily model: features and target of each station and day of issue."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from analysis.forecast.daily.feature import ahead, calendar_features, issue_features, mean_between, weather_features

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.forecast.daily.feature import Features
    from analysis.forecast.daily.site_hours import SiteHours

_SINCE_ISSUE = ("wind_speed_day", "north_day", "dryness_day", "rain_day", "calm_hours", "clean_hours")


class WeatherInput(StrEnum):
    """Weather that a forecast knows of the days after its issue."""

    PERFECT = "perfect"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class DailyFeatures:
    """Features that every lead shares, by name, (days, stations)."""

    issue: Features
    weather: Features
    calendar: Features


@dataclass(frozen=True, slots=True, kw_only=True)
class DailySample:
    """Rows of one lead, all stations of a day side by side.

    Attributes
    ----------
    names : tuple of str
    matrix : array of float32, (rows, names)
    target : array, (rows,)
        [µg m⁻³] of the target day; NaN unknown.
    persistence : array, (rows,)
        Last valid daily value before the issue.
    simulated : array, (rows, models)
        Of `step.simulate`; no columns without it.
    day : array of int, (rows,)
        Place of the day of issue on the axis of days.
    """

    names: tuple[str, ...]
    matrix: NDArray[np.float32]
    target: NDArray[np.float64]
    persistence: NDArray[np.float64]
    simulated: NDArray[np.float64]
    day: NDArray[np.int64]

    def where(self, kept: NDArray[np.bool_]) -> DailySample:
        """Rows of a mask."""
        return DailySample(
            names=self.names,
            matrix=self.matrix[kept],
            target=self.target[kept],
            persistence=self.persistence[kept],
            simulated=self.simulated[kept],
            day=self.day[kept],
        )


def daily_features(hours: SiteHours) -> DailyFeatures:
    """Compute what all leads share."""
    calendar = calendar_features(hours.days, len(hours.stations))
    return DailyFeatures(issue_features(hours), weather_features(hours), calendar)


def daily_sample(
    hours: SiteHours,
    features: DailyFeatures,
    lead: int,
    weather: WeatherInput,
    simulated: NDArray[np.float64] | None = None,
    *,
    is_feature: bool = False,
) -> DailySample:
    """Rows of one lead.

    Parameters
    ----------
    hours : SiteHours
    features : DailyFeatures
    lead : int
        Days between the day of issue and the target day; 0 is the day that begins at the issue.
    weather : WeatherInput
    simulated : array, (days, stations, leads, models), or None
        Of `step.simulate`.
    is_feature : bool
        Whether the simulated values are columns of the matrix too. They are for MDA8; on PM2.5 they lowered the CSI of lead 1 in three
        parts of the training years (0.612 to 0.604, 0.682 to 0.674, 0.656 to 0.642).
    """
    rows = hours.daily.size
    columns = features.issue | {f"past_{name}": ahead(values, -1) for name, values in features.weather.items()}
    columns |= {name: ahead(values, lead) for name, values in features.calendar.items()}
    if weather is WeatherInput.PERFECT:
        columns |= {name: ahead(values, lead) for name, values in features.weather.items()}
    if weather is WeatherInput.PERFECT and lead:
        columns |= {f"eve_{name}": ahead(values, lead - 1) for name, values in features.weather.items()}
        columns |= {f"since_issue_{name}": mean_between(features.weather[name], lead) for name in _SINCE_ISSUE}
    if simulated is not None and is_feature:
        columns |= {f"simulated_{model}": simulated[:, :, lead, model] for model in range(simulated.shape[-1])}
    return DailySample(
        names=tuple(columns),
        matrix=np.column_stack([values.ravel() for values in columns.values()]).astype(np.float32),
        target=ahead(hours.daily, lead).ravel(),
        persistence=_last_known(hours.daily).ravel(),
        simulated=np.empty((rows, 0)) if simulated is None else simulated[:, :, lead].reshape(rows, -1),
        day=np.repeat(np.arange(len(hours.days)), len(hours.stations)),
    )


def _last_known(daily: NDArray[np.float64]) -> NDArray[np.float64]:
    """Last valid daily value of the station before each day."""
    known = np.isfinite(daily)
    place = np.maximum.accumulate(np.where(known, np.arange(len(daily))[:, None], -1), axis=0)
    last = np.take_along_axis(daily, np.maximum(place, 0), axis=0)
    return ahead(np.where(place >= 0, last, np.nan), -1)
