"""Picture of months with the usual weather, and of trends before and after (matplotlib, Agg)."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from analysis.forecast.deweather.model import LEAST_R2
from analysis.forecast.deweather.summary import ALL
from analysis.report.font import font_families
from console.cli.shell.row import or_dash
from console.view.theme import LIGHT
from schemas.words import words as words_of
from schemas.words.naming import short_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes

    from analysis.forecast.deweather.summary import Deweathered, NormalisedPlace
    from analysis.statistics.trend import Trend
    from schemas.words import Words

WIDTH_IN, DPI = 10.0, 100
_OBSERVED, _NORMALISED = "#8a97a6", LIGHT.series[0]
_UNITS = {"mg/m3": "mg/m³", "ug/m3": "µg/m³"}
_APART = 0.16


def plot_deweather(found: Deweathered, language: str, names: Mapping[str, str] = {}) -> bytes:
    """Draw the months of the first place, and the trends of all.

    Parameters
    ----------
    found : Deweathered
    language : str
        ``zh`` or ``en``.
    names : mapping of str to str
        Of stations; one that is absent is shown by its id.

    Returns
    -------
    bytes
        PNG.
    """
    words = words_of(language, "cli")
    style = {"font.family": font_families(), "font.size": 8.5, "axes.unicode_minus": False, "text.parse_math": False}
    with rc_context(style):  # type: ignore[arg-type]  # a dict of settings
        below = 0.7 + 0.32 * len(found.places)
        figure = Figure(figsize=(WIDTH_IN, 3.6 + below), dpi=DPI, facecolor="white", layout="constrained")
        FigureCanvasAgg(figure)
        months, trends = figure.subplots(2, 1, height_ratios=[3.6, below])
        first = found.places[0]
        name = {
            "name": short_name(found.parameter, language),
            "unit": _UNITS[found.unit],
            "place": _name(first, names, words),
        }
        _months(months, first, words)
        title = words("deweather.title", **name)
        if found.r2 is not None:
            title += " · " + words("deweather.r2", r2=found.r2, n=found.n)
        if found.is_usable is False:
            title += "\n" + words("deweather.not_usable", r2=or_dash(found.r2), least=LEAST_R2)
        months.set_title(title, loc="left", color=LIGHT.ink, fontsize=9.5, fontweight="bold")
        _trends(trends, found.places, names, words)
        out = BytesIO()
        figure.savefig(out, format="png", metadata={"Software": "skyground"})
    return out.getvalue()


def _months(axes: Axes, place: NormalisedPlace, words: Words) -> None:
    at = pd.PeriodIndex([item.month for item in place.months], freq="M").to_timestamp()
    observed, normalised, low, high = (
        np.array([getattr(item, name) for item in place.months], dtype=float)
        for name in ("observed", "normalised", "low", "high")
    )
    axes.fill_between(at, low, high, color=_NORMALISED, alpha=0.18, linewidth=0)
    axes.plot(at, observed, color=_OBSERVED, linewidth=1.1, marker="o", markersize=2.5, label=words("deweather.before"))
    axes.plot(at, normalised, color=_NORMALISED, linewidth=1.6, label=words("deweather.after"))
    axes.set_ylim(bottom=0)
    axes.grid(color=LIGHT.line, linewidth=0.7)
    axes.legend(frameon=False, fontsize=8, ncols=2)


def _trends(axes: Axes, places: tuple[NormalisedPlace, ...], known: Mapping[str, str], words: Words) -> None:
    """A row a place: trend before and after, with intervals."""
    for row, place in enumerate(places):
        _interval(axes, place.before, row - _APART, _OBSERVED)
        _interval(axes, place.after, row + _APART, _NORMALISED)
    names = [
        _name(item, known, words)
        if item.before.percent is not None
        else words("deweather.no_trend", place=_name(item, known, words), months=item.before.months)
        for item in places
    ]
    axes.set_yticks(range(len(places)), names)
    axes.set_ylim(len(places) - 0.5, -0.5)
    axes.axvline(0.0, color=LIGHT.muted, linewidth=0.9)
    axes.set_title(words("deweather.trends"), loc="left", color=LIGHT.ink, fontsize=9.5, fontweight="bold")
    axes.grid(axis="x", color=LIGHT.line, linewidth=0.7)


def _interval(axes: Axes, item: Trend, at: float, colour: str) -> None:
    if item.percent is None or item.percent_low is None or item.percent_high is None:
        return
    axes.plot([item.percent_low, item.percent_high], [at, at], color=colour, linewidth=2.0)
    axes.plot([item.percent], [at], color=colour, marker="o", markersize=4.5)


def _name(place: NormalisedPlace, names: Mapping[str, str], words: Words) -> str:
    return words("deweather.all") if place.place == ALL else names.get(place.place, place.place)
