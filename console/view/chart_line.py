"""ECharts series of one line of a plot: values, holes, limits, what no run has screened, suspect and failed points.

Directions are drawn as points: a line between 359° and 1° would cross the whole panel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from console.view.quantity import format_value, unit_of
from console.view.series import SeriesRow, points_of
from console.view.thin import GAP, thin
from schemas.flag import Flag
from schemas.flagged import notes_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    import pandas as pd

    from console.view.drawing import Drawing, LimitLine
    from console.view.series import PlotSeries
    from console.view.theme import ChartTheme
    from schemas.words import Words

MAX_POINTS = 1600
SHAPES = {Flag.SUSPECT: "diamond", Flag.FAIL: "path://M2 0 5 3 8 0 10 2 7 5 10 8 8 10 5 7 2 10 0 8 3 5 0 2Z"}
_DOT_PX, _LONE_PX = 3, 4

Options = dict[str, Any]
_Flagged = tuple[int | None, list[Any]]
"""A point of a plot and its flag; None for the end of a stretch."""


def lines_of(item: PlotSeries, drawing: Drawing, *, panel: int, colour: str, name: str) -> list[Options]:
    """The line of a series first, then what is drawn over it."""
    points = thin(item.points, MAX_POINTS, item.cadence, is_direction=item.is_direction)
    axes = {"xAxisIndex": panel, "yAxisIndex": panel}
    flagged = _data(points, item, drawing, name)
    if item.is_direction:
        flagged = [pair for pair in flagged if pair[1][1] is not None]
    line: Options = {
        **axes,
        "name": name,
        "data": [entry for _, entry in flagged],
        **(_dots() if item.is_direction else _strokes()),
        "itemStyle": {"color": colour},
        "emphasis": {"disabled": True},
    }
    limits = [limit for limit in drawing.limits if limit.parameter == item.parameter]
    if limits:
        line["markLine"] = _mark_line(limits, drawing.theme)
    over = [*_lone(line), *_not_evaluated(line, flagged, drawing)]
    flagged_points = [_marked_points(flagged, flag, drawing, axes) for flag in (Flag.SUSPECT, Flag.FAIL)]
    return [line, *over, *(entry for entry in flagged_points if entry["data"])]


def _strokes() -> Options:
    return {"type": "line", "showSymbol": False, "connectNulls": False, "lineStyle": {"width": 1.8}}


def _dots() -> Options:
    return {"type": "scatter", "symbolSize": _DOT_PX}


def _lone(line: Options) -> Iterator[Options]:
    """Values between two holes, which a line alone would not show."""
    if line["type"] != "line":
        return
    known = np.array([False, *(point[1] is not None for point in line["data"]), False])
    lone = known[1:-1] & ~known[:-2] & ~known[2:]
    if lone.any():
        data = [point for point, alone in zip(line["data"], lone.tolist(), strict=True) if alone]
        kept = {key: line[key] for key in ("xAxisIndex", "yAxisIndex", "name", "itemStyle", "emphasis")}
        yield {**kept, "type": "scatter", "symbolSize": _LONE_PX, "data": data}


def _not_evaluated(line: Options, flagged: Sequence[_Flagged], drawing: Drawing) -> Iterator[Options]:
    """The stretches of a line that no run has screened, drawn over it in grey."""
    if not any(flag == Flag.UNKNOWN for flag, _ in flagged):
        return
    grey: Options = {
        **{key: line[key] for key in line if key not in ("markLine", "itemStyle")},
        "name": drawing.words("flag.2"),
        "data": [[entry[0], entry[1] if flag == Flag.UNKNOWN else None] for flag, entry in flagged],
        "itemStyle": {"color": drawing.theme.muted},
        "silent": True,
        "z": 4,
    }
    if line["type"] == "line":
        grey["lineStyle"] = {"width": 1.8, "color": drawing.theme.muted}
    yield grey
    yield from _lone(grey)


def _mark_line(limits: Sequence[LimitLine], theme: ChartTheme) -> Options:
    return {
        "symbol": "none",
        "silent": True,
        "lineStyle": {"color": theme.limit, "type": "dashed", "width": 1.4},
        "label": {"position": "insideStartTop", "color": theme.limit, "fontSize": 12},
        "data": [{"yAxis": limit.value, "label": {"formatter": limit.label}} for limit in limits],
    }


def _marked_points(flagged: Sequence[_Flagged], wanted: Flag, drawing: Drawing, axes: dict[str, int]) -> Options:
    colour = drawing.theme.suspect if wanted is Flag.SUSPECT else drawing.theme.fail
    return {
        "type": "scatter",
        "name": drawing.words(f"flag.{int(wanted)}"),
        **axes,
        "data": [entry for flag, entry in flagged if flag == wanted and entry[1] is not None],
        "symbol": SHAPES[wanted],
        "symbolSize": 10 if wanted is Flag.SUSPECT else 9,
        "itemStyle": {"color": colour, "borderColor": drawing.theme.surface, "borderWidth": 1},
        "z": 5,
    }


def _data(points: pd.DataFrame, item: PlotSeries, drawing: Drawing, name: str) -> list[_Flagged]:
    """Points with their flags: a clock time alone names no point where clocks are set back."""
    unit = unit_of(item.parameter)
    found: list[_Flagged] = []
    for point, gap in zip(points_of(points), points[GAP].tolist(), strict=True):
        at = wall_ms(point.start, drawing.zone)
        text = f"{format_value(point.value, item.parameter)} {unit}".strip()
        clock = "%Y-%m-%d %H:%M:%S" if point.start.second else "%Y-%m-%d %H:%M"
        when = point.start.astimezone(drawing.zone).strftime(clock)
        found.append((point.flag, [at, point.value, text, _notes(point, drawing.words), name, when]))
        if gap:
            found.append((None, [at + 1, None]))
    return found


def _notes(point: SeriesRow, words: Words) -> str:
    notes: list[str] = []
    if point.n is not None:
        share = "" if point.completeness is None else f" · {words('series.completeness')} {point.completeness:.0%}"
        notes.append(f"n = {point.n}{share}")
    if point.flag != Flag.PASS:
        notes.append(words(f"flag.{point.flag}"))
    if point.status:
        notes.append(words.get(f"status.{point.status}", point.status))
    return "\n".join([*notes, *filter(None, [notes_text(point.notes, words.language, by_name=True)])])


def wall_ms(moment: datetime, zone: ZoneInfo) -> int:
    """Clock time of a zone as milliseconds that ECharts in UTC mode shows as this clock time."""
    local = moment.astimezone(zone)
    offset = local.utcoffset()
    shift = offset.total_seconds() if offset else 0.0
    return round((moment.timestamp() + shift) * 1000)
