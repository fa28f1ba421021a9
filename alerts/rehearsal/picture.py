"""Pictures of a rehearsal: a calendar of days, or hits, false alerts and mails a week against the threshold."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, NamedTuple

from analysis.report.case_picture.letters import wrapped
from analysis.report.font import font_families

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from alerts.rehearsal.day import RehearsedDay
    from alerts.rehearsal.score import RehearsalScore
    from schemas.words import Words

_DPI = 110
_LETTERS = 108
"""Latin letters of a line of the head."""
_DAYS = {"detected": "#0072b2", "missed": "#e69f00", "false": "#cc79a7", "alert": "#8fa3ad", "none": "#eef2f4"}
"""Colours of days (Okabe and Ito, readable without red and green)."""
_WEEK = 7
_MOST_NUMBERED = 30
"""Weeks of a calendar whose days have room for a number."""
_POD, _FAR, _CSI, _MAILS = "#0072b2", "#d55e00", "#009e73", "#3d4f58"


def draw_curve(scores: Sequence[RehearsalScore], *, head: str, unit: str, present: float, words: Words) -> bytes:
    """PNG of the curve.

    Parameters
    ----------
    scores : sequence of RehearsalScore
        Ascending by threshold.
    head : str
        First line: rule, period, truth.
    unit : str
        As people write it.
    present : float
        The threshold of the file, marked by a line.
    words : Words
        Those with prefix ``rehearsal``.
    """
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    style = {"font.family": font_families(), "font.size": 9, "axes.unicode_minus": False, "text.parse_math": False}
    with rc_context(style):  # type: ignore[arg-type]  # a dict of settings
        figure = Figure(figsize=(7.5, 5.8), dpi=_DPI, facecolor="white")
        FigureCanvasAgg(figure)
        upper, lower = figure.subplots(2, 1, sharex=True)
        figure.subplots_adjust(left=0.1, right=0.97, top=0.82, bottom=0.09, hspace=0.12)
        for name, colour in (("pod", _POD), ("far", _FAR), ("csi", _CSI)):
            _line(upper, scores, name, colour, words(f"curve.{name}"))
        upper.set_ylim(-0.03, 1.03)
        upper.set_ylabel(words("axis.share"))
        _line(lower, scores, "mails_a_week", _MAILS, words("axis.mails"))
        lower.set_ylim(bottom=0)
        lower.set_ylabel(words("axis.mails"))
        lower.set_xlabel(words("axis.threshold", unit=unit))
        for panel in (upper, lower):
            panel.axvline(present, color="#52646e", linestyle="--", linewidth=1, label=words("curve.present"))
            panel.grid(color="#e3e8eb", linewidth=0.6)
            panel.spines[["top", "right"]].set_visible(False)
        upper.legend(frameon=False, ncol=4, loc="lower center", bbox_to_anchor=(0.5, 1.0))
        lines = [line for part in head.splitlines() for line in wrapped(part, _LETTERS)]
        figure.text(0.02, 0.98, "\n".join(lines), ha="left", va="top", fontsize=9.5, linespacing=1.4)
        stream = BytesIO()
        figure.savefig(stream, format="png")
    return stream.getvalue()


def _line(panel: Axes, scores: Sequence[RehearsalScore], name: str, colour: str, label: str) -> None:
    points = [(item.threshold or 0.0, value) for item in scores if (value := getattr(item, name)) is not None]
    if points:
        panel.plot(*zip(*points, strict=True), color=colour, marker="o", markersize=3.5, linewidth=1.4, label=label)


class CalendarPart(NamedTuple):
    """One calendar: its caption, and its days without a gap."""

    caption: str
    days: Sequence[RehearsedDay]


def draw_calendar(parts: Sequence[CalendarPart], *, head: str, words: Words) -> bytes:
    """PNG of one calendar a rule, a column a week.

    Parameters
    ----------
    parts : sequence of CalendarPart
        The rule in force first.
    head : str
        Rule, period, truth.
    words : Words
        Those with prefix ``rehearsal``.
    """
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    style = {"font.family": font_families(), "font.size": 9, "axes.unicode_minus": False, "text.parse_math": False}
    with rc_context(style):  # type: ignore[arg-type]  # a dict of settings
        height = 1.5 + 2.5 * len(parts)
        figure = Figure(figsize=(9.0, height), dpi=_DPI, facecolor="white")
        FigureCanvasAgg(figure)
        panels = figure.subplots(len(parts), 1, squeeze=False)[:, 0]
        figure.subplots_adjust(left=0.06, right=0.98, top=1 - 1.35 / height, bottom=0.55 / height, hspace=0.55)
        for panel, part in zip(panels, parts, strict=True):
            _calendar(panel, part, words)
        is_scored = any(day.detected or day.missed for part in parts for day in part.days)
        shown = ("detected", "missed", "false", "alert", "none") if is_scored else ("alert", "none")
        patches = [Patch(color=_DAYS[name], label=words(f"calendar.{name}")) for name in shown]
        figure.legend(
            handles=patches, frameon=False, ncol=5, columnspacing=1.2, loc="lower left", bbox_to_anchor=(0.04, 0.0)
        )
        figure.text(0.98, 0.02, words("calendar.number"), ha="right", va="bottom", fontsize=8, color="#52646e")
        lines = [line for text in head.splitlines() for line in wrapped(text, _LETTERS + 14)]
        figure.text(0.02, 0.99, "\n".join(lines), ha="left", va="top", fontsize=9, linespacing=1.35)
        stream = BytesIO()
        figure.savefig(stream, format="png")
    return stream.getvalue()


def _calendar(panel: Axes, part: CalendarPart, words: Words) -> None:
    from matplotlib.patches import Rectangle

    before = part.days[0].day.weekday()
    weeks = -(-(before + len(part.days)) // _WEEK)
    is_scored = any(day.detected or day.missed for day in part.days)
    months: dict[int, str] = {}
    for number, day in enumerate(part.days, before):
        column, row = divmod(number, _WEEK)
        name = _name_of(day, is_scored=is_scored)
        panel.add_patch(Rectangle((column + 0.04, row + 0.04), 0.92, 0.92, color=_DAYS[name], linewidth=0))
        if day.mails and weeks <= _MOST_NUMBERED:
            colour = "white" if name == "detected" else "black"
            panel.text(column + 0.5, row + 0.52, str(day.mails), ha="center", va="center", fontsize=7, color=colour)
        if day.day.day == 1 or number == before:
            months[column] = f"{day.day:%Y-%m}"
    panel.set_xlim(0, max(weeks, _WEEK))
    panel.set_ylim(_WEEK, 0)
    panel.set_xticks([column + 0.5 for column in months], list(months.values()))
    panel.set_yticks([row + 0.5 for row in range(_WEEK)], words("calendar.weekdays").split())
    panel.tick_params(length=0, labelsize=8)
    panel.spines[:].set_visible(False)
    panel.set_title("\n".join(wrapped(part.caption, _LETTERS + 14)), loc="left", fontsize=8.5)


def _name_of(day: RehearsedDay, *, is_scored: bool) -> str:
    """What a day is shown as: a missed event before a detected one."""
    if day.missed:
        return "missed"
    if day.detected:
        return "detected"
    if not day.alerts:
        return "none"
    return "false" if is_scored and day.false_alerts else "alert"
