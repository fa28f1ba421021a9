"""What to cut: precursors by what a cut lowers of O3 and of secondary PM2.5 at once, with intervals.

References
----------
docs/decisions/0022-co-control.md; `analysis.coanalysis.cocontrol`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.report.city.chart.cut import cut_chart
from analysis.report.city.document import (
    PlaceKind,
    ReportColumn,
    ReportPicture,
    ReportRow,
    ReportSection,
    ReportSentence,
    ReportTable,
)
from analysis.report.city.products import CutReason
from analysis.report.city.table import without_empty
from schemas.words import words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.coanalysis.cocontrol.ranking import Part, PrecursorPart
    from analysis.coanalysis.cocontrol.result import CoControl, CutList
    from analysis.report.city.document import ReportCell
    from analysis.report.city.evidence import ReportEvidence

_COLUMNS = (
    ReportColumn(key="precursor"),
    ReportColumn(key="cut_o3", unit="ug/m3", digits=1),
    ReportColumn(key="cut_o3_low", unit="ug/m3", digits=1),
    ReportColumn(key="cut_o3_high", unit="ug/m3", digits=1),
    ReportColumn(key="cut_pm25", unit="ug/m3", digits=1),
    ReportColumn(key="cut_pm25_low", unit="ug/m3", digits=1),
    ReportColumn(key="cut_pm25_high", unit="ug/m3", digits=1),
    ReportColumn(key="cut_joint", unit="%", digits=1),
    ReportColumn(key="cut_joint_low", unit="%", digits=1),
    ReportColumn(key="cut_joint_high", unit="%", digits=1),
    ReportColumn(key="first", unit="%", digits=0),
    ReportColumn(key="n_days", unit="d", digits=0),
)


def cut(evidence: ReportEvidence, language: str) -> ReportSection | ReportSentence:
    """The list over the days above a limit, or over all days where none was; what it lacks follows."""
    found = evidence.products.cut
    if found is None or not found.lists:
        is_province = evidence.place.kind is PlaceKind.PROVINCE
        reason = CutReason.PROVINCE if is_province else evidence.products.cut_reason
        return ReportSentence(key=f"report.city.absent.cut_{reason}")
    query = evidence.products.queries.get("cut", evidence.query)
    first = found.lists[0]
    table = ReportTable(key=f"cut_{first.days.name}", columns=_COLUMNS, rows=tuple(_rows(first)), query=query)
    return ReportSection(
        key="cut",
        sentences=(*_answers(found, language), *_lacks(found, language)),
        pictures=(ReportPicture(key="cut", svg=cut_chart(first, language), query=query),),
        tables=(without_empty(table),),
        notes=(
            ReportSentence(
                key="report.city.cut_note",
                figures={
                    "percent": found.cut_pct,
                    "first": str(found.first_day),
                    "last": str(found.last_day),
                    "weight": found.pm_weight,
                },
            ),
        ),
    )


def leading_cut(evidence: ReportEvidence, language: str) -> list[ReportSentence]:
    """The answer of the list; none without one."""
    found = evidence.products.cut
    return [] if found is None or not found.lists else _answers(found, language)[:1]


def _answers(found: CoControl, language: str) -> list[ReportSentence]:
    """Of each list: its days, the first precursor, how sure that is, and what cannot be told from it."""
    return [sentence for item in found.lists for sentence in _answer(item, language)]


def _answer(item: CutList, language: str) -> Iterator[ReportSentence]:
    first = item.precursors[0]
    figures: dict[str, ReportCell] = {
        "precursor": _listed((first.precursor,), language),
        "probability": 100.0 * first.probability_first,
        "days": item.days.days,
        "o3_days": item.days.o3_days,
        "pm25_days": item.days.pm25_days,
        "near": 100.0 * first.probability_near,
        "others": _listed(item.indistinct, language),
    }
    kind = (
        "none"
        if first.joint_pct.mean <= 0
        else "first"
        if item.is_first_distinct
        else "near"
        if item.is_first_near
        else "indistinct"
        if item.indistinct
        else "likely"
    )
    yield ReportSentence(key=f"report.city.cut_{item.days.name}_{kind}", figures=figures)


def _listed(names: tuple[str, ...], language: str) -> str:
    said = words(language, "cocontrol")
    return said("and").join(said(f"name.{name}") for name in names)


def _lacks(found: CoControl, language: str) -> Iterator[ReportSentence]:
    for key in found.missing:
        yield ReportSentence(key=f"cocontrol.missing.{key}")
    if found.missing_groups:
        yield ReportSentence(key="report.city.cut_groups", figures={"groups": _listed(found.missing_groups, language)})
    if not found.lists[0].is_nox_sign_known:
        yield ReportSentence(key="report.city.cut_nox_sign")
    if found.is_refuted:
        yield ReportSentence(key="report.city.cut_misfit", figures={"misfit": found.misfit})


def _rows(item: CutList) -> Iterator[ReportRow]:
    for row in item.precursors:
        yield ReportRow(key=row.precursor, cells=_cells(row, item.days.days))


def _cells(row: PrecursorPart, days: int) -> tuple[ReportCell, ...]:
    parts = (*_part(row.o3_ug_m3), *_part(row.pm25_ug_m3), *_part(row.joint_pct))
    return (f"=cocontrol.name.{row.precursor}", *parts, 100.0 * row.probability_first, days)


def _part(part: Part | None) -> tuple[float | None, float | None, float | None]:
    return (None, None, None) if part is None else (part.mean, part.low, part.high)
