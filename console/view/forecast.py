"""The hourly forecast of a station or city as plots, and its daily AQI as rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from analysis.statistics.aqi_level import levels
from console.view.chart import chart_frame
from console.view.quantity import name_of, unit_of
from schemas.reason import parse_reason
from schemas.words import render

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from analysis.run.forecast.history import IssueNote
    from console.view.theme import ChartTheme
    from schemas.words import Words

PARAMETERS = ("pm25", "pm10", "o3", "no2", "so2", "co")
_SIMPLE = "fallback-yesterday-climatology"
"""Model of hours without a trained one."""
_DARK_FROM = 4
"""Level from which white text has the better contrast."""


class DayRow(NamedTuple):
    """Daily AQI: median and 80 % range, level names and colour, primary pollutant and its probability [1]."""

    start: datetime
    aqi: int
    low: int
    high: int
    level: str
    level_range: str
    colour: str
    dark: bool
    primary: str
    probability: float | None
    missing: str
    edition: str


class Head(NamedTuple):
    """Origin, model and marks of a forecast.

    ``weather_h`` hours were forecast with weather ahead; ``weather`` is the reference time of the run that gave it; ``reasons`` why it
    is outside the range of the training; ``refused`` why weather forecasts were refused; ``bases`` what the width of the bands rests on.
    """

    origin: datetime
    age_h: float
    model: str
    is_simple: bool
    weather_h: int
    reasons: tuple[str, ...]
    weather: datetime | None = None
    refused: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()


class Plot(NamedTuple):
    """A pollutant with its plot."""

    name: str
    options: dict[str, Any]


def newest(hours: pd.DataFrame) -> pd.DataFrame:
    """Rows of the newest origin: hours of an older one, that the newest does not have, are left out."""
    return hours if hours.empty else hours[hours["origin"] == hours["origin"].max()]


def head_of(hours: pd.DataFrame, now: datetime, words: Words, note: IssueNote | None = None) -> Head:
    """Head of the newest forecast; ``hours`` of one origin, not empty; ``note`` what its issue recorded."""
    origin = pd.Timestamp(hours["origin"].iloc[0]).to_pydatetime()
    # an empty text is read back as missing
    version = next((str(item) for item in hours["model_version"].dropna().unique() if item), "")
    texts = dict.fromkeys(str(item) for item in hours["reason"].dropna().unique() if item)
    # pollutants have nearly the same range of a feature: one sentence a parameter
    reasons = {
        (reason.key, reason.figures.get("parameter")): render(reason, words.language)
        for text in texts
        if (reason := parse_reason(text)) is not None
    }
    return Head(
        origin=origin,
        age_h=(now - origin).total_seconds() / 3600,
        model=version,
        is_simple=bool((hours["model"] == _SIMPLE).any()),
        weather_h=int(hours.loc[hours["with_weather"] > 0, "horizon_h"].nunique()),
        reasons=tuple(reasons.values()),
        weather=pd.Timestamp(note.weather).to_pydatetime() if note is not None and note.weather else None,
        refused=() if note is None else _sentences(note.weather_refused, words),
        bases=_bases(hours, words),
    )


def _bases(hours: pd.DataFrame, words: Words) -> tuple[str, ...]:
    """A sentence a basis of intervals (`analysis.forecast.hourly.model.IntervalBasis`) with its hours; none of a forecast without it."""
    if "basis" not in hours:
        return ()
    counts = hours.groupby("basis")["horizon_h"].nunique()
    known = [str(name) for name in counts.index if words.get(f"forecast.basis_{name}", "")]
    return tuple(words(f"forecast.basis_{name}", hours=int(counts[name])) for name in known)


def _sentences(texts: Iterable[str], words: Words) -> tuple[str, ...]:
    reasons = (parse_reason(text) for text in texts)
    return tuple(render(reason, words.language) for reason in reasons if reason is not None)


def day_rows(days: pd.DataFrame, words: Words) -> list[DayRow]:
    """Rows of the daily AQI, in the order of the days; ``days`` of one origin."""
    return [_day_row(pd.Timestamp(str(start)), row, words) for start, row in days.sort_index().iterrows()]


def plots(hours: pd.DataFrame, theme: ChartTheme, zone: ZoneInfo, words: Words) -> list[Plot]:
    """A plot a pollutant: median, 80 % and 90 % band, with gaps where hours are missing; times are drawn in the network's zone."""
    found: list[Plot] = []
    if hours.empty:
        return found
    every = pd.date_range(hours.index.min(), hours.index.max(), freq="h")
    for code in PARAMETERS:
        rows = hours[hours["parameter"] == code]
        if len(rows):
            name = f"{name_of(code, words)} ({unit_of(code)})"
            found.append(Plot(name, _options(rows.reindex(every), name, theme, zone, words)))
    return found


def _day_row(start: pd.Timestamp, row: pd.Series, words: Words) -> DayRow:
    known = {item.level: item for item in levels()}
    middle, low, high = (known[int(row[name])] for name in ("level", "level_low", "level_high"))
    names = [item.name(words.language) for item in (low, high)]
    probability, primary = row.get("primary_probability"), str(row.get("primary") or "")
    return DayRow(
        start=start.to_pydatetime(),
        aqi=int(row["aqi"]),
        low=int(row["aqi_q10"]),
        high=int(row["aqi_q90"]),
        level=middle.name(words.language),
        level_range=names[0] if low == high else words("forecast.to", low=names[0], high=names[1]),
        colour=middle.colour,
        dark=middle.level >= _DARK_FROM,
        primary=primary,
        probability=float(probability) if primary and pd.notna(probability) else None,
        missing=str(row.get("missing") or ""),
        edition=str(row.get("edition") or ""),
    )


def _options(rows: pd.DataFrame, name: str, theme: ChartTheme, zone: ZoneInfo, words: Words) -> dict[str, Any]:
    colour = theme.series[0]
    times = [f"{moment:%m-%d %H:%M}" for moment in pd.DatetimeIndex(rows.index).tz_convert(zone)]
    frame = chart_frame(theme)
    frame.pop("tooltip")
    return frame | {
        "tooltip": {"trigger": "axis", "confine": True},
        "legend": {"show": False},
        "grid": {"left": 52, "right": 14, "top": 14, "bottom": 30},
        "xAxis": {"type": "category", "data": times, "axisLabel": {"color": theme.muted}, "boundaryGap": False},
        "yAxis": {
            "type": "value",
            "min": 0,
            "axisLabel": {"color": theme.muted},
            "splitLine": {"lineStyle": {"color": theme.line}},
        },
        "series": [
            *_band(rows, ("q05", "q95"), words("forecast.band", share=90), colour, 0.15),
            *_band(rows, ("q10", "q90"), words("forecast.band", share=80), colour, 0.25),
            {
                "name": words("forecast.median"),
                "type": "line",
                "showSymbol": False,
                "data": _numbers(rows["value"]),
                "lineStyle": {"color": colour, "width": 2},
                "itemStyle": {"color": colour},
            },
        ],
        "aria": {"enabled": True, "label": {"description": name}},
    }


def _band(rows: pd.DataFrame, edges: tuple[str, str], name: str, colour: str, opacity: float) -> list[dict[str, Any]]:
    """Two stacked lines: the lower edge, unseen, and the width above it; none of a forecast without these quantiles."""
    if not set(edges) <= {*rows.columns}:
        return []
    low, high = (rows[edge].astype(float) for edge in edges)
    common = {"type": "line", "stack": name, "showSymbol": False, "lineStyle": {"opacity": 0}, "silent": True}
    return [
        common | {"name": f"{name} ↓", "data": _numbers(low), "tooltip": {"show": False}},
        common
        | {
            "name": name,
            "data": _numbers(high - low),
            "areaStyle": {"color": colour, "opacity": opacity},
            "tooltip": {"show": False},
        },
    ]


def _numbers(values: pd.Series) -> list[float | None]:
    return [round(float(value), 3) if pd.notna(value) else None for value in values]
