"""The series of the worst parameter: threshold named in its colour, exceedance shaded, doubtful values ringed, forecast with its range."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from alerts.mail.line.tendency import Tendency
from alerts.mail.picture.frame import Ground, drawing, dress_time, encoded, number
from alerts.mail.view.mail_value import SeriesPoint
from schemas.flag import Flag
from schemas.frames import holes_after
from schemas.parameter import AveragingMethod, load_parameters
from schemas.words.message import unit_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from alerts.mail.line.draft import MailDraft
    from alerts.mail.view.mail_value import LeadValue

HEIGHT_IN = 2.35
MOST_HOURS = timedelta(hours=12)
"""Forecast hours that are drawn: the past must stay readable."""


def series_picture(draft: MailDraft, ground: Ground) -> bytes | None:
    """Draw the series.

    Parameters
    ----------
    draft : MailDraft
        Without values there is nothing to draw.
    ground : Ground

    Returns
    -------
    bytes or None
        PNG, 1,100 px wide.
    """
    lead = draft.view.lead
    if lead is None or (all(point.value is None for point in lead.points) and not lead.forecast):
        return None
    with drawing(HEIGHT_IN, ground) as figure:
        axes = figure.add_axes((0.095, 0.135, 0.875, 0.64))
        points = with_gaps(lead.points, lead.cadence)
        _draw_series(axes, lead, points, ground)
        _draw_forecast(axes, lead, ground)
        dress_time(axes, draft.view.zone, ground)
        axes.grid(axis="y", color=ground.line, linewidth=0.8)
        axes.set_axisbelow(True)
        axes.margins(x=0.03, y=0.2)
        left, right = axes.get_xlim()
        axes.set_xlim(left, right if lead.forecast else right + 0.06 * (right - left))  # room for the newest value
        _set_floor(axes, lead)
        _draw_threshold(axes, draft, points, ground)
        _draw_newest(axes, draft, ground)
        _draw_head(figure, draft, ground)
        return encoded(figure)


def with_gaps(points: tuple[SeriesPoint, ...], cadence: timedelta) -> tuple[SeriesPoint, ...]:
    """The points with an empty one in every hole between them, so that no line is drawn across it."""
    holes = holes_after(pd.DatetimeIndex([point.start for point in points]), cadence).tolist() if points else []
    found: list[SeriesPoint] = []
    for point, hole in zip(points, holes, strict=True):
        found += [point, SeriesPoint(point.start + cadence, None)] if hole else [point]
    return tuple(found)


def _times(lead: LeadValue, points: tuple[SeriesPoint, ...]) -> np.ndarray:
    """Middle of each interval, so that an hour's mean is drawn in its hour."""
    return np.asarray(number([point.start + lead.cadence / 2 for point in points]))


def _values(points: tuple[SeriesPoint, ...], *, with_failed: bool = False) -> np.ndarray:
    """Values; those that failed are missing, so that they are not joined and exceed nothing."""
    return np.array(
        [
            np.nan if point.value is None or (point.flag is Flag.FAIL and not with_failed) else point.value
            for point in points
        ],
        dtype=float,
    )


def _draw_series(axes: Axes, lead: LeadValue, points: tuple[SeriesPoint, ...], ground: Ground) -> None:
    if not points:
        return
    times, values = _times(lead, points), _values(points)
    known = load_parameters().get(lead.parameter)
    if known is not None and known.averaging is AveragingMethod.VECTOR:
        # a line between 359° and 1° would cross the whole picture
        axes.plot(times, values, "o", color=ground.series, markersize=2, zorder=4)
        return
    axes.plot(times, values, color=ground.series, linewidth=1.9, solid_capstyle="round", zorder=4)
    _draw_lonely(axes, times, values, ground)
    _draw_beyond(axes, lead, points, ground)
    for flag, colour in ((Flag.SUSPECT, ground.doubt), (Flag.FAIL, ground.soft)):
        chosen = np.array([point.flag is flag for point in points], dtype=bool)
        shown = _values(points, with_failed=True)[chosen]
        axes.plot(
            times[chosen], shown, "o", markersize=6, markerfacecolor="none", markeredgecolor=colour, markeredgewidth=1.4,
            zorder=7,
        )  # fmt: skip


def _draw_lonely(axes: Axes, times: np.ndarray, values: np.ndarray, ground: Ground) -> None:
    """Mark values between two gaps: a line alone would not show them."""
    known = np.concatenate([[False], np.isfinite(values), [False]])
    lonely = known[1:-1] & ~known[:-2] & ~known[2:]
    axes.plot(times[lonely], values[lonely], "o", color=ground.series, markersize=3, zorder=4)


def _limits(lead: LeadValue, points: tuple[SeriesPoint, ...]) -> np.ndarray | None:
    fixed = lead.threshold
    if fixed is None and all(point.limit is None for point in points):
        return None
    empty = np.nan if fixed is None else fixed
    return np.array([empty if point.limit is None else point.limit for point in points], dtype=float)


def _draw_beyond(axes: Axes, lead: LeadValue, points: tuple[SeriesPoint, ...], ground: Ground) -> None:
    limits = _limits(lead, points)
    if limits is None:
        return
    times, values = _times(lead, points), _values(points)
    beyond = values < limits if lead.is_below else values > limits
    # a bar an interval: the mean is of all of it, also where it is the only one
    width = lead.cadence / timedelta(days=1)
    axes.bar(
        times[beyond], (values - limits)[beyond], width=width, bottom=limits[beyond], color=ground.limit, alpha=0.22,
        linewidth=0, zorder=3,
    )  # fmt: skip
    axes.plot(
        times[beyond],
        values[beyond],
        "o",
        color=ground.limit,
        markersize=3.6 if lead.cadence >= timedelta(hours=1) else 1.5,
        zorder=6,
    )


def _draw_forecast(axes: Axes, lead: LeadValue, ground: Ground) -> None:
    points = [item for item in lead.forecast if item.start - lead.forecast[0].start < 2 * MOST_HOURS]
    if not points:
        return
    times = number([item.start + timedelta(minutes=30) for item in points])
    low = np.array([item.median if item.low is None else item.low for item in points])
    high = np.array([item.median if item.high is None else item.high for item in points])
    axes.fill_between(times, low, high, color=ground.ahead, alpha=0.16, linewidth=0, zorder=2)
    axes.plot(
        times, [item.median for item in points], color=ground.ahead, linewidth=1.5, linestyle=(0, (4, 2)), zorder=4
    )


def _set_floor(axes: Axes, lead: LeadValue) -> None:
    """From zero where the values are far above it; the threshold is always within the picture."""
    bottom, top = axes.get_ylim()
    if lead.threshold is not None:
        reach = 0.08 * (top - bottom)
        bottom, top = min(bottom, lead.threshold - reach), max(top, lead.threshold + 2 * reach)
    if axes.dataLim.ymin >= 0 and bottom < top / 2:
        bottom = 0.0
    axes.set_ylim(bottom, top)


def _draw_threshold(axes: Axes, draft: MailDraft, points: tuple[SeriesPoint, ...], ground: Ground) -> None:
    lead = draft.lead
    if lead.threshold is None:
        return
    limits = _limits(lead, points)
    style: dict[str, Any] = {"color": ground.limit, "linewidth": 1.1, "linestyle": (0, (5, 3)), "zorder": 5}
    if limits is not None and len(limits) and np.nanmin(limits) != np.nanmax(limits):
        axes.plot(_times(lead, points), limits, **style)
    else:
        axes.axhline(lead.threshold, **style)
    axes.annotate(
        draft.t("chart.limit", limit=draft.limit),
        xy=(0.0, lead.threshold if limits is None or not len(limits) else float(limits[0])),
        xycoords=("axes fraction", "data"),
        xytext=(3, 3),
        textcoords="offset points",
        color=ground.limit,
        fontsize=8.8,
        fontweight="bold",
        bbox={"facecolor": ground.surface, "edgecolor": "none", "alpha": 0.75, "pad": 1.0},
        zorder=8,
    )


def _draw_newest(axes: Axes, draft: MailDraft, ground: Ground) -> None:
    """The newest value next to its point."""
    lead = draft.lead
    known = [point for point in lead.points if point.value is not None]
    if not known or lead.latest is None:
        return
    at, value = number(known[-1].start + lead.cadence / 2), known[-1].value
    is_left = bool(lead.forecast) or draft.tendency is Tendency.RISING
    axes.annotate(
        draft.shown(lead.latest),
        xy=(at, value),
        xytext=(-6 if is_left else 6, 5),
        textcoords="offset points",
        ha="right" if is_left else "left",
        color=ground.ink,
        fontsize=11,
        fontweight="bold",
        zorder=9,
    )


def _draw_head(figure: Figure, draft: MailDraft, ground: Ground) -> None:
    lead, t = draft.lead, draft.t
    station = draft.station.name.of(draft.language) if draft.station else draft.place()
    kind = "series_title" if lead.cadence >= timedelta(hours=1) else "native_title"
    title = f"{station} · {draft.parameter()} · {t(kind)}"
    figure.text(0.02, 0.915, title, color=ground.ink, fontsize=9.5, fontweight="bold")
    figure.text(0.02, 0.83, unit_text(lead.unit), color=ground.soft, fontsize=8.4)
    flags = {point.flag for point in lead.points}
    entries = [("○", ground.soft, t("chart.invalid"))] if Flag.FAIL in flags else []
    entries += [("○", ground.doubt, t("chart.suspect"))] if Flag.SUSPECT in flags else []
    entries += [("┅", ground.ahead, t("chart.forecast"))] if lead.forecast else []
    position = 0.985
    for mark, colour, text in reversed(entries):
        shown = figure.text(position, 0.83, f"{mark} {text}", color=colour, fontsize=8.4, ha="right")
        box = shown.get_window_extent(figure.canvas.get_renderer())  # type: ignore[attr-defined]  # Agg's canvas has it
        position -= box.width / figure.bbox.width + 0.02
