"""The map of the picture: stations coloured by excess, the direction, the place, and enterprises. Schematic, no tiles."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import Normalize
from matplotlib.patches import Circle, Wedge

from analysis.case.case_file import BearingBasis
from schemas.words.message import unit_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from analysis.case.case_file import CaseFile
    from analysis.report.case_chart import CaseChart, StationMark
    from analysis.report.case_picture.palette import Palette
    from schemas.words import Words

KM_PER_DEG = 111.2
"""[km] a degree of latitude on a sphere of 6,371 km."""
LEAST_HALF_KM, MOST_HALF_KM = 2.5, 40.0
MOST_ENTERPRISES = 4
_SCALES_KM = (1, 2, 5, 10, 20)


class _Frame(NamedTuple):
    """A plane around the station [km]: east and north of ``lon``, ``lat``; ``half`` is half its height."""

    lon: float
    lat: float
    half: float

    def at(self, lon: float, lat: float) -> tuple[float, float]:
        shrink = math.cos(math.radians(self.lat))
        return (lon - self.lon) * KM_PER_DEG * shrink, (lat - self.lat) * KM_PER_DEG


def draw_map(axes: Axes, case: CaseFile, chart: CaseChart, words: Words, colours: Palette) -> None:
    """Draw the map; nothing where the station has no place."""
    own = next((mark for mark in chart.marks if mark.id == case.station_id), None)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_color(colours.grid)
    if own is None:
        axes.text(0.5, 0.5, words("no_place"), transform=axes.transAxes, color=colours.soft, ha="center", va="center")
        return
    frame = _Frame(own.lon, own.lat, _half_km(own, case, chart))
    box = axes.get_window_extent()
    wide = frame.half * box.width / box.height
    axes.set_xlim(-wide, wide)
    axes.set_ylim(-frame.half, frame.half)
    axes.set_aspect("equal")
    _draw_sector(axes, case, math.hypot(wide, frame.half), colours)
    _draw_place(axes, case, frame, colours)
    _draw_stations(axes, case, chart, frame, words=words, colours=colours)
    _draw_enterprises(axes, case, colours)
    _draw_scale(axes, wide, frame.half, colours)


def _half_km(own: StationMark, case: CaseFile, chart: CaseChart) -> float:
    frame = _Frame(own.lon, own.lat, 1.0)
    spots = [frame.at(mark.lon, mark.lat) for mark in chart.marks]
    spots += [_offset(item.bearing_deg, item.distance_km) for item in case.enterprises[:MOST_ENTERPRISES]]
    if case.place is not None:
        east, north = frame.at(case.place.lon, case.place.lat)
        radius = math.sqrt(case.place.area_km2 / math.pi)
        spots.append((abs(east) + radius, abs(north) + radius))
    # the plane is about twice as wide as high
    reach = sorted(max(abs(north), abs(east) / 1.6) for east, north in spots)
    return min(max(1.15 * reach[-1], LEAST_HALF_KM), MOST_HALF_KM)


def _offset(bearing_deg: float, distance_km: float) -> tuple[float, float]:
    angle = math.radians(bearing_deg)
    return distance_km * math.sin(angle), distance_km * math.cos(angle)


def _draw_sector(axes: Axes, case: CaseFile, radius: float, colours: Palette) -> None:
    """Interval of the direction; paler where it is the wind alone."""
    if case.bearing is None:
        return
    bearing = case.bearing.from_deg
    alpha = 0.16 if case.bearing.basis is BearingBasis.HELD else 0.07
    axes.add_patch(
        Wedge((0, 0), radius, 90 - bearing.high, 90 - bearing.low, color=colours.sector, alpha=alpha, linewidth=0)
    )
    east, north = _offset(bearing.value, radius)
    axes.plot([0, east], [0, north], color=colours.sector, linewidth=1.1, linestyle=(0, (4, 3)), zorder=2)


def _draw_place(axes: Axes, case: CaseFile, frame: _Frame, colours: Palette) -> None:
    """The most probable place, and a circle with the area of its 90 % region."""
    if case.place is None:
        return
    spot = frame.at(case.place.lon, case.place.lat)
    radius = math.sqrt(case.place.area_km2 / math.pi)
    axes.add_patch(Circle(spot, radius, facecolor=colours.place, edgecolor=colours.place, alpha=0.18, zorder=2))
    axes.add_patch(Circle(spot, radius, fill=False, edgecolor=colours.place, linewidth=1.0, zorder=3))
    axes.plot(*spot, marker="x", color=colours.place, markersize=7, markeredgewidth=1.8, zorder=6)


def _draw_stations(
    axes: Axes, case: CaseFile, chart: CaseChart, frame: _Frame, *, words: Words, colours: Palette
) -> None:
    known = [mark.excess for mark in chart.marks if mark.excess is not None]
    top = max([*known, 1e-12])
    norm, scale = Normalize(0.0, top), colormaps[colours.scale]
    for mark in chart.marks:
        is_own = mark.id == case.station_id
        colour = "none" if mark.excess is None else scale(norm(max(mark.excess, 0.0)))
        axes.plot(
            *frame.at(mark.lon, mark.lat),
            marker="o",
            markersize=10 if is_own else 7,
            markerfacecolor=colour,
            markeredgecolor=colours.ink if is_own else colours.soft,
            markeredgewidth=1.8 if is_own else 0.8,
            linestyle="none",
            zorder=5,
        )
    if known:
        _draw_key(axes, chart, top, words, colours)


def _draw_key(axes: Axes, chart: CaseChart, top: float, words: Words, colours: Palette) -> None:
    """Colours of the excess, in the upper left corner."""
    bar = axes.inset_axes((0.02, 0.88, 0.26, 0.035))
    bar.imshow(np.linspace(0, 1, 64)[None, :], aspect="auto", cmap=colours.scale)
    bar.set_axis_off()
    text = words("excess", low=0, high=float(f"{top:.2g}"), unit=unit_text(chart.unit))
    axes.text(0.02, 0.93, text, transform=axes.transAxes, fontsize=8, color=colours.soft, va="bottom", zorder=8)


def _draw_enterprises(axes: Axes, case: CaseFile, colours: Palette) -> None:
    """A numbered mark an enterprise; `enterprise_names` are written below the map."""
    for number, item in enumerate(case.enterprises[:MOST_ENTERPRISES], 1):
        spot = _offset(item.bearing_deg, item.distance_km)
        axes.plot(*spot, marker="D", markersize=9.5, color=colours.enterprise, linestyle="none", zorder=6)
        axes.annotate(
            f"{number}",
            xy=spot,
            fontsize=7.5,
            fontweight="bold",
            color=colours.ground,
            ha="center",
            va="center_baseline",
            annotation_clip=True,
            zorder=7,
        )


def enterprise_names(case: CaseFile, words: Words) -> str:
    """Names by the numbers on the map; empty without any."""
    shown = enumerate(case.enterprises[:MOST_ENTERPRISES], 1)
    return "   ".join(f"{number} {words.pick(item.name_zh, item.name_en)}" for number, item in shown)


def _draw_scale(axes: Axes, wide: float, high: float, colours: Palette) -> None:
    length = max((item for item in _SCALES_KM if item <= wide / 2), default=_SCALES_KM[0])
    left, base = -0.95 * wide, -0.88 * high
    axes.plot([left, left + length], [base, base], color=colours.soft, linewidth=1.6, solid_capstyle="butt", zorder=8)
    axes.text(
        left + length / 2, base + 0.03 * high, f"{length} km", color=colours.soft, fontsize=8, ha="center", va="bottom"
    )
    axes.annotate(
        "N",
        xy=(0.965, 0.97),
        xytext=(0.965, 0.80),
        xycoords="axes fraction",
        ha="center",
        va="center",
        fontsize=8.5,
        color=colours.soft,
        arrowprops={"arrowstyle": "-|>", "color": colours.soft, "linewidth": 1.0},
    )
