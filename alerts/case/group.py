"""Which alerts of values are one event: those whose rises `analysis.case.event` joins, and episodes of a region.

An alert is a rise from its begin to its end so far. Rises that the analysis finds in the hours are added: stations that rose
but exceed no threshold join alerts on either side of them, and the true onset of an alert's own series lies before the alert.

`analysis.case.event` joins rises up to 60 km apart. Two of its events are one episode where the same parameter that forms in
the air (`FORMED`) rises in both at the same time, and then at half of the stations of the region between and around. Alerts of parameters
that are emitted, and a plume inside such an episode, are another event.
Where the hours around explain an alert (`alerts.case.local`), it is one of the region from its first hour on, before half of the stations rise: two such alerts
of one parameter that share an hour within the same distance are one episode.
Every rule joins more when a rise becomes longer or another one comes: an alert that was joined is never parted.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import combinations
from typing import TYPE_CHECKING

from analysis.case.event import Event, EventRise, group_events
from analysis.case.event.link import FORMED
from schemas.geodesy import km_between

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    import pandas as pd

    from schemas.alert_case import CaseAlert
    from schemas.network import Station

_RiseKey = tuple[datetime, datetime, str, str]
AlertRef = tuple[str, int]
"""``alert_key`` and ``begin_id`` of an alert."""
REGION_KM = 300.0
"""Stations that decide whether two events are one episode of the region [km]; project choice."""
REGION_SHARE = 0.5
"""Share of them at which the parameter has to rise [1]; project choice."""
REGION_STATIONS = 5
"""And at least so many; project choice."""
REGION_SHARED = timedelta(hours=1)
"""Time that both have in common; project choice."""
REGION_CITIES = 3
"""An episode of so many cities is a case of its own: a plume inside it is another event; project choice."""
RADIATION = "gamma_dose_rate"
_REGIONAL = FORMED - {RADIATION}
_WITH = timedelta(hours=1)
_SHORTEST = timedelta(minutes=1)
_SCORE = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseAir:
    """What is known of the air of the hours in question; absent data join nothing.

    Attributes
    ----------
    rises : sequence of EventRise
        Of all stations, also those without an alert.
    winds : mapping of station id to DataFrame
        As in `analysis.case.event.group_events`.
    measured : mapping of station id to parameters, or None
        Likewise.
    local : collection of AlertRef
        Alerts that are the station's own (`alerts.case.local`).
    regional : collection of AlertRef
        Alerts that the air around explains (likewise).
    """

    rises: Sequence[EventRise] = ()
    local: Collection[AlertRef] = frozenset()
    regional: Collection[AlertRef] = frozenset()
    winds: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    measured: Mapping[str, Collection[str]] | None = None


def ref_of(alert: CaseAlert) -> AlertRef:
    """Name of one firing of an alert."""
    return alert.alert_key, alert.begin_id


def one_event(
    alerts: Sequence[CaseAlert], stations: Mapping[str, Station], air: CaseAir, now: datetime
) -> list[frozenset[AlertRef]]:
    """Alerts of values that are one event.

    Parameters
    ----------
    alerts : sequence of CaseAlert
        With a parameter; open ones reach to ``now``. Those of stations that are not in ``stations`` are alone.
    stations : mapping of station id to Station
    air : CaseAir
    now : datetime
        UTC.

    Returns
    -------
    list of frozenset of AlertRef
        Every alert is in exactly one.
    """
    known = [item for item in alerts if item.station_id in stations and item.parameter is not None]
    alone = [frozenset({ref_of(item)}) for item in alerts if item.station_id not in stations or item.parameter is None]
    local = _own(known, air.local)
    formed = [item for item in known if item.parameter in _REGIONAL and ref_of(item) not in local]
    region = _Region(stations, air.measured, _by_parameter([*(rise_of(item, now) for item in formed), *air.rises]))
    wide = [item for item in formed if ref_of(item) in air.regional]
    groups = _united(_grouped(formed, stations, air, now), _of_one_region(wide, stations, now))
    regional = [
        refs for refs in groups if refs.intersection(map(ref_of, wide)) or _is_of_region(region, formed, refs, now)
    ]
    taken = frozenset[AlertRef]().union(*regional)
    rest = [item for item in known if ref_of(item) not in taken]
    if local:  # the rises around are those of the region
        air = replace(air, rises=[item for item in air.rises if item.parameter not in _REGIONAL])
    return [*regional, *_grouped(rest, stations, air, now), *alone]


def _own(alerts: Sequence[CaseAlert], local: Collection[AlertRef]) -> set[AlertRef]:
    """Local alerts, and those of the same parameter that began with one of them."""
    chosen = [item for item in alerts if ref_of(item) in local]
    return {
        ref_of(item)
        for item in alerts
        for one in chosen
        if (item.station_id, item.parameter) == (one.station_id, one.parameter) and abs(item.since - one.since) <= _WITH
    }


def _of_one_region(
    alerts: Iterable[CaseAlert], stations: Mapping[str, Station], now: datetime
) -> list[frozenset[AlertRef]]:
    """Alerts of the region, those of one parameter together that share `REGION_SHARED` within `REGION_KM`, directly or through others."""
    found: list[list[CaseAlert]] = []
    for alert in sorted(alerts, key=lambda item: (item.since, item.alert_key, item.begin_id)):
        near = [own for own in found if any(_is_shared(alert, item, stations, now) for item in own)]
        found = [own for own in found if own not in near]
        found.append([*(item for own in near for item in own), alert])
    return [frozenset(map(ref_of, own)) for own in found]


def _is_shared(one: CaseAlert, other: CaseAlert, stations: Mapping[str, Station], now: datetime) -> bool:
    if one.parameter != other.parameter:
        return False
    shared = min(one.until or now, other.until or now) - max(one.since, other.since)
    return shared >= REGION_SHARED and km_between(stations[one.station_id], stations[other.station_id]) <= REGION_KM


def _united(groups: Iterable[frozenset[AlertRef]], links: Iterable[frozenset[AlertRef]]) -> list[frozenset[AlertRef]]:
    """Groups, those together that share a link."""
    found = [*groups]
    for link in links:
        hit = [refs for refs in found if refs & link]
        found = [*(refs for refs in found if not refs & link), frozenset[AlertRef]().union(*hit)]
    return found


def _is_of_region(region: _Region, alerts: Iterable[CaseAlert], refs: Collection[AlertRef], now: datetime) -> bool:
    """Whether a group is an episode of the region, or the begin of one."""
    own = [item for item in alerts if ref_of(item) in refs]
    return len({item.city for item in own}) >= REGION_CITIES or any(
        region.is_everywhere(rise_of(item, now)) for item in own
    )


def _grouped(
    alerts: Sequence[CaseAlert], stations: Mapping[str, Station], air: CaseAir, now: datetime
) -> list[frozenset[AlertRef]]:
    """Alerts of known stations by event, those of one episode of the region together."""
    rises: dict[_RiseKey, EventRise] = {}
    members: dict[_RiseKey, list[AlertRef]] = {}
    for alert in alerts:
        rise = rise_of(alert, now)
        rises[_key(rise)] = rise
        members.setdefault(_key(rise), []).append(ref_of(alert))
    parameters = {item.parameter for item in rises.values()}
    bridges = [
        item
        for item in air.rises
        if item.parameter in parameters
        and item.station_id in stations
        and not item.is_fall
        and item.start < now
        and _key(item) not in rises
    ]
    all_rises = [*rises.values(), *bridges]
    events = group_events(all_rises, stations, winds=air.winds, measured=air.measured)
    found = []
    for group in _episodes(events, all_rises, stations, air.measured):
        refs = {ref for event in group for rise in event.rises for ref in members.get(_key(rise), ())}
        if refs:
            found.append(frozenset(refs))
    return found


def rise_of(alert: CaseAlert, now: datetime) -> EventRise:
    """The alert as a rise, from its begin to its end or to ``now``."""
    end = max(alert.until or now, alert.since + _SHORTEST)
    ratio = alert.extreme / alert.threshold if alert.extreme is not None and alert.threshold else 1.0
    return EventRise(
        start=alert.since,
        end=end,
        station_id=alert.station_id,
        parameter=alert.parameter or "",
        peak_at=min(max(alert.extreme_at or alert.since, alert.since), end),
        score=_SCORE * max(ratio, 1.0),
        ratio=max(ratio, 1.0),
    )


def _key(rise: EventRise) -> _RiseKey:
    return rise.start, rise.end, rise.station_id, rise.parameter


def _episodes(
    events: Sequence[Event],
    rises: Sequence[EventRise],
    stations: Mapping[str, Station],
    measured: Mapping[str, Collection[str]] | None,
) -> Iterable[list[Event]]:
    """Events, those of one episode of the region together."""
    parent = list(range(len(events)))

    def root(number: int) -> int:
        while parent[number] != number:
            number = parent[number]
        return number

    region = _Region(stations, measured, _by_parameter(rises))
    for (first, one), (second, other) in combinations(enumerate(events), 2):
        if root(first) != root(second) and region.is_one(one, other):
            parent[root(second)] = root(first)
    groups: dict[int, list[Event]] = {}
    for number, event in enumerate(events):
        groups.setdefault(root(number), []).append(event)
    return groups.values()


def _by_parameter(rises: Iterable[EventRise]) -> dict[str, list[EventRise]]:
    found: dict[str, list[EventRise]] = {}
    for rise in rises:
        found.setdefault(rise.parameter, []).append(rise)
    return found


class _Region:
    """Whether two events are one episode."""

    def __init__(
        self,
        stations: Mapping[str, Station],
        measured: Mapping[str, Collection[str]] | None,
        rises: Mapping[str, Sequence[EventRise]],
    ) -> None:
        self._stations = stations
        self._measured = measured
        self._rises = rises

    def is_one(self, one: Event, other: Event) -> bool:
        shared = FORMED.intersection(one.parameters) & set(other.parameters) - {RADIATION}
        return any(self._is_regional(name, one, other) for name in sorted(shared))

    def _is_regional(self, parameter: str, one: Event, other: Event) -> bool:
        span = _longest_overlap(_of(one, parameter), _of(other, parameter))
        if span is None:
            return False
        here, there = ({rise.station_id for rise in _of(event, parameter)} for event in (one, other))
        around = self._around(parameter, here | there)
        if not here & around or not there & around or not self._is_near(here, there):
            return False
        return self._is_rising(parameter, around, span)

    def is_everywhere(self, rise: EventRise) -> bool:
        """Whether the parameter rises at half of the stations around when a rise begins."""
        around = self._around(rise.parameter, {rise.station_id})
        return self._is_rising(rise.parameter, around, (rise.start, rise.start + REGION_SHARED))

    def _is_rising(self, parameter: str, around: set[str], span: tuple[datetime, datetime]) -> bool:
        rising = {item.station_id for item in self._rises[parameter] if item.start < span[1] and item.end > span[0]}
        count = len(rising & around)
        return count >= REGION_STATIONS and count >= REGION_SHARE * len(around)

    def _around(self, parameter: str, places: Collection[str]) -> set[str]:
        """Stations that measure the parameter, near any of the places."""
        centre = [self._stations[name] for name in places]
        return {
            name
            for name, station in self._stations.items()
            if self._has(station, parameter) and any(km_between(station, item) <= REGION_KM for item in centre)
        }

    def _is_near(self, here: Collection[str], there: Collection[str]) -> bool:
        return any(km_between(self._stations[one], self._stations[two]) <= REGION_KM for one in here for two in there)

    def _has(self, station: Station, parameter: str) -> bool:
        if self._measured is not None:
            return parameter in self._measured.get(station.id, ())
        return any(parameter in item.parameters for item in station.instruments)


def _of(event: Event, parameter: str) -> list[EventRise]:
    return [rise for rise in event.rises if rise.parameter == parameter]


def _longest_overlap(one: Sequence[EventRise], other: Sequence[EventRise]) -> tuple[datetime, datetime] | None:
    """The longest time that a rise of each has in common, of at least `REGION_SHARED`; None where there is none."""
    spans = [(max(a.start, b.start), min(a.end, b.end)) for a in one for b in other]
    longest = max(spans, key=lambda span: span[1] - span[0], default=None)
    return longest if longest is not None and longest[1] - longest[0] >= REGION_SHARED else None
