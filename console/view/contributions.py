"""Mass from each factor of a station over time: a stacked plot, and what the factors are."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING

from analysis.receptor.source_library import Certainty, load_library
from analysis.receptor.station_model import HIGH, LOW, factor_column
from console.view.chart import chart_frame
from console.view.chart_line import wall_ms
from console.view.quantity import name_of
from schemas.reason import parse_reason
from schemas.words import render

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    import pandas as pd

    from analysis.receptor.station_model import ModelFactor, StationSolution
    from console.view.chart_line import Options
    from console.view.theme import ChartTheme
    from schemas.words import Words

MOST_SHOWN = 0.99
"""A larger probability of a name is shown as this [1]: of the sure names of simulated profiles a twentieth was wrong (docs/attribution.md)."""


def factor_name(factor: ModelFactor, words: Words) -> str:
    """Number and kind of a factor, perhaps only, or that it is not named."""
    if factor.certainty is Certainty.UNNAMED:
        return words("factors.unnamed", number=factor.number)
    key = "factors.named" if factor.certainty is Certainty.SURE else "factors.perhaps"
    return words(key, number=factor.number, kind=factor.kind)


def _why(factor: ModelFactor, words: Words) -> str:
    """Why a factor has no name, or perhaps only; empty for a sure one."""
    if factor.certainty is Certainty.PERHAPS:
        return words("factors.poor", score=factor.score, least=load_library().rules.factor_sure_score)
    return "" if factor.why is None else words("factors.why", why=str(factor.why))


def factor_rows(solution: StationSolution, words: Words) -> list[dict[str, object]]:
    """A row of the table for each factor."""
    return [
        {
            "name": factor_name(factor, words),
            "why": _why(factor, words),
            "score": f"{factor.score:.2f}",
            "probability": f"{min(factor.probability, MOST_SHOWN):.0%}" if factor.certainty is Certainty.SURE else "",
            "mass": f"{factor.mass:.3g}",
            "interval": "–" if factor.mass_low is None else f"{factor.mass_low:.3g}–{factor.mass_high:.3g}",
            "share": f"{factor.share:.0%}",
            "species": [name_of(name, words) for name in factor.species],
        }
        for factor in solution.factors
    ]


def solution_notes(solution: StationSolution, words: Words) -> list[str]:
    """What is needed for a solution, or which factors have drifted."""
    reasons = [parse_reason(text) for text in solution.reasons]
    return [render(item, words.language) for item in reasons if item is not None]


def contribution_chart(
    solution: StationSolution, hours: pd.DataFrame, words: Words, theme: ChartTheme, zone: ZoneInfo
) -> Options:
    """Options of the plot, µg m⁻³ stacked by factor; the interval of each hour is in its tooltip."""
    lines = [
        {
            "type": "line",
            "name": factor_name(factor, words),
            "stack": "mass",
            "showSymbol": False,
            "areaStyle": {"opacity": 0.75},
            "lineStyle": {"width": 0.5},
            "color": colour,
            "data": _points(factor, hours, words, zone),
        }
        for factor, colour in zip(solution.factors, cycle(theme.series))
    ]
    return chart_frame(theme) | {
        "legend": {
            "type": "scroll",
            "top": 0,
            "left": 0,
            "right": 0,
            "textStyle": {"color": theme.ink, "fontSize": 13},
        },
        "grid": {"left": 52, "right": 16, "top": 62, "bottom": 34},
        "xAxis": {
            "type": "time",
            "axisLine": {"lineStyle": {"color": theme.line}},
            "axisLabel": {
                "color": theme.muted,
                "hideOverlap": True,
                "formatter": {"month": "{yyyy}-{MM}", "day": "{MM}-{dd}", "hour": "{HH}:{mm}"},
            },
        },
        "yAxis": {
            "type": "value",
            "name": "µg/m³",
            "nameTextStyle": {"color": theme.muted},
            "axisLabel": {"color": theme.muted},
            "splitLine": {"lineStyle": {"color": theme.line}},
        },
        "series": lines,
    }


def _points(factor: ModelFactor, hours: pd.DataFrame, words: Words, zone: ZoneInfo) -> list[list[object]]:
    """Time, value, its text, interval, name and clock time, as the tooltip reads them; an hour without a value is a hole."""
    column, name = factor_column(factor.number), factor_name(factor, words)
    if column not in hours:
        return []
    points: list[list[object]] = []
    for start, value, low, high in zip(
        hours.index, hours[column], hours[column + LOW], hours[column + HIGH], strict=True
    ):
        at, clock = wall_ms(start, zone), f"{start.astimezone(zone):%Y-%m-%d %H:%M}"
        is_there = value == value  # noqa: PLR0124 - NaN
        ends = words("factors.interval", low=float(low), high=float(high)) if is_there else ""
        points.append([at, float(value) if is_there else None, f"{value:.3g}" if is_there else "–", ends, name, clock])
    return points
