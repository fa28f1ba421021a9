"""What to cut, by city and season: hours of its stations joined, ranked, stored."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from analysis.coanalysis.cocontrol.cut_list import what_to_cut
from analysis.coanalysis.cocontrol.model_input import CoControlError
from analysis.run.hour_source import NoHoursError, stored_hours
from analysis.run.to_json import to_json
from analysis.statistics.hour_mean import hours_within, mean_of_stations
from schemas.interval import civil_days, midnight
from store.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from analysis.coanalysis.cocontrol.result import CoControl
    from analysis.run.hour_source import StationHours
    from store.settings import SharedSettings

KIND = "cocontrol"
"""Kind of the document; its key is ``{city or station}/{first day of the season}``."""
LONGEST_D = 92
"""A season [d]; longer periods are cut into seasons."""
_USUAL_LATITUDE_DEG = 41.0
_FIRST_MONTHS = (3, 6, 9, 12)


class CoControlSummary(msgspec.Struct, frozen=True, kw_only=True):
    """Lists that `rank_cities` stored; ``insufficient`` names cities with too few data and why."""

    season_from: date
    season_to: date
    stored: tuple[str, ...]
    insufficient: dict[str, str]


def rank_hours(
    found: StationHours, *, seed: int = 0, pm_weight: float = 1.0, progress: Callable[[float], None] | None = None
) -> CoControl:
    """The list of the stations of a source together, taken as one place.

    Parameters
    ----------
    found : StationHours
        A parameter that several stations measure enters as the mean of their valid hours.
    seed : int
    pm_weight : float
        Weight of PM2.5 against O3 [1].
    progress : callable or None
        Called with the part that is done [1].

    Raises
    ------
    analysis.coanalysis.cocontrol.model_input.CoControlError
        Too few days or hours, naming what.
    """
    known = [item.lat for item in found.stations.values() if item.lat is not None]
    latitude = sum(known) / len(known) if known else _USUAL_LATITUDE_DEG
    hourly = mean_of_stations(found.hourly.values())
    return what_to_cut(
        hourly,
        found.zone,
        np.random.default_rng([22, seed]),
        latitude_deg=latitude,
        pm_weight=pm_weight,
        progress=progress,
    )


def season_of(day: date) -> tuple[date, date]:
    """First and last day of the season of a day: March to May, June to August, September to November, December to February.

    Examples
    --------
    >>> from datetime import date
    >>> [item.isoformat() for item in season_of(date(2026, 1, 15))]
    ['2025-12-01', '2026-02-28']
    """
    back = next(number for number in range(3) if (day.month - number - 1) % 12 + 1 in _FIRST_MONTHS)
    first = _months_on(day.replace(day=1), -back)
    return first, _months_on(first, 3) - timedelta(days=1)


def by_season(found: StationHours) -> list[StationHours]:
    """The hours as they are where they are of a season's length at most, else cut into seasons."""
    if found.end - found.start <= timedelta(days=LONGEST_D):
        return [found]
    parts, day = [], found.start.astimezone(found.zone).date()
    while (start := midnight(day, found.zone)) < found.end:
        later = midnight(season_of(day)[1] + timedelta(days=1), found.zone)
        first, last = max(start, found.start), min(later, found.end)
        hourly = {
            name: part for name, frame in found.hourly.items() if not (part := hours_within(frame, first, last)).empty
        }
        if hourly:
            parts.append(
                replace(
                    found,
                    hourly=hourly,
                    stations={name: found.stations[name] for name in hourly},
                    start=first,
                    end=last,
                )
            )
        day = later.astimezone(found.zone).date()
    return parts


def rank_cities(settings: SharedSettings, day: date, now: datetime, *, cities: Iterable[str] = ()) -> CoControlSummary:
    """Rank the season of a day, up to now, and store a document a city.

    Parameters
    ----------
    settings : SharedSettings
    day : date
        A civil day of the season.
    now : datetime
        UTC; hours from here on are not read.
    cities : iterable of str
        Codes; none: all that have a station with gases.

    Raises
    ------
    store.error.StoreError
        The store did not answer; the job may be run again.
    """
    network = settings.stations
    first, last = season_of(day)
    days = civil_days(first, last, network.timezone)
    chosen = tuple(cities) or tuple(sorted({item.city for item in network.stations_of("gas") if item.city}))
    stored, insufficient = [], {}
    for city in chosen:
        try:
            found = rank_hours(stored_hours(settings, days.start, min(days.end, now), city=city))
        except (NoHoursError, CoControlError) as error:
            insufficient[city] = str(error)
            continue
        store_list(settings, city, first, found)
        stored.append(city)
    return CoControlSummary(season_from=first, season_to=last, stored=tuple(stored), insufficient=insufficient)


def store_list(settings: SharedSettings, place: str, first: date, found: CoControl) -> str:
    """Store a list as a document and return its key; a list equal to the newest makes no new version."""
    key = f"{place}/{first}"
    with StateStore(settings.state_url) as state:
        state.migrate()
        state.documents.put(KIND, key, to_json(found))
    return key


def _months_on(first: date, months: int) -> date:
    number = first.year * 12 + first.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)
