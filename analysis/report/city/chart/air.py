"""Pictures of the air: AQI by day or month, PM2.5 and O3 by day or hour, and their usual course of a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.report.case_picture.palette import LIGHT
from analysis.report.city.chart.svg import NO2, O3, PM25, svg_picture
from analysis.report.city.document import PeriodKind
from analysis.statistics.aqi_level import level_of, levels
from analysis.statistics.daily import civil_date
from analysis.statistics.limit import limit
from schemas.words import words as words_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from analysis.report.city.evidence import ReportEvidence

_MOST_MARKERS = 100
"""Markers of more days would touch."""


def aqi_chart(evidence: ReportEvidence, language: str) -> str:
    """Bars of the AQI by day; of a day, the concentrations by hour are drawn elsewhere and this is empty."""
    index = evidence.days["aqi"].dropna()
    if evidence.period.kind is PeriodKind.DAY or index.empty:
        return ""
    words = words_of(language, "report.city.axis")

    def draw(found: list[Axes]) -> None:
        axes = found[0]
        colours = [level_of(int(value)).colour for value in index]
        axes.bar(
            _days(index, evidence), index.to_numpy(dtype=float), color=colours, edgecolor=LIGHT.soft, linewidth=0.6
        )
        draw_levels(axes, float(index.max()), language, at=evidence.period.days + 1.0)
        _by_day(axes, evidence)
        axes.set_ylabel(words("aqi"))

    return svg_picture(draw, "aqi")


def draw_levels(axes: Axes, highest: float, language: str, *, at: float) -> None:
    """Bounds and names of the AQI levels up to the highest value, the names at ``at`` of the x axis."""
    top = max(highest * 1.1, 120.0)
    for level in levels():
        if level.highest < top:
            axes.axhline(level.highest, color=LIGHT.grid, linewidth=0.8, zorder=0)
        if level.lowest < top:
            middle = (max(level.lowest, 0) + min(level.highest, top)) / 2
            name = level.name(language)
            axes.text(at, middle, name, fontsize=7, va="center", color=LIGHT.soft)
    axes.set_ylim(0, top)


def month_chart(evidence: ReportEvidence, language: str) -> str:
    """Days by level in each month of a year, stacked."""
    index = evidence.days["aqi"].dropna()
    if index.empty:
        return ""
    words = words_of(language, "report.city.axis")
    month = np.array([civil_date(start, evidence.zone).month for start in pd.DatetimeIndex(index.index)])

    def draw(found: list[Axes]) -> None:
        axes, below = found[0], np.zeros(12)
        for level in levels():
            days = np.array(
                [int((index[month == one].between(level.lowest, level.highest)).sum()) for one in range(1, 13)]
            )
            name = level.name(language)
            axes.bar(
                range(1, 13), days, bottom=below, color=level.colour, edgecolor=LIGHT.soft, linewidth=0.6, label=name
            )
            below += days
        axes.set_xticks(range(1, 13))
        axes.set_ylim(0, 31)
        axes.set_xlabel(words("month"))
        axes.set_ylabel(words("days"))
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=7, frameon=False)

    return svg_picture(draw, "month")


def concentration_chart(evidence: ReportEvidence, language: str) -> str:
    """PM2.5 and O3: hours of a day, or daily values with the daily limits in force."""
    words = words_of(language, "report.city.axis")
    is_day = evidence.period.kind is PeriodKind.DAY
    table, ozone = (evidence.mean_hours, "o3") if is_day else (evidence.days, "o3_mda8")
    if not table[["pm25", ozone]].notna().any(axis=None):
        return ""
    starts = pd.DatetimeIndex(table.index).tz_convert(evidence.zone).tz_localize(None)
    x = starts.hour.to_numpy() if is_day else _days(table[ozone], evidence)

    def draw(found: list[Axes]) -> None:
        axes = found[0]
        for column, code, colour, marker in (("pm25", "pm25", PM25, "o"), (ozone, "o3", O3, "s")):
            label = words(f"{code}_hour" if is_day else f"{code}_day")
            size = 3 if len(x) < _MOST_MARKERS else 0
            axes.plot(
                x, table[column].to_numpy(), color=colour, marker=marker, markersize=size, linewidth=1.2, label=label
            )
            if not is_day:
                bounds = [limit(code, "MDA8" if code == "o3" else "24h", one.date()) for one in starts]
                name = words(f"{code}_limit")
                axes.plot(x, bounds, color=colour, linestyle="--", linewidth=0.9, drawstyle="steps-mid", label=name)
        axes.set_ylim(bottom=0)
        if is_day:
            axes.set_xlabel(words("hour"))
        else:
            _by_day(axes, evidence)
        axes.set_ylabel("µg/m³")
        axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=4, fontsize=7, frameon=False)

    return svg_picture(draw, "concentration")


def hour_chart(evidence: ReportEvidence, language: str) -> str:
    """Mean PM2.5, O3 and NO2 by civil hour over the days of the period; empty for a day."""
    table = evidence.mean_hours[["pm25", "o3", "no2"]]
    if evidence.period.kind is PeriodKind.DAY or not table.notna().any(axis=None):
        return ""
    words = words_of(language, "report.city.axis")
    means = table.groupby(pd.DatetimeIndex(table.index).tz_convert(evidence.zone).hour).mean().reindex(range(24))

    def draw(found: list[Axes]) -> None:
        axes = found[0]
        for code, name, colour, marker in (
            ("pm25", "PM2.5", PM25, "o"),
            ("o3", "O3", O3, "s"),
            ("no2", "NO2", NO2, "^"),
        ):
            if means[code].notna().any():
                axes.plot(
                    means.index, means[code], color=colour, marker=marker, markersize=3, linewidth=1.2, label=name
                )
        axes.set_ylim(bottom=0)
        axes.set_xticks(range(0, 24, 3))
        axes.set_xlabel(words("hour"))
        axes.set_ylabel("µg/m³")
        axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=3, fontsize=7, frameon=False)

    return svg_picture(draw, "hour", height_in=2.3)


def _days(values: pd.Series, evidence: ReportEvidence) -> NDArray[np.float64]:
    """Day of the period of each value, from 1."""
    first = evidence.period.first
    days = [(civil_date(start, evidence.zone) - first).days + 1 for start in pd.DatetimeIndex(values.index)]
    return np.array(days, dtype=float)


def _by_day(axes: Axes, evidence: ReportEvidence) -> None:
    """Dates on the x axis, which counts the days of the period from 1."""
    period = evidence.period
    axes.set_xlim(0.3, period.days + 0.7)
    marks = np.unique(np.linspace(1, period.days, min(period.days, 8)).round().astype(int))
    if period.kind is PeriodKind.YEAR:
        firsts = pd.date_range(period.first, period.last, freq="MS")
        marks = np.array([(one.date() - period.first).days + 1 for one in firsts])
    dates = [pd.Timestamp(period.first) + pd.Timedelta(days=int(mark) - 1) for mark in marks]
    axes.set_xticks(marks, [f"{one:%m-%d}" for one in dates])
