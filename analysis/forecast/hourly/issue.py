"""One issue of the hourly forecast: every series and pollutant from one origin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.forecast.hourly.feature import FeatureMaker, LeadPairs, all_pairs, weather_known
from analysis.forecast.hourly.grid import LAST_LEAD_H, LEVELS, SHOWN_H, TARGETS, HourGrid
from analysis.forecast.hourly.model import SHOWN, ForecastKind, HourlyModel, IntervalBasis, predict
from analysis.forecast.hourly.out_of_range import out_of_range
from analysis.forecast.hourly.simple import simple_quantiles
from analysis.forecast.hourly.warning import warning_values
from schemas.reason import encode_reason

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

RECENT_H = 6
"""A series without a valid hour in this many gets no forecast [h]."""
COMPLETE = 0.75
"""Part of the `SHOWN_H` hours that have a value, below which a forecast is not issued [1]: the simple model knows only the hours of
the day that were measured. Project choice, as the completeness of a mean."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesForecast:
    """Forecast of one pollutant at one station or city.

    Attributes
    ----------
    quantiles : array of float, (LAST_LEAD_H, len(LEVELS))
        In the unit of the target.
    mean, warn : array of float, (LAST_LEAD_H,)
        ``warn``: the largest concentration that is warned of (`warning.warning_values`); of the simple model the median.
    kind : ForecastKind
    out_of_range : str
        Stored text of the reason (`schemas.reason`); empty inside the range.
    with_weather : array of bool, (LAST_LEAD_H,)
        A weather forecast was used: it reaches that hour.
    basis : IntervalBasis
        Of the hours with weather; the others have `IntervalBasis.WITHOUT_WEATHER`.
    """

    series: str
    target: str
    quantiles: NDArray[np.float64]
    mean: NDArray[np.float64]
    warn: NDArray[np.float64]
    kind: ForecastKind
    out_of_range: str
    with_weather: NDArray[np.bool_]
    basis: IntervalBasis

    @property
    def is_complete(self) -> bool:
        """Whether at least `COMPLETE` of the hours have a median."""
        return bool(np.isfinite(self.quantiles[:SHOWN_H, LEVELS.index(0.5)]).mean() >= COMPLETE)


def issue(
    grid: HourGrid, model: HourlyModel | None, origin: pd.Timestamp, wanted: dict[str, Collection[str]]
) -> tuple[list[SeriesForecast], list[str]]:
    """Forecast all series that have a recent value.

    Parameters
    ----------
    grid : HourGrid
    model : HourlyModel or None
        None, or a pollutant that it lacks: the simple model.
    origin : Timestamp
        UTC, first hour of the forecast.
    wanted : dict of target to series
        That measure it.

    Returns
    -------
    forecasts : list of SeriesForecast
    skipped : list of str
        ``{series}/{target}`` without a valid value in the last `RECENT_H` hours, or with less than `COMPLETE` of the hours.
    """
    maker, row = FeatureMaker(grid), grid.row_of(origin)
    pairs = all_pairs(len(grid.series), row, last_lead=LAST_LEAD_H, weather=weather_known(maker, row))
    found: list[SeriesForecast] = []
    skipped: list[str] = []
    for target in TARGETS:
        age = maker.last_valid_age_h(target, row)
        asked = np.array([name in wanted.get(target, ()) for name in grid.series])
        usable = asked & (age < RECENT_H)
        skipped += [f"{grid.series[place]}/{target}" for place in np.flatnonzero(asked & ~usable)]
        chosen = np.flatnonzero(usable)
        if len(chosen):
            some = pairs.where(np.isin(pairs.series, chosen))
            made = _of_target(maker, model, target, some, age)
            found += [item for item in made if item.is_complete]
            skipped += [f"{item.series}/{target}" for item in made if not item.is_complete]
    return found, skipped


def product(item: SeriesForecast, origin: pd.Timestamp, version: str) -> pd.DataFrame:
    """Rows of the product of one series and pollutant, the first `SHOWN_H` hours; hours without a value are left out.

    Returns
    -------
    DataFrame
        Index ``start`` (UTC): ``value`` (median), ``q05``, ``q10``, ``q90``, ``q95``, ``mean``, ``warn`` [unit of the pollutant],
        ``horizon_h``, ``out_of_range`` 0 or 1, ``with_weather`` 0 or 1; ``basis`` (`IntervalBasis`), ``model``, ``model_version``, ``origin``, ``reason`` text.
    """
    shown = slice(0, SHOWN_H)
    columns: dict[str, object] = {
        name: item.quantiles[shown, LEVELS.index(level)].round(3) for name, level in SHOWN.items()
    }
    columns |= {
        "mean": item.mean[shown].round(3),
        "warn": item.warn[shown].round(3),
        "horizon_h": np.arange(1.0, SHOWN_H + 1),
        "out_of_range": float(bool(item.out_of_range)),
        "with_weather": item.with_weather[shown].astype(float),
        "basis": np.where(item.with_weather[shown], str(item.basis), str(IntervalBasis.WITHOUT_WEATHER)),
        "model": str(item.kind),
        "model_version": version,
        "origin": f"{origin:%Y-%m-%dT%H:%MZ}",
        "reason": item.out_of_range,
    }
    index = pd.date_range(origin, periods=SHOWN_H, freq="h", name="start")
    frame = pd.DataFrame(columns, index=index)
    return frame[np.isfinite(item.quantiles[shown, LEVELS.index(0.5)])]


def _of_target(
    maker: FeatureMaker, model: HourlyModel | None, target: str, pairs: LeadPairs, age: NDArray[np.float64]
) -> list[SeriesForecast]:
    names = [int(place) for place in pairs.series[::LAST_LEAD_H]]
    own = None if model is None else model.targets.get(target)
    if model is None or own is None:
        levels = simple_quantiles(maker, target, pairs)
        middle, matrix = levels[:, LEVELS.index(0.5)], None
        warned = middle
    else:
        centre, levels, matrix = predict(model, maker, target, pairs)
        middle = np.maximum(centre.middle, 0.0)
        warned = warning_values(levels, pairs, own.cuts)
    found = []
    for order, place in enumerate(names):
        inside = slice(order * LAST_LEAD_H, (order + 1) * LAST_LEAD_H)
        name, reason = maker.grid.series[place], None
        if own is not None and matrix is not None:
            first = matrix[inside.start]
            reason = out_of_range(own, first, age_h=float(age[place]), series=name, trained_on=own.series)
        found.append(
            SeriesForecast(
                series=name,
                target=target,
                quantiles=levels[inside],
                mean=middle[inside],
                warn=warned[inside],
                kind=ForecastKind.SIMPLE if own is None else ForecastKind.BOOSTED,
                out_of_range="" if reason is None else encode_reason(reason),
                with_weather=pairs.weather[inside] & (own is not None),
                basis=IntervalBasis.WITHOUT_WEATHER if own is None else own.basis,
            )
        )
    return found
