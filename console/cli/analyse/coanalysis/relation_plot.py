"""Picture of how PM2.5 and O3 go together: coefficients by lag, and surfaces (matplotlib, Agg)."""

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

    from analysis.coanalysis.daily_relation import DeweatheredRelation
    from analysis.coanalysis.relation import LaggedRelation, PollutantRelation, Surface
    from schemas.words import Words

WIDTH_IN, HEIGHT_IN, DPI = 10.0, 7.0, 100
_NAMES = {"pm25": "PM2.5", "o3": "O3", "no2": "NO2", "ox": "Ox"}
_PANELS = 3
_APART = 0.12
_HEAD = 0.18
"""Part of the height above the data, for the legend."""


def plot_relation(found: PollutantRelation, station: str, language: str) -> bytes:
    """Draw correlations and surfaces of a station.

    Parameters
    ----------
    found : PollutantRelation
    station : str
        Name of the station.
    language : str
        ``zh`` or ``en``.

    Returns
    -------
    bytes
        PNG: coefficients by lag with their intervals above, surfaces below.
    """
    words = words_of(language, "cli")
    style = {"font.family": font_families(), "font.size": 8.5, "axes.unicode_minus": False, "text.parse_math": False}
    with rc_context(style):  # type: ignore[arg-type]  # a dict of settings
        rows = 2 if found.deweathered is None else 3
        figure = Figure(figsize=(WIDTH_IN, HEIGHT_IN * rows / 2), dpi=DPI, facecolor="white", layout="constrained")
        FigureCanvasAgg(figure)
        write_head(figure, station, f"{found.start:%Y-%m-%dT%H:%MZ} .. {found.end:%Y-%m-%dT%H:%MZ}")
        grid = figure.add_gridspec(rows, 6)
        for place, second in enumerate(("o3", "ox")):
            axes = figure.add_subplot(grid[0, 3 * place : 3 * place + 3])
            _lags(axes, [item for item in found.correlations if item.second == second], second, words)
        for place, item in enumerate(found.surfaces[:_PANELS]):
            _surface(figure, figure.add_subplot(grid[1, 2 * place : 2 * place + 2]), item, words)
        if found.deweathered is not None:
            _daily(figure.add_subplot(grid[2, :]), found.deweathered, words)
        out = BytesIO()
        figure.savefig(out, format="png", metadata={"Software": "skyground"})
    return out.getvalue()


def _lags(axes: Axes, items: list[LaggedRelation], second: str, words: Words) -> None:
    for item, colour in zip(items, (LIGHT.series[0], LIGHT.series[1]), strict=False):
        at = [lag.lag for lag in item.lags]
        r, low, high = (_numbers([getattr(lag, name) for lag in item.lags]) for name in ("r", "low", "high"))
        label = words("relation.partial") if item.given else words("relation.plain")
        axes.plot(at, r, color=colour, linewidth=1.4, label=label, zorder=3)
        axes.fill_between(at, low, high, color=colour, alpha=0.2, linewidth=0)
    axes.axhline(0.0, color=LIGHT.muted, linewidth=0.8)
    axes.set_title(f"PM2.5 ~ {_NAMES[second]}", loc="left", color=LIGHT.ink, fontsize=9.5, fontweight="bold")
    axes.set_xlabel(words("relation.lag"), color=LIGHT.muted)
    axes.set_ylabel("r", color=LIGHT.muted)
    axes.set_xticks(range(-24, 25, 6))
    axes.grid(color=LIGHT.line, linewidth=0.7)
    if items:
        axes.legend(frameon=False, fontsize=8)


def _daily(axes: Axes, found: DeweatheredRelation, words: Words) -> None:
    """Coefficients of daily values by season, before and after the weather is taken out."""
    shown = ("plain", "partial", "deweathered", "deweathered_partial")
    for place, name in enumerate(shown):
        items = [next((one for one in getattr(part, name) if one.lag == 0), None) for part in found.parts]
        known = [(row, one) for row, one in enumerate(items) if one is not None and one.r is not None]
        at = [row + (place - 1.5) * _APART for row, _ in known]
        r, low, high = (_numbers([getattr(one, field) for _, one in known]) for field in ("r", "low", "high"))
        axes.vlines(at, low, high, color=LIGHT.series[place], linewidth=2.0)
        axes.plot(
            at, r, color=LIGHT.series[place], marker="o", markersize=4.5, linewidth=0, label=words(f"relation.{name}")
        )
    axes.axhline(0.0, color=LIGHT.muted, linewidth=0.8)
    axes.set_xticks(range(len(found.parts)), [words(f"relation.season.{part.season}") for part in found.parts])
    axes.set_title(
        words("relation.daily_title", days=found.days), loc="left", color=LIGHT.ink, fontsize=9.5, fontweight="bold"
    )
    axes.set_ylabel("r", color=LIGHT.muted)
    axes.grid(axis="y", color=LIGHT.line, linewidth=0.7)
    bottom, top = axes.get_ylim()
    axes.set_ylim(bottom, top + _HEAD * (top - bottom))
    axes.legend(frameon=False, fontsize=8, ncols=len(shown), loc="upper right")


def _surface(figure: Figure, axes: Axes, item: Surface, words: Words) -> None:
    means = np.full((len(item.y_edges) - 1, len(item.x_edges) - 1), np.nan)
    for cell in item.cells:
        if cell.mean is not None:
            means[cell.row, cell.column] = cell.mean
    drawn = axes.pcolormesh(item.x_edges, item.y_edges, means, cmap="viridis")
    figure.colorbar(drawn, ax=axes, label="µg/m³")
    axes.set_title(words("relation.mean", name=_NAMES[item.value]), loc="left", color=LIGHT.ink, fontsize=9)
    axes.set_xlabel(_axis(item.x, words), color=LIGHT.muted)
    axes.set_ylabel(_axis(item.y, words), color=LIGHT.muted)


def _axis(name: str, words: Words) -> str:
    if name == "temperature":
        return words("relation.temperature")
    return f"{_NAMES[name]} [{'ppb' if name == 'ox' else 'µg/m³'}]"


def _numbers(values: list[float | None]) -> list[float]:
    return [float("nan") if value is None else value for value in values]
