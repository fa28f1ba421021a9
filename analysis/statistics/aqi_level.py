"""The six levels of the AQI with names and colours: ``data/aqi_levels.csv``.

References
----------
HJ 633-2012 Tables 2 and 3.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache

from analysis.statistics.limit import DATA


@dataclass(frozen=True, slots=True, kw_only=True)
class AqiLevel:
    """One of the six AQI levels; ``colour`` is ``#rrggbb``."""

    level: int
    lowest: int
    highest: int
    name_zh: str
    name_en: str
    colour: str

    def name(self, language: str) -> str:
        """Name in ``zh`` or ``en``."""
        return self.name_zh if language == "zh" else self.name_en


def level_of(index: int) -> AqiLevel:
    """Level of an AQI from 0 to 500.

    Examples
    --------
    >>> level_of(101).name_en
    'Lightly polluted'
    """
    return next(level for level in levels() if index <= level.highest)


@cache
def levels() -> tuple[AqiLevel, ...]:
    """The six levels, ascending.

    Examples
    --------
    >>> [level.highest for level in levels()]
    [50, 100, 150, 200, 300, 500]
    """
    with (DATA / "aqi_levels.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            AqiLevel(
                level=int(row["level"]),
                lowest=int(row["aqi_lo"]),
                highest=int(row["aqi_hi"]),
                name_zh=row["name_zh"],
                name_en=row["name_en"],
                colour=f"#{int(row['r']):02x}{int(row['g']):02x}{int(row['b']):02x}",
            )
            for row in csv.DictReader(file)
        )
