"""Which legal limits belong on a plot of hourly values, by the day they are read for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.statistics.limit import POLLUTANT_OF, AnalysisError, limit
from console.view.drawing import LimitLine
from schemas.words.naming import short_name

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from schemas.words import Words

_AVERAGING = {"so2": "1h", "no2": "1h", "co": "1h", "o3": "1h", "pm10": "24h", "pm25": "24h"}


def limit_lines(parameters: Iterable[str], day: date, words: Words) -> list[LimitLine]:
    """Limits of class 2 areas in force on a civil day; GB 3095 has no 1 h limit for particles, so theirs is the 24 h one and is labelled so."""
    found: list[LimitLine] = []
    for code in parameters:
        if code not in POLLUTANT_OF:
            continue
        try:
            value = limit(code, _AVERAGING[code], day)
        except AnalysisError:
            continue
        label = words(f"limit.{_AVERAGING[code]}", parameter=short_name(code, words.language), value=f"{value:g}")
        found.append(LimitLine(parameter=code, value=value, label=label))
    return found
