"""Assessments compared: against an earlier span, and places by rank."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analysis.statistics.assessment.result import Assessment, PollutantAssessment


class ConcentrationChange(msgspec.Struct, frozen=True, kw_only=True):
    """Concentration against an earlier span of the same place.

    ``percent`` is None where a value is missing or a span is not valid by its rule; ``reason`` names which.
    """

    pollutant: str
    now: float | None
    before: float | None
    percent: float | None
    reason: str


def changes(now: Assessment, before: Assessment) -> tuple[ConcentrationChange, ...]:
    """Compare the compared figure (mean; of CO and O3 the percentile) of two spans.

    Examples
    --------
    >>> from datetime import date
    >>> from zoneinfo import ZoneInfo
    >>> import pandas as pd
    >>> from analysis.statistics.assessment import assess
    >>> def year(value: float, number: int):
    ...     days = pd.date_range(f"{number}-01-01", periods=365, freq="D", tz="UTC", name="start")
    ...     return assess("a", pd.DataFrame({"pm25": value}, index=days), ZoneInfo("UTC"), date(number, 1, 1), date(number, 12, 31))
    >>> changes(year(45.0, 2023), year(50.0, 2022))[-1].percent
    -10.0
    """
    found = []
    for item in now.pollutants:
        old = before.of(item.pollutant)
        value, earlier = compared(item), compared(old)
        reason = ""
        if value is None or earlier is None:
            reason = "missing"
        elif item.is_valid is False or old.is_valid is False:
            reason = "not_valid"
        elif earlier <= 0:
            reason = "zero"
        percent = None if reason or value is None or earlier is None else round(100 * (value - earlier) / earlier, 6)
        found.append(
            ConcentrationChange(pollutant=item.pollutant, now=value, before=earlier, percent=percent, reason=reason)
        )
    return tuple(found)


def ranking(assessments: Iterable[Assessment]) -> list[tuple[int, Assessment]]:
    """Places from the best to the worst by the composite index.

    Equal indices (two decimals) share a rank. Places without an index are left out, and next to places with a valid month or year
    those without; where none is valid, as in a month that is not over, all are ranked.
    """
    found = [item for item in assessments if item.composite_index is not None]
    known = sorted(
        [item for item in found if item.is_valid] or found,
        key=lambda item: (round(item.composite_index or 0.0, 2), item.place),
    )
    figures = [round(item.composite_index or 0.0, 2) for item in known]
    return [(figures.index(figure) + 1, item) for figure, item in zip(figures, known, strict=True)]


def compared(item: PollutantAssessment) -> float | None:
    """Figure that is compared with a limit: the mean; of CO and O3 the percentile."""
    return item.percentile if item.pollutant in {"co", "o3_mda8"} else item.mean
