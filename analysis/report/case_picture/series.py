"""The upper part of the picture: the parameter in time, with its usual range, the other stations, and the wind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.dates import AutoDateLocator, date2num, num2date

from schemas.words.message import unit_text

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from matplotlib.axes import Axes
    from matplotlib.ticker import Locator
    from numpy.typing import NDArray

    from analysis.case.case_file import CaseFile
    from analysis.report.case_chart import CaseChart, Numbers
    from analysis.report.case_picture.palette import Palette
    from schemas.words import Words

MOST_ARROWS = 18


def draw_series(
    axes: Axes, case: CaseFile, chart: CaseChart, *, words: Words, zone: ZoneInfo, colours: Palette
) -> list[tuple[str, str, str]]:
    """Draw the series; returns the legend: mark, colour, text."""
    times = _times(chart)
    legend = [("━", colours.line, words("series"))]
    for others in chart.neighbours.values():
        axes.plot(times, _array(others), color=colours.other, linewidth=0.9, zorder=2)
    if chart.neighbours:
        legend.append(("━", colours.other, words("neighbours")))
    low, high = _array(chart.usual_low), _array(chart.usual_high)
    if np.isfinite(low).any():
        axes.fill_between(times, low, high, color=colours.usual, alpha=0.28, linewidth=0, zorder=1)
        legend.append(("█", colours.usual, words("usual")))
    values = _array(chart.values)
    axes.plot(times, values, color=colours.line, linewidth=1.9, solid_capstyle="round", zorder=4)
    _draw_lonely(axes, times, values, colours.line)
    if chart.threshold is not None:
        axes.axhline(chart.threshold, color=colours.limit, linewidth=1.0, linestyle=(0, (5, 3)), zorder=3)
        legend.append(("┅", colours.limit, words("threshold", value=chart.threshold)))
    end = case.event.end or chart.start + len(chart.values) * chart.step
    axes.axvspan(_number(case.event.start), _number(end), color=colours.event, alpha=0.13, linewidth=0, zorder=0)
    legend.append(("█", colours.event, words("event")))
    _dress(axes, chart, zone, colours)
    return legend


def draw_wind(axes: Axes, chart: CaseChart, words: Words, colours: Palette) -> None:
    """Draw arrows that point to where the wind blows, longer with its speed, in the time of the series above."""
    times, speed, origin = _times(chart), _array(chart.wind_speed_m_s), _array(chart.wind_from_deg)
    known = np.flatnonzero(np.isfinite(speed) & np.isfinite(origin))
    axes.set_ylim(-1, 1)
    axes.axis("off")
    if not len(known):
        axes.text(0.0, 0.5, words("no_wind"), transform=axes.transAxes, color=colours.soft, fontsize=8, va="center")
        return
    chosen = known[:: max(1, -(-len(known) // MOST_ARROWS))]
    blows = np.deg2rad(origin[chosen] + 180)
    # the square root: a breeze stays visible next to a storm
    length = np.sqrt(np.clip(speed[chosen], 0.3, 12.0))
    _quiver(axes, times[chosen], length, blows, colours)


def _quiver(
    axes: Axes, times: NDArray[np.float64], length: NDArray[np.float64], blows: NDArray[np.float64], colours: Palette
) -> None:
    axes.quiver(
        times,
        np.zeros(len(times)),
        length * np.sin(blows),
        length * np.cos(blows),
        pivot="mid",
        angles="uv",
        scale=2.3,
        scale_units="height",
        units="height",
        width=0.085,
        headwidth=3.2,
        headlength=3.4,
        headaxislength=3.0,
        minlength=0.2,
        color=colours.soft,
    )


def _draw_lonely(axes: Axes, times: NDArray[np.float64], values: NDArray[np.float64], colour: str) -> None:
    """Mark values between two gaps: a line alone would not show them."""
    known = np.concatenate([[False], np.isfinite(values), [False]])
    lonely = known[1:-1] & ~known[:-2] & ~known[2:]
    axes.plot(times[lonely], values[lonely], "o", color=colour, markersize=2.6, zorder=4)


def _dress(axes: Axes, chart: CaseChart, zone: ZoneInfo, colours: Palette) -> None:
    axes.set_axisbelow(True)
    axes.grid(axis="y", color=colours.grid, linewidth=0.8)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(colours.grid)
    axes.tick_params(length=0, colors=colours.soft, pad=3, labelsize=8.5)
    axes.set_xlim(_number(chart.start), _number(chart.start + len(chart.values) * chart.step))
    axes.set_title(unit_text(chart.unit), loc="right", fontsize=8.5, color=colours.soft, pad=3)
    if axes.dataLim.ymin >= 0:
        axes.set_ylim(0.0, axes.get_ylim()[1])
    locator: Locator = AutoDateLocator(tz=zone, minticks=3, maxticks=6, interval_multiples=True)  # type: ignore[no-untyped-call]  # matplotlib has no type for it
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(lambda number, _: _tick_text(number, zone))


def _tick_text(number: float, zone: ZoneInfo) -> str:
    """Time of a tick, at midnight the date."""
    moment = num2date(number, tz=zone)  # type: ignore[no-untyped-call]  # as above
    return f"{moment:%m-%d}" if (moment.hour, moment.minute) == (0, 0) else f"{moment:%H:%M}"


def _times(chart: CaseChart) -> NDArray[np.float64]:
    """Middle of each step, as matplotlib's numbers."""
    first = chart.start + chart.step / 2
    return np.asarray(_number([first + index * chart.step for index in range(len(chart.values))]))


def _number(moments: datetime | list[datetime]) -> Any:  # noqa: ANN401 - a float for a time, an array for several
    return date2num(moments)  # type: ignore[no-untyped-call]  # as above


def _array(values: Numbers) -> NDArray[np.float64]:
    return np.array([np.nan if value is None else value for value in values], dtype=float)
