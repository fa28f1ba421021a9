"""Picture of joint pollution: shares of classes by month, and by hour of day (matplotlib, Agg)."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from analysis.report.font import font_families
from console.cli.analyse.picture import write_head
from console.view.theme import LIGHT
from schemas.words import words as words_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from analysis.coanalysis.day_class import ClassCount
    from analysis.coanalysis.joint_summary import JointSummary
    from schemas.words import Words

WIDTH_IN, HEIGHT_IN, DPI = 9.0, 6.0, 100
_COLOURS = {"pm25": LIGHT.series[6], "o3": LIGHT.series[0], "both": LIGHT.series[1]}
_MOST_LABELS = 24
_FEWEST_PLACES = 12


def plot_joint(found: JointSummary, station: str, language: str) -> bytes:
    """Draw the classes of a station.

    Parameters
    ----------
    found : JointSummary
    station : str
        Name of the station.
    language : str
        ``zh`` or ``en``.

    Returns
    -------
    bytes
        PNG: days by month above, hours by local hour below; shares of the valid ones, whose number is below each bar.
    """
    words = words_of(language, "cli")
    style = {"font.family": font_families(), "font.size": 8.5, "axes.unicode_minus": False, "text.parse_math": False}
    with rc_context(style):  # type: ignore[arg-type]  # a dict of settings
        figure = Figure(figsize=(WIDTH_IN, HEIGHT_IN), dpi=DPI, facecolor="white", layout="constrained")
        FigureCanvasAgg(figure)
        write_head(figure, station, f"{found.start:%Y-%m-%dT%H:%MZ} .. {found.end:%Y-%m-%dT%H:%MZ}")
        months, hours = figure.subplots(2, 1)
        _bars(months, found.by_month, words, words("joint.by_month"))
        _bars(hours, found.by_hour, words, words("joint.by_hour"))
        months.legend(frameon=False, fontsize=8, ncols=3, loc="upper right")
        out = BytesIO()
        figure.savefig(out, format="png", metadata={"Software": "skyground"})
    return out.getvalue()


def _bars(axes: Axes, parts: tuple[ClassCount, ...], words: Words, title: str) -> None:
    at, valid = np.arange(len(parts)), np.array([max(part.valid, 1) for part in parts], dtype=float)
    bottom = np.zeros(len(parts))
    for name, colour in _COLOURS.items():
        share = 100 * np.array([getattr(part, name) for part in parts], dtype=float) / valid
        axes.bar(at, share, bottom=bottom, color=colour, width=0.8, label=words(f"joint.{name}"), zorder=3)
        bottom = bottom + share
    axes.set_title(title, loc="left", color=LIGHT.ink, fontsize=9.5, fontweight="bold")
    step = -(-len(parts) // _MOST_LABELS)
    axes.set_xticks(at[::step], [f"{part.part}\nn={part.valid}" for part in parts[::step]], fontsize=7)
    axes.set_xlim(-0.6, max(len(parts), _FEWEST_PLACES) - 0.4)
    axes.set_ylim(0, max(10.0, 1.2 * float(bottom.max(initial=0.0))))
    axes.grid(axis="y", color=LIGHT.line, linewidth=0.7)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=0, colors=LIGHT.muted)
