"""Editions of the air-quality standards and their limit values, chosen by date.

References
----------
GB 3095-2012 with its 2018 amendment; GB 3095-2026 Tables 1 and 2, in force from 2026-03-01 (transition limits until
2030-12-31). The figures and the source of each are in ``data/gb3095_limits.csv``.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from functools import cache, lru_cache
from pathlib import Path

DATA = Path(__file__).parents[1] / "data"
FIRST_DAY_2026 = date(2026, 3, 1)
"""GB 3095-2026 and HJ 633-2026 took effect on this day."""

#: Pollutant of the standards' tables by registry code.
POLLUTANT_OF = {"so2": "SO2", "no2": "NO2", "co": "CO", "o3": "O3", "pm10": "PM10", "pm25": "PM2.5"}
PARAMETER_OF = {name: code for code, name in POLLUTANT_OF.items()}


class AnalysisError(ValueError):
    """Root of the errors of this folder: an argument for which the standard defines nothing."""


class UnknownPollutantError(AnalysisError):
    """A pollutant that the AQI does not know."""


class Edition(StrEnum):
    """Edition of the AQI rules."""

    HJ633_2012 = "HJ633-2012"
    HJ633_2026 = "HJ633-2026"


class LimitClass(StrEnum):
    """Functional area of GB 3095: 1 nature reserves, 2 everywhere people live and work."""

    CLASS_1 = "class1"
    CLASS_2 = "class2"


@dataclass(frozen=True, slots=True)
class _Limit:
    first: date
    last: date
    value: dict[LimitClass, float]


def pollutant_name(pollutant: str) -> str:
    """Name in the standards' tables (``PM2.5``) for that name or a registry code (``pm25``).

    Raises
    ------
    UnknownPollutantError
        If it is neither.

    Examples
    --------
    >>> pollutant_name("pm25"), pollutant_name("O3")
    ('PM2.5', 'O3')
    """
    name = POLLUTANT_OF.get(pollutant, pollutant)
    if name not in PARAMETER_OF:
        msg = f"pollutant {pollutant!r}: expected one of {', '.join((*PARAMETER_OF, *POLLUTANT_OF))}"
        raise UnknownPollutantError(msg)
    return name


def civil_day(day: date) -> date:
    """Civil day of a date, or of a datetime in its own zone.

    Examples
    --------
    >>> from datetime import datetime
    >>> from zoneinfo import ZoneInfo
    >>> civil_day(datetime(2026, 5, 1, 23, tzinfo=ZoneInfo("Asia/Shanghai"))).isoformat()
    '2026-05-01'
    """
    return day.date() if isinstance(day, datetime) else day


def edition_on(day: date) -> Edition:
    """Edition of HJ 633 in force on a civil day.

    Examples
    --------
    >>> from datetime import date
    >>> edition_on(date(2026, 2, 28)).value, edition_on(date(2026, 3, 1)).value
    ('HJ633-2012', 'HJ633-2026')
    """
    return Edition.HJ633_2012 if civil_day(day) < FIRST_DAY_2026 else Edition.HJ633_2026


@lru_cache(maxsize=8192)
def limit(pollutant: str, averaging: str, day: date, area: LimitClass = LimitClass.CLASS_2) -> float:
    """Limit value in force on a civil day.

    Parameters
    ----------
    pollutant : str
        As the tables write it or a registry code.
    averaging : str
        ``1h``, ``24h``, ``MDA8``, ``annual``.
    day : date
        Days before the first edition of the table take that edition.
    area : LimitClass

    Returns
    -------
    float
        [µg m⁻³], CO [mg m⁻³].

    Raises
    ------
    AnalysisError
        If the standard has no such limit (PM2.5 has none for 1 h).

    References
    ----------
    GB 3095-2012; GB 3095-2026 Table 1.

    Examples
    --------
    >>> from datetime import date
    >>> limit("pm25", "24h", date(2025, 1, 1)), limit("O3", "MDA8", date(2026, 5, 1))
    (75.0, 160.0)
    """
    rows = _limits().get((pollutant_name(pollutant), averaging), ())
    if not rows:
        msg = f"GB 3095 has no {averaging} limit for {pollutant}"
        raise AnalysisError(msg)
    day = civil_day(day)
    for row in rows:
        if day <= row.last:
            return row.value[area]
    return rows[-1].value[area]


def reported(value: float, pollutant: str, day: date) -> float:
    """Concentration for the comparison with a limit: rounded by GB/T 8170 from 2026-03-01 on, unchanged before.

    Parameters
    ----------
    value : float
        [µg m⁻³], CO [mg m⁻³]; NaN stays NaN.
    pollutant : str
        As for `limit`.
    day : date

    References
    ----------
    HJ 633-2026: integers for µg m⁻³, one decimal for CO [mg m⁻³], half to even.

    Examples
    --------
    >>> from datetime import date
    >>> reported(74.5, "PM2.5", date(2026, 5, 1)), reported(74.5, "PM2.5", date(2025, 5, 1))
    (74.0, 74.5)
    """
    if value != value or edition_on(day) is Edition.HJ633_2012:  # noqa: PLR0124 - the test for NaN
        return value
    step = Decimal("0.1") if pollutant_name(pollutant) == "CO" else Decimal(1)
    return float(Decimal(repr(round(value, 9))).quantize(step, ROUND_HALF_EVEN))


@cache
def _limits() -> dict[tuple[str, str], tuple[_Limit, ...]]:
    table: dict[tuple[str, str], list[_Limit]] = {}
    with (DATA / "gb3095_limits.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            last = date.fromisoformat(row["to"][:10]) if row["to"] else date.max
            values = {area: float(row[area.value]) for area in LimitClass}
            entry = _Limit(date.fromisoformat(row["from"][:10]), last, values)
            table.setdefault((row["pollutant"], row["averaging"]), []).append(entry)
    return {key: tuple(sorted(rows, key=lambda row: row.first)) for key, rows in table.items()}
