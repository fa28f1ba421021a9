"""What a run makes case files of: stretches above a threshold, and events that deviate from what is usual. Reads only."""

from __future__ import annotations

from datetime import timedelta
from itertools import chain, zip_longest
from typing import TYPE_CHECKING

from analysis.case.event import events_in
from analysis.case.event.family import watched
from analysis.case.event.usual import DAYS
from analysis.run.case.case_data import NETWORKS, join_networks, measured_by
from analysis.run.case.moment import LONGEST, EventWindow, episode_windows, threshold_of
from analysis.run.gate_mask import without_held
from analysis.statistics.episode import watched_parameters
from schemas.interval import Interval

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from analysis.case.event.event import Event
    from analysis.run.case.case_data import CaseSources

STRONG = 6.0
"""Robust standard deviations above the usual course that the strongest hour of an event reaches [1], project choice: so that an hour in which
nothing happened makes no case file."""
SEARCHED = timedelta(days=4)
"""Before the end of a run in which such events are looked for: hours of all stations are read for it, from `DAYS` before."""
_WIND = ("wind_speed", "wind_direction")


def exceedances(sources: CaseSources, start: datetime, end: datetime) -> list[EventWindow]:
    """Stretches above a threshold that meet the span, at all stations, the highest above it first."""
    first = start - LONGEST
    held = sources.state.gate.list_held(start=first, end=end, only_blocking=True)
    names = [item.id for item in sources.network.stations_of("gas")]
    read = {"gas": sources.influx.read_hourly_many("gas", names, first, end, watched_parameters())} if names else {}
    hours = without_held(read, held).get("gas", {})
    zone = sources.network.timezone
    found = [
        item
        for name, frame in hours.items()
        if name in sources.network.stations
        for parameter in watched_parameters()
        for item in episode_windows(frame, name, parameter, start, zone)
        if item.interval.start < end
    ]
    return sorted(found, key=lambda item: (-item.score, item.station_id, item.parameter))


def unusual_events(sources: CaseSources, start: datetime, end: datetime) -> list[EventWindow]:
    """Events of the last days of the span that deviate from what is usual, the most deviating first; each where it does so most."""
    since = max(start, end - SEARCHED)
    first = since - timedelta(days=DAYS + 1)
    held = sources.state.gate.list_held(start=first, end=end, only_blocking=True)
    stations = sources.network.stations
    read = {}
    for code in NETWORKS:
        names, parameters = measured_by(stations, code)
        wanted = [name for name in parameters if name in watched() or name in _WIND]
        read[code] = sources.influx.read_hourly_many(code, names, first, end, wanted) if names and wanted else {}
    hourly = join_networks(without_held(read, held), stations)
    found = [_window(sources, event) for event in events_in(stations, hourly, since=since)]
    return sorted(
        (item for item in found if item.score >= STRONG and item.interval.start < end),
        key=lambda item: (-item.score, item.station_id, item.parameter),
    )


def interleaved(*lists: Sequence[EventWindow]) -> Iterator[EventWindow]:
    """The first of each list, then the second of each: scores of different lists do not compare."""
    return (item for item in chain.from_iterable(zip_longest(*lists)) if item is not None)


def _window(sources: CaseSources, event: Event) -> EventWindow:
    best = max((item for item in event.rises if not item.is_fall), key=lambda item: item.score)
    return EventWindow(
        station_id=best.station_id,
        parameter=best.parameter,
        interval=Interval(best.start, best.end),
        score=best.score,
        threshold=threshold_of(best.parameter, best.start, sources.network.timezone),
    )
