"""Bars of what a cut of each precursor lowers, with 90 % intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.report.case_picture.palette import LIGHT
from analysis.report.city.chart.svg import O3, PM25, svg_picture
from schemas.words import words as words_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from analysis.coanalysis.cocontrol.ranking import Part
    from analysis.coanalysis.cocontrol.result import CutList

_JOINT = "#3d4f58"


def cut_chart(item: CutList, language: str) -> str:
    """O3, secondary PM2.5 and both together, a row a precursor; a field that the data lack is left out."""
    words = words_of(language, "cocontrol")
    rows = item.precursors
    fields: list[tuple[str, list[Part | None], str]] = [
        (words("axis.o3"), [row.o3_ug_m3 for row in rows], O3),
        (words("axis.pm25"), [row.pm25_ug_m3 for row in rows], PM25),
        (words_of(language, "report.city.axis")("cut_joint"), [row.joint_pct for row in rows], _JOINT),
    ]
    shown = [field for field in fields if any(part is not None for part in field[1])]

    def draw(found: list[Axes]) -> None:
        for axes, (label, parts, colour) in zip(found, shown, strict=True):
            _draw(axes, parts, colour)
            axes.set_xlabel(label)
        found[0].set_yticks(range(len(rows)), [words(f"name.{row.precursor}") for row in rows])
        found[0].invert_yaxis()

    return svg_picture(draw, "cut", height_in=0.8 + 0.22 * len(rows), columns=len(shown), share_y=True)


def _draw(axes: Axes, parts: Sequence[Part | None], colour: str) -> None:
    for row, part in enumerate(parts):
        if part is not None:
            axes.barh(row, part.mean, color=colour, alpha=0.75, height=0.65)
            axes.plot([part.low, part.high], [row, row], color=LIGHT.ink, linewidth=1.2)
    axes.axvline(0, color=LIGHT.ink, linewidth=0.8)
    axes.grid(axis="x", color=LIGHT.grid, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
