"""Map of a plume: stations by their excess, regions of the place, wind and scale (matplotlib, Agg)."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from analysis.receptor.plume.evidence import Projection
from analysis.report.font import font_families
from console.view.theme import LIGHT
from schemas.words import words as words_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from analysis.receptor.plume.product import PlumeCell, PlumeProduct, StationExcess
    from schemas.words import Words

SIZE_IN, DPI = (7.0, 6.4), 150
_STRONG: Final = 3.0
"""Standard deviations above which a station is drawn as reached."""
_MARGIN_KM: Final = 2.5
_SCALES_KM: Final = (1, 2, 5, 10, 20)
_SMALLEST, _LARGEST = 18.0, 420.0
"""Areas of the marks [points²]."""
_INNER: Final = 0.5
_LEAST_WIND_M_S: Final = 0.5


def plot_plume(product: PlumeProduct, language: str) -> bytes:
    """Draw the map of a product, PNG on white ground.

    Parameters
    ----------
    product : PlumeProduct
        Located or not: without a place the map shows stations and wind.
    language : str
        ``zh`` or ``en``.
    """
    words = words_of(language, "cli")
    own = next((item for item in product.excess if item.station_id == product.station_id), product.excess[0])
    plane = Projection(own.lon, own.lat)
    style = {"font.family": font_families(), "font.size": 9.0, "axes.unicode_minus": False, "text.parse_math": False}
    with rc_context(style):  # type: ignore[arg-type]  # a dict of settings
        figure = Figure(figsize=SIZE_IN, dpi=DPI, facecolor="white")
        FigureCanvasAgg(figure)
        axes = figure.add_axes((0.09, 0.13, 0.88, 0.74))
        _draw_region(axes, product.cells, plane)
        _draw_stations(axes, product.excess, plane, own)
        _draw_place(axes, product, plane)
        _frame(axes, product, plane, words)
        _draw_wind(axes, product, words)
        _draw_scale(axes)
        _say(figure, product, language, words)
        out = BytesIO()
        figure.savefig(out, format="png", metadata={"Software": "skyground"})
    return out.getvalue()


def _draw_region(axes: Axes, cells: Sequence[PlumeCell], plane: Projection) -> None:
    for is_inner, shade in ((False, 0.28), (True, 0.55)):
        patches = []
        for cell in cells:
            if (cell.level <= _INNER) == is_inner:
                east, north = (float(item) for item in plane.to_km(np.array(cell.lon), np.array(cell.lat)))
                half = cell.side_km / 2
                patches.append(Rectangle((east - half, north - half), cell.side_km, cell.side_km))
        axes.add_collection(
            PatchCollection(patches, facecolor=LIGHT.series[1], alpha=shade, edgecolor="none", zorder=2)
        )


def _draw_stations(axes: Axes, stations: Sequence[StationExcess], plane: Projection, own: StationExcess) -> None:
    largest = max((item.highest_ug_m3 or 0.0 for item in stations), default=0.0) or 1.0
    for item in stations:
        east, north = plane.to_km(np.array(item.lon), np.array(item.lat))
        part = max(item.highest_ug_m3 or 0.0, 0.0) / largest
        is_reached = bool(item.highest_ug_m3 and item.sigma_ug_m3 and item.highest_ug_m3 >= _STRONG * item.sigma_ug_m3)
        colour = LIGHT.series[0] if is_reached else LIGHT.muted
        axes.scatter(
            east, north, s=_SMALLEST + _LARGEST * part, facecolor=colour if item.hours else "none",
            edgecolor=LIGHT.ink if item is own else colour, linewidth=1.6, alpha=0.85, zorder=4,
        )  # fmt: skip
        label = item.station_id if item.highest_ug_m3 is None else f"{item.station_id}  {item.highest_ug_m3:+.3g}"
        below = -(8.0 + np.sqrt(_SMALLEST + _LARGEST * part) / 2)
        axes.annotate(
            label, (float(east), float(north)), xytext=(0, below), va="center", textcoords="offset points", ha="center",
            color=LIGHT.ink, fontsize=7.5, zorder=6,
        )  # fmt: skip


def _draw_place(axes: Axes, product: PlumeProduct, plane: Projection) -> None:
    if product.is_located and product.lon is not None and product.lat is not None:
        east, north = plane.to_km(np.array(product.lon), np.array(product.lat))
        axes.scatter(east, north, marker="x", s=90, color=LIGHT.fail, linewidth=2.2, zorder=5)


def _frame(axes: Axes, product: PlumeProduct, plane: Projection, words: Words) -> None:
    """Square, so that distances are the same both ways; everything drawn with a margin."""
    places = [(item.lon, item.lat) for item in product.excess] + [(item.lon, item.lat) for item in product.cells]
    east, north = plane.to_km(*(np.array(part) for part in zip(*places, strict=True)))
    half = max(np.ptp(east), np.ptp(north)) / 2 + _MARGIN_KM
    for centre, limits in (
        (float(east.max() + east.min()) / 2, axes.set_xlim),
        (float(north.max() + north.min()) / 2, axes.set_ylim),
    ):
        limits(centre - half, centre + half)
    axes.set_aspect("equal", adjustable="box")
    axes.set_xlabel(words("plume.east"), color=LIGHT.muted)
    axes.set_ylabel(words("plume.north"), color=LIGHT.muted)
    axes.grid(color=LIGHT.line, linewidth=0.7)
    axes.set_axisbelow(True)
    for side in axes.spines.values():
        side.set_color(LIGHT.line)
    axes.tick_params(length=0, colors=LIGHT.muted)


def _draw_wind(axes: Axes, product: PlumeProduct, words: Words) -> None:
    """One arrow an hour in the corner, where the wind goes; the later the darker."""
    winds = [(speed, angle) for speed, angle in product.winds if np.isfinite(speed) and speed >= _LEAST_WIND_M_S]
    corner = axes.inset_axes((0.83, 0.77, 0.16, 0.18))
    corner.set(xlim=(-1.1, 1.1), ylim=(-1.1, 1.1), aspect="equal", xticks=[], yticks=[])
    corner.set_title(words("plume.wind"), color=LIGHT.muted, fontsize=7.5, pad=2)
    for side in corner.spines.values():
        side.set_color(LIGHT.line)
    fastest = max((speed for speed, _ in winds), default=1.0)
    for number, (speed, angle) in enumerate(winds):
        east, north = -np.sin(np.radians(angle)) * speed / fastest, -np.cos(np.radians(angle)) * speed / fastest
        corner.annotate(
            "", (east, north), (0.0, 0.0),
            arrowprops={"arrowstyle": "-|>", "color": LIGHT.ink, "alpha": 0.35 + 0.65 * (number + 1) / len(winds), "linewidth": 1.2},
        )  # fmt: skip


def _draw_scale(axes: Axes) -> None:
    left, right = axes.get_xlim()
    bottom, top = axes.get_ylim()
    length = max((item for item in _SCALES_KM if item <= (right - left) / 4), default=_SCALES_KM[0])
    x, y = left + 0.04 * (right - left), bottom + 0.04 * (top - bottom)
    axes.plot([x, x + length], [y, y], color=LIGHT.ink, linewidth=3, solid_capstyle="butt", zorder=6)
    axes.text(x + length / 2, y + 0.012 * (top - bottom), f"{length} km", ha="center", color=LIGHT.ink, fontsize=8)


def _say(figure: Figure, product: PlumeProduct, language: str, words: Words) -> None:
    title = words(
        "plume.title", parameter=product.parameter, start=f"{product.window.start:%Y-%m-%d %H:%M}",
        end=f"{product.window.end:%Y-%m-%d %H:%M}",
    )  # fmt: skip
    figure.text(0.03, 0.955, title, color=LIGHT.ink, fontsize=11, fontweight="bold")
    answer = product.statements[-1].text(language) if product.is_located else words("plume.not_located")
    figure.text(0.03, 0.915, answer, color=LIGHT.ink, fontsize=9)
    figure.text(0.03, 0.022, words("plume.legend"), color=LIGHT.muted, fontsize=7.5, wrap=True)
