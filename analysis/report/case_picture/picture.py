"""Puts the parts of the picture together."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from analysis.case.case_file import stated_shares
from analysis.report.case_picture.bars import MOST_SOURCES, draw_bars
from analysis.report.case_picture.letters import display_width, wrapped
from analysis.report.case_picture.palette import palette
from analysis.report.case_picture.place_map import draw_map, enterprise_names
from analysis.report.case_picture.series import draw_series, draw_wind
from analysis.report.font import font_families
from schemas.parameter import load_parameters
from schemas.words import words as words_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from matplotlib.axes import Axes

    from analysis.case.case_file import CaseFile
    from analysis.report.case_chart import CaseChart
    from analysis.report.case_picture.palette import Palette

WIDTH_IN, DPI = 4.8, 230
"""1,104 px wide: sharp at the 544 px of a mail, readable at the 350 px of a phone."""
_LINE_IN, _LETTERS = 0.175, 66
"""Height of a line of the answer [inch], and Latin letters on it (a Chinese one counts for two)."""
_LEFT = 0.025
_SPAN = (0.105, 0.865)
"""Left edge and width of what is drawn in time."""


def case_picture(case: CaseFile, chart: CaseChart, language: str, zone: ZoneInfo, *, dark: bool = False) -> bytes:
    """Draw a case file.

    Parameters
    ----------
    case : CaseFile
    chart : CaseChart
        Of the same case.
    language : str
        ``zh`` or ``en``.
    zone : ZoneInfo
        Of the times.
    dark : bool
        For a dark ground; a mail takes the light one, which stays readable in a dark client.

    Returns
    -------
    bytes
        PNG, 1,104 px wide; its height depends on the length of the answer and the number of sources.
    """
    colours = palette(dark=dark)
    with rc_context(
        {
            "font.family": font_families(),
            "font.size": 9.0,
            "axes.unicode_minus": False,
            "text.parse_math": False,  # names are text: a "$" begins no formula
            "text.color": colours.ink,
        }
    ):
        figure = _draw(case, chart, language, zone, colours)
        out = BytesIO()
        figure.savefig(out, format="png", metadata={"Software": "skyground"})
    return out.getvalue()


class _Layout:
    """Rows of the picture from the top down, in inches; boxes are given to matplotlib as parts of the whole."""

    def __init__(self, *, answer: int, names: int, sources: int) -> None:
        heights = {
            "head": 0.36 + _LINE_IN * answer,
            "legend": 0.34,
            "series": 1.55,
            "ticks": 0.24,
            "wind": 0.30,
            "map_title": 0.30,
            "map": 2.15,
            "names": 0.06 + _LINE_IN * names if names else 0.0,
            "bars_title": 0.34 if sources else 0.0,
            "bars": 0.27 * sources,
        }
        self.height = sum(heights.values()) + 0.1
        self.top: dict[str, float] = {}
        self.bottom: dict[str, float] = {}
        used = 0.0
        for name, size in heights.items():
            self.top[name] = 1 - used / self.height
            used += size
            self.bottom[name] = 1 - used / self.height

    def box(self, name: str, left: float, width: float) -> tuple[float, float, float, float]:
        """Axes of a row."""
        return left, self.bottom[name], width, self.top[name] - self.bottom[name]

    def middle(self, name: str) -> float:
        """Height of the line of text in a row."""
        return (self.top[name] + self.bottom[name]) / 2


def _draw(case: CaseFile, chart: CaseChart, language: str, zone: ZoneInfo, colours: Palette) -> Figure:
    words, names = words_of(language, "picture"), words_of(language, "word.source_kind")
    answer = wrapped(case.answer.text(language), _LETTERS)
    sources = stated_shares(case.sources)[:MOST_SOURCES]
    enterprises = wrapped(enterprise_names(case, words), _LETTERS)
    layout = _Layout(answer=len(answer), names=len(enterprises), sources=len(sources))
    figure = Figure(figsize=(WIDTH_IN, layout.height), dpi=DPI, facecolor=colours.ground)
    FigureCanvasAgg(figure)
    _draw_head(figure, layout, _title(case, chart, language), answer, colours)
    axes = _axes(figure, layout.box("series", *_SPAN), colours)
    legend = draw_series(axes, case, chart, words=words, zone=zone, colours=colours)
    _draw_legend(figure, legend, layout, colours)
    wind = figure.add_axes(layout.box("wind", *_SPAN), sharex=axes)
    draw_wind(wind, chart, words, colours)
    figure.text(
        _LEFT,
        layout.middle("map_title"),
        words("map" if case.place is None else "map_place"),
        fontsize=9,
        color=colours.soft,
        va="center",
    )
    draw_map(_axes(figure, layout.box("map", _LEFT, 1 - 2 * _LEFT), colours), case, chart, words, colours)
    for row, line in enumerate(enterprises):
        base = layout.top["names"] - (0.13 + _LINE_IN * row) / layout.height
        figure.text(_LEFT, base, line, color=colours.ink, fontsize=8.5, va="center")
    if sources:
        figure.text(_LEFT, layout.middle("bars_title"), words("sources"), fontsize=9, color=colours.soft, va="center")
        draw_bars(_axes(figure, layout.box("bars", 0.27, 0.46), colours), sources, names, words, colours)
    return figure


def _axes(figure: Figure, box: tuple[float, float, float, float], colours: Palette) -> Axes:
    axes = figure.add_axes(box)
    axes.set_facecolor(colours.ground)
    return axes


def _title(case: CaseFile, chart: CaseChart, language: str) -> str:
    """Station and parameter."""
    own = next((mark for mark in chart.marks if mark.id == case.station_id), None)
    words = words_of(language)
    station = words.pick(own.name_zh, own.name_en) if own else case.station_id
    known = load_parameters().get(case.parameter)
    what = case.parameter if known is None else words.pick(known.name_zh, known.name_en)
    return f"{station}  ·  {what}"


def _draw_head(figure: Figure, layout: _Layout, title: str, answer: Sequence[str], colours: Palette) -> None:
    inch = 1 / layout.height
    figure.text(_LEFT, 1 - 0.17 * inch, title, color=colours.ink, fontsize=10.5, fontweight="bold", va="center")
    for row, line in enumerate(answer):
        base = 1 - (0.40 + _LINE_IN * row) * inch
        figure.text(_LEFT, base, line, color=colours.ink, fontsize=9, va="center")


def _draw_legend(figure: Figure, entries: Sequence[tuple[str, str, str]], layout: _Layout, colours: Palette) -> None:
    """What is drawn, from the left, on as many lines as it takes (two at most)."""
    left, line = _LEFT, 0
    for mark, colour, text in entries:
        width = (display_width(text) * 0.058 + 0.28) / WIDTH_IN
        if left + width > 1 - _LEFT and line == 0:
            left, line = _LEFT, 1
        height = layout.top["legend"] - (0.06 + 0.16 * line) / layout.height
        figure.text(left, height, mark, color=colour, fontsize=8, va="center")
        figure.text(left + 0.17 / WIDTH_IN, height, text, color=colours.soft, fontsize=8, va="center")
        left += width
