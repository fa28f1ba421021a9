"""The list of what to cut for people: lines of text, and a picture of bars with intervals."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Final

from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from analysis.report.case_picture.letters import wrapped
from analysis.report.font import font_families

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

    from analysis.coanalysis.cocontrol.ranking import Part, PrecursorPart
    from analysis.coanalysis.cocontrol.result import CoControl, CutList
    from schemas.words import Words

_DPI: Final = 110
_LETTERS: Final = 150
"""Latin letters of a line of the head."""
_OZONE, _PARTICLE, _JOINT = "#0072b2", "#d55e00", "#3d4f58"


def cut_list_text(found: CoControl, words: Words) -> list[str]:
    """Sentences of the product: the answer first, then what it rests on and what it lacks.

    Parameters
    ----------
    found : CoControl
    words : Words
        Those with prefix ``cocontrol``.
    """
    lines = [answer_text(item, words) for item in found.lists]
    lines.extend(words(f"missing.{key}") for key in found.missing)
    if found.missing_groups:
        lines.append(
            words("missing_groups", groups=words("and").join(words(f"name.{key}") for key in found.missing_groups))
        )
    if found.part_listed:
        lines.append(words("part_listed", groups=words("and").join(words(f"name.{key}") for key in found.part_listed)))
    if not found.lists[0].is_nox_sign_known:
        lines.append(words("nox_sign"))
    if found.without_koh:
        lines.append(words("without_koh", species=",".join(found.without_koh)))
    if found.is_refuted:
        lines.append(words("misfit", misfit=found.misfit))
    return lines


def answer_text(item: CutList, words: Words) -> str:
    """First precursor of a list, how sure it is, and which cannot be told from it."""
    first = item.precursors[0]
    figures = {
        "precursor": words(f"name.{first.precursor}"),
        "probability": 100.0 * first.probability_first,
        "days": item.days.days,
        "o3_days": item.days.o3_days,
        "pm25_days": item.days.pm25_days,
    }
    figures["near"] = 100.0 * first.probability_near
    head = words(f"days.{item.days.name}", **figures)
    if first.joint_pct.mean <= 0:
        return head + words("none", **figures)
    if item.is_first_distinct:
        return head + words("first", **figures)
    others = words("and").join(words(f"name.{name}") for name in item.indistinct)
    if item.is_first_near:
        return head + words("near", **figures) + (words("near_others", others=others) if others else "")
    return head + words("indistinct" if item.indistinct else "likely", others=others, **figures)


def cut_list_table(item: CutList, words: Words) -> list[dict[str, str]]:
    """Rows of the list: precursor, part in O3, in secondary PM2.5, joint, probability of being first."""
    return [
        {
            words("column.precursor"): words(f"name.{row.precursor}"),
            words("column.o3"): _interval(row.o3_ug_m3),
            words("column.pm25"): _interval(row.pm25_ug_m3),
            words("column.joint"): _interval(row.joint_pct),
            words("column.first"): f"{row.probability_first:.0%}",
        }
        for row in item.precursors
    ]


def draw_cut_list(
    found: CoControl, place: str, words: Words, known: Mapping[str, tuple[float, float, float]] | None = None
) -> bytes:
    """PNG: a row a precursor, the falls of O3 and of secondary PM2.5 and the joint one with their 90 % intervals.

    Parameters
    ----------
    found : CoControl
    place : str
        Name of the city or station, for the head.
    words : Words
        Those with prefix ``cocontrol``.
    known : mapping of str to tuple, optional
        Of a simulated province: the true falls of O3, secondary PM2.5 [µg m⁻³] and of the sum [% of the limits], by precursor; drawn as diamonds.
    """
    item = found.lists[0]
    rows = list(reversed(item.precursors))
    answer = answer_text(item, words) + ("" if item.is_nox_sign_known else f"\n{words('nox_sign')}")
    said = [line for part in answer.splitlines() for line in wrapped(part, _LETTERS)]
    head = 0.62 + 0.17 * len(said)
    height = head + 0.95 + 0.42 * len(rows)
    style = {"font.family": font_families(), "font.size": 9, "axes.unicode_minus": False, "text.parse_math": False}
    with rc_context(style):  # type: ignore[arg-type]  # a dict of settings
        figure = Figure(figsize=(10, height), dpi=_DPI, facecolor="white")
        FigureCanvasAgg(figure)
        axes = figure.subplots(1, 3, sharey=True)
        figure.subplots_adjust(left=0.13, right=0.97, top=1 - head / height, bottom=0.62 / height, wspace=0.08)
        _bars(axes[0], [row.o3_ug_m3 for row in rows], _OZONE, words("axis.o3"))
        _bars(axes[1], [row.pm25_ug_m3 for row in rows], _PARTICLE, words("axis.pm25"))
        _bars(axes[2], [row.joint_pct for row in rows], _JOINT, words("axis.joint"))
        axes[0].set_yticks(range(len(rows)), [words(f"name.{row.precursor}") for row in rows])
        if known is not None:
            for column, panel in enumerate(axes):
                marks = _diamonds(panel, [known[row.precursor][column] for row in rows], words("known"))
            figure.legend(handles=marks, loc="upper right", bbox_to_anchor=(0.98, 1.0), frameon=False, fontsize=9)
        _probabilities(axes[2], rows)
        period = f"{found.first_day} – {found.last_day}"
        figure.suptitle(
            words("title", place=place, period=period), x=0.02, y=1 - 0.14 / height, ha="left", va="top", fontsize=12
        )
        figure.text(0.02, 1 - 0.45 / height, "\n".join(said), ha="left", va="top", fontsize=9, linespacing=1.4)
        stream = BytesIO()
        figure.savefig(stream, format="png")
    return stream.getvalue()


def _bars(axes: Axes, parts: Sequence[Part | None], colour: str, label: str) -> None:
    for row, part in enumerate(parts):
        if part is None:
            continue
        axes.barh(row, part.mean, color=colour, alpha=0.75, height=0.62)
        axes.plot([part.low, part.high], [row, row], color="#12212a", linewidth=1.4)
    axes.axvline(0, color="#12212a", linewidth=0.8)
    axes.grid(axis="x", color="#dfe6ea", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_xlabel(label)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(axis="y", length=0)


def _diamonds(axes: Axes, values: Sequence[float], label: str) -> list[Line2D]:
    return axes.plot(
        values, range(len(values)), "D", color="white", markeredgecolor="#12212a", markersize=6, label=label
    )


def _probabilities(axes: Axes, rows: Sequence[PrecursorPart]) -> None:
    """Probability of being first, right of the interval."""
    low, high = axes.get_xlim()
    axes.set_xlim(low, high + 0.16 * (high - low))
    for number, row in enumerate(rows):
        if row.probability_first >= 0.01:  # noqa: PLR2004 - rounds to nothing
            axes.text(
                max(row.joint_pct.high, row.joint_pct.mean) + 0.015 * (high - low),
                number,
                f"{row.probability_first:.0%}",
                va="center",
                fontsize=8,
            )


def _interval(part: Part | None) -> str:
    return "–" if part is None else f"{part.mean:.1f} ({part.low:.1f} – {part.high:.1f})"
