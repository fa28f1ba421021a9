"""Days of a place from the hours of its stations, and what a report compares them with."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from analysis.case.join_networks import monitored
from analysis.report.city.document import DataState, FigureQuery, PlaceKind
from analysis.report.city.period import ReportError, check_begun, refusal
from analysis.report.city.products import ReportProducts
from analysis.report.hour_basis import HourBasis
from analysis.statistics.aqi_frame import daily_aqi, daily_statistics
from analysis.statistics.assessment import POLLUTANTS, STATIONS, Assessment, assess, mean_of
from analysis.statistics.hour_mean import hours_within, mean_of_stations
from analysis.statistics.limit import PARAMETER_OF
from schemas.city import city_name
from schemas.frames import parameters_in, valid_values
from schemas.interval import Interval

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from analysis.report.city.period import ReportPeriod
    from schemas.network import Station

SIX = tuple(PARAMETER_OF.values())
NETWORKS = ("gas",)
"""Networks whose stored hours a report reads of the periods that it compares with."""
OWN_NETWORKS = (*NETWORKS, "met")
"""Those of its own period."""
COMPONENTS = ("pm", "voc")
"""Those that the products of its own period rest on too."""
STORED = "stored"
"""Source of hours that are no files'."""
WEATHER = ("wind_speed", "relative_humidity", "temperature", "dew_point", "boundary_layer_height", "rain")
"""Shown where measured."""


COMPARED_SHARE = 0.5
"""Of the days of an earlier period that have a value, from which on it is compared with; project choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPlace:
    """What a report is about; ``code`` is part of its key."""

    code: str
    kind: PlaceKind
    name_zh: str
    name_en: str

    def name(self, language: str) -> str:
        """Name in ``zh`` or ``en``."""
        return self.name_zh if language == "zh" else self.name_en


class PeriodAssessments(NamedTuple):
    """The place assessed over the period, the one before, and the same of the year before."""

    period: Assessment
    before: Assessment
    year_before: Assessment


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportEvidence:
    """What sections are made of.

    Attributes
    ----------
    stations : mapping of str to Station
        All of the place, also those without an hour in the period.
    hourly : mapping of str to DataFrame
        Hours of the period by station (`schemas.frames` hourly).
    digest : str
        Of all hours that were read, those of the periods compared with included (`input_digest`).
    mean_hours : DataFrame
        Mean of the stations' valid values of the six pollutants [µg m⁻³], CO [mg m⁻³], and of the weather (`WEATHER`, canonical units).
    days, before, year_before : DataFrame
        Daily statistics and AQI of the place (`analysis.statistics.aqi_frame`), columns ``stations`` and ``stations_<pollutant>`` [1]; empty where there are none.
    assessed : PeriodAssessments
        Means, percentiles and exceedances of these days.
    members : mapping of str to DataFrame
        The same of each city of a province, or of each station.
    query : FigureQuery
        Of the hours of the period.
    products : ReportProducts
    """

    place: ReportPlace
    period: ReportPeriod
    zone: ZoneInfo
    now: datetime
    source: str
    stations: Mapping[str, Station]
    hourly: Mapping[str, pd.DataFrame]
    digest: str
    mean_hours: pd.DataFrame
    days: pd.DataFrame
    before: pd.DataFrame
    year_before: pd.DataFrame
    assessed: PeriodAssessments
    members: Mapping[str, pd.DataFrame]
    held_batches: int
    query: FigureQuery
    products: ReportProducts = field(default_factory=ReportProducts)

    @property
    def start(self) -> datetime:
        """UTC."""
        return self.period.bounds(self.zone)[0]

    @property
    def end(self) -> datetime:
        """UTC end of what can be known: of the period, or now."""
        return min(self.period.bounds(self.zone)[1], self.now)

    @property
    def state(self) -> DataState:
        """Preliminary while the period is not over."""
        return DataState.FINAL if self.period.bounds(self.zone)[1] <= self.now else DataState.PRELIMINARY

    @property
    def bases(self) -> tuple[HourBasis, ...]:
        """Of the period, of the periods that it is compared with, and of the components of products; of files none."""
        if self.source != STORED:
            return ()
        own = (Interval(self.start, self.end),)
        earlier = (Interval(*other.bounds(self.zone)) for other in (self.period.before(), self.period.year_before()))
        stations, analysed = tuple(self.stations), tuple(item.station_id for item in self.products.chemistry)
        found = (
            HourBasis(stations=stations, networks=OWN_NETWORKS, parameters=(*SIX, *WEATHER), spans=own),
            HourBasis(stations=stations, networks=NETWORKS, parameters=SIX, spans=tuple(dict.fromkeys(earlier))),
            HourBasis(stations=analysed, networks=COMPONENTS, parameters=self.products.parameters, spans=own),
        )
        return tuple(item for item in found if item.stations)

    @property
    def expected_days(self) -> int:
        """Days of the period that have begun [d]."""
        last = (self.end - timedelta(seconds=1)).astimezone(self.zone).date()
        return (last - self.period.first).days + 1

    @property
    def expected_hours(self) -> int:
        """Whole hours of the period up to its end or now [h]."""
        return int((self.end - self.start) / timedelta(hours=1))

    def stations_with(self, code: str) -> int:
        """Stations that measure a pollutant; one of files, which names no instruments, counts."""
        return sum(1 for item in self.stations.values() if not monitored(item) or code in monitored(item))

    def member_name(self, code: str, language: str) -> str:
        """Name of a city or station."""
        station = self.stations.get(code)
        return city_name(code, language) if station is None else station.name(language)


def gather_evidence(  # noqa: PLR0913 - what a report is about, each by name
    place: ReportPlace,
    period: ReportPeriod,
    hourly: Mapping[str, pd.DataFrame],
    stations: Mapping[str, Station],
    *,
    zone: ZoneInfo,
    now: datetime,
    source: str,
    held_batches: int,
    query: FigureQuery,
    products: ReportProducts | None = None,
    daily: Mapping[str, pd.DataFrame] | None = None,
) -> ReportEvidence:
    """Days of the place in the period and in those it is compared with.

    Parameters
    ----------
    place : ReportPlace
    period : ReportPeriod
    hourly : mapping of str to DataFrame
        By station; hours of the period and, where there are any, of the one before and a year before. Hours of held batches are NaN.
    stations : mapping of str to Station
        Of the place; at least those of ``hourly``.
    zone : ZoneInfo
    now : datetime
        UTC; hours from here on are not used.
    source : str
        ``stored`` or the layout of the files.
    held_batches : int
    query : FigureQuery
    products : ReportProducts or None
        None: none were made.
    daily : mapping of str to DataFrame or None
        `station_days` of ``hourly``, where several places share it; None: computed.

    Raises
    ------
    ReportError
        The period has not begun, or no station has an hour in it.
    """
    check_begun(place.code, period, zone, now)
    start, end = period.bounds(zone)
    end = min(end, now)
    until = {
        name: frame[frame.index < pd.Timestamp(end)]
        for name, frame in hourly.items()
        if any(code in frame for code in SIX)
    }
    inside = _inside(place, period, until, start, end)
    codes = {name: _codes(stations[name], frame) for name, frame in until.items()}
    known = station_days(until, zone, end) if daily is None else {name: daily[name] for name in until}
    members, days = _place_days(place, known, codes, stations, zone)
    periods = (period, period.before(), period.year_before())
    own, *earlier = (hours_within(days, *one.bounds(zone)) for one in periods)
    parts = [own, *(_comparable(part, one.days) for part, one in zip(earlier, periods[1:], strict=True))]
    assessed = (assess(place.code, part, zone, one.first, one.last) for one, part in zip(periods, parts, strict=True))
    return ReportEvidence(
        place=place, period=period, zone=zone, now=now, source=source, stations=stations, hourly=inside, digest=input_digest(until),
        mean_hours=_mean_hours(inside, start, end), days=parts[0], before=parts[1], year_before=parts[2],
        assessed=PeriodAssessments(*assessed), members={name: hours_within(table, start, end) for name, table in members.items()},
        held_batches=held_batches, query=query, products=products or ReportProducts(),
    )  # fmt: skip


def _inside(
    place: ReportPlace, period: ReportPeriod, hourly: Mapping[str, pd.DataFrame], start: datetime, end: datetime
) -> dict[str, pd.DataFrame]:
    """Hours of the period by station that has any; raises `ReportError` without a value of the six pollutants."""
    inside = {name: part for name, frame in hourly.items() if not (part := hours_within(frame, start, end)).empty}
    if not any(part[[code for code in SIX if code in part]].notna().any(axis=None) for part in inside.values()):
        raise ReportError(refusal("no_value", place=place.code, period=period.text))
    return inside


def input_digest(hourly: Mapping[str, pd.DataFrame]) -> str:
    """Digest of the hours of the six pollutants that a report rests on, in hexadecimal signs; the order of stations does not matter."""
    found = hashlib.sha256()
    for name in sorted(hourly):
        frame = hourly[name]
        found.update(name.encode())
        found.update(pd.DatetimeIndex(frame.index).as_unit("s").asi8.tobytes())
        for code in SIX:
            found.update(np.round(valid_values(frame, code).to_numpy(dtype=float), 9).tobytes())
    return found.hexdigest()[:16]


def _comparable(days: pd.DataFrame, expected: int) -> pd.DataFrame:
    """Days of an earlier period; none of them where too few have a value."""
    valid = int(days[list(POLLUTANTS)].notna().any(axis=1).sum())
    return days if valid >= COMPARED_SHARE * expected else days.iloc[:0]


def _codes(station: Station, frame: pd.DataFrame) -> frozenset[str]:
    return monitored(station) or frozenset(parameters_in(frame)) & frozenset(SIX)


def station_days(hourly: Mapping[str, pd.DataFrame], zone: ZoneInfo, end: datetime) -> dict[str, pd.DataFrame]:
    """Daily statistics of each station up to ``end`` (UTC)."""
    return {
        name: daily_statistics(frame[frame.index < pd.Timestamp(end)], zone, until=end)
        for name, frame in hourly.items()
    }


def _place_days(
    place: ReportPlace,
    daily: Mapping[str, pd.DataFrame],
    codes: Mapping[str, frozenset[str]],
    stations: Mapping[str, Station],
    zone: ZoneInfo,
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Members and the place: of a city its stations and their mean, of a province its cities and their mean."""
    groups = {name: (name,) for name in daily}
    if place.kind is PlaceKind.PROVINCE:
        groups = {}
        for name in daily:
            city = stations[name].city or name
            groups[city] = (*groups.get(city, ()), name)
    means = {key: mean_of({name: daily[name] for name in names}) for key, names in groups.items()}
    members = {
        key: _with_index(means[key], [daily[name] for name in names], zone, [codes[name] for name in names])
        for key, names in groups.items()
    }
    return members, _with_index(mean_of(means), daily.values(), zone, codes.values())


def _with_index(
    means: pd.DataFrame, parts: Iterable[pd.DataFrame], zone: ZoneInfo, codes: Iterable[frozenset[str]]
) -> pd.DataFrame:
    """Daily values with their index (HJ 633: the mean first, then the index); ``stations`` are those with a valid value of any pollutant."""
    valid = pd.concat([part[list(POLLUTANTS)].notna() for part in parts])
    by_pollutant = valid.groupby(level=0).sum().astype(float).add_prefix(f"{STATIONS}_")
    counted = means.assign(
        **{STATIONS: valid.any(axis=1).groupby(level=0).sum().astype(float)},
        **{str(name): column for name, column in by_pollutant.items()},
    )
    return counted.join(daily_aqi(means, zone, monitored=frozenset().union(*codes)))


def _mean_hours(hourly: Mapping[str, pd.DataFrame], start: datetime, end: datetime) -> pd.DataFrame:
    """Every hour of the period, also those without a value."""
    index = pd.date_range(pd.Timestamp(start).ceil("h"), pd.Timestamp(end), freq="h", inclusive="left", name="start")
    return mean_of_stations(hourly.values(), (*SIX, *WEATHER)).reindex(index)
