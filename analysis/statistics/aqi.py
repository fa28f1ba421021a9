"""Air quality index (AQI), primary pollutant and level of a station or a city, by edition and date.

References
----------
HJ 633-2012 4.3-4.4, 6.1-6.2; HJ 633-2026 Table 3 and the rules for incomplete data.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from analysis.statistics.aqi_level import AqiLevel, level_of
from analysis.statistics.iaqi import Averaging, iaqi
from analysis.statistics.limit import Edition, edition_on, pollutant_name

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import date

    from analysis.statistics.concentration import Concentration

PUBLISHED_THOUGH_INCOMPLETE = 100
"""HJ 633-2026: with an item missing, the AQI is published only above this value."""
PRIMARY_ABOVE = 50
"""HJ 633: a primary pollutant is named above this AQI."""


class Report(StrEnum):
    """Report that the index is for."""

    DAILY = "daily"
    REAL_TIME = "real_time"


@dataclass(frozen=True, slots=True, order=True)
class Item:
    """Input of an AQI: a pollutant with its averaging interval."""

    pollutant: str
    averaging: Averaging

    def __str__(self) -> str:
        return f"{self.pollutant} {self.averaging}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AqiResult:
    """The index of one station or city for one day or hour.

    Attributes
    ----------
    aqi : int or None
        As it may be published; None is NA.
    computed : int or None
        Largest IAQI of the items that are there, published or not; None without any.
    primary : tuple of str
        Pollutants with the largest IAQI where that is above 50; ties all.
    level : AqiLevel or None
        Of ``aqi``.
    iaqis : mapping of Item to int or None
        Every item of the report; None where missing or not computed by the edition.
    missing : tuple of Item
        Items without an IAQI: no concentration, or one of which the edition computes none (not those that are not
        monitored).
    edition : Edition
    complete : bool
        No item is missing.
    """

    aqi: int | None
    computed: int | None
    primary: tuple[str, ...]
    level: AqiLevel | None
    iaqis: Mapping[Item, int | None]
    missing: tuple[Item, ...]
    edition: Edition
    complete: bool

    @property
    def name_zh(self) -> str:
        """Chinese name of the level; empty without one."""
        return self.level.name_zh if self.level else ""

    @property
    def name_en(self) -> str:
        """English name of the level; empty without one."""
        return self.level.name_en if self.level else ""

    @property
    def colour(self) -> str:
        """Colour of the level, ``#rrggbb``; empty without one."""
        return self.level.colour if self.level else ""


def items_of(report: Report, edition: Edition) -> tuple[Item, ...]:
    """Items of a report: daily 7 and 6, real-time 7 and 6 with an index (2012 and 2026).

    In 2012 the hour of PM has a concentration but no index: its index is that of the moving 24 h mean.

    References
    ----------
    HJ 633-2012 6.1; HJ 633-2026 Table 3.

    Examples
    --------
    >>> [str(item) for item in items_of(Report.REAL_TIME, Edition.HJ633_2026)][:3]
    ['PM2.5 1h', 'PM10 1h', 'SO2 1h']
    """
    day, hour, eight = Averaging.DAY, Averaging.ONE_HOUR, Averaging.EIGHT_HOURS
    particles, gases = ("PM2.5", "PM10"), ("SO2", "NO2", "CO")
    is_2012 = edition is Edition.HJ633_2012
    if report is Report.DAILY:
        ozone = (Item("O3", eight), Item("O3", hour)) if is_2012 else (Item("O3", eight),)
        return (*(Item(name, day) for name in particles + gases), *ozone)
    ozone = (Item("O3", hour), Item("O3", eight)) if is_2012 else (Item("O3", hour),)
    particle = day if is_2012 else hour
    return (*(Item(name, particle) for name in particles), *(Item(name, hour) for name in gases), *ozone)


def aqi(
    values: Mapping[tuple[str, str], Concentration | None],
    day: date,
    *,
    report: Report = Report.DAILY,
    edition: Edition | str | None = None,
    not_monitored: Collection[str] = (),
) -> AqiResult:
    """Air quality index from the concentrations of one station.

    Parameters
    ----------
    values : mapping of (pollutant, averaging) to concentration
        [µg m⁻³], CO [mg m⁻³]; names as for `iaqi`. Absent, None and NaN are missing; items the report does not use
        are ignored.
    day : date
        Civil day, chooses the edition.
    report : Report
    edition : Edition, optional
        Instead of the one in force.
    not_monitored : collection of str
        Pollutants the station does not measure: they are not missing (HJ 633-2026 writes them as "/").

    Returns
    -------
    AqiResult
        With an item missing, the index comes from the others; in 2026 it is published only above 100. HJ 633-2012
        prescribes nothing for that case: the index of the others is given and ``complete`` is False.

    Raises
    ------
    ConcentrationError, UnknownPollutantError, NoBreakpointsError

    References
    ----------
    HJ 633-2012 4.4, 6.2; HJ 633-2026.

    Examples
    --------
    >>> from datetime import date
    >>> values = {("PM2.5", "24h"): 60, ("O3", "MDA8"): 180}
    >>> result = aqi(values, date(2025, 7, 1), not_monitored=["SO2", "NO2", "PM10", "CO"])
    >>> result.aqi, result.primary
    (119, ('O3',))
    """
    rules = Edition(edition) if edition else edition_on(day)
    left_out = {pollutant_name(name) for name in not_monitored}
    items = [item for item in items_of(report, rules) if item.pollutant not in left_out]
    given = {Item(pollutant_name(name), _averaging(name_of)): value for (name, name_of), value in values.items()}
    iaqis = {item: iaqi(item.pollutant, item.averaging, given.get(item), day, edition=rules) for item in items}
    missing = tuple(item for item, index in iaqis.items() if index is None)
    return _result(iaqis, missing, rules)


def _averaging(text: str) -> Averaging:
    return Averaging("8h" if text == "MDA8" else text)


def _result(iaqis: Mapping[Item, int | None], missing: tuple[Item, ...], rules: Edition) -> AqiResult:
    present = [index for index in iaqis.values() if index is not None]
    highest = max(present, default=None)
    computed = highest
    if computed is not None and rules is Edition.HJ633_2026:
        computed = max(1, computed)  # the range of the index is 1 to 500
    withheld = rules is Edition.HJ633_2026 and missing and (computed or 0) <= PUBLISHED_THOUGH_INCOMPLETE
    published = None if withheld else computed
    has_primary = highest is not None and highest > PRIMARY_ABOVE
    primary = dict.fromkeys(item.pollutant for item, index in iaqis.items() if index == highest) if has_primary else {}
    return AqiResult(
        aqi=published,
        computed=computed,
        primary=tuple(primary),
        level=None if published is None else level_of(published),
        iaqis=iaqis,
        missing=missing,
        edition=rules,
        complete=not missing,
    )
