"""Pictures of a report as SVG with text as text: small, and searchable in the PDF.

The six colours of the AQI are prescribed (HJ 633-2012 Table 2) and not safe for the colour-blind: bars carry their height on a scale
with the bounds of the levels, and other series use the colours of Okabe and Ito.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.report.case_picture.palette import LIGHT
from analysis.report.city.document import PeriodKind
from analysis.statistics.aqi_level import level_of, levels
from analysis.statistics.daily import civil_date
from analysis.statistics.limit import limit
from schemas.words import words as words_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

    from analysis.report.city.evidence import ReportEvidence

_WIDTH_IN, _HEIGHT_IN = 7.0, 2.5
_ORANGE = "#d55e00"


def aqi_chart(evidence: ReportEvidence, language: str) -> str:
    """Bars of the AQI by day; of a day, the concentrations by hour are drawn elsewhere and this is empty."""
    index = evidence.days["aqi"].dropna()
    if evidence.period.kind is PeriodKind.DAY or index.empty:
        return ""
    words = words_of(language, "report.city.axis")
    first = pd.Timestamp(evidence.period.first)

    def draw(axes: Axes) -> None:
        days = [
            (pd.Timestamp(civil_date(start, evidence.zone)) - first).days + 1 for start in pd.DatetimeIndex(index.index)
        ]
        colours = [level_of(int(value)).colour for value in index]
        axes.bar(days, index.to_numpy(), color=colours, edgecolor=LIGHT.soft, linewidth=0.6)
        top = max(float(index.max()) * 1.1, 120.0)
        for level in levels():
            if level.highest < top:
                axes.axhline(level.highest, color=LIGHT.grid, linewidth=0.8, zorder=0)
        for level in levels():
            if level.lowest < top:
                middle = (max(level.lowest, 0) + min(level.highest, top)) / 2
                name = level.name_zh if language == "zh" else level.name_en
                axes.text(evidence.period.days + 1.0, middle, name, fontsize=7, va="center", color=LIGHT.soft)
        axes.set_ylim(0, top)
        axes.set_xlim(0.3, evidence.period.days + 0.7)
        axes.set_xlabel(words("day_of_month"))
        axes.set_ylabel(words("aqi"))

    return _svg(draw, "aqi")


def month_chart(evidence: ReportEvidence, language: str) -> str:
    """Days by level in each month of a year, stacked."""
    index = evidence.days["aqi"].dropna()
    if index.empty:
        return ""
    words = words_of(language, "report.city.axis")
    month = np.array([civil_date(start, evidence.zone).month for start in pd.DatetimeIndex(index.index)])

    def draw(axes: Axes) -> None:
        below = np.zeros(12)
        for level in levels():
            days = np.array(
                [int((index[month == one].between(level.lowest, level.highest)).sum()) for one in range(1, 13)]
            )
            name = level.name_zh if language == "zh" else level.name_en
            axes.bar(
                range(1, 13), days, bottom=below, color=level.colour, edgecolor=LIGHT.soft, linewidth=0.6, label=name
            )
            below += days
        axes.set_xticks(range(1, 13))
        axes.set_ylim(0, 31)
        axes.set_xlabel(words("month"))
        axes.set_ylabel(words("days"))
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=7, frameon=False)

    return _svg(draw, "month")


def concentration_chart(evidence: ReportEvidence, language: str) -> str:
    """PM2.5 and O3: hours of a day, or daily values with the daily limits in force."""
    words = words_of(language, "report.city.axis")
    is_day = evidence.period.kind is PeriodKind.DAY
    table, ozone = (evidence.mean_hours, "o3") if is_day else (evidence.days, "o3_mda8")
    if not table[["pm25", ozone]].notna().any(axis=None):
        return ""
    local = pd.DatetimeIndex(table.index).tz_convert(evidence.zone)
    starts = local.tz_localize(None)
    x = starts.hour.to_numpy() if is_day else (starts - pd.Timestamp(evidence.period.first)).days.to_numpy() + 1

    def draw(axes: Axes) -> None:
        pairs = (("pm25", "pm25", LIGHT.line, "o"), (ozone, "o3", _ORANGE, "s"))
        for column, code, colour, marker in pairs:
            label = words(f"{code}_hour" if is_day else f"{code}_day")
            size = 3 if len(x) < 100 else 0  # noqa: PLR2004 - markers of a year would touch
            axes.plot(
                x, table[column].to_numpy(), color=colour, marker=marker, markersize=size, linewidth=1.2, label=label
            )
            if not is_day:
                bounds = [limit(code, "MDA8" if code == "o3" else "24h", one.date()) for one in starts]
                name = words(f"{code}_limit")
                axes.plot(x, bounds, color=colour, linestyle="--", linewidth=0.9, drawstyle="steps-mid", label=name)
        axes.set_ylim(bottom=0)
        axes.set_xlabel(
            words("hour" if is_day else "day_of_year" if evidence.period.kind is PeriodKind.YEAR else "day_of_month")
        )
        axes.set_ylabel("µg/m³")
        axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=4, fontsize=7, frameon=False)

    return _svg(draw, "concentration")


def _svg(draw: Callable[[Axes], None], salt: str) -> str:
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    from analysis.report.font import font_families

    style: Any = {"svg.fonttype": "none", "svg.hashsalt": salt, "font.family": font_families(), "font.size": 8}
    with mpl.rc_context(style):
        figure = Figure(figsize=(_WIDTH_IN, _HEIGHT_IN), layout="constrained")
        axes = figure.add_subplot()
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(colors=LIGHT.ink, width=0.6)
        draw(axes)
        target = io.BytesIO()
        FigureCanvasSVG(figure).print_svg(target, metadata={"Date": None, "Creator": None})  # type: ignore[no-untyped-call]
    text = target.getvalue().decode()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    # WeasyPrint reads size and family, not the shorthand; ids are of one picture among several on the page
    text = re.sub(r"font: ([\d.]+px) ([^;\"]+)", r"font-size: \1; font-family: \2", text)
    text = re.sub(r'( id="|url\(#|href="#)', rf"\1{salt}-", text)
    return re.sub(r"\s*\n\s*", " ", text)
