"""Months and trend of places before and after the weather is taken out, with what the weather model is worth."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd
from scipy.stats import norm
from scipy.stats import t as student

from analysis.forecast.daily.feature import mean_known
from analysis.forecast.deweather.model import FOLDS, held_out_plain, is_usable, r_squared
from analysis.forecast.deweather.normalise import jackknife_error, normalised_days
from analysis.forecast.deweather.predictor import of_stations
from analysis.statistics.assessment.month import days_of_valid_month, monthly_means
from analysis.statistics.block_bootstrap import LEVEL, day_weights, interval_of
from analysis.statistics.finite import finite_or_none
from analysis.statistics.trend import FEWEST_MONTHS, Trend, trend
from schemas.reason import Reason
from schemas.refusal import RefusedInputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from analysis.forecast.daily.site_hours import SiteHours
    from analysis.forecast.deweather.normalise import NormalisedDays
    from analysis.forecast.deweather.predictor import Predictors
    from schemas.reason import Figure

    Values = NDArray[np.float64]

ALL = "all"
"""Place that is the mean of the stations, day by day."""
NEEDED = ("wind_speed", "wind_direction", "temperature")
USED = (*NEEDED, "dew_point", "pressure", "rain")
"""Weather of the model (registry codes); the last three are left out where they were not measured."""
FEWEST_SHARE = 0.5
"""Of the hours that need each of `NEEDED`, at some station; project choice."""
FEWEST_DAYS = 365
"""With a valid daily mean, at some station, to train the model; project choice."""


class DeweatherError(RefusedInputError):
    """Too few days or too little weather; ``reason`` names what was found (message ``deweather.refused.<kind>``)."""


class NormalisedMonth(msgspec.Struct, frozen=True, kw_only=True):
    """One month of a place.

    Attributes
    ----------
    month : str
        As ``2016-05``.
    observed : float or None
        Mean of the valid days [unit]; None without any.
    normalised, low, high : float or None
        The same days with the usual weather of their season, and a 90 % interval: blocks of days drawn within the month,
        models without a tenth of the weeks, and draws of weather; no interval below 14 days.
    days : int
        Valid days, the denominator [d].
    is_valid : bool
        27 days, February 25: only these enter the trends.
    """

    month: str
    observed: float | None
    normalised: float | None
    low: float | None
    high: float | None
    days: int
    is_valid: bool


class NormalisedPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A station, or all of them.

    Attributes
    ----------
    place : str
        Station id, or `ALL`.
    days, valid_days : int
        Of the period, and with a valid daily value [d].
    before, after : Trend
        Of the valid months, observed and normalised [unit / a].
    months : tuple of NormalisedMonth
    """

    place: str
    days: int
    valid_days: int
    before: Trend
    after: Trend
    months: tuple[NormalisedMonth, ...]


class Deweathered(msgspec.Struct, frozen=True, kw_only=True):
    """What is left of a parameter with the usual weather.

    Attributes
    ----------
    parameter : str
        Registry code; of ``o3`` daily values are MDA8, of the others 24 h means.
    unit : str
    first, last : date
        Civil days, both included.
    r2, plain_r2 : float or None
        Part of the variance of daily values that the weather model predicts on whole weeks held out, pooled over stations, and the
        same for LightGBM with default parameters on plain weather of the day [1].
    n : int
        Station-days of both.
    folds : int
    weather : dict of str to float
        Share of the hours with each quantity at some station [1].
    left_out : tuple of str
        Stations without a valid day.
    places : tuple of NormalisedPlace
        `ALL` first.
    is_usable : bool or None
        Whether ``r2`` is at least `analysis.forecast.deweather.model.LEAST_R2`; if not, the normalised series and its trend are not to be used.
        None: of an earlier version, which did not state it.
    """

    parameter: str
    unit: str
    first: date
    last: date
    r2: float | None
    plain_r2: float | None
    n: int
    folds: int
    weather: dict[str, float]
    left_out: tuple[str, ...]
    places: tuple[NormalisedPlace, ...]
    is_usable: bool | None = None


def weather_shares(hours: SiteHours) -> dict[str, float]:
    """Share of the hours with each quantity of `USED` at some station [1]."""
    return {name: float(np.isfinite(hours.hourly[name]).any(axis=1).mean()) for name in USED}


def check_weather(hours: SiteHours) -> dict[str, float]:
    """`weather_shares`, if they suffice.

    Raises
    ------
    DeweatherError
        Where one of `NEEDED` has less than `FEWEST_SHARE` of the hours.
    """
    shares = weather_shares(hours)
    if any(shares[name] < FEWEST_SHARE for name in NEEDED):
        found = ", ".join(f"{name} {shares[name]:.0%}" for name in USED)
        needed = ", ".join(NEEDED)
        raise DeweatherError(_refusal("weather", hours, found=found, least=FEWEST_SHARE, needed=needed))
    return shares


def check_days(hours: SiteHours, daily: Values, parameter: str) -> None:
    """Whether there are enough days to train on; raises `DeweatherError`."""
    valid = int(np.isfinite(daily).any(axis=1).sum())
    if valid < FEWEST_DAYS:
        raise DeweatherError(_refusal("days", hours, parameter=parameter, valid=valid, needed=FEWEST_DAYS))


def deweathered(
    hours: SiteHours,
    data: Predictors,
    daily: Values,
    parameter: str,
    *,
    progress: Callable[[float], None] | None = None,
) -> Deweathered:
    """Normalise the daily values of stations and compare the trends.

    Parameters
    ----------
    hours : SiteHours
    data : Predictors
        Of the same days.
    daily : array, (days, stations)
        Daily values of ``parameter``, CO in mg m⁻³, the others in µg m⁻³; NaN not valid.
    parameter : str
    progress : callable or None
        Called with the part that is done [1].

    Raises
    ------
    DeweatherError
        Fewer than two years, too few valid days, or missing weather.
    """
    shares = check_weather(hours)
    months = len(hours.days.to_period("M").unique())
    if months < FEWEST_MONTHS:
        raise DeweatherError(_refusal("months", hours, months=months, needed=FEWEST_MONTHS))
    check_days(hours, daily, parameter)
    kept = np.asarray(np.isfinite(daily).any(axis=0))
    own = of_stations(data, kept)
    scale = 1000.0 if parameter == "co" else 1.0  # the model takes logarithms of µg m⁻³
    values = daily[:, kept] * scale
    said = progress or (lambda _: None)
    found = normalised_days(own, values, progress=lambda part: said(0.9 * part))
    plain = r_squared(values, held_out_plain(own, values))
    said(1.0)
    found = replace(
        found,
        normalised=found.normalised / scale,
        models=found.models / scale,
        draw_error=found.draw_error / scale,
    )
    names = [name for name, is_kept in zip(hours.stations, kept, strict=True) if is_kept]
    columns = {name: (number,) for number, name in enumerate(names)}
    places = ({ALL: tuple(range(len(names)))} if len(names) > 1 else {}) | columns
    r2 = finite_or_none(found.r2)
    return Deweathered(
        parameter=parameter,
        unit="mg/m3" if parameter == "co" else "ug/m3",
        first=hours.days[0].date(),
        last=hours.days[-1].date(),
        r2=r2,
        is_usable=is_usable(r2),
        plain_r2=finite_or_none(plain),
        n=int(np.isfinite(values).sum()),
        folds=FOLDS,
        weather=shares,
        left_out=tuple(name for name, is_kept in zip(hours.stations, kept, strict=True) if not is_kept),
        places=tuple(_place(name, hours.days, daily[:, kept], found, chosen) for name, chosen in places.items()),
    )


def _place(
    name: str, days: pd.DatetimeIndex, values: Values, found: NormalisedDays, chosen: tuple[int, ...]
) -> NormalisedPlace:
    own = list(chosen)
    observed, normalised = (mean_known(item[:, own], axis=1) for item in (values, found.normalised))
    changed = np.stack([item[:, own].mean(axis=1) for item in found.models])
    before, after = (monthly_means(pd.Series(item, index=days)) for item in (observed, normalised))
    period = days.to_period("M")
    months = []
    for month in period.unique():
        inside = np.asarray(period == month) & np.isfinite(observed)
        error = _error(changed[:, inside], found.draw_error[inside][:, own].mean(axis=1))
        months.append(_month(month, observed[inside], normalised[inside], error))
    return NormalisedPlace(
        place=name,
        days=len(days),
        valid_days=int(np.isfinite(observed).sum()),
        before=trend(before),
        after=trend(after),
        months=tuple(months),
    )


def _month(month: pd.Period, observed: Values, normalised: Values, error: float) -> NormalisedMonth:
    """Mean of some days; its interval is that of blocks of days and the half-width ``error``, added in squares."""
    count = len(observed)
    mean = float(normalised.mean()) if count else None
    low = high = None
    if mean is not None:
        low, high = interval_of(day_weights(count) @ normalised / count, mean, count)
    if mean is not None and low is not None and high is not None:
        low, high = mean - float(np.hypot(mean - low, error)), mean + float(np.hypot(high - mean, error))
    return NormalisedMonth(
        month=str(month),
        observed=float(observed.mean()) if count else None,
        normalised=mean,
        low=low,
        high=high,
        days=count,
        is_valid=count >= days_of_valid_month(month),
    )


def _error(changed: Values, draws: Values) -> float:
    """Half-width of the usual weather's mean over some days: models without a tenth of the weeks, and draws [unit]."""
    count = changed.shape[1]
    if not count:
        return 0.0
    of_models = float(jackknife_error(changed.mean(axis=1))) * float(student.ppf((1 + LEVEL) / 2, len(changed) - 1))
    of_draws = float(np.sqrt((draws**2).sum()) / count) * float(norm.ppf((1 + LEVEL) / 2))
    return float(np.hypot(of_models, of_draws))


def _refusal(kind: str, hours: SiteHours, **figures: Figure) -> Reason:
    span = {"first": f"{hours.days[0]:%Y-%m-%d}", "last": f"{hours.days[-1]:%Y-%m-%d}"}
    return Reason("refused", kind, span | figures, scope="deweather")
