"""Hours to analyse, from the store or from files of a known layout: the one door of the analysis commands.

`stored_hours` reads checked hours of the networks gas, met, pm and voc, joined by station; `hours_of_files` reads published data
sets. Both give `StationHours`: frames as in `schemas.frames` (hourly), one a station, so that what computes on them is the same.
"""

from __future__ import annotations

import math
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pandas as pd

from analysis.case.join_networks import join_station
from analysis.run.export_file import add_export
from analysis.run.hours import read_hours
from analysis.statistics.assessment import year_before
from schemas.city import city_name
from schemas.interval import civil_days
from schemas.network import Station
from schemas.parameter import parameter
from schemas.reason import Reason
from schemas.refusal import RefusedInputError
from sensors.datasets import DATASETS, DatasetError, beijing, st_louis, supersite
from store.influx.store import InfluxStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import date, datetime
    from pathlib import Path

    from schemas.network import Network
    from schemas.reading import Reading
    from schemas.reason import Figure
    from store.settings import SharedSettings

_Values = dict[str, dict["datetime", dict[str, float]]]
_ZONE_OF_EXPORTS = "Asia/Shanghai"
_MOST_NAMED = 5
_INVALID = frozenset("CMFDB")
"""Letters of a value that is no measurement of the air (HJ 212)."""


class NoHoursError(RefusedInputError):
    """Nothing to analyse; ``reason`` names station or city, and the period (message ``hours.refused.<kind>``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StationHours:
    """Hours by station.

    Attributes
    ----------
    hourly : mapping of str to DataFrame
        By station id, in the order of the network: index UTC hour starts (ascending, unique; hours without data may be absent),
        columns by parameter in canonical units, of stored hours also ``<parameter>__flag`` and ``__n``.
    stations : mapping of str to Station
        Of every id in ``hourly``; those of files have no coordinates.
    zone : ZoneInfo
        Of civil days.
    start, end : datetime
        UTC, half-open: what was asked for, of files what they hold.
    source : str
        ``stored``, or the name of the layout.
    held_batches : int
        Batches in the period that the gate holds; their values are left out.
    out_of_range : mapping of str to int
        Of files: values outside the physical range of the registry by parameter, which are left out (stored ones have failed).
    """

    hourly: Mapping[str, pd.DataFrame]
    stations: Mapping[str, Station]
    zone: ZoneInfo
    start: datetime
    end: datetime
    source: str
    held_batches: int = 0
    out_of_range: Mapping[str, int] = field(default_factory=dict)

    def by_city(self) -> dict[str, tuple[str, ...]]:
        """Station ids by code of their city; stations without one are absent."""
        found: dict[str, tuple[str, ...]] = {}
        for name in self.hourly:
            code = self.stations[name].city
            if code:
                found[code] = (*found.get(code, ()), name)
        return found

    def place_name(self, place: str, language: str) -> str:
        """Name of a station or of a city by its code; any other place as it is."""
        station = self.stations.get(place)
        return city_name(place, language) if station is None else station.name(language)


def stored_hours(
    settings: SharedSettings,
    start: datetime,
    end: datetime,
    *,
    stations: Iterable[str] = (),
    city: str | None = None,
    networks: tuple[str, ...] = ("gas", "met", "pm", "voc"),
) -> StationHours:
    """Checked hours of stations with a gas network, joined with their weather, components and VOC.

    Parameters
    ----------
    settings : SharedSettings
    start, end : datetime
        UTC, half-open.
    stations : iterable of str
        Ids; none: all of ``city``, or all.
    city : str or None
        Code of a city.
    networks : tuple of str
        Read and joined; ``gas`` must be among them.

    Raises
    ------
    NoHoursError
        An unknown station or city, or one without any hour.
    """
    network = settings.stations
    wanted = _wanted(network, tuple(stations), city)
    with closing(InfluxStore(settings)) as store:
        frames, held = read_hours(settings, store, start, end, networks=networks)
    joined = {name: join_station(network.stations[name], frames, network) for name in wanted}
    hourly = {name: item.hourly for name, item in joined.items() if item is not None}
    if not hourly:
        span = {"start": f"{start:%Y-%m-%dT%H:%MZ}", "end": f"{end:%Y-%m-%dT%H:%MZ}"}
        raise NoHoursError(_refusal("none_city" if city else "none", place=city or _named(wanted), **span))
    return StationHours(
        hourly=hourly,
        stations={name: network.stations[name] for name in hourly},
        zone=network.timezone,
        start=start,
        end=end,
        source="stored",
        held_batches=len(held),
    )


def joined_with_year_before(settings: SharedSettings, hours: StationHours, first: date, last: date) -> StationHours:
    """Stored hours with those of the same stations and days a year before, where there are any; start and end stay.

    Parameters
    ----------
    settings : SharedSettings
    hours : StationHours
        Of `stored_hours`.
    first, last : date
        Civil days of ``hours``, both included.
    """
    days = civil_days(*year_before(first, last), hours.zone)
    try:
        earlier = stored_hours(settings, days.start, min(days.end, hours.start), stations=tuple(hours.hourly))
    except NoHoursError:
        return hours
    joined = {
        name: pd.concat([earlier.hourly[name], frame]) if name in earlier.hourly else frame
        for name, frame in hours.hourly.items()
    }
    return replace(hours, hourly=joined)


def hours_of_files(files: Iterable[Path], layout: str) -> StationHours:
    """Hours of the files of a published data set.

    Parameters
    ----------
    files : iterable of Path
        Files, or folders of them.
    layout : str
        One of `LAYOUTS`.

    Raises
    ------
    DatasetError
        A file of another layout, a line without a site, or an hour of a station that is there twice.
    """
    read = LAYOUTS[layout]
    values: _Values = {}
    for path in files:
        read(path, values)
    if not values:
        msg = "no hours in the files"
        raise DatasetError(msg)
    published = DATASETS.get(layout)
    known = {item.id: item for item in published.stations} if published is not None else {}
    left_out: Counter[str] = Counter()
    hourly = {name: _in_range(_frame(found), left_out) for name, found in values.items()}
    return StationHours(
        hourly=hourly,
        stations={
            name: known.get(name) or Station(id=name, name_zh=name, name_en=name, instruments=()) for name in hourly
        },
        zone=ZoneInfo(published.zone if published is not None else _ZONE_OF_EXPORTS),
        start=min(frame.index[0] for frame in hourly.values()).to_pydatetime(),
        end=(max(frame.index[-1] for frame in hourly.values()) + pd.Timedelta(hours=1)).to_pydatetime(),
        source=layout,
        out_of_range=dict(left_out),
    )


def _wanted(network: Network, stations: tuple[str, ...], city: str | None) -> tuple[str, ...]:
    for name in stations:
        if name not in network.stations:
            raise NoHoursError(_refusal("station", station=name))
    chosen = stations or tuple(item.id for item in network.stations_of("gas"))
    if city is None:
        return chosen
    of_city = tuple(name for name in chosen if network.stations[name].city == city)
    if not of_city:
        codes = sorted({item.city for item in network.stations.values() if item.city})
        raise NoHoursError(_refusal("city" if codes else "no_city", city=city, codes=", ".join(codes)))
    return of_city


def _named(stations: tuple[str, ...]) -> str:
    more = len(stations) - _MOST_NAMED
    return ", ".join(stations[:_MOST_NAMED]) + (f" (+{more})" if more > 0 else "")


def _refusal(kind: str, **figures: Figure) -> Reason:
    return Reason("refused", kind, figures, scope="hours")


def _beijing(path: Path, found: _Values) -> None:
    for row, start, values in beijing.read_values(path):
        if not row.cells["station"].strip():
            row.fail("station", "the name of a site")
        hours = found.setdefault(f"bj-{row.cells['station'].lower()}", {})
        if start in hours:
            row.fail("hour", f"an hour of {row.cells['station']} once, {start:%Y-%m-%dT%H:%MZ} came before")
        hours[start] = values


def _readings(read: Callable[[Path], Iterable[Reading]]) -> Callable[[Path, _Values], None]:
    """Hours of an adapter that gives readings; values with a letter of `_INVALID` are left out."""

    def add(path: Path, found: _Values) -> None:
        for reading in read(path):
            invalid = {name for name, letter in reading.status.items() if letter in _INVALID}
            measured = reading.values  # noqa: PD011 - of a Reading
            valid = {name: value for name, value in measured.items() if name not in invalid}
            hour = found.setdefault(reading.station_id, {}).setdefault(reading.interval.start, {})
            if twice := hour.keys() & valid:
                start, names = f"{reading.interval.start:%Y-%m-%dT%H:%MZ}", ", ".join(sorted(twice)[:3])
                msg = f"{path.name}: {names} of {reading.station_id} at {start} came before, expected each hour once"
                raise DatasetError(msg)
            hour.update(valid)

    return add


def _frame(hours: Mapping[datetime, Mapping[str, float]]) -> pd.DataFrame:
    starts = sorted(hours)
    return pd.DataFrame.from_records([hours[start] for start in starts], index=pd.DatetimeIndex(starts, name="start"))


def _in_range(hourly: pd.DataFrame, left_out: Counter[str]) -> pd.DataFrame:
    """Values outside the physical range of their parameter become NaN, and are counted."""
    found = {}
    for code in hourly:
        known = parameter(str(code))
        low = -math.inf if known.range_min is None else known.range_min
        high = math.inf if known.range_max is None else known.range_max
        outside = (hourly[code] < low) | (hourly[code] > high)
        if outside.any():
            left_out[str(code)] += int(outside.sum())
        found[code] = hourly[code].mask(outside)
    return pd.DataFrame(found, index=hourly.index)


LAYOUTS: Mapping[str, Callable[[Path, _Values], None]] = {
    "beijing": _beijing,
    "supersite": _readings(supersite.read),
    "st_louis": _readings(st_louis.read),
    "export": add_export,
}
"""Readers by name of the layout; of ``beijing`` any site is read, ``export`` is a CSV of ``skyground export``."""
