"""The first page: leading figures, and four questions with their answers in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from analysis.report.city.document import (
    PeriodKind,
    ReportAnswer,
    ReportSection,
    ReportSentence,
    ReportTile,
)
from analysis.report.city.section.chemistry import leading_chemistry
from analysis.report.city.section.concentration import change_pct, column_of, statistic
from analysis.report.city.section.cut import leading_cut
from analysis.report.city.section.outlook import leading_outlook
from analysis.report.city.section.overview import GOOD, air_sentence, share
from analysis.report.city.section.weather import day_weather, weather_contrasts
from analysis.statistics.aqi_level import level_of
from analysis.statistics.limit import POLLUTANT_OF

if TYPE_CHECKING:
    import pandas as pd

    from analysis.report.city.document import ReportCell
    from analysis.report.city.evidence import ReportEvidence


def glance(evidence: ReportEvidence, language: str) -> ReportSection:
    """What the air was like, what changed, what drove it, what comes next."""
    answers = {
        "air": [_air(evidence, language)],
        "change": _change(evidence),
        "drive": _drive(evidence, language),
        "next": [*leading_outlook(evidence, language), *leading_cut(evidence, language)],
    }
    nothing = {"next": "report.city.next_none", "drive": "report.city.drive_none"}
    return ReportSection(
        key="glance",
        tiles=tuple(_tiles(evidence)),
        answers=tuple(
            ReportAnswer(key=key, sentences=tuple(found) or (ReportSentence(key=nothing[key]),))
            for key, found in answers.items()
        ),
    )


def _air(evidence: ReportEvidence, language: str) -> ReportSentence:
    found = air_sentence(evidence, language)
    if evidence.period.kind is PeriodKind.DAY:
        return found
    return msgspec.structs.replace(found, key="report.city.glance_days")


def _tiles(evidence: ReportEvidence) -> list[ReportTile]:
    index = evidence.days["aqi"].dropna()
    mean = None if index.empty else round(float(index.mean()))
    is_day = evidence.period.kind is PeriodKind.DAY
    aqi = ReportTile(
        key="aqi" if is_day else "aqi_mean",
        value=mean,
        unit="1",
        digits=0,
        detail=_detail(evidence, mean, [_mean_index(table) for table in _earlier(evidence)], len(index)),
        colour="" if mean is None else level_of(mean).colour,
    )
    listed = [aqi] if is_day else [_good(evidence), aqi]
    return [
        *listed,
        *(_concentration(evidence, code) for code in (("pm25", "o3", "no2") if is_day else ("pm25", "o3"))),
    ]


def _good(evidence: ReportEvidence) -> ReportTile:
    value, earlier = good_share(evidence.days), [good_share(table) for table in _earlier(evidence)]
    count = int(evidence.days["aqi"].notna().sum())
    return ReportTile(
        key="good", value=value, unit="%", digits=1, detail=_detail(evidence, value, earlier, count, is_share=True)
    )


def _concentration(evidence: ReportEvidence, code: str) -> ReportTile:
    kind = evidence.period.kind
    value = statistic(evidence.assessed.period, code)
    earlier = [statistic(item, code) for item in (evidence.assessed.year_before, evidence.assessed.before)]
    count = evidence.assessed.period.of(column_of(code)).valid_days
    name = f"{code}_day" if kind is PeriodKind.DAY else code
    return ReportTile(key=name, value=value, unit="ug/m3", digits=0, detail=_detail(evidence, value, earlier, count))


def _detail(
    evidence: ReportEvidence, value: float | None, earlier: list[float | None], count: int, *, is_share: bool = False
) -> ReportSentence:
    """Days of a figure, and the same of the year before; of the period before where there is none."""
    periods = (evidence.period.year_before(), evidence.period.before())
    for period, before in zip(periods, earlier, strict=True):
        if before is None or value is None:
            continue
        change = value - before if is_share else change_pct(value, before)
        figures: dict[str, ReportCell] = {"n": count, "period": period.label, "before": before, "change": change}
        return ReportSentence(key=f"report.city.tile_{'share' if is_share else 'value'}", figures=figures)
    return ReportSentence(key="report.city.tile_alone", figures={"n": count})


def _earlier(evidence: ReportEvidence) -> tuple[pd.DataFrame, pd.DataFrame]:
    return evidence.year_before, evidence.before


def good_share(days: pd.DataFrame) -> float | None:
    """Share of the days with an AQI up to 100 [%]; None without an AQI."""
    index = days["aqi"].dropna()
    return share(int((index <= GOOD).sum()), len(index))


def _mean_index(days: pd.DataFrame) -> float | None:
    index = days["aqi"].dropna()
    return None if index.empty else float(index.mean())


def _change(evidence: ReportEvidence) -> list[ReportSentence]:
    """Good days and PM2.5 against the same period of the year before and the one before; or that nothing is known."""
    found = []
    for key, table, item, period in (
        ("year_before", evidence.year_before, evidence.assessed.year_before, evidence.period.year_before()),
        ("before", evidence.before, evidence.assessed.before, evidence.period.before()),
    )[: 1 if evidence.period.is_a_year else 2]:
        changes = {
            code: change_pct(statistic(evidence.assessed.period, code), statistic(item, code))
            for code in ("pm25", "o3")
        }
        good, then = good_share(evidence.days), good_share(table)
        if good is None or then is None:
            continue
        is_day = evidence.period.kind is PeriodKind.DAY
        index, before = _mean_index(evidence.days), _mean_index(table)
        figures: dict[str, ReportCell] = {"period": period.label, "good": good, "then": then, **changes}
        figures |= {"index": index, "index_before": before}
        found.append(ReportSentence(key=f"report.city.changed_{'day' if is_day else 'days'}_{key}", figures=figures))
    return [*found, ReportSentence(key="report.city.change_weather" if found else "report.city.change_none")]


def _drive(evidence: ReportEvidence, language: str) -> list[ReportSentence]:
    """Primary pollutants, the weather that differed by more than chance, and what PM2.5 consisted of."""
    named = evidence.days.loc[evidence.days["aqi"].notna(), "primary"].fillna("").str.split(",")
    total = int(sum(bool(of and of[0]) for of in named))
    counts = sorted(((sum(code in of for of in named), code) for code in POLLUTANT_OF), reverse=True)
    found = []
    if total and evidence.period.kind is not PeriodKind.DAY:
        listed = ", ".join(f"{POLLUTANT_OF[code]} {days}" for days, code in counts if days)
        found.append(ReportSentence(key="report.city.drive_primary", figures={"named": listed, "total": total}))
    if evidence.period.kind is PeriodKind.DAY:
        found += day_weather(evidence, language)
    is_clear = {
        item.code: item for item in reversed(weather_contrasts(evidence)) if _excludes_zero(item.low, item.high)
    }
    found += [is_clear[code].sentence() for code in ("pm25", "o3") if code in is_clear]
    return [*found, *leading_chemistry(evidence)]


def _excludes_zero(low: float | None, high: float | None) -> bool:
    return low is not None and high is not None and (low > 0 or high < 0)
