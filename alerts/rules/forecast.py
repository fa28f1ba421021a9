"""Forecast rules: the hourly forecast goes beyond a value within its lead time."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np
from msgspec import Meta

from alerts.engine import Sample
from alerts.rules.evaluation import INSTANT, run_machine, value_subject
from alerts.rules.limit_check import level_problems, unit_problems
from alerts.rules.rule import CommonRule, instruments_of
from analysis.forecast.hourly.model import ForecastKind
from schemas.alert import RuleKind
from schemas.interval import floor_hour
from schemas.parameter import parameter
from schemas.units import convert

if TYPE_CHECKING:
    import pandas as pd

    from alerts.rules.evaluation import EvaluationInput, EvaluationResult
    from schemas.network import Instrument

FORECAST = "forecast_hourly"
HOUR = timedelta(hours=1)


class Quantile(StrEnum):
    """Which quantile of the forecast is compared.

    `WARN` is the quantile that the model chose for warnings of the level (`analysis.forecast.hourly.warning`).
    """

    WARN = "warn"
    MEDIAN = "q50"
    HIGH = "q90"


class ForecastRule(CommonRule, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="forecast"):
    """The hourly forecast goes beyond a value within its lead time.

    Attributes
    ----------
    parameter : str
    quantile : Quantile
    above : float
        In ``unit``.
    lead_h : float
        Looks this far ahead; without a forecast for so long, an open alert ends as not evaluated any more [h].
    hours : int
        At least this many forecast hours are above.
    clear : float or None
    """

    parameter: str
    unit: str
    above: float
    quantile: Quantile = Quantile.WARN
    lead_h: Annotated[float, Meta(gt=0, le=240)] = 24.0
    hours: Annotated[int, Meta(ge=1)] = 1
    clear: float | None = None

    KIND: ClassVar[RuleKind] = RuleKind.FORECAST

    @property
    def watched_parameter(self) -> str:
        """The parameter."""
        return self.parameter

    def reads(self, instrument: Instrument) -> bool:
        """Instruments that measure the parameter."""
        return self.parameter in instrument.parameters

    def looks_at(self, station_id: str) -> dict[str, object]:
        """The quantile."""
        del station_id
        return {"quantile": self.quantile.value}

    def contradictions(self) -> list[tuple[str, str]]:
        """The later checks rely on the earlier ones."""
        if problems := unit_problems(self):
            return problems
        if self.hours > self.lead_h:
            return [("hours", f"{self.hours}, expected at most lead_h = {self.lead_h:g}")]
        return level_problems(self, above=True)

    @property
    def limit(self) -> float:
        """Threshold in the canonical unit."""
        return convert(self.above, self.unit, parameter(self.parameter))

    @property
    def clear_limit(self) -> float:
        """Value that ends the alert in the canonical unit."""
        return self.limit if self.clear is None else convert(self.clear, self.unit, parameter(self.parameter))


def evaluate_forecast(inputs: EvaluationInput, rule: ForecastRule, found: EvaluationResult) -> None:
    """Add the transitions that follow from the newest forecast to ``found``."""
    ahead = inputs.now + timedelta(hours=rule.lead_h)
    product = inputs.influx.read_product(FORECAST, floor_hour(inputs.now), ahead + HOUR)
    for station_id, rows in product.groupby("station_id"):
        found.attempt(f"{rule.name}, {station_id}", partial(_forecast_of, inputs, rule, str(station_id), rows, found))


def _forecast_of(
    inputs: EvaluationInput, rule: ForecastRule, station_id: str, rows: pd.DataFrame, found: EvaluationResult
) -> None:
    station = inputs.network.stations.get(station_id)
    serving = instruments_of(rule, station) if station else ()
    if station is None or not any(item.serves_at(inputs.now) for item in serving):
        return
    sample = forecast_sample(forecast_of(of_models(rows), rule.parameter), rule, inputs.now)
    subject = value_subject(rule, rule.parameter, station.id)
    if sample is not None:
        run_machine(inputs, rule, subject, INSTANT, samples=[sample], found=found)


def of_models(product: pd.DataFrame) -> pd.DataFrame:
    """Rows of trained models. The simple model, yesterday and the usual day, repeats the event of the day before: it warns of nothing.

    Parameters
    ----------
    product : DataFrame
        Product ``forecast_hourly``; without a column ``model`` all rows count.

    Examples
    --------
    >>> import pandas as pd
    >>> of_models(pd.DataFrame({"model": ["lightgbm", "fallback-yesterday-climatology"], "value": [1.0, 2.0]}))["value"].tolist()
    [1.0]
    """
    return product[product["model"] != ForecastKind.SIMPLE.value] if "model" in product else product


def forecast_of(product: pd.DataFrame, parameter: str) -> pd.DataFrame:
    """One parameter's forecast at one station, columns ``warn``, ``q10``, ``q50``, ``q90`` in the canonical unit.

    Parameters
    ----------
    product : DataFrame
        Product ``forecast_hourly`` of one station: a column ``parameter`` (tag) with the fields ``value`` (or ``q50``),
        ``warn``, ``q10`` and ``q90``, or fields named ``<parameter>_q50`` and so on. Of several rows for an hour the last counts. A row
        without ``warn``, as earlier versions wrote it, has its median there.
    """
    rows = product[product["parameter"] == parameter] if "parameter" in product else product
    prefix = "" if "parameter" in product else f"{parameter}_"
    names = {prefix + name: name for name in ("warn", "q10", "q50", "q90")}
    if prefix + "q50" not in rows:
        names[prefix + "value"] = "q50"
    found = rows.rename(columns=names).reindex(columns=["warn", "q10", "q50", "q90"]).astype(float)
    found["warn"] = found["warn"].fillna(found["q50"])
    return found[~found.index.duplicated(keep="last")].sort_index().dropna(subset=["q50"])


def forecast_sample(forecast: pd.DataFrame, rule: ForecastRule, now: datetime) -> Sample | None:
    """The forecast of one station as an instant sample at the full hour before ``now``.

    Parameters
    ----------
    forecast : DataFrame
        As `forecast_of` gives it.

    Returns
    -------
    Sample or None
        Its value is the ``hours``-th largest within the lead time, so that it is above the limit when that many hours
        are. None without so many forecast hours.
    """
    inside = (forecast.index > now - HOUR) & (forecast.index < now + timedelta(hours=rule.lead_h))
    values = np.sort(forecast[rule.quantile.value][inside].dropna().to_numpy(dtype=float))
    if values.size < rule.hours:
        return None
    at = floor_hour(now)
    return Sample(at, at, float(values[-rule.hours]), rule.limit, rule.clear_limit)
