"""Picture of the chemistry of a period: OFP by species, organic carbon and age by hour, mass closure by day (matplotlib, Agg)."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import AutoDateLocator, DateFormatter, date2num
from matplotlib.figure import Figure

from analysis.chemistry.reactivity import VOC_CLASSES
from analysis.report.font import font_families
from console.view.theme import LIGHT
from schemas.words import words as words_of
from schemas.words.naming import short_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from analysis.chemistry.period_summary import ChemistrySummary
    from schemas.words import Words

WIDTH_IN, HEIGHT_IN, DPI = 10.0, 6.6, 100
_SPECIES = 12


def plot_chemistry(found: ChemistrySummary, language: str) -> bytes:
    """Draw a summary.

    Parameters
    ----------
    found : ChemistrySummary
    language : str
        ``zh`` or ``en``.

    Returns
    -------
    bytes
        PNG of four panels; one without its measurements says so.
    """
    words = words_of(language, "cli")
    style = {"font.family": font_families(), "font.size": 8.5, "axes.unicode_minus": False, "text.parse_math": False}
    with rc_context(style):  # type: ignore[arg-type]  # a dict of settings
        figure = Figure(figsize=(WIDTH_IN, HEIGHT_IN), dpi=DPI, facecolor="white", layout="constrained")
        FigureCanvasAgg(figure)
        species, carbon, closure, age = figure.subplots(2, 2).ravel()
        _draw_species(species, found, words, language)
        _draw_carbon(carbon, found, words)
        _draw_closure(closure, found, words)
        _draw_age(age, found, words)
        out = BytesIO()
        figure.savefig(out, format="png", metadata={"Software": "skyground"})
    return out.getvalue()


def _draw_species(axes: Axes, found: ChemistrySummary, words: Words, language: str) -> None:
    _dress(axes, words("chemistry.species"))
    species = [] if found.voc is None else [item for item in found.voc.reactivity.species if item.ofp_ug_m3]
    if not species:
        _empty(axes, words)
        return
    shown = species[:_SPECIES]
    colours = {str(group): LIGHT.series[number % len(LIGHT.series)] for number, group in enumerate(VOC_CLASSES)}
    group_names = words_of(language, "word.voc_class")
    for group in dict.fromkeys(item.group for item in shown):
        rows = [number for number, item in enumerate(shown) if item.group == group]
        total = found.voc.reactivity.ofp_by_class[group] if found.voc is not None else 0.0
        axes.barh(
            rows, [shown[row].ofp_ug_m3 or 0.0 for row in rows], color=colours[group],
            label=f"{group_names.get(group, group)} {total:.3g}",
        )  # fmt: skip
    axes.set_yticks(range(len(shown)), [short_name(item.parameter, language) for item in shown])
    axes.invert_yaxis()
    axes.legend(frameon=False, fontsize=7.5, loc="lower right")


def _draw_carbon(axes: Axes, found: ChemistrySummary, words: Words) -> None:
    _dress(axes, words("chemistry.carbon"))
    if "soc" not in found.by_hour:
        _empty(axes, words)
        return
    primary, secondary = (_numbers(found.by_hour[name]) for name in ("poc", "soc"))
    hour = np.arange(24)
    axes.bar(hour, primary, color=LIGHT.series[6], label=words("chemistry.primary"), width=0.8)
    axes.bar(hour, secondary, bottom=primary, color=LIGHT.series[2], label=words("chemistry.secondary"), width=0.8)
    _by_hour(axes, words)
    axes.set_ylim(0, 1.25 * float(np.nanmax(primary + secondary)))
    axes.legend(frameon=False, fontsize=7.5, ncols=2, loc="upper right")


def _draw_closure(axes: Axes, found: ChemistrySummary, words: Words) -> None:
    _dress(axes, words("chemistry.closure"))
    days = list(found.by_day)
    rebuilt, measured = (_numbers([found.by_day[day].get(name) for day in days]) for name in ("reconstructed", "pm25"))
    if found.particle is None or not np.isfinite(rebuilt).any():
        _empty(axes, words)
        return
    when = date2num(days)  # type: ignore[no-untyped-call]
    axes.plot(when, measured, color=LIGHT.series[0], linewidth=1.3, label=words("chemistry.measured"))
    axes.plot(when, rebuilt, color=LIGHT.series[1], linewidth=1.3, label=words("chemistry.reconstructed"))
    axes.xaxis.set_major_locator(AutoDateLocator(maxticks=6))  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(DateFormatter("%m-%d"))  # type: ignore[no-untyped-call]
    axes.set_ylim(bottom=0)
    closure = found.particle.mass.closure
    if closure.value is not None:
        axes.set_xlabel(words("chemistry.of_mass", value=closure.value, n=closure.n), color=LIGHT.muted, fontsize=8)
    axes.legend(frameon=False, fontsize=7.5)


def _draw_age(axes: Axes, found: ChemistrySummary, words: Words) -> None:
    _dress(axes, words("chemistry.age"))
    if found.voc is None or "age_h" not in found.by_hour:
        _empty(axes, words)
        return
    axes.plot(
        np.arange(24), _numbers(found.by_hour["age_h"]), color=LIGHT.series[0], linewidth=1.5, marker="o", markersize=3
    )
    _by_hour(axes, words)
    first = found.voc.ages[0]
    text = words("chemistry.assumed", oh=first.oh_molecule_cm3 / 1e6, n=first.age.n)
    axes.set_xlabel(f"{words('chemistry.hour')} · {text}", color=LIGHT.muted, fontsize=8)


def _by_hour(axes: Axes, words: Words) -> None:
    axes.set_xticks(range(0, 24, 3))
    axes.set_xlabel(words("chemistry.hour"), color=LIGHT.muted, fontsize=8)


def _empty(axes: Axes, words: Words) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    axes.text(0.5, 0.5, words("chemistry.no_data"), transform=axes.transAxes, ha="center", color=LIGHT.muted)


def _numbers(values: Sequence[float | None]) -> NDArray[np.float64]:
    return np.asarray(values, dtype=float)


def _dress(axes: Axes, title: str) -> None:
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(LIGHT.line)
    axes.tick_params(length=0, colors=LIGHT.muted, labelsize=7.5)
    axes.set_title(title, color=LIGHT.ink, fontsize=9, fontweight="bold")
