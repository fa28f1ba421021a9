"""What an assessment says."""

from __future__ import annotations

from datetime import date

import msgspec


class PollutantAssessment(msgspec.Struct, frozen=True, kw_only=True):
    """One pollutant of a place over a span; figures are None where no day is valid.

    Attributes
    ----------
    pollutant : str
        Column of the daily statistics; ``o3_mda8`` is the largest 8 h mean of a day.
    unit : str
        ``ug/m3``, of CO ``mg/m3``.
    valid_days, days : int
        Days with a valid daily value, and of the span [d].
    is_valid : bool or None
        Whether the rule of the month or year holds; None: a span without a rule.
    mean, percentile : float or None
        Of the valid daily values, rounded by nothing.
    rank : int
        Of the percentile [%].
    exceeded_days, exceeded_share : int, float or None
        Valid days above the daily limit of class 2 in force on them, and their share of the valid days.
    exceeded_days_class1 : int
        The same for class 1.
    annual_limit, daily_limit : float or None
        Of class 2; None where the span has more than one, annual also where the standard has none (CO, O3).
    index : float or None
        Concentration (mean; of CO and O3 the percentile) by its limit [1], the part of the composite index before its weight.
    fewest_stations : int or None
        Smallest number of places with a valid value on a valid day, of ``Assessment.stations`` in the mean; None: no mean, or no valid day.
    few_station_days : int
        Valid days with fewer than ``least_station_share`` of the rules [d] (0 unless it is set: not verified).
    """

    pollutant: str
    unit: str
    valid_days: int
    days: int
    is_valid: bool | None
    mean: float | None
    percentile: float | None
    rank: int
    exceeded_days: int
    exceeded_share: float | None
    exceeded_days_class1: int
    annual_limit: float | None
    daily_limit: float | None
    index: float | None
    fewest_stations: int | None = None
    few_station_days: int = 0


class Assessment(msgspec.Struct, frozen=True, kw_only=True):
    """A place over a span of civil days.

    Attributes
    ----------
    place : str
        Station id, code of a city, or name.
    first, last : date
        Both included.
    period : str
        ``month``, ``year`` or ``span``.
    editions : tuple of str
        In force within the span.
    pollutants : tuple of PollutantAssessment
    level_days : tuple of int
        Days of the six AQI levels [d].
    aqi_days : int
        Days with an AQI [d], the denominator of ``level_days``.
    good_share : float or None
        Share of levels 1 and 2 [1].
    primary_days : dict of str to int
        Days on which a pollutant was a primary one [d]; a day may count for several.
    composite_index : float or None
        None where a pollutant has no value, or limits change within the span.
    composite_source : str
        Weights that were used and whether they are verified.
    stations : int
        Largest number of stations on a day; 1 for a station.
    parts : tuple of Assessment
        The spans of one set of limits each, where there are several.
    """

    place: str
    first: date
    last: date
    period: str
    editions: tuple[str, ...]
    pollutants: tuple[PollutantAssessment, ...]
    level_days: tuple[int, int, int, int, int, int]
    aqi_days: int
    good_share: float | None
    primary_days: dict[str, int]
    composite_index: float | None
    composite_source: str
    stations: int
    parts: tuple[Assessment, ...] = ()

    @property
    def is_valid(self) -> bool:
        """Whether every pollutant fulfils the rule of the month or year; False of a span without a rule."""
        return all(item.is_valid for item in self.pollutants)

    def of(self, pollutant: str) -> PollutantAssessment:
        """One pollutant by its column."""
        return next(item for item in self.pollutants if item.pollutant == pollutant)
