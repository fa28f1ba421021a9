"""The picture in the mail: series, threshold, exceedance, suspect values and forecast as a PNG (matplotlib, Agg)."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import AutoDateLocator, date2num, num2date
from matplotlib.figure import Figure

from alerts.mail.mail_value import SeriesPoint
from alerts.wording import time_text, word
from analysis.report.font import font_families
from schemas.flag import Flag
from schemas.frames import holes_after
from schemas.parameter import AveragingMethod, load_parameters
from schemas.words.message import unit_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from alerts.mail.view import AlertView

INK, SOFT, GRID = "#1f2937", "#6b7280", "#e5e7eb"
LINE, BEYOND, AHEAD, DOUBT = "#2563eb", "#dc2626", "#7c3aed", "#d97706"
SIZE_IN, DPI = (6.0, 2.9), 200
"""[inch] at 200 dpi: 1200 px wide, shown at up to 600."""


def plot_series(view: AlertView, language: str) -> bytes | None:
    """Draw the series of an alert.

    Parameters
    ----------
    view : AlertView
        Without points and forecast there is nothing to draw.
    language : str
        ``zh`` or ``en``.

    Returns
    -------
    bytes or None
        PNG, 1200 x 580 px, white ground (it must stay readable in a dark mail client).
    """
    if not any(point.value is not None for point in view.points) and not view.forecast:
        return None
    view = with_gaps(view)
    with rc_context(
        # names are text: a "$" begins no formula
        {"font.family": font_families(), "font.size": 9.5, "axes.unicode_minus": False, "text.parse_math": False}
    ):
        figure = Figure(figsize=SIZE_IN, dpi=DPI, facecolor="white")
        FigureCanvasAgg(figure)
        axes = figure.add_axes((0.085, 0.13, 0.875, 0.70))
        _draw_series(axes, view)
        _draw_forecast(axes, view)
        _draw_threshold(axes, view)
        _draw_since(axes, view, language)
        _dress(axes, figure, view, language)
        out = BytesIO()
        figure.savefig(out, format="png", metadata={"Software": "skyground"})
    return out.getvalue()


def with_gaps(view: AlertView) -> AlertView:
    """The view with an empty point in every hole between its points, so that no line is drawn across it."""
    starts = pd.DatetimeIndex([point.start for point in view.points])
    holes = holes_after(starts, view.cadence).tolist()
    points: list[SeriesPoint] = []
    for point, hole in zip(view.points, holes, strict=True):
        points += [point, SeriesPoint(point.start + view.cadence, None)] if hole else [point]
    return msgspec.structs.replace(view, points=tuple(points))


def _number(moments: object) -> Any:  # noqa: ANN401 - a float for a time, an array for several
    """Times as matplotlib's numbers."""
    return date2num(moments)  # type: ignore[no-untyped-call]  # matplotlib has no type for it


def _times(view: AlertView) -> np.ndarray:
    """Middle of each interval, so that an hour's mean is drawn in its hour."""
    return np.asarray(_number([point.start + view.cadence / 2 for point in view.points]))


def _draw_series(axes: Axes, view: AlertView) -> None:
    if not view.points:
        return
    times = _times(view)
    values = np.array([np.nan if point.value is None else point.value for point in view.points], dtype=float)
    limits = _limits(view)
    if _is_direction(view):
        axes.plot(times, values, "o", color=LINE, markersize=2, zorder=4)
        axes.set_ylim(0, 360)
    else:
        axes.plot(times, values, color=LINE, linewidth=1.8, solid_capstyle="round", zorder=4)
        _draw_lonely(axes, times, values)
    if limits is not None:
        beyond = values < limits if view.is_below else values > limits
        axes.fill_between(
            times,
            limits,
            values,
            where=beyond.tolist(),
            interpolate=True,
            color=BEYOND,
            alpha=0.22,
            linewidth=0,
            zorder=3,
        )
        axes.plot(times[beyond], values[beyond], "o", color=BEYOND, markersize=3.6, zorder=6)
    doubt = np.array([point.flag in {Flag.SUSPECT, Flag.FAIL} for point in view.points], dtype=bool)
    axes.plot(
        times[doubt],
        values[doubt],
        "o",
        markersize=6.5,
        markerfacecolor="none",
        markeredgecolor=DOUBT,
        markeredgewidth=1.4,
        zorder=7,
    )


def _is_direction(view: AlertView) -> bool:
    """Whether the values are angles: a line between 359° and 1° would cross the whole picture."""
    known = load_parameters().get(view.transition.parameter or "")
    return known is not None and known.averaging is AveragingMethod.VECTOR


def _draw_lonely(axes: Axes, times: np.ndarray, values: np.ndarray) -> None:
    """Mark values between two gaps: a line alone would not show them."""
    known = np.concatenate([[False], np.isfinite(values), [False]])
    lonely = known[1:-1] & ~known[:-2] & ~known[2:]
    axes.plot(times[lonely], values[lonely], "o", color=LINE, markersize=3, zorder=4)


def _limits(view: AlertView) -> np.ndarray | None:
    fixed = view.transition.threshold
    if fixed is None and all(point.limit is None for point in view.points):
        return None
    return np.array(
        [point.limit if point.limit is not None else (np.nan if fixed is None else fixed) for point in view.points]
    )


def _draw_forecast(axes: Axes, view: AlertView) -> None:
    if not view.forecast:
        return
    half = timedelta(minutes=30)
    times = _number([item.start + half for item in view.forecast])
    low = np.array([item.median if item.low is None else item.low for item in view.forecast])
    high = np.array([item.median if item.high is None else item.high for item in view.forecast])
    axes.fill_between(times, low, high, color=AHEAD, alpha=0.13, linewidth=0, zorder=2)
    axes.plot(
        times, [item.median for item in view.forecast], color=AHEAD, linewidth=1.5, linestyle=(0, (4, 2)), zorder=4
    )


def _draw_threshold(axes: Axes, view: AlertView) -> None:
    limit = view.transition.threshold
    if limit is None:
        return
    limits = _limits(view)
    if limits is not None and len(limits) and np.nanmin(limits) != np.nanmax(limits):
        axes.plot(_times(view), limits, color=BEYOND, linewidth=1.1, linestyle=(0, (5, 3)), zorder=5)
    else:
        axes.axhline(limit, color=BEYOND, linewidth=1.1, linestyle=(0, (5, 3)), zorder=5)
    axes.annotate(
        f"{limit:g}",
        xy=(0.0, limit),
        xycoords=("axes fraction", "data"),
        xytext=(4, 3),
        textcoords="offset points",
        color=BEYOND,
        fontweight="bold",
        zorder=8,
        bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.8},
    )


def _draw_since(axes: Axes, view: AlertView, language: str) -> None:
    if not view.points or view.transition.since < view.points[0].start:
        return
    moment = _number(view.transition.since)
    is_late = moment > np.mean(axes.get_xlim())
    axes.axvline(moment, color=SOFT, linewidth=0.9, zorder=2)
    axes.annotate(
        f"{word('since', language)} {time_text(view.transition.since, view.zone, language)}",
        xy=(moment, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(-4 if is_late else 4, -3),
        textcoords="offset points",
        ha="right" if is_late else "left",
        va="top",
        color=SOFT,
        fontsize=8.5,
        zorder=8,
    )


def _dress(axes: Axes, figure: Figure, view: AlertView, language: str) -> None:
    axes.set_axisbelow(True)
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(GRID)
    axes.tick_params(length=0, colors=SOFT, pad=5)
    locator = AutoDateLocator(tz=view.zone, minticks=4, maxticks=8, interval_multiples=True)  # type: ignore[no-untyped-call]  # as above
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(lambda number, _: _tick_text(number, view))
    axes.margins(x=0.06, y=0.18)  # room for half a time label at either end
    bottom, top = axes.get_ylim()
    if view.transition.threshold is not None and axes.dataLim.ymin >= 0 and bottom < top / 2:
        axes.set_ylim(0, top)
    kind = "series_title" if view.cadence >= timedelta(hours=1) else "native_title"
    station, what = view.station.of(language), view.what.of(language)
    figure.text(
        0.015, 0.935, f"{station}  ·  {what}  {word(kind, language)}", color=INK, fontsize=10.5, fontweight="bold"
    )
    figure.text(0.015, 0.872, unit_text(view.unit), color=SOFT, fontsize=9)
    _legend(figure, view, language)


def _legend(figure: Figure, view: AlertView, language: str) -> None:
    """Legend of what is drawn besides the series of the title, right-aligned on the line of the unit."""
    entries: list[tuple[str, str, str]] = []
    if view.transition.threshold is not None:
        entries.append(("┅", BEYOND, word("threshold", language)))
    if any(point.flag in {Flag.SUSPECT, Flag.FAIL} for point in view.points):
        entries.append(("○", DOUBT, word("suspect", language)))
    if view.forecast:
        entries.append(("┅", AHEAD, word("forecast", language)))
    position = 0.98
    for mark, colour, text in reversed(entries):
        shown = figure.text(position, 0.872, f"{mark} {text}", color=colour, fontsize=8.5, ha="right")
        box = shown.get_window_extent(figure.canvas.get_renderer())  # type: ignore[attr-defined]  # Agg's canvas has it
        position -= box.width / (SIZE_IN[0] * DPI) + 0.018


def _tick_text(number: float, view: AlertView) -> str:
    """Time of a tick, at midnight the date: a label with both is cut at the edge of the picture."""
    moment = num2date(number, tz=view.zone)  # type: ignore[no-untyped-call]  # as above
    return f"{moment:%m-%d}" if (moment.hour, moment.minute) == (0, 0) else f"{moment:%H:%M}"
