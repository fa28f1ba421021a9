"""Picture of a receptor analysis: means by wind direction, polar surface, and maps (matplotlib, Agg)."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from analysis.receptor.cpf import CHANCE
from analysis.receptor.wind_regression.estimate import DIRECTIONS
from analysis.report.font import font_families
from console.view.theme import LIGHT
from schemas.words import words as words_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from analysis.receptor.source_map.result import SourceMap
    from analysis.receptor.wind_regression.result import WindRegression
    from analysis.run.receptor.receptor_analysis import PolarSurface, ReceptorPicture
    from schemas.words import Words

    Field = NDArray[np.float64]

WIDTH_IN, ROW_IN, DPI = 10.0, 4.0, 90
"""Width, and height of one row of panels [inch]."""
_COLOURS: Final = "YlOrRd"
_POINTS: Final = (("N", 0), ("E", 90), ("S", 180), ("W", 270))
_GREYS: Final = "Greys"
_PALE: Final = 2.5
"""Greys go up to this multiple of the largest value, so that they stay pale [1]."""
_CROSSES: Final = 6.0


def plot_receptor(found: ReceptorPicture, language: str) -> bytes:
    """Draw what the samples say: a row a place with wind, and a row of maps.

    Parameters
    ----------
    found : ReceptorPicture
        With at least one place with wind, or maps.
    language : str
        ``zh`` or ``en``.

    Returns
    -------
    bytes
        PNG. What chance explains is grey, on the polar surface and on the maps.
    """
    words = words_of(language, "cli")
    rows = len(found.winds) + bool(found.maps)
    style = {
        "font.family": font_families(),
        "font.size": 8.5,
        "axes.unicode_minus": False,
        "text.parse_math": False,
    }
    with rc_context(style):  # type: ignore[arg-type]  # a dict of settings
        figure = Figure(figsize=(WIDTH_IN, ROW_IN * rows), dpi=DPI, facecolor="white", layout="constrained")
        FigureCanvasAgg(figure)
        strips = np.atleast_1d(np.asarray(figure.subfigures(rows, 1), dtype=object))
        for strip, (name, regression, surface) in zip(strips, found.winds, strict=False):
            left, right = strip.subfigures(1, 2)
            _draw_direction(left.add_subplot(), regression, _titled(found.parameter, name), words)
            _draw_surface(right, surface, words)
        if found.maps:
            for axes, item in zip(strips[-1].subplots(1, len(found.maps)), found.maps, strict=True):
                _draw_map(strips[-1], axes, item, found.station, words)
        out = BytesIO()
        figure.savefig(out, format="png", metadata={"Software": "skyground"})
    return out.getvalue()


def _titled(parameter: str, place: str) -> str:
    return f"{parameter} · {place}" if place else parameter


def _draw_direction(axes: Axes, found: WindRegression, name: str, words: Words) -> None:
    """Mean by direction with its band; the named direction, or that none is."""
    angle = np.arange(DIRECTIONS + 1) * (360.0 / DIRECTIONS)
    mean, low, high = (np.append(part, part[0]) for part in (found.mean, found.low, found.high))
    axes.fill_between(angle, low, high, color=LIGHT.series[0], alpha=0.2, linewidth=0)
    axes.plot(angle, mean, color=LIGHT.series[0], linewidth=1.5)
    axes.axhline(found.overall, color=LIGHT.muted, linewidth=0.8, linestyle=(0, (4, 3)))
    peak = found.peak
    if peak is None:
        text = words("receptor.no_direction", hours=found.hours, days=found.days)
    else:
        text = words(
            "receptor.direction", direction=peak.direction_deg, half=peak.half_width_deg, hours=found.hours,
            days=found.days, chance=peak.chance,
        )  # fmt: skip
        axes.axvspan(
            peak.direction_deg - peak.half_width_deg,
            peak.direction_deg + peak.half_width_deg,
            color=LIGHT.series[7],
            alpha=0.2,
            linewidth=0,
        )
        axes.axvline(peak.direction_deg, color=LIGHT.series[1], linewidth=1.2)
    axes.set_xlim(0, 360)
    axes.set_xticks([*range(0, 361, 45)], ["N", "NE", "E", "SE", "S", "SW", "W", "NW", "N"])
    _dress(axes, f"{name}: {words('receptor.by_direction')}")
    axes.set_xlabel(text, color=LIGHT.muted, fontsize=8)


def _draw_surface(figure: Any, found: PolarSurface, words: Words) -> None:  # noqa: ANN401 - a subfigure; matplotlib exports no type for it
    axes = figure.add_subplot(projection="polar")
    axes.set_theta_zero_location("N")
    axes.set_theta_direction(-1)
    shape = len(found.speed_m_s), len(found.direction_deg)
    mean, chance = (part.reshape(shape) for part in (found.regression.mean, found.regression.chance))
    step = found.speed_m_s[1] - found.speed_m_s[0]
    turn = np.radians(np.append(found.direction_deg, 360.0) - found.direction_deg[1] / 2)
    edges = np.append(found.speed_m_s - step / 2, found.speed_m_s[-1] + step / 2)
    with np.errstate(invalid="ignore"):
        shown = np.where(chance <= CHANCE, mean, np.nan)
    mesh = _draw_cells(axes, (turn, edges), mean, shown)
    axes.set_xticks([np.radians(angle) for _, angle in _POINTS], [name for name, _ in _POINTS])
    axes.tick_params(colors=LIGHT.muted, labelsize=7.5)
    axes.grid(color=LIGHT.line, linewidth=0.6)
    axes.set_title(words("receptor.by_vector"), color=LIGHT.ink, fontsize=9, fontweight="bold")
    bar = figure.colorbar(mesh, ax=axes, shrink=0.7)
    bar.outline.set_visible(False)
    significant = int(np.isfinite(shown).sum())
    axes.set_xlabel(
        words("receptor.cells", significant=significant, cells=int(np.isfinite(mean).sum())),
        color=LIGHT.muted,
        fontsize=8,
    )


def _draw_map(figure: Any, axes: Axes, found: SourceMap, station: tuple[Field, Field] | None, words: Words) -> None:  # noqa: ANN401 - as above
    cells = found.cells
    shape = cells.rows, cells.columns
    lon = cells.west + np.arange(cells.columns + 1) * cells.step_deg
    lat = cells.south + np.arange(cells.rows + 1) * cells.step_deg
    weighted, significant = found.weighted.reshape(shape), found.significant.reshape(shape)
    mesh = _draw_cells(axes, (lon, lat), weighted, np.where(significant, weighted, np.nan))
    figure.colorbar(mesh, ax=axes, shrink=0.6, orientation="horizontal").outline.set_visible(False)
    if station is not None:
        own = np.unique(np.stack([cells.west + (station[0] - cells.west) % 360.0, station[1]]), axis=1)
        axes.plot(own[0], own[1], "^", color=LIGHT.ink, markersize=4)
    if found.peak is None:
        text = words("receptor.no_cell", trajectories=found.trajectories)
    else:
        peak = found.peak
        axes.plot(
            cells.west + (peak.lon - cells.west) % 360.0, peak.lat, "x", color=LIGHT.series[0], markersize=_CROSSES
        )
        text = words("receptor.peak", lon=peak.lon, lat=peak.lat, radius=peak.radius_km, days=peak.days)
    axes.locator_params(nbins=5)
    axes.set_aspect(1.0 / max(np.cos(np.radians(float(lat.mean()))), 0.2))
    _dress(
        axes,
        f"{found.method.value.upper()}: {words('receptor.cells', significant=int(significant.sum()), cells=int(np.isfinite(weighted).sum()))}",
    )
    axes.set_xlabel(text, color=LIGHT.muted, fontsize=8)


def _draw_cells(
    axes: Axes, edges: tuple[NDArray[np.floating], NDArray[np.floating]], every: Field, shown: Field
) -> Any:  # noqa: ANN401 - a mesh, for the colour bar
    """All cells in grey, over them those that chance does not explain in colour, on one scale."""
    low, high = float(np.nanmin(every)), float(np.nanmax(every))
    axes.pcolormesh(*edges, every, cmap=_GREYS, vmin=low, vmax=low + _PALE * (high - low))
    return axes.pcolormesh(*edges, shown, cmap=_COLOURS, vmin=low, vmax=high)


def _dress(axes: Axes, title: str) -> None:
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(LIGHT.line)
    axes.tick_params(length=0, colors=LIGHT.muted, labelsize=7.5)
    axes.set_title(title, color=LIGHT.ink, fontsize=9, fontweight="bold")
