"""Picture of a rehearsal: hits, false alerts and mails a week against the threshold."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from analysis.report.case_picture.letters import wrapped
from analysis.report.font import font_families

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from alerts.rehearsal.score import RehearsalScore
    from schemas.words import Words

_DPI = 110
_LETTERS = 108
"""Latin letters of a line of the head."""
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
    points = [(item.threshold, value) for item in scores if (value := getattr(item, name)) is not None]
    if points:
        panel.plot(*zip(*points, strict=True), color=colour, marker="o", markersize=3.5, linewidth=1.4, label=label)
