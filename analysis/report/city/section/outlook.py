"""Outlook: the daily AQI forecast for the days after the period, and how good the forecasts of the period were."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.report.city.chart.outlook import outlook_chart
from analysis.report.city.document import (
    PlaceKind,
    ReportColumn,
    ReportPicture,
    ReportRow,
    ReportSection,
    ReportSentence,
    ReportTable,
)
from analysis.statistics.aqi_level import level_of
from analysis.statistics.limit import POLLUTANT_OF
from schemas.parameter import parameter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.report.city.document import ReportCell
    from analysis.report.city.evidence import ReportEvidence
    from analysis.report.city.products import LeadScore, Outlook, OutlookDay

_NOMINAL = 90.0
"""Of the interval whose coverage is scored [%]."""
_SHOWN_LEADS = ("13-24", "25-48", "49-72")
"""Hours ahead of tomorrow and the two days after."""


def outlook(evidence: ReportEvidence, language: str) -> ReportSection | ReportSentence:
    """Level and range of the days ahead, and scores; absent where there is neither."""
    found, scores = evidence.products.outlook, _chosen(evidence.products.scores)
    if found is None and not scores:
        return ReportSentence(key="report.city.absent.outlook")
    sentences: list[ReportSentence] = []
    tables: list[ReportTable] = []
    pictures: list[ReportPicture] = []
    if found is not None:
        sentences += [_issued(found), *_days_ahead(evidence, found, language)]
        tables.append(_outlook_table(evidence, found, language))
        svg = "" if evidence.place.kind is PlaceKind.PROVINCE else outlook_chart(evidence, found, language)
        pictures += [ReportPicture(key="outlook", svg=svg, query=found.query)] if svg else []
    else:
        sentences.append(ReportSentence(key="report.city.absent.forecast"))
    if scores:
        sentences += _score_sentences(scores)
        tables.append(_score_table(evidence, scores))
    else:
        sentences.append(ReportSentence(key="report.city.absent.scores"))
    return ReportSection(key="outlook", sentences=tuple(sentences), tables=tuple(tables), pictures=tuple(pictures))


def leading_outlook(evidence: ReportEvidence, language: str) -> list[ReportSentence]:
    """The first forecast day of the place; of a province none, since it has no forecast of its own."""
    found = evidence.products.outlook
    return [] if found is None else _days_ahead(evidence, found, language)[:1]


def _issued(found: Outlook) -> ReportSentence:
    key = "report.city.issued_out_of_range" if found.is_out_of_range else "report.city.issued"
    return ReportSentence(key=key, figures={"origin": found.origin, "model": found.model})


def _days_ahead(evidence: ReportEvidence, found: Outlook, language: str) -> list[ReportSentence]:
    if evidence.place.kind is PlaceKind.PROVINCE:
        return []
    return [
        ReportSentence(key=f"report.city.ahead{'' if item.primary else '_clean'}", figures=_figures(item, language))
        for item in found.days
    ]


def _figures(item: OutlookDay, language: str) -> dict[str, ReportCell]:
    return {
        "day": str(item.day),
        "aqi": item.aqi,
        "low": item.low,
        "high": item.high,
        "level": level_of(item.aqi).name(language),
        "primary": item.primary,
        "above": None if item.above_100 is None else 100 * item.above_100,
    }


def _outlook_table(evidence: ReportEvidence, found: Outlook, language: str) -> ReportTable:
    columns = (
        ReportColumn(key="day"),
        ReportColumn(key="place"),
        ReportColumn(key="aqi_forecast", unit="1", digits=0),
        ReportColumn(key="aqi_low", unit="1", digits=0),
        ReportColumn(key="aqi_high", unit="1", digits=0),
        ReportColumn(key="level_range"),
        ReportColumn(key="primary"),
        ReportColumn(key="probability", unit="%", digits=0),
        ReportColumn(key="above_100", unit="%", digits=0),
    )
    rows = []
    for item in found.days:
        name = (
            evidence.place.name(language)
            if item.series == evidence.place.code
            else evidence.member_name(item.series, language)
        )
        ends = dict.fromkeys(level_of(index).name(language) for index in (item.low, item.high))
        cells = (
            str(item.day),
            name,
            item.aqi,
            item.low,
            item.high,
            " – ".join(ends),
            POLLUTANT_OF.get(item.primary, item.primary),
            None if item.primary_probability is None else 100 * item.primary_probability,
            None if item.above_100 is None else 100 * item.above_100,
        )
        rows.append(ReportRow(key=f"{item.series}.{item.day}", cells=cells))
    return ReportTable(key="outlook", columns=columns, rows=tuple(rows), query=found.query)


def _chosen(scores: tuple[LeadScore, ...]) -> list[LeadScore]:
    """Of each pollutant and range of leads the model with the most pairs."""
    best: dict[tuple[str, str], LeadScore] = {}
    for item in scores:
        key = (item.parameter, item.leads_h)
        if item.leads_h in _SHOWN_LEADS and (key not in best or item.n > best[key].n):
            best[key] = item
    order = list(POLLUTANT_OF)
    return sorted(best.values(), key=lambda item: (order.index(item.parameter), _SHOWN_LEADS.index(item.leads_h)))


def _score_sentences(scores: list[LeadScore]) -> Iterator[ReportSentence]:
    for item in scores:
        if item.parameter in {"pm25", "o3"} and item.leads_h == _SHOWN_LEADS[0] and item.mae is not None:
            figures: dict[str, ReportCell] = {
                "pollutant": item.parameter,
                "mae": item.mae,
                "coverage": None if item.coverage is None else 100 * item.coverage,
                "nominal": _NOMINAL,
                "n": item.n,
                "leads": item.leads_h,
            }
            yield ReportSentence(key="report.city.score", figures=figures)


def _score_table(evidence: ReportEvidence, scores: list[LeadScore]) -> ReportTable:
    query = evidence.products.queries.get("scores", evidence.query)
    columns = (
        ReportColumn(key="pollutant"),
        ReportColumn(key="leads", unit="h"),
        ReportColumn(key="unit"),
        ReportColumn(key="mae", digits=1),
        ReportColumn(key="bias", digits=1),
        ReportColumn(key="interval_coverage", unit="%", digits=0),
        ReportColumn(key="csi", unit="1", digits=2),
        ReportColumn(key="events", unit="h", digits=0),
        ReportColumn(key="n_pairs", unit="h", digits=0),
        ReportColumn(key="model"),
    )
    rows = []
    for item in scores:
        coverage = None if item.coverage is None else 100 * item.coverage
        cells = (
            POLLUTANT_OF[item.parameter],
            item.leads_h,
            parameter(item.parameter).unit,
            item.mae,
            item.bias,
            coverage,
            item.csi,
            item.events,
            item.n,
            item.model,
        )
        digits = dict.fromkeys(("mae", "bias"), 2) if item.parameter == "co" else {}
        rows.append(ReportRow(key=f"{item.parameter}.{item.leads_h}", cells=cells, digits=digits))
    return ReportTable(key="scores", columns=columns, rows=tuple(rows), query=query)
