"""A small map: stations of the case by state, the others small, cities by name, wind and direction of the source. No tiles."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from matplotlib.patches import Circle, Wedge
from matplotlib.transforms import Bbox

from alerts.mail.picture.frame import WIDTH_IN, Ground, drawing, encoded
from alerts.mail.view.station import StationState
from analysis.receptor.wind import CALM_BELOW_M_S
from schemas.city import cities

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matplotlib.axes import Axes

    from alerts.mail.line.draft import MailDraft
    from alerts.mail.view.station import CaseStation

HEIGHT_IN = 2.1
KM_PER_DEG = 111.2
"""[km] a degree of latitude on a sphere of 6,371 km."""
LEAST_HALF_KM = 12.0
NAMED_STATIONS = 4
MARK_PX = 22.0
"""Width that a mark of the case takes [pixels]."""
_SCALES_KM = (2, 5, 10, 20, 50, 100, 200)


class _Plane(NamedTuple):
    """A plane around a place [km]: east and north of ``lon``, ``lat``; ``half`` is half its height, ``wide`` half its width."""

    lon: float
    lat: float
    half: float
    wide: float

    def at(self, lon: float, lat: float) -> tuple[float, float]:
        shrink = math.cos(math.radians(self.lat))
        return (lon - self.lon) * KM_PER_DEG * shrink, (lat - self.lat) * KM_PER_DEG

    def holds(self, spot: tuple[float, float], margin: float = 0.96) -> bool:
        return abs(spot[0]) <= margin * self.wide and abs(spot[1]) <= margin * self.half


def map_picture(draft: MailDraft, ground: Ground) -> bytes | None:
    """Draw the map; None without two stations that have a place.

    Returns
    -------
    bytes or None
        PNG, 1,100 px wide.
    """
    own = [item for item in draft.view.stations if item.lon is not None and item.lat is not None]
    near = [item for item in draft.view.near if item.lon is not None and item.lat is not None]
    if not own or len(own) + len(near) < 2:  # noqa: PLR2004 - one mark alone shows nothing
        return None
    with drawing(HEIGHT_IN, ground) as figure:
        axes = figure.add_axes((0.004, 0.008, 0.992, 0.984))
        axes.set_facecolor(ground.surface)
        plane = _plane(own, near)
        axes.set_xlim(-plane.wide, plane.wide)
        axes.set_ylim(-plane.half, plane.half)
        axes.set_xticks([])
        axes.set_yticks([])
        for spine in axes.spines.values():
            spine.set_visible(False)
        _draw_source(axes, draft, plane, ground)
        _draw_stations(axes, near, plane, ground, is_own=False)
        _draw_stations(axes, own, plane, ground, is_own=True)
        written = _name_stations(axes, draft, own, plane, ground)
        _draw_cities(axes, draft, plane, ground, written)
        _draw_scale(axes, plane, ground)
        _draw_wind(axes, draft, plane, ground)
        return encoded(figure)


def _plane(own: list[CaseStation], near: list[CaseStation]) -> _Plane:
    """Around the stations of the case, far enough for the nearest others."""
    shown = [*own, *near[:6]]
    lons, lats = [item.lon or 0.0 for item in shown], [item.lat or 0.0 for item in shown]
    lon, lat = (min(lons) + max(lons)) / 2, (min(lats) + max(lats)) / 2
    ratio = WIDTH_IN / HEIGHT_IN
    flat = _Plane(lon, lat, 1.0, ratio)
    spots = [flat.at(item.lon or 0.0, item.lat or 0.0) for item in shown]
    reach = max(max(abs(north), abs(east) / ratio) for east, north in spots)
    half = max(1.3 * reach, LEAST_HALF_KM)
    return _Plane(lon, lat, half, half * ratio)


def _draw_cities(axes: Axes, draft: MailDraft, plane: _Plane, ground: Ground, written: list[Bbox]) -> None:
    """Names of cities as orientation, pale; one that would lie on a station of the case or on another name is left out."""
    written = list(written)
    near = draft.view.near
    places = [(city, plane.at(city.lon, city.lat)) for city in cities().values()]
    # cities with a station first: their names belong to a mark
    places.sort(key=lambda item: not any(_is_near(plane, item[1], other) for other in near))
    for city, spot in places:
        shift = 0.13 * plane.half if any(_is_near(plane, spot, item) for item in near) else 0.0
        if any(_is_near(plane, spot, item) for item in draft.view.stations) or not plane.holds(spot, 0.86):
            continue
        label = axes.text(
            spot[0],
            spot[1] + shift,
            city.name(draft.language),
            color=ground.soft,
            alpha=0.8,
            fontsize=8.8,
            ha="center",
            va="center",
            zorder=2,
        )
        box = label.get_window_extent()
        if any(box.overlaps(other) for other in written):
            label.remove()
        else:
            written.append(box)


def _is_near(plane: _Plane, spot: tuple[float, float], item: CaseStation) -> bool:
    if item.lon is None or item.lat is None:
        return False
    east, north = plane.at(item.lon, item.lat)
    return abs(east - spot[0]) < 0.3 * plane.half and abs(north - spot[1]) < 0.1 * plane.half


def _draw_source(axes: Axes, draft: MailDraft, plane: _Plane, ground: Ground) -> None:
    """Interval of the direction of the source, and its most probable place, by the case file."""
    view, station = draft.view, draft.station
    case = view.case_file.case if view.case_file else None
    if case is None or station is None or station.lon is None or station.lat is None or len(view.stations) > 1:
        return
    spot = plane.at(station.lon, station.lat)
    if case.bearing is not None:
        turn = case.bearing.from_deg
        axes.add_patch(
            Wedge(
                spot,
                2 * plane.wide,
                90 - turn.high,
                90 - turn.low,
                color=ground.doubt,
                alpha=0.16,
                linewidth=0,
                zorder=1,
            )
        )
    if case.place is not None:
        centre, radius = plane.at(case.place.lon, case.place.lat), math.sqrt(case.place.area_km2 / math.pi)
        axes.add_patch(Circle(centre, radius, facecolor=ground.ahead, edgecolor=ground.ahead, alpha=0.25, zorder=2))


def _colour(state: StationState, ground: Ground) -> str:
    return {
        StationState.BEYOND: ground.limit,
        StationState.BACK: ground.doubt,
        StationState.SILENT: ground.surface,
        StationState.FAULTY: ground.doubt,
        StationState.ORDINARY: ground.good,
    }.get(state, ground.other)


def _draw_stations(axes: Axes, stations: Iterable[CaseStation], plane: _Plane, ground: Ground, *, is_own: bool) -> None:
    stations = tuple(stations)
    own_size = 10.5 if len(stations) == 1 else 8.0
    for item in stations:
        spot = plane.at(item.lon or 0.0, item.lat or 0.0)
        if not plane.holds(spot):
            continue
        edge = ground.silent if item.state is StationState.SILENT else ground.surface
        axes.plot(
            *spot,
            marker="D" if item.state is StationState.FAULTY else "o",
            markersize=own_size if is_own else 5,
            markerfacecolor=_colour(item.state, ground),
            markeredgecolor=edge,
            markeredgewidth=1.4 if is_own else 0.8,
            linestyle="none",
            zorder=6 if is_own else 4,
        )


def _name_stations(axes: Axes, draft: MailDraft, own: list[CaseStation], plane: _Plane, ground: Ground) -> list[Bbox]:
    """Names of the worst stations, to the right of the mark, else to the left; the places that names and marks take.

    A name without room, or that would cover another or a mark of the case, is left out.
    """
    marks = {item.station_id: _mark_box(axes, plane, item) for item in own}
    names: list[Bbox] = []
    for item in own[:NAMED_STATIONS]:
        taken = [*names, *(box for key, box in marks.items() if key != item.station_id)]
        value = "" if draft.view.lead is None or item.extreme is None else f"  {draft.shown(item.extreme)}"
        text = item.name.of(draft.language) + value
        spot = plane.at(item.lon or 0.0, item.lat or 0.0)
        for side in (1, -1):
            label = axes.annotate(
                text,
                xy=spot,
                xytext=(9 * side, 0),
                textcoords="offset points",
                ha="left" if side > 0 else "right",
                va="center",
                color=ground.ink,
                fontsize=9,
                fontweight="bold",
                zorder=8,
            )
            box, room = label.get_window_extent(), axes.get_window_extent()
            is_inside = room.x0 <= box.x0 and box.x1 <= room.x1
            if is_inside and not any(box.overlaps(other) for other in taken):
                names.append(box)
                break
            label.remove()
    return [*names, *marks.values()]


def _mark_box(axes: Axes, plane: _Plane, item: CaseStation) -> Bbox:
    """Where the mark of a station is drawn, in pixels."""
    x, y = axes.transData.transform(plane.at(item.lon or 0.0, item.lat or 0.0))
    half = MARK_PX / 2
    return Bbox.from_extents(x - half, y - half, x + half, y + half)


def _draw_scale(axes: Axes, plane: _Plane, ground: Ground) -> None:
    length = next((item for item in _SCALES_KM if item >= 0.25 * plane.half), _SCALES_KM[-1])
    low = -0.88 * plane.half
    left = 0.8 * plane.wide - length
    axes.plot([left, left + length], [low, low], color=ground.soft, linewidth=1.6, solid_capstyle="butt", zorder=7)
    axes.text(left + length, low, f"  {length} km", color=ground.soft, fontsize=8.5, va="center", zorder=7)


def _draw_wind(axes: Axes, draft: MailDraft, plane: _Plane, ground: Ground) -> None:
    """An arrow with the wind, where it is going to, in the upper right corner."""
    wind = draft.view.wind or draft.view.wind_at_begin
    if wind is None or wind.speed_m_s < CALM_BELOW_M_S:
        return
    angle = math.radians(wind.from_deg)
    size, centre = 0.16 * plane.half, (0.88 * plane.wide, 0.74 * plane.half)
    east, north = size * math.sin(angle), size * math.cos(angle)
    axes.annotate(
        "",
        xy=(centre[0] - east, centre[1] - north),
        xytext=(centre[0] + east, centre[1] + north),
        arrowprops={"arrowstyle": "-|>", "color": ground.soft, "linewidth": 1.6, "mutation_scale": 12},
        zorder=7,
    )
    axes.text(
        centre[0], centre[1] - 0.3 * plane.half, f"{wind.speed_m_s:.1f} m/s", color=ground.soft, fontsize=8.5, ha="center",
        va="center", zorder=7,
    )  # fmt: skip
