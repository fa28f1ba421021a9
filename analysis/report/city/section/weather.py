"""Weather and pollution: the weather of days above a daily limit against that of the other days, which is no proof of cause."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.report.city.chart.weather import weather_chart
from analysis.report.city.document import (
    PeriodKind,
    ReportColumn,
    ReportPicture,
    ReportRow,
    ReportSection,
    ReportSentence,
    ReportTable,
)
from analysis.report.city.evidence import WEATHER
from analysis.report.city.section.concentration import column_of, is_above
from analysis.statistics.block_bootstrap import day_weights, interval_of
from analysis.statistics.daily import civil_date, daily_mean
from schemas.parameter import parameter
from schemas.words import words as words_of
from schemas.words.message import unit_text

if TYPE_CHECKING:
    from datetime import date

    from analysis.report.city.document import ReportCell
    from analysis.report.city.evidence import ReportEvidence

_LEAST = 3
"""Days of a class from which on its weather is compared."""
_DIGITS = {"boundary_layer_height": 0, "relative_humidity": 0}
_TELLING = {"pm25": ("wind_speed", "relative_humidity"), "o3": ("temperature", "relative_humidity")}
"""Weather that is stated of the days above the limit of a pollutant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeatherContrast:
    """Weather of the days above the daily limit of a pollutant less that of the others; 90 % interval of the difference."""

    code: str
    weather: str
    days: int
    others: int
    mean: float
    difference: float
    low: float | None
    high: float | None

    def sentence(self) -> ReportSentence:
        """The contrast; without an interval from fewer than 14 days."""
        known = "" if self.low is None else "_interval"
        figures: dict[str, ReportCell] = {
            "days": self.days,
            "others": self.others,
            "value": self.mean,
            "difference": self.difference,
            "low": self.low,
            "high": self.high,
            "pollutant": self.code,
            "weather": self.weather,
            "unit": parameter(self.weather).unit,
        }
        return ReportSentence(key=f"report.city.contrast{known}", figures=figures)


def weather(evidence: ReportEvidence, language: str) -> ReportSection | ReportSentence:
    """Mean weather of the days above the limit of PM2.5, of O3 and of the others, with intervals of the differences."""
    found = weather_days(evidence)
    if evidence.period.kind is PeriodKind.DAY:
        return ReportSentence(key="report.city.absent.weather_day")
    if not found.notna().any(axis=None):
        return ReportSentence(key="report.city.absent.weather")
    measured = [code for code in WEATHER if code in found and found[code].notna().any()]
    contrasts = weather_contrasts(evidence)
    svg = weather_chart(evidence.days, found, language)
    columns = (
        ReportColumn(key="days_of"),
        ReportColumn(key="days", unit="d", digits=0),
        *(ReportColumn(key=code, unit=parameter(code).unit, digits=_DIGITS.get(code, 1)) for code in measured),
        ReportColumn(key="n_weather_days", unit="d", digits=0),
    )
    rows = _rows(evidence, found, measured)
    table = ReportTable(key="weather", columns=columns, rows=rows, query=evidence.query)
    return ReportSection(
        key="weather",
        sentences=tuple(item.sentence() for item in contrasts) or (ReportSentence(key="report.city.no_contrast"),),
        pictures=(ReportPicture(key="weather", svg=svg, query=evidence.query),) if svg else (),
        tables=(table,) if len(rows) > 1 else (),
        notes=(ReportSentence(key="report.city.weather_note"),),
    )


def weather_days(evidence: ReportEvidence) -> pd.DataFrame:
    """Daily means of the weather of the place from 20 valid hours (rain: their sum), index as ``evidence.days``."""
    columns = {}
    for code in WEATHER:
        values = evidence.mean_hours[code]
        if not values.notna().any():
            continue
        means = daily_mean(values, evidence.zone)["mean"]
        columns[code] = means * 24 if code == "rain" else means
    return pd.DataFrame(columns, index=evidence.days.index, dtype=float)


def day_weather(evidence: ReportEvidence, language: str) -> list[ReportSentence]:
    """Means of the weather of a day; none where no weather is valid."""
    words, means = words_of(language, "report.city.column"), weather_days(evidence).mean()
    named = [
        f"{words(str(code))} {value:.2g} {unit_text(parameter(str(code)).unit)}"
        for code, value in means.items()
        if np.isfinite(value)
    ]
    return [ReportSentence(key="report.city.day_weather", figures={"named": ", ".join(named)})] if named else []


def weather_contrasts(evidence: ReportEvidence) -> list[WeatherContrast]:
    """What is telling of the days above the limits of PM2.5 and of O3; none with fewer than three days on either side."""
    found, listed = weather_days(evidence), []
    for code, names in _TELLING.items():
        for name in names:
            if name not in found:
                continue
            above = _above(evidence, code)
            known = found[name].notna() & above.notna()
            item = _contrast(code, name, found.loc[known, name], above[known] == 1.0)
            listed += [] if item is None else [item]
    return listed


def _contrast(code: str, name: str, values: pd.Series, above: pd.Series) -> WeatherContrast | None:
    chosen, days = above.to_numpy(dtype=float), len(values)
    if min(chosen.sum(), days - chosen.sum()) < _LEAST:
        return None
    numbers = values.to_numpy(dtype=float)
    difference = float(numbers[chosen == 1].mean() - numbers[chosen == 0].mean())
    weights = day_weights(days)
    with np.errstate(divide="ignore", invalid="ignore"):
        drawn = weights @ (numbers * chosen) / (weights @ chosen) - weights @ (numbers * (1 - chosen)) / (
            weights @ (1 - chosen)
        )
    low, high = interval_of(drawn, difference, days)
    return WeatherContrast(
        code=code,
        weather=name,
        days=int(chosen.sum()),
        others=int(days - chosen.sum()),
        mean=float(numbers[chosen == 1].mean()),
        difference=difference,
        low=low,
        high=high,
    )


def _above(evidence: ReportEvidence, code: str) -> pd.Series:
    """1 above the daily limit in force, 0 not, NaN without a valid value."""
    values = evidence.days[column_of(code)]
    days: list[date] = [civil_date(start, evidence.zone) for start in pd.DatetimeIndex(values.index)]
    flags = [
        np.nan if np.isnan(value) else float(is_above(float(value), code, day))
        for value, day in zip(values.to_numpy(dtype=float), days, strict=True)
    ]
    return pd.Series(flags, index=values.index)


def _rows(evidence: ReportEvidence, found: pd.DataFrame, measured: list[str]) -> tuple[ReportRow, ...]:
    pm25, ozone = (_above(evidence, code) == 1.0 for code in ("pm25", "o3"))
    known = evidence.days[["pm25", "o3_mda8"]].notna().any(axis=1)
    listed = []
    for name, chosen in (("pm25_above", pm25), ("o3_above", ozone), ("no_above", known & ~pm25 & ~ozone)):
        if not chosen.any():
            continue
        part = found[chosen]
        means = [_mean(part[code]) for code in measured]
        valid = int(part[measured].notna().all(axis=1).sum())
        listed.append(ReportRow(key=name, cells=(f"=report.city.{name}", int(chosen.sum()), *means, valid)))
    return tuple(listed)


def _mean(values: pd.Series) -> float | None:
    mean = float(values.mean())
    return None if np.isnan(mean) else mean
