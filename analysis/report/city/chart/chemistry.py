"""Composition of PM2.5, VOC by ozone formation potential, and the indicators of what limits ozone with their uncertain borders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.report.case_picture.palette import LIGHT
from analysis.report.city.chart.svg import O3, PM25, svg_picture
from schemas.words import words as words_of
from schemas.words.naming import short_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from analysis.chemistry.period_figure import PeriodFigure
    from analysis.chemistry.period_summary import ChemistrySummary
    from analysis.chemistry.reactivity import SpeciesReactivity
    from analysis.chemistry.regime import RegimeFinding

_SPECIES = 10


def composition_chart(item: ChemistrySummary, language: str) -> str:
    """Mean mass of each part of PM2.5 with its 90 % interval, and the largest OFP by species; empty where neither is known."""
    words = words_of(language, "report.city.axis")
    parts = {} if item.particle is None else _measured(item.particle.mass.parts)
    species = [] if item.voc is None else [one for one in item.voc.reactivity.species if one.ofp_ug_m3][:_SPECIES]
    fields = [name for name, known in (("parts", parts), ("species", species)) if known]
    if not fields:
        return ""

    def draw(found: list[Axes]) -> None:
        for axes, name in zip(found, fields, strict=True):
            if name == "parts":
                _draw_parts(axes, parts, language)
                axes.set_xlabel(words("component_mass"))
            else:
                _draw_species(axes, species, language)
                axes.set_xlabel(words("ofp"))

    rows = max(len(parts), len(species))
    return svg_picture(
        draw, f"composition-{item.station_id}", height_in=min(0.9 + 0.2 * rows, 3.0), columns=len(fields)
    )


def _measured(parts: dict[str, PeriodFigure]) -> dict[str, PeriodFigure]:
    known = {name: part for name, part in parts.items() if part.value is not None}
    return dict(sorted(known.items(), key=lambda one: -(one[1].value or 0.0)))


def _draw_parts(axes: Axes, parts: dict[str, PeriodFigure], language: str) -> None:
    names = words_of(language, "word.component")
    for row, part in enumerate(parts.values()):
        axes.barh(row, part.value or 0.0, color=PM25, alpha=0.8, height=0.7)
        if part.low is not None and part.high is not None:
            axes.plot([part.low, part.high], [row, row], color=LIGHT.ink, linewidth=1.2)
    _rows(axes, [names(name) for name in parts])


def _draw_species(axes: Axes, species: list[SpeciesReactivity], language: str) -> None:
    axes.barh(range(len(species)), [one.ofp_ug_m3 or 0.0 for one in species], color=O3, alpha=0.8, height=0.7)
    _rows(axes, [short_name(one.parameter, language) for one in species])


def _rows(axes: Axes, names: list[str]) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color=LIGHT.grid, linewidth=0.6)
    axes.set_axisbelow(True)


def regime_chart(item: ChemistrySummary, language: str) -> str:
    """Each indicator with its 90 % interval over the ranges in which its borders lie; empty without an indicator."""
    known = [] if item.voc is None else [one for one in item.voc.regimes if one.ratio.value is not None]
    if not known:
        return ""

    def draw(found: list[Axes]) -> None:
        for axes, one in zip(found, known, strict=True):
            _draw_regime(axes, one, language)

    return svg_picture(draw, f"regime-{item.station_id}", height_in=1.25, columns=len(known))


def _draw_regime(axes: Axes, one: RegimeFinding, language: str) -> None:
    words, names = words_of(language, "report.city.axis"), words_of(language, "word.indicator")
    value, (voc_low, voc_high), (nox_low, nox_high) = (
        one.ratio.value or 0.0,
        one.threshold.voc_limited_below,
        one.threshold.nox_limited_above,
    )
    top = 1.35 * max(nox_high, value, one.ratio.high or 0.0)
    bands = (
        (0.0, voc_low, PM25, 0.22),
        (voc_low, voc_high, PM25, 0.08),
        (nox_low, nox_high, O3, 0.08),
        (nox_high, top, O3, 0.22),
    )
    for first, last, colour, alpha in bands:
        axes.axvspan(first, last, color=colour, alpha=alpha, linewidth=0)
    if one.ratio.low is not None and one.ratio.high is not None:
        axes.plot([one.ratio.low, one.ratio.high], [0, 0], color=LIGHT.ink, linewidth=2)
    axes.plot([value], [0], marker="o", color=LIGHT.ink, markersize=6)
    for place, key in (
        (voc_low / 2, "voc_limited"),
        ((voc_high + nox_low) / 2, "transition"),
        ((nox_high + top) / 2, "nox_limited"),
    ):
        axes.text(place, 0.62, words(key), ha="center", va="center", fontsize=7, color=LIGHT.soft)
    axes.set_ylim(-1, 1)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlim(0, top)
    axes.set_xlabel(names(one.indicator))
