"""Pictures of statistics: calendar of AQI levels, trend of months, variation of hours (matplotlib, Agg)."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date, timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from analysis.report.font import font_families
from analysis.statistics.aqi_level import level_of, levels
from analysis.statistics.daily import civil_date
from analysis.statistics.trend import without_season
from analysis.statistics.variation import Cycle
from console.cli.analyse.picture import write_head
from schemas.parameter import parameter as registered
from schemas.words import words as words_of
from schemas.words.message import unit_text
from schemas.words.naming import short_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from zoneinfo import ZoneInfo

    import pandas as pd
    from matplotlib.axes import Axes

    from analysis.statistics.trend import Trend
    from analysis.statistics.variation import GroupMean

DPI = 100
_DARK_LEVEL = 4
_STATIONS_NAMED = 6
_LINE, _BAND = "#1f5fa8", "#b9d2ee"
_WHY = {"too_short": "statistics.trend_too_short", "too_many_gaps": "statistics.trend_too_many_gaps"}


def plot_calendar(place: str, table: pd.DataFrame, zone: ZoneInfo, span: tuple[date, date], language: str) -> bytes:
    """Draw a square a day with its AQI, a row a month.

    Parameters
    ----------
    place : str
        Name.
    table : pd.DataFrame
        With ``aqi``, index UTC start of the civil day.
    zone : ZoneInfo
    span : tuple of date
        First and last day, both included.
    language : str
        ``zh`` or ``en``.

    Returns
    -------
    bytes
        PNG; a day without an AQI is white with a dash.
    """
    words = words_of(language, "cli")
    aqi = {civil_date(start, zone): value for start, value in zip(table.index, table["aqi"], strict=True)}
    months = sorted({(day.year, day.month) for day in _days(*span)})
    with _figure(10.0, 1.1 + 0.3 * len(months)) as (figure, out):
        axes = figure.subplots()
        for day in _days(*span):
            _draw_day(axes, day, months.index((day.year, day.month)), aqi.get(day, float("nan")))
        axes.set_xlim(0.4, 31.6)
        axes.set_ylim(len(months) - 0.4, -0.6)
        axes.set_yticks(range(len(months)), [f"{year}-{month:02d}" for year, month in months])
        axes.set_xticks(range(1, 32))
        axes.tick_params(length=0)
        for side in axes.spines.values():
            side.set_visible(False)
        known = sum(1 for value in aqi.values() if value == value)  # noqa: PLR0124 - the test for NaN
        axes.set_title(
            words("statistics.calendar", place=place, n=known, days=len(list(_days(*span)))), loc="left", fontsize=10
        )
        handles = [Rectangle((0, 0), 1, 1, color=item.colour) for item in levels()]
        names = [item.name(language) for item in levels()]
        figure.legend(handles, names, loc="outside lower left", ncols=6, frameon=False, fontsize=8)
    return out.getvalue()


def plot_trend(
    monthly: Mapping[str, pd.Series],
    trends: Mapping[str, Trend],
    parameter: str,
    names: Mapping[str, str],
    language: str,
) -> bytes:
    """Draw months, months without their season, and the slope with its interval; a panel a place.

    Parameters
    ----------
    monthly : mapping of str to Series
        Index of months (`pandas.Period`).
    trends : mapping of str to Trend
    parameter : str
    names : mapping of str to str
        Of the places.
    language : str
        ``zh`` or ``en``.
    """
    words = words_of(language, "cli")
    with _figure(9.0, 2.6 * len(trends)) as (figure, out):
        for axes, (place, item) in zip(
            figure.subplots(len(trends), 1, squeeze=False)[:, 0], trends.items(), strict=True
        ):
            series = monthly[place]
            known = series.dropna()
            series = series[(series.index >= known.index[0]) & (series.index <= known.index[-1])]
            moments = series.index.to_timestamp()
            axes.plot(moments, series, color="#9aa7b5", lw=1, marker="o", ms=2.5, label=words("statistics.month"))
            title = f"{names.get(place, place)} · {short_name(parameter, language)} [{unit_text(registered(parameter).unit)}]"
            if item.slope is None or item.mean is None:
                title += " · " + words(_WHY[item.reason], months=item.months)
            else:
                axes.plot(moments, without_season(series), color=_LINE, lw=1.4, label=words("statistics.no_season"))
                years = (np.arange(len(series)) - (len(series) - 1) / 2) / 12
                axes.plot(
                    moments, item.mean + item.slope * years, color="#b3261e", lw=1.8, label=words("statistics.slope")
                )
                title += " · " + words(
                    "statistics.trend", slope=item.slope, low=item.low, high=item.high, percent=item.percent, months=item.months,
                )  # fmt: skip
            axes.set_title(title, loc="left", fontsize=9)
            axes.set_ylim(bottom=0)
            axes.grid(visible=True, color="#e5e9ee", lw=0.6)
            axes.legend(fontsize=7.5, frameon=False, ncols=3)
    return out.getvalue()


def plot_variation(
    cycles: Mapping[Cycle, Sequence[GroupMean]], parameter: str, stations: Sequence[str], period: str, language: str
) -> bytes:
    """Draw the mean with its 90 % interval by hour of the week (above), hour, month and weekday.

    Parameters
    ----------
    cycles : mapping of Cycle to sequence of GroupMean
        Every cycle.
    parameter : str
    stations : sequence of str
        Names of those in the mean.
    period : str
        First and last civil day, as text.
    language : str
        ``zh`` or ``en``.
    """
    words = words_of(language, "cli")
    with _figure(10.0, 5.6) as (figure, out):
        shown = ", ".join(stations[:_STATIONS_NAMED]) + (" ..." if len(stations) > _STATIONS_NAMED else "")
        write_head(figure, shown, period)
        panels = figure.subplot_mosaic([["hour_of_week"] * 3, ["hour", "month", "weekday"]])
        unit = unit_text(registered(parameter).unit)
        for cycle, axes in panels.items():
            groups = cycles[Cycle(cycle)]
            x = [item.group for item in groups]
            axes.fill_between(x, _floats(groups, "low"), _floats(groups, "high"), color=_BAND, lw=0)
            axes.plot(x, _floats(groups, "mean"), color=_LINE, lw=1.6)
            axes.set_xlabel(words("statistics.month_of_year" if cycle == "month" else f"statistics.{cycle}"))
            axes.grid(visible=True, color="#e5e9ee", lw=0.6)
        panels["hour_of_week"].set_xticks(range(0, 168, 24))
        panels["hour"].set_xticks(range(0, 24, 6))
        panels["month"].set_xticks(range(1, 13))
        n = sum(item.n for item in cycles[Cycle.HOUR])
        title = words("statistics.variation", parameter=short_name(parameter, language), unit=unit, n=n)
        panels["hour_of_week"].set_title(title, loc="left", fontsize=10)
    return out.getvalue()


@contextmanager
def _figure(width: float, height: float) -> Iterator[tuple[Figure, BytesIO]]:
    """A figure in our style; written as PNG to the second one at the end."""
    style = {"font.family": font_families(), "font.size": 8.5, "axes.unicode_minus": False, "text.parse_math": False}
    with rc_context(style):  # type: ignore[arg-type]  # a dict of settings
        figure, out = Figure(figsize=(width, height), dpi=DPI, facecolor="white", layout="constrained"), BytesIO()
        FigureCanvasAgg(figure)
        yield figure, out
        figure.savefig(out, format="png", metadata={"Software": "skyground"})


def _draw_day(axes: Axes, day: date, row: int, aqi: float) -> None:
    is_known = aqi == aqi  # noqa: PLR0124 - the test for NaN
    colour = level_of(int(aqi)).colour if is_known else "white"
    axes.add_patch(Rectangle((day.day - 0.46, row - 0.42), 0.92, 0.84, facecolor=colour, edgecolor="#c5ccd4", lw=0.5))
    is_dark = is_known and level_of(int(aqi)).level >= _DARK_LEVEL
    axes.text(
        day.day, row, f"{aqi:.0f}" if is_known else "–", ha="center", va="center", fontsize=7, color="white" if is_dark else "#1c2733"
    )  # fmt: skip


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def _floats(groups: Sequence[GroupMean], name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array([getattr(item, name) for item in groups], dtype=float)
