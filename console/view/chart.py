"""ECharts options of series plots: one panel a unit, flagged points by shape and colour, limits as lines."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING, Any

from console.view.quantity import format_value, name_of, unit_of
from console.view.series import Point, Series, gap_after, points_of, thin
from schemas.flag import Flag

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    import pandas as pd

    from console.i18n import Words
    from console.theme import ChartTheme

MAX_POINTS = 1600
PANEL_PX, GAP_PX, TOP_PX, BOTTOM_PX = 230, 62, 64, 66
_SHAPES = {Flag.SUSPECT: "diamond", Flag.FAIL: "path://M2 0 5 3 8 0 10 2 7 5 10 8 8 10 5 7 2 10 0 8 3 5 0 2Z"}

Options = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitLine:
    """A comparison value drawn across a panel: of which parameter, in its canonical unit, and what it is."""

    parameter: str
    value: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """What a plot needs beside its values."""

    words: Words
    theme: ChartTheme
    zone: ZoneInfo
    station_names: Mapping[str, str]
    limits: Sequence[LimitLine] = ()

    def line_name(self, series: Series, others: Sequence[Series]) -> str:
        """Name of a line: station, instrument and network only where they tell lines apart."""
        parts = [name_of(series.parameter, self.words)]
        if len({item.station_id for item in others}) > 1:
            parts.insert(0, self.station_names.get(series.station_id, series.station_id))
        same = [item for item in others if (item.station_id, item.parameter) == (series.station_id, series.parameter)]
        if len(same) > 1:
            parts.append(series.instrument_id or self.words.get(f"network_short.{series.network}", series.network))
        return " · ".join(parts)


def panels_of(series: Sequence[Series]) -> dict[str, list[Series]]:
    """Series by pretty unit, in the order of their first appearance."""
    panels: dict[str, list[Series]] = defaultdict(list)
    for item in series:
        panels[unit_of(item.parameter)].append(item)
    return dict(panels)


def chart_height(series: Sequence[Series]) -> int:
    """Height of the whole plot [px]."""
    count = max(1, len(panels_of(series)))
    return TOP_PX + count * PANEL_PX + (count - 1) * GAP_PX + BOTTOM_PX


def series_chart(series: Sequence[Series], drawing: Drawing) -> Options:
    """Options of the plot; times are drawn in the network's zone, whatever zone the browser has."""
    panels = panels_of(series)
    theme = drawing.theme
    lines: list[Options] = []
    colours = cycle(theme.series)
    for panel, members in enumerate(panels.values()):
        for item in members:
            colour = next(colours)
            lines.extend(_lines(item, drawing, panel=panel, colour=colour, name=drawing.line_name(item, series)))
    return {
        "useUTC": True,
        "animation": False,
        "textStyle": {
            "fontFamily": "Roboto, PingFang SC, Noto Sans CJK SC, Microsoft YaHei, sans-serif",
            "color": theme.ink,
        },
        "aria": {"enabled": True},
        "legend": _legend(lines, drawing),
        "grid": [
            {"left": 58, "right": 18, "top": TOP_PX + index * (PANEL_PX + GAP_PX), "height": PANEL_PX}
            for index in range(len(panels))
        ],
        "xAxis": [_time_axis(theme, index, last=index == len(panels) - 1) for index in range(len(panels))],
        "yAxis": [_value_axis(theme, index, unit) for index, unit in enumerate(panels)],
        "tooltip": {
            "trigger": "axis",
            "confine": True,
            ":formatter": "window.skygroundTooltip",
            "backgroundColor": theme.surface,
            "borderColor": theme.line,
            "textStyle": {"color": theme.ink, "fontSize": 13},
            "axisPointer": {"lineStyle": {"color": theme.muted}},
        },
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
    judged = {drawing.words("flag.3"): _SHAPES[Flag.SUSPECT], drawing.words("flag.4"): _SHAPES[Flag.FAIL]}
    data = [{"name": name, "icon": judged.get(name, "roundRect")} for name in names]
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


def _value_axis(theme: ChartTheme, index: int, unit: str) -> Options:
    return {
        "type": "value",
        "gridIndex": index,
        "name": unit,
        "nameLocation": "end",
        "nameGap": 10,
        "nameTextStyle": {"color": theme.muted, "align": "right", "padding": [0, 6, 0, 0]},
        "scale": True,
        "splitNumber": 4,
        "axisLabel": {"color": theme.muted, ":formatter": "window.skygroundCompact"},
        "splitLine": {"lineStyle": {"color": theme.line}},
    }


def _lines(item: Series, drawing: Drawing, *, panel: int, colour: str, name: str) -> list[Options]:
    points = thin(item.points, MAX_POINTS)
    data = _data(points, item, drawing, name)
    single = len(points) == 1
    line: Options = {
        "type": "line",
        "name": name,
        "xAxisIndex": panel,
        "yAxisIndex": panel,
        "data": data,
        "showSymbol": single,
        "symbolSize": 6,
        "connectNulls": False,
        "lineStyle": {"width": 1.8},
        "itemStyle": {"color": colour},
        "emphasis": {"disabled": True},
    }
    limits = [limit for limit in drawing.limits if limit.parameter == item.parameter]
    if limits:
        line["markLine"] = _mark_line(limits, drawing.theme)
    judged = [_judged(points, data, flag, drawing, panel=panel) for flag in (Flag.SUSPECT, Flag.FAIL)]
    return [line, *_not_evaluated(line, points, drawing), *(entry for entry in judged if entry["data"])]


def _not_evaluated(line: Options, points: pd.DataFrame, drawing: Drawing) -> Iterator[Options]:
    """The stretches of a line that no run has screened, drawn over it in grey."""
    open_at = {wall_ms(start.to_pydatetime(), drawing.zone) for start in points.index[points["flag"] == Flag.UNKNOWN]}
    if not open_at:
        return
    grey = {"width": 1.8, "color": drawing.theme.muted}
    data = [[point[0], point[1] if point[0] in open_at else None] for point in line["data"]]
    yield {
        **{name: line[name] for name in ("type", "xAxisIndex", "yAxisIndex", "symbolSize")},
        "showSymbol": len(open_at) == 1,
        "name": drawing.words("flag.2"),
        "data": data,
        "connectNulls": False,
        "lineStyle": grey,
        "itemStyle": {"color": drawing.theme.muted},
        "emphasis": {"disabled": True},
        "silent": True,
        "z": 4,
    }


def _mark_line(limits: Sequence[LimitLine], theme: ChartTheme) -> Options:
    return {
        "symbol": "none",
        "silent": True,
        "lineStyle": {"color": theme.limit, "type": "dashed", "width": 1.4},
        "label": {"position": "insideEndTop", "color": theme.limit, "fontSize": 12},
        "data": [{"yAxis": limit.value, "label": {"formatter": limit.label}} for limit in limits],
    }


def _judged(points: pd.DataFrame, data: Sequence[Any], flag: Flag, drawing: Drawing, *, panel: int) -> Options:
    wanted = {wall_ms(start.to_pydatetime(), drawing.zone) for start in points.index[points["flag"] == flag]}
    colour = drawing.theme.suspect if flag is Flag.SUSPECT else drawing.theme.fail
    return {
        "type": "scatter",
        "name": drawing.words(f"flag.{int(flag)}"),
        "xAxisIndex": panel,
        "yAxisIndex": panel,
        "data": [point for point in data if point[0] in wanted and point[1] is not None],
        "symbol": _SHAPES[flag],
        "symbolSize": 10 if flag is Flag.SUSPECT else 9,
        "itemStyle": {"color": colour, "borderColor": drawing.theme.surface, "borderWidth": 1},
        "z": 5,
    }


def _data(points: pd.DataFrame, item: Series, drawing: Drawing, name: str) -> list[Any]:
    unit = unit_of(item.parameter)
    found: list[Any] = []
    for point, gap in zip(points_of(points), gap_after(points).tolist(), strict=True):
        at = wall_ms(point.start, drawing.zone)
        text = f"{format_value(point.value, item.parameter)} {unit}".strip()
        when = point.start.astimezone(drawing.zone).strftime("%Y-%m-%d %H:%M")
        found.append([at, point.value, text, _notes(point, drawing.words), name, when])
        if gap:
            found.append([at + 1, None])
    return found


def _notes(point: Point, words: Words) -> str:
    notes: list[str] = []
    if point.n is not None:
        share = "" if point.completeness is None else f" · {words('series.completeness')} {point.completeness:.0%}"
        notes.append(f"n = {point.n}{share}")
    if point.flag != Flag.PASS:
        notes.append(words(f"flag.{point.flag}"))
    if point.status:
        notes.append(words.get(f"status.{point.status}", point.status))
    return "\n".join([*notes, *filter(None, point.notes.split("\n"))])


def wall_ms(moment: datetime, zone: ZoneInfo) -> int:
    """Clock time of a zone as milliseconds that ECharts, told to use UTC, shows as this clock time."""
    local = moment.astimezone(zone)
    offset = local.utcoffset()
    shift = offset.total_seconds() if offset else 0.0
    return round((moment.timestamp() + shift) * 1000)
