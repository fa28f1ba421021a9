"""Chemistry: what PM2.5 consists of, how much of it formed in the air, which VOC form ozone, and what limits ozone.

References
----------
`analysis.chemistry.period_summary`; docs/analysis.md states method, assumptions and what was not verified.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.chemistry.statement import chemistry_statements
from analysis.report.city.chart.chemistry import composition_chart, regime_chart
from analysis.report.city.document import (
    PlaceKind,
    ReportColumn,
    ReportPicture,
    ReportRow,
    ReportSection,
    ReportSentence,
    ReportTable,
)
from analysis.report.city.table import without_empty, without_repeated
from schemas.words import words as words_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.chemistry.period_figure import PeriodFigure
    from analysis.chemistry.period_summary import ChemistrySummary
    from analysis.report.city.document import ReportCell
    from analysis.report.city.evidence import ReportEvidence
    from schemas.reason import ReasonData

_SAID = ("mass_", "sor", "nor", "soc", "soc_", "ofp", "regime_")
"""Beginnings of the statements that a report shows; the rest is in ``skyground analyse chemistry``."""
_DETAILS = {"mass_missing", "soc_sensitivity", "lower_bound", "no_interval", "ions"}
_PREFIX = "coanalysis.chemistry."
_SPECIES = 10
"""VOC of the table, the largest first."""
_LEADING = 3


def chemistry(evidence: ReportEvidence, language: str) -> ReportSection | ReportSentence:
    """Sentences, pictures and tables of each station with VOC or components."""
    found = evidence.products.chemistry
    query = evidence.products.queries.get("chemistry", evidence.query)
    if not found:
        is_province = evidence.place.kind is PlaceKind.PROVINCE
        return ReportSentence(key=f"report.city.absent.{'chemistry_province' if is_province else 'chemistry'}")
    pictures = []
    for item in found:
        for key, svg in (
            ("composition", composition_chart(item, language)),
            ("regime", regime_chart(item, language)),
        ):
            if svg:
                pictures.append(ReportPicture(key=key, svg=svg, query=query))
    tables = [
        without_repeated(without_empty(ReportTable(key=key, columns=columns, rows=rows, query=query)), "station")
        for key, columns, rows in (
            ("composition", _COMPOSITION, tuple(row for item in found for row in _parts(evidence, item, language))),
            ("ofp", _OFP, tuple(row for item in found for row in _species(evidence, item, language))),
            ("chemistry", _FIGURES, tuple(row for item in found for row in _figures(evidence, item, language))),
        )
        if rows
    ]
    return ReportSection(
        key="chemistry",
        sentences=tuple(_sentences(evidence, found, language)),
        pictures=tuple(pictures),
        tables=tuple(tables),
        notes=(ReportSentence(key="report.city.chemistry_note"),),
    )


def leading_chemistry(evidence: ReportEvidence) -> list[ReportSentence]:
    """The largest parts of PM2.5 at the station with the most of them; none without three parts."""
    parts = [_shares(item) for item in evidence.products.chemistry]
    best = max(parts, key=len, default=[])
    if len(best) < _LEADING:
        return []
    named: dict[str, ReportCell] = {}
    for number, (name, share) in enumerate(best[:_LEADING], 1):
        named |= {f"part{number}": name, f"share{number}": share}
    return [ReportSentence(key="report.city.drive_composition", figures=named)]


def _shares(item: ChemistrySummary) -> list[tuple[str, float]]:
    """Parts with their share of the reconstructed mass [1], the largest first."""
    if item.particle is None:
        return []
    means = {name: part.value for name, part in item.particle.mass.parts.items() if part.value is not None}
    total = sum(means.values())
    if total <= 0:
        return []
    return sorted(((name, value / total) for name, value in means.items()), key=lambda one: -one[1])


def _sentences(
    evidence: ReportEvidence, found: tuple[ChemistrySummary, ...], language: str
) -> Iterator[ReportSentence]:
    """Of the first station, which measures most; the others are in the tables."""
    item = found[0]
    name = evidence.member_name(item.station_id, language)
    yield ReportSentence(
        key="report.city.of_stations" if found[1:] else "report.city.of_station",
        figures={"name": name, "others": len(found) - 1},
    )
    stated: list[ReasonData] = []
    for said in chemistry_statements(item):
        kind = said.key.removeprefix(_PREFIX)
        if not any(kind == one or (one.endswith("_") and kind.startswith(one)) for one in _SAID):
            continue
        yield ReportSentence(key=said.key, figures=dict(said.figures))
        for detail in said.details:
            if detail not in stated and detail.key and detail.key.removeprefix(_PREFIX) in _DETAILS:
                stated.append(detail)
                yield ReportSentence(key=detail.key, figures=dict(detail.figures))


_COMPOSITION = (
    ReportColumn(key="component"),
    ReportColumn(key="station"),
    ReportColumn(key="mean", unit="ug/m3", digits=2),
    ReportColumn(key="low", unit="ug/m3", digits=2),
    ReportColumn(key="high", unit="ug/m3", digits=2),
    ReportColumn(key="mass_share", unit="%", digits=1),
    ReportColumn(key="n_hours", unit="h", digits=0),
    ReportColumn(key="coverage", unit="%", digits=0),
)
_OFP = (
    ReportColumn(key="species"),
    ReportColumn(key="station"),
    ReportColumn(key="mean", unit="ug/m3", digits=2),
    ReportColumn(key="ofp", unit="ug/m3", digits=1),
    ReportColumn(key="ofp_share", unit="%", digits=1),
    ReportColumn(key="n_hours", unit="h", digits=0),
)
_FIGURES = (
    ReportColumn(key="figure"),
    ReportColumn(key="station"),
    ReportColumn(key="unit"),
    ReportColumn(key="value", digits=2),
    ReportColumn(key="low", digits=2),
    ReportColumn(key="high", digits=2),
    ReportColumn(key="n_hours", unit="h", digits=0),
    ReportColumn(key="coverage", unit="%", digits=0),
)


def _parts(evidence: ReportEvidence, item: ChemistrySummary, language: str) -> Iterator[ReportRow]:
    if item.particle is None:
        return
    name = evidence.member_name(item.station_id, language)
    for part, share in _shares(item):
        mean = item.particle.mass.parts[part]
        cells = (
            f"=word.component.{part}",
            name,
            mean.value,
            mean.low,
            mean.high,
            100 * share,
            mean.n,
            100 * mean.coverage,
        )
        yield ReportRow(key=f"{item.station_id}.{part}", cells=cells)


def _species(evidence: ReportEvidence, item: ChemistrySummary, language: str) -> Iterator[ReportRow]:
    if item.voc is None:
        return
    name = evidence.member_name(item.station_id, language)
    for one in [one for one in item.voc.reactivity.species if one.ofp_ug_m3 is not None][:_SPECIES]:
        species = one.name_zh if language == "zh" else one.name_en
        share = None if one.ofp_share is None else 100 * one.ofp_share
        yield ReportRow(
            key=f"{item.station_id}.{one.parameter}", cells=(species, name, one.mean_ug_m3, one.ofp_ug_m3, share, one.n)
        )


def _figures(evidence: ReportEvidence, item: ChemistrySummary, language: str) -> Iterator[ReportRow]:
    name = evidence.member_name(item.station_id, language)
    for key, figure in _known(item):
        if figure.value is None:
            continue
        cells = (
            _figure_name(key, language),
            name,
            figure.unit,
            figure.value,
            figure.low,
            figure.high,
            figure.n,
            100 * figure.coverage,
        )
        yield ReportRow(key=f"{item.station_id}.{key}", cells=cells)


def _figure_name(key: str, language: str) -> str:
    """Name of a figure, with the season where it has one."""
    name, _, season = key.partition(" ")
    title = words_of(language, "report.city.figure")(name)
    return f"{title}, {words_of(language, 'word.season')(season)}" if season else title


def _known(item: ChemistrySummary) -> Iterator[tuple[str, PeriodFigure]]:
    """Figures by the end of their key; of secondary carbon one a season."""
    if item.particle is not None:
        own = item.particle
        yield from (("closure", own.mass.closure), ("sor", own.sor), ("nor", own.nor))
        yield from (("nitrate_sulfate", own.nitrate_sulfate), ("ion_ratio", own.ion_ratio))
        for carbon in own.carbon:
            for key, figure in (("soc", carbon.mrs.mean), ("soc_share", carbon.mrs.share)):
                if figure is not None:
                    yield f"{key} {carbon.season}", figure
    if item.voc is not None:
        yield from (("voc", item.voc.mass), ("ofp", item.voc.ofp), ("loh", item.voc.loh))
        yield from ((f"regime_{one.indicator}", one.ratio) for one in item.voc.regimes)
