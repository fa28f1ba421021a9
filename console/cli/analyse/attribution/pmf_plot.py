"""Picture of a factorisation: profiles as bars, contributions over time, and how well it fits (matplotlib, Agg)."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure

from analysis.receptor.pmf import PmfInputError
from analysis.report.font import font_families
from analysis.run.receptor.pmf import with_moments
from console.cli.analyse.attribution.pmf_note import interval_notes
from console.view.theme import LIGHT
from schemas.words import words as words_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from analysis.run.receptor.pmf_analysis import PmfAnalysis
    from schemas.words import Words

WIDTH_IN, HEIGHT_IN, DPI = 10.0, 1.2, 100
"""Width, and height of one factor [inch]."""
_HEAD_IN, _FOOT_IN = 0.6, 1.55
_LABEL_SIZE: Final = 7.5
_LONG_GAP: Final = 15
"""In median steps between samples."""


def plot_factorisation(found: PmfAnalysis, language: str) -> bytes:
    """Draw a factorisation.

    Parameters
    ----------
    found : PmfAnalysis
        With intervals, the bars have them.
    language : str
        ``zh`` or ``en``.

    Returns
    -------
    bytes
        PNG: a row a factor, left its share in each species [%], right its contributions; below, how well the model fits.
    """
    words = words_of(language, "cli")
    factors = found.result.factors
    height = _HEAD_IN + HEIGHT_IN * factors + _FOOT_IN
    style = {"font.family": font_families(), "font.size": 8.5, "axes.unicode_minus": False, "text.parse_math": False}
    with rc_context(style):  # type: ignore[arg-type]  # a dict of settings
        figure = Figure(figsize=(WIDTH_IN, height), dpi=DPI, facecolor="white")
        FigureCanvasAgg(figure)
        grid = figure.add_gridspec(
            factors, 2, width_ratios=(1.25, 1), left=0.055, right=0.985, top=1 - _HEAD_IN / height,
            bottom=_FOOT_IN / height, hspace=0.3, wspace=0.11,
        )  # fmt: skip
        for row in range(factors):
            profile, series = figure.add_subplot(grid[row, 0]), figure.add_subplot(grid[row, 1])
            _draw_profile(profile, found, row, words)
            _draw_contributions(series, found, row)
            for axes in (profile, series):
                _dress(axes)
                axes.tick_params(labelbottom=row == factors - 1)
        figure.text(0.055, 1 - 0.25 / height, words("pmf.profiles"), color=LIGHT.ink, fontsize=10, fontweight="bold")
        figure.text(
            0.57, 1 - 0.25 / height, words("pmf.contributions"), color=LIGHT.ink, fontsize=10, fontweight="bold"
        )
        figure.text(0.055, 0.14 / height, "\n".join(notes(found, words)), color=LIGHT.muted, fontsize=8, va="bottom")
        out = BytesIO()
        figure.savefig(out, format="png", metadata={"Software": "skyground"})
    return out.getvalue()


def notes(found: PmfAnalysis, words: Words) -> list[str]:
    """How well the model fits, and what the intervals are; words of the commands (``cli.*``)."""
    result = found.result
    fitted = words(
        "pmf.fit", samples=result.sample_count, values=result.value_count, factors=result.factors,
        q_true=result.q_true, q_robust=result.q_robust, ratio=result.q_true / result.q_expected,
        large=found.large_share, starts=len(result.starts),
    )  # fmt: skip
    return [fitted, *interval_notes(found, words)]


def _draw_profile(axes: Axes, found: PmfAnalysis, row: int, words: Words) -> None:
    shares = found.result.percent_of_species.iloc[row].fillna(0.0).to_numpy()
    at = np.arange(len(shares))
    axes.bar(at, shares, width=0.72, color=_colour(row), zorder=3)
    if (ends := found.intervals) is not None:
        low, high = (frame.iloc[row].to_numpy() for frame in (ends.percent_low, ends.percent_high))
        axes.vlines(at, low, high, color=LIGHT.ink, linewidth=1.0, zorder=4)
    axes.set_ylim(0, 100)
    axes.set_yticks([0, 50, 100])
    axes.set_xlim(-0.7, len(shares) - 0.3)
    axes.set_xticks(
        at, [str(name) for name in found.result.profiles.columns], rotation=55, ha="right", fontsize=_LABEL_SIZE
    )
    name = words("pmf.factor", factor=found.result.profiles.index[row])
    axes.set_title(name, loc="left", color=LIGHT.ink, fontsize=8.5, fontweight="bold", pad=2)


def _draw_contributions(axes: Axes, found: PmfAnalysis, row: int) -> None:
    values = found.result.contributions.iloc[:, row].to_numpy()
    try:
        moments = with_moments(found.result.contributions).index
    except PmfInputError:
        times = np.arange(1.0, len(values) + 1)
    else:
        times = np.asarray(date2num(moments.to_numpy()), dtype=float)  # type: ignore[no-untyped-call]
        locator = AutoDateLocator(minticks=4, maxticks=8)  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    axes.axhline(0.0, color=LIGHT.line, linewidth=0.8, zorder=1)
    axes.plot(*_with_gaps(times, values), color=_colour(row), linewidth=0.8, zorder=3)
    axes.margins(x=0.01)


def _with_gaps(
    times: NDArray[np.float64], values: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The series with an empty point in every long gap, so that no line is drawn across it."""
    steps = np.diff(times)
    long = np.flatnonzero(steps > _LONG_GAP * np.median(steps)) + 1 if steps.size else np.array([], dtype=int)
    return np.insert(times, long, times[long - 1]), np.insert(values, long, np.nan)


def _colour(row: int) -> str:
    return LIGHT.series[row % len(LIGHT.series)]


def _dress(axes: Axes) -> None:
    axes.set_axisbelow(True)
    axes.grid(axis="y", color=LIGHT.line, linewidth=0.7)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(LIGHT.line)
    axes.tick_params(length=0, colors=LIGHT.muted, pad=3)
