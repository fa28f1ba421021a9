"""The lower part of the picture: the share of each source with its 90 % interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.report.case_picture.letters import wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from analysis.case.case_file import SourceShare
    from analysis.report.case_picture.palette import Palette
    from schemas.words import Words

MOST_SOURCES = 6
_NAME = 20
"""Latin letters on a line of a name."""


def draw_bars(axes: Axes, sources: tuple[SourceShare, ...], names: Words, words: Words, colours: Palette) -> None:
    """Draw a bar a source, the largest at the top; the whisker is the 90 % interval."""
    axes.set_xlim(0, 100)
    for side in ("top", "right", "left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=0, colors=colours.soft, labelsize=8.5)
    axes.set_xticks([])
    shown = sources[:MOST_SOURCES]
    axes.set_ylim(len(shown) - 0.35, -0.65)
    axes.set_yticks(range(len(shown)), ["\n".join(wrapped(names.get(item.kind, item.kind), _NAME)) for item in shown])
    for row, item in enumerate(shown):
        share = item.percent
        low, high = max(share.low, 0.0), min(share.high, 100.0)
        axes.barh(row, share.value, height=0.56, color=_colour(item.kind, colours), zorder=2)
        axes.plot([low, high], [row, row], color=colours.ink, linewidth=1.4, zorder=4, solid_capstyle="butt")
        for edge in (low, high):
            axes.plot([edge, edge], [row - 0.16, row + 0.16], color=colours.ink, linewidth=1.4, zorder=4)
        text = words("share", value=f"{share.value:.0f}", low=f"{share.low:.0f}", high=f"{share.high:.0f}")
        axes.text(101.5, row, text, fontsize=8.5, color=colours.ink, va="center", clip_on=False)


def _colour(kind: str, colours: Palette) -> str:
    return {"background": colours.background, "unnamed": colours.unnamed}.get(kind, colours.event)
