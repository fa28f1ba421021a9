"""The last days and the days ahead: AQI with its range on the scale of the levels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from analysis.report.case_picture.palette import LIGHT
from analysis.report.city.chart.air import draw_levels
from analysis.report.city.chart.svg import svg_picture
from analysis.statistics.aqi_level import level_of
from analysis.statistics.daily import civil_date
from schemas.words import words as words_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from analysis.report.city.evidence import ReportEvidence
    from analysis.report.city.products import Outlook

_PAST = 7
"""Days of the period that are drawn before the forecast [d]."""


def outlook_chart(evidence: ReportEvidence, found: Outlook, language: str) -> str:
    """Bars of the last observed days, and the forecast days hatched, with their 80 % range; empty without a forecast day."""
    ahead = [item for item in found.days if item.series == evidence.place.code]
    if not ahead:
        return ""
    words = words_of(language, "report.city.axis")
    index = evidence.days["aqi"].dropna().iloc[-_PAST:]
    past = [
        (civil_date(start, evidence.zone), int(value))
        for start, value in zip(pd.DatetimeIndex(index.index), index, strict=True)
        if civil_date(start, evidence.zone) < ahead[0].day
    ]
    labels = [f"{day:%m-%d}" for day, _ in past] + [f"{item.day:%m-%d}" for item in ahead]

    def draw(axes_of: list[Axes]) -> None:
        axes = axes_of[0]
        for place, (_, value) in enumerate(past):
            axes.bar(place, value, color=level_of(value).colour, edgecolor=LIGHT.soft, linewidth=0.6)
        for place, item in enumerate(ahead, len(past)):
            axes.bar(
                place,
                item.aqi,
                color=level_of(item.aqi).colour,
                alpha=0.55,
                edgecolor=LIGHT.ink,
                linewidth=0.8,
                hatch="//",
            )
            axes.plot([place, place], [item.low, item.high], color=LIGHT.ink, linewidth=1.6)
        highest = max([value for _, value in past] + [item.high for item in ahead])
        draw_levels(axes, float(highest), language, at=len(labels) - 0.3)
        axes.set_xticks(range(len(labels)), labels)
        axes.set_xlim(-0.6, len(labels) - 0.4)
        axes.set_ylabel(words("aqi"))

    return svg_picture(draw, "outlook", height_in=2.3)
