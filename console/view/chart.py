"""ECharts options of series plots: one panel a unit, flagged points by shape and colour, limits as lines."""

from __future__ import annotations

from collections import defaultdict
from itertools import cycle
from typing import TYPE_CHECKING

from console.view.chart_line import SHAPES, Options, lines_of
from console.view.quantity import unit_of
from schemas.flag import Flag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.view.drawing import Drawing
    from console.view.series import PlotSeries
    from console.view.theme import ChartTheme

PANEL_PX, GAP_PX, TOP_PX, BOTTOM_PX = 230, 62, 64, 66


def panels_of(series: Sequence[PlotSeries]) -> dict[str, list[PlotSeries]]:
    """Series by pretty unit, in the order of their first appearance."""
    panels: dict[str, list[PlotSeries]] = defaultdict(list)
    for item in series:
        panels[unit_of(item.parameter)].append(item)
    return dict(panels)


def chart_height(series: Sequence[PlotSeries]) -> int:
    """Height of the whole plot [px]."""
    count = max(1, len(panels_of(series)))
    return TOP_PX + count * PANEL_PX + (count - 1) * GAP_PX + BOTTOM_PX


def chart_frame(theme: ChartTheme) -> Options:
    """Options that every plot over time shares: times as given, fonts, colours, the tooltip of `console.view.chart_line` points."""
    return {
        "useUTC": True,
        "animation": False,
        "textStyle": {
            "fontFamily": "Roboto, PingFang SC, Noto Sans CJK SC, Microsoft YaHei, sans-serif",
            "color": theme.ink,
        },
        "aria": {"enabled": True},
        "tooltip": {
            "trigger": "axis",
            "confine": True,
            ":formatter": "window.skygroundTooltip",
            "backgroundColor": theme.surface,
            "borderColor": theme.line,
            "textStyle": {"color": theme.ink, "fontSize": 13},
        },
    }


def series_chart(series: Sequence[PlotSeries], drawing: Drawing) -> Options:
    """Options of the plot; times are drawn in the network's zone, whatever zone the browser has."""
    panels = panels_of(series)
    theme = drawing.theme
    lines: list[Options] = []
    colours = cycle(theme.series)
    for panel, members in enumerate(panels.values()):
        for item in members:
            colour = next(colours)
            lines.extend(lines_of(item, drawing, panel=panel, colour=colour, name=drawing.line_name(item, series)))
    frame = chart_frame(theme)
    return frame | {
        "legend": _legend(lines, drawing),
        "grid": [
            {"left": 58, "right": 18, "top": TOP_PX + index * (PANEL_PX + GAP_PX), "height": PANEL_PX}
            for index in range(len(panels))
        ],
        "xAxis": [_time_axis(theme, index, last=index == len(panels) - 1) for index in range(len(panels))],
        "yAxis": [_value_axis(theme, index, unit, members) for index, (unit, members) in enumerate(panels.items())],
        "tooltip": frame["tooltip"] | {"axisPointer": {"lineStyle": {"color": theme.muted}}},
        "axisPointer": {"link": [{"xAxisIndex": "all"}]},
        "dataZoom": [
            {"type": "inside", "xAxisIndex": list(range(len(panels))), "zoomOnMouseWheel": "ctrl"},
            {
                "type": "slider",
                "xAxisIndex": list(range(len(panels))),
                "height": 20,
                "bottom": 8,
                "borderColor": theme.line,
                "showDetail": False,
                "brushSelect": False,
            },
        ],
        "series": lines,
    }


def _legend(lines: Sequence[Options], drawing: Drawing) -> Options:
    # lines first, then what the marks mean
    marks = {drawing.words(f"flag.{flag}") for flag in (2, 3, 4)}
    ordered = sorted(lines, key=lambda line: line["name"] in marks)
    names = list(dict.fromkeys(line["name"] for line in ordered))
    shapes = {drawing.words("flag.3"): SHAPES[Flag.SUSPECT], drawing.words("flag.4"): SHAPES[Flag.FAIL]}
    data = [{"name": name, "icon": shapes.get(name, "roundRect")} for name in names]
    return {
        "type": "scroll",
        "top": 0,
        "left": 0,
        "right": 0,
        "itemWidth": 14,
        "itemHeight": 9,
        "data": data,
        "textStyle": {"color": drawing.theme.ink, "fontSize": 13},
    }


def _time_axis(theme: ChartTheme, index: int, *, last: bool) -> Options:
    return {
        "type": "time",
        "gridIndex": index,
        "axisLine": {"lineStyle": {"color": theme.line}},
        "axisTick": {"show": last, "lineStyle": {"color": theme.line}},
        "axisLabel": {
            "show": last,
            "color": theme.muted,
            "hideOverlap": True,
            "formatter": {
                "year": "{yyyy}",
                "month": "{yyyy}-{MM}",
                "day": "{MM}-{dd}",
                "hour": "{HH}:{mm}",
                "minute": "{HH}:{mm}",
            },
        },
        "splitLine": {"show": False},
    }


def _value_axis(theme: ChartTheme, index: int, unit: str, members: Sequence[PlotSeries]) -> Options:
    turn = {"min": 0, "max": 360, "interval": 90} if all(item.is_direction for item in members) else {"scale": True}
    return {
        "type": "value",
        "gridIndex": index,
        "name": unit,
        "nameLocation": "end",
        "nameGap": 10,
        "nameTextStyle": {"color": theme.muted, "align": "right", "padding": [0, 6, 0, 0]},
        **turn,
        "splitNumber": 4,
        "axisLabel": {"color": theme.muted, ":formatter": "window.skygroundCompact"},
        "splitLine": {"lineStyle": {"color": theme.line}},
    }
