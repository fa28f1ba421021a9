"""Daily means as they would have been with the usual weather of their season.

``normalised = usual + (observed - expected)``: ``usual`` is the mean of what the weather model expects of the day with the weather of other
days of its season, ``expected`` what a model that saw neither the week nor the days next to it expects with the weather of the
day. The part of a day that weather does not explain stays.

``usual`` alone (Grange and Carslaw 2019) follows a trend only as far as the model has learnt it, and its months have no scatter:
`bench.analysis.deweather_trend` counts how often the interval of the trend of either holds a known one.

References
----------
Drawn weather: Grange and Carslaw 2019, doi 10.1016/j.scitotenv.2018.10.344; within a window of the season: Vu et al. 2019, doi
10.5194/acp-19-11303-2019. The unexplained part and all numbers below are this project's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.forecast.deweather.model import WeatherModel, fit_weather, held_out, r_squared
from analysis.forecast.deweather.predictor import CALENDAR

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from analysis.forecast.deweather.predictor import Predictors

    Values = NDArray[np.float64]
    Places = NDArray[np.int64]

WINDOW_D = 14
"""Weather is drawn from days at most this far in the season, of all years."""
DRAWS = 30
_MODEL_DRAWS = 3
"""Of the draws, those that the models without a tenth of the weeks repeat."""
_YEAR_D = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalisedDays:
    """Days of several stations, arrays (days, stations) in the unit of the daily means; NaN where a day is not valid.

    Attributes
    ----------
    expected : array
        By the model that did not see the week, with the weather of the day.
    usual : array
        With drawn weather of the season; known on all days.
    normalised : array
        ``usual + observed - expected``; of a single day it may be negative.
    draw_error : array
        Standard error of ``usual`` by the number of draws.
    models : array, (folds, days, stations)
        By how much ``usual`` changes without each tenth of the weeks.
    r2 : float
        Of ``expected``, pooled.
    """

    expected: Values
    usual: Values
    normalised: Values
    draw_error: Values
    models: Values
    r2: float


def normalised_days(
    data: Predictors, daily: Values, *, seed: int = 0, progress: Callable[[float], None] | None = None
) -> NormalisedDays:
    """Normalise daily means.

    Parameters
    ----------
    data : Predictors
        At least two years, so that there is other weather of the season.
    daily : array, (days, stations)
        [µg m⁻³]; NaN missing.
    seed : int
        Of the draws.
    progress : callable or None
        Called with the part that is done [1].

    Raises
    ------
    ValueError
        Without a valid day.
    """
    said = progress or (lambda _: None)
    expected, models = held_out(data, daily, progress=lambda part: said(0.7 * part))
    model = fit_weather(data, daily, np.ones(len(daily), dtype=bool))
    places = drawn_places(data, seed)
    parts = np.empty((DRAWS, *daily.shape))
    for number, place in enumerate(places):
        parts[number] = with_weather_of(model, data, place)
        said(0.7 + 0.15 * (number + 1) / DRAWS)
    usual = parts.mean(axis=0)
    base = parts[:_MODEL_DRAWS].mean(axis=0)
    changes = np.empty((len(models), *daily.shape))
    for number, other in enumerate(models):
        found = [with_weather_of(other, data, place) for place in places[:_MODEL_DRAWS]]
        changes[number] = np.mean(found, axis=0) - base
        said(0.85 + 0.15 * (number + 1) / len(models))
    return NormalisedDays(
        expected=expected,
        usual=usual,
        normalised=usual + daily - expected,
        draw_error=parts.std(axis=0, ddof=1) / np.sqrt(DRAWS),
        models=changes,
        r2=r_squared(daily, expected),
    )


def jackknife_error(changes: Values) -> Values:
    """Standard error from figures without each part in turn, along the first axis.

    Examples
    --------
    >>> import numpy as np
    >>> float(jackknife_error(np.array([[1.0], [2.0], [3.0]]))[0])
    1.1547005383792515
    """
    parts = len(changes)
    return np.asarray(np.sqrt((parts - 1) * np.var(changes, axis=0)))


def with_weather_of(model: WeatherModel, data: Predictors, place: Places) -> Values:
    """What a model expects of each day with the weather of another, (days, stations).

    Parameters
    ----------
    model : WeatherModel
    data : Predictors
    place : array of int, (days,)
        Row of the other day; season, weekday and trend stay those of the day itself.
    """
    network = data.network.copy()
    network[:, : -len(CALENDAR)] = data.network[place, : -len(CALENDAR)]
    return model.predict(network, data.local[place])


def drawn_places(data: Predictors, seed: int) -> Places:
    """Rows of the days whose weather each day takes, (draws, days): evenly spread over the years within `WINDOW_D`."""
    rng = np.random.default_rng(seed)  # noqa: TID251  seeded by the caller
    season = np.minimum(np.asarray(data.days.day_of_year), _YEAR_D)
    near: dict[int, Places] = {}
    for day in np.unique(season):
        gap = np.abs(season - day)
        near[int(day)] = np.flatnonzero(np.minimum(gap, _YEAR_D - gap) <= WINDOW_D)
    found = np.empty((DRAWS, len(season)), dtype=np.int64)
    for row, day in enumerate(season):
        chosen = near[int(day)]
        at = (np.arange(DRAWS) + rng.uniform()) / DRAWS * len(chosen)
        found[:, row] = rng.permutation(chosen[at.astype(np.int64)])
    return found
