"""A picture of a report as SVG with text as text: small, and searchable in the PDF.

Colours are those of Okabe and Ito, safe for the colour-blind, except the six of the AQI, which are prescribed (HJ 633-2012 Table 2).
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any, Final

from analysis.report.case_picture.palette import LIGHT

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

WIDTH_IN: Final = 7.0
PM25, O3, NO2, OTHER = LIGHT.line, LIGHT.event, "#009e73", "#8a7500"
SERIES = (LIGHT.line, LIGHT.event, "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8a7500", "#3d4f58")
"""Colours of parts that stand next to each other."""


def svg_picture(
    draw: Callable[[list[Axes]], None], salt: str, *, height_in: float = 2.6, columns: int = 1, share_y: bool = False
) -> str:
    """One ``<svg>`` element without an XML head.

    Parameters
    ----------
    draw : callable
        Draws on the axes it is given, from left to right.
    salt : str
        Key of the picture; part of its ids, since several are on one page.
    height_in : float
        Height at a width of 7 [inch].
    columns : int
        Axes side by side.
    share_y : bool
        One scale for all axes.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    from analysis.report.font import font_families

    style: Any = {
        "svg.fonttype": "none",
        "svg.hashsalt": salt,
        "font.family": font_families(),
        "font.size": 8,
        "axes.unicode_minus": False,
        "text.parse_math": False,
    }
    with mpl.rc_context(style):
        figure = Figure(figsize=(WIDTH_IN, height_in), layout="constrained")
        found = figure.subplots(1, columns, squeeze=False, sharey=share_y)[0]
        for axes in found:
            axes.spines[["top", "right"]].set_visible(False)
            axes.spines[["left", "bottom"]].set_color(LIGHT.soft)
            axes.tick_params(colors=LIGHT.ink, width=0.6)
        draw(list(found))
        target = io.BytesIO()
        FigureCanvasSVG(figure).print_svg(target, metadata={"Date": None, "Creator": None})  # type: ignore[no-untyped-call]
    text = target.getvalue().decode()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    # WeasyPrint reads size and family, not the shorthand; ids are of one picture among several on the page
    text = re.sub(r"font: ([\d.]+px) ([^;\"]+)", r"font-size: \1; font-family: \2", text)
    text = re.sub(r'( id="|url\(#|href="#)', rf"\1{salt}-", text)
    return re.sub(r"\s*\n\s*", " ", text)
