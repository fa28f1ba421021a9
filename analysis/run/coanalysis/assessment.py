"""Assessment of stations, their cities and all of them together, from hours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from analysis.statistics.aqi_frame import daily_aqi, daily_statistics
from analysis.statistics.assessment import assess, mean_of, months_of, year_before, years_of
from analysis.statistics.assessment.month import monthly_means as means_of_months
from analysis.statistics.daily import civil_date
from analysis.statistics.limit import POLLUTANT_OF
from schemas.frames import parameters_in

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date
    from zoneinfo import ZoneInfo

    from analysis.run.hour_source import StationHours
    from analysis.statistics.assessment import Assessment

ALL = "all"
"""Name of the place that all cities together are: the mean of cities, of stations where none names a city."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceDays:
    """Daily statistics with their AQI by place: stations, cities by code, and `ALL`; UTC start of the civil day."""

    zone: ZoneInfo
    stations: dict[str, pd.DataFrame]
    cities: dict[str, pd.DataFrame]
    whole: pd.DataFrame

    def of(self, kind: str) -> dict[str, pd.DataFrame]:
        """Tables of a kind of place: ``station``, ``city``, ``all``."""
        return {"station": self.stations, "city": self.cities, "all": {ALL: self.whole}}[kind]


def place_days(hours: StationHours, *, is_indexed: bool = True) -> PlaceDays:
    """Daily values of each place.

    Parameters
    ----------
    hours : StationHours
    is_indexed : bool
        Whether to add the AQI, which takes most of the time.

    Returns
    -------
    PlaceDays
        A city is the mean of the valid stations of a day, the whole the mean of the cities, each city with the same weight.
    """
    statistics = {name: daily_statistics(frame, hours.zone, until=hours.end) for name, frame in hours.hourly.items()}
    counted = POLLUTANT_OF.keys() if is_indexed else frozenset()
    codes = {name: frozenset(parameters_in(frame)) & counted for name, frame in hours.hourly.items()}
    by_city = hours.by_city()
    means = {city: mean_of({name: statistics[name] for name in names}) for city, names in by_city.items()}
    every = frozenset().union(*codes.values())
    return PlaceDays(
        zone=hours.zone,
        stations={name: with_aqi(table, hours.zone, codes[name]) for name, table in statistics.items()},
        cities={
            city: with_aqi(table, hours.zone, frozenset().union(*(codes[name] for name in by_city[city])))
            for city, table in means.items()
        },
        whole=with_aqi(mean_of(means or statistics), hours.zone, every),
    )


def assessments(days: PlaceDays, kind: str, by: str, first: date, last: date) -> list[Assessment]:
    """Assess every place of a kind over each span.

    Parameters
    ----------
    days : PlaceDays
    kind : str
        ``station``, ``city`` or ``all``.
    by : str
        ``month``, ``year``, or ``all``: the whole span.
    first, last : date
        Both included.
    """
    spans = [(first, last)] if by == "all" else (months_of if by == "month" else years_of)(first, last)
    return [assess(place, table, days.zone, a, b) for place, table in days.of(kind).items() for a, b in spans]


def earlier_year(days: PlaceDays, item: Assessment) -> Assessment | None:
    """The same span a year before (of a whole February the whole of it), where any of its days has a row."""
    first, last = year_before(item.first, item.last)
    table = next(
        (found[item.place] for found in (days.stations, days.cities, {ALL: days.whole}) if item.place in found), None
    )
    if table is None or not any(
        first <= civil_date(start, days.zone) <= last for start in pd.DatetimeIndex(table.index)
    ):
        return None
    return assess(item.place, table, days.zone, first, last, period=item.period)


def monthly_means(table: pd.DataFrame, parameter: str, zone: ZoneInfo) -> pd.Series:
    """Means of the valid days of each month by `pandas.Period`; NaN unless the month is valid.

    Parameters
    ----------
    table : pd.DataFrame
        Of `place_days`.
    parameter : str
        Code; ``o3`` takes MDA8.
    zone : ZoneInfo
    """
    column = "o3_mda8" if parameter == "o3" else parameter
    if column not in table or table.empty:
        return pd.Series(dtype=float)
    days = pd.DatetimeIndex([civil_date(start, zone) for start in pd.DatetimeIndex(table.index)])
    return means_of_months(table[column].set_axis(days))


def with_aqi(table: pd.DataFrame, zone: ZoneInfo, codes: Collection[str]) -> pd.DataFrame:
    """Daily statistics with their AQI; as they are where none of the codes counts."""
    return table.join(daily_aqi(table, zone, monitored=codes)) if codes else table
