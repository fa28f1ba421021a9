"""Back-test of the daily forecast: trained up to a day, scored on every day of issue after it, against persistence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd

from analysis.forecast.daily.model import COVERAGE, DailyOptions, DailyPrediction, train_daily
from analysis.forecast.daily.sample import DailySample, WeatherInput, daily_features, daily_sample
from analysis.forecast.daily.site_hours import THRESHOLDS, WEATHER, DailyTarget
from analysis.forecast.daily.step import simulate
from analysis.forecast.skill import contingency

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

    from analysis.forecast.daily.model import DailyModel
    from analysis.forecast.daily.site_hours import SiteHours

LEADS_D = (0, 1, 2)
MINIMUM_TRAINING_D = 270
"""Days with a valid target before the first scored one [d]: those from which the 90 % interval held at least 0.85 over the year that followed
(docs/analysis.md); fewer lack a season."""


class BacktestPeriodError(ValueError):
    """The last day of training leaves too few days to train on, or none to score."""


KNOWN_WEATHER = 0.5
"""Share of the hours of a station's valid days at which each weather parameter must be known for a forecast with perfect weather [1];
project choice."""


class BacktestWeatherError(ValueError):
    """Weather that a forecast with perfect weather needs is missing from the files."""


class DailySkill(msgspec.Struct, frozen=True, kw_only=True):
    """Scores of daily forecasts, pooled over stations and days; None where one cannot be computed.

    Attributes
    ----------
    rmse, mae : float or None
        [µg m⁻³]
    r2 : float or None
        1 less the share of the variance that is left.
    pod, far, csi : float or None
        Of days above the threshold.
    coverage : float or None
        Share of days within the 90 % interval.
    """

    rmse: float | None
    mae: float | None
    r2: float | None
    pod: float | None
    far: float | None
    csi: float | None
    coverage: float | None


class LeadSkill(DailySkill, frozen=True, kw_only=True):
    """Scores of one lead.

    Attributes
    ----------
    lead_day : int
        0 is the day that begins at the issue.
    site_days, events : int
        What is scored, and days above the threshold among it.
    cut : float
        Probability from which on a day was warned of.
    persistence : DailySkill
        The last valid daily value before the issue, on the same days.
    """

    lead_day: int
    site_days: int
    events: int
    cut: float
    persistence: DailySkill


class DailyBacktest(msgspec.Struct, frozen=True, kw_only=True):
    """Scores of the daily forecast by lead.

    Attributes
    ----------
    target, weather : str
    threshold : float
        [µg m⁻³]
    stations : tuple of str
    train_from, train_until, first, last : str
        Civil days: first and last of training, first and last target day that was scored.
    lead_days : tuple of LeadSkill
    out_of_range : dict of str to int
        Values outside the physical range of their parameter, which are left out.
    """

    target: str
    weather: str
    threshold: float
    stations: tuple[str, ...]
    train_from: str
    train_until: str
    first: str
    last: str
    lead_days: tuple[LeadSkill, ...]
    out_of_range: dict[str, int] = {}


def backtest_daily(
    hours: SiteHours, target: DailyTarget, weather: WeatherInput, train_until: date, options: DailyOptions | None = None
) -> DailyBacktest:
    """Train on the days up to one and score the days after it.

    Parameters
    ----------
    hours : SiteHours
        With the daily values of ``target``.
    target : DailyTarget
    weather : WeatherInput
    train_until : date
        Last civil day of training, as day of issue and as target.
    options : DailyOptions

    Raises
    ------
    BacktestPeriodError
    BacktestWeatherError
        With perfect weather: a parameter is known at less than `KNOWN_WEATHER` of the hours of a station's valid days.
    """
    last_training = _place(hours, train_until)
    if weather is WeatherInput.PERFECT:
        _check_weather(hours)
    features = daily_features(hours)
    threads = (options or DailyOptions()).threads
    simulated = (
        simulate(hours, target, last_training=last_training, leads=len(LEADS_D), threads=threads)
        if weather is WeatherInput.PERFECT
        else None
    )
    skills = []
    for lead in LEADS_D:
        sample = daily_sample(hours, features, lead, weather, simulated, is_feature=target is DailyTarget.MDA8)
        known = np.isfinite(sample.target)
        training = sample.where(known & (sample.day + lead <= last_training))
        model = train_daily(training, target, options)
        skills.append(_lead_skill(lead, model, training, sample.where(known & (sample.day > last_training))))
    return DailyBacktest(
        target=str(target),
        weather=str(weather),
        threshold=THRESHOLDS[target],
        stations=hours.stations,
        train_from=f"{hours.days[0]:%Y-%m-%d}",
        train_until=f"{train_until}",
        first=f"{hours.days[last_training + 1]:%Y-%m-%d}",
        last=f"{hours.days[-1]:%Y-%m-%d}",
        lead_days=tuple(skills),
    )


def skill_of(observed: NDArray[np.float64], predicted: DailyPrediction, *, threshold: float, cut: float) -> DailySkill:
    """Scores of pairs without NaN.

    Parameters
    ----------
    observed : array, (n,)
        [µg m⁻³]
    predicted : DailyPrediction
    threshold : float
        Observed values above it are events [µg m⁻³].
    cut : float
        Probabilities at or above it warn.
    """
    known = np.isfinite(observed) & np.isfinite(predicted.value)
    error = (predicted.value - observed)[known]
    if not len(error):
        return DailySkill(rmse=None, mae=None, r2=None, pod=None, far=None, csi=None, coverage=None)
    table = contingency((observed > threshold)[known].astype(float), predicted.probability[known], 1.0, cut)
    variance = float(np.var(observed[known]))
    within = (observed >= predicted.low) & (observed <= predicted.high)
    return DailySkill(
        rmse=float(np.sqrt((error**2).mean())),
        mae=float(np.abs(error).mean()),
        r2=1 - float((error**2).mean()) / variance if variance else None,
        pod=table.pod,
        far=table.far,
        csi=table.csi,
        coverage=float(within[known].mean()),
    )


def _place(hours: SiteHours, train_until: date) -> int:
    """Place of the last day of training on the axis of days."""
    place = int((pd.Timestamp(train_until) - hours.days[0]).days)
    first, last = f"{hours.days[0]:%Y-%m-%d}", f"{hours.days[-1]:%Y-%m-%d}"
    if not 0 <= place < len(hours.days) - max(LEADS_D) - 1:
        msg = f"training until {train_until}: expected a day between {first} and {last}, with days to score after it"
        raise BacktestPeriodError(msg)
    valid = int(np.isfinite(hours.daily[: place + 1]).any(axis=1).sum())
    if valid < MINIMUM_TRAINING_D:
        msg = (
            f"training until {train_until}: {valid} valid days from {first} on, expected at least {MINIMUM_TRAINING_D}"
        )
        raise BacktestPeriodError(msg)
    if not np.isfinite(hours.daily[place + 1 :]).any():
        msg = f"training until {train_until}: no valid day to score up to {last}"
        raise BacktestPeriodError(msg)
    return place


def _check_weather(hours: SiteHours) -> None:
    valid = np.repeat(np.isfinite(hours.daily), 24, axis=0)
    lacking = []
    for place, station in enumerate(hours.stations):
        own = valid[:, place]
        known = {name: np.isfinite(hours.hourly[name][own, place]).mean() if own.any() else 1.0 for name in WEATHER}
        few = [f"{name} ({share:.0%})" for name, share in known.items() if share < KNOWN_WEATHER]
        lacking += [f"{station}: {', '.join(few)}"] if few else []
    if lacking:
        msg = (
            f"weather perfect: the files lack weather at {'; '.join(lacking)} (share of the hours of valid days that have it, "
            f"expected {KNOWN_WEATHER:.0%}); take weather none"
        )
        raise BacktestWeatherError(msg)


def _lead_skill(lead: int, model: DailyModel, training: DailySample, scored: DailySample) -> LeadSkill:
    threshold = THRESHOLDS[model.target]
    ours = skill_of(scored.target, model.predict(scored), threshold=threshold, cut=model.cut)
    return LeadSkill(
        **msgspec.structs.asdict(ours),
        lead_day=lead,
        site_days=len(scored.target),
        events=int((scored.target > threshold).sum()),
        cut=model.cut,
        persistence=skill_of(scored.target, _persisted(training, scored, threshold), threshold=threshold, cut=1.0),
    )


def _persisted(training: DailySample, scored: DailySample, threshold: float) -> DailyPrediction:
    """Persistence; its interval has the ratios of observed to persistent values in training."""
    tail = (1 - COVERAGE) / 2
    ratios = training.target / np.where(training.persistence > 0, training.persistence, np.nan)
    ratios = ratios[np.isfinite(ratios)]
    low, high = np.quantile(ratios, (tail, 1 - tail)) if len(ratios) else (np.nan, np.nan)
    last = scored.persistence
    return DailyPrediction(value=last, probability=(last > threshold).astype(float), low=last * low, high=last * high)
