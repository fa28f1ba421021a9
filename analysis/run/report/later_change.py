"""What changed in the hours that published figures rest on: late and corrected readings, hours computed again, batches held or released."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, Generic, TypeVar

import msgspec

from schemas.interval import Interval, floor_hour, united
from store.state import HourRevision, Revision

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from analysis.report.hour_basis import HourBasis
    from schemas.network import Network
    from store.state import HeldBatch, StateStore


_Place = tuple[str, str]
"""Network and station."""
_Item = TypeVar("_Item", Revision, HourRevision)


MOST_FORMER = 10
"""Former values that a change names."""


class LaterCause(StrEnum):
    """Why hours differ from those that were read."""

    LATE = "late"
    CORRECTION = "correction"
    RECOMPUTED = "recomputed"
    """Quality control gave another value or flag without a new reading: calibration, drift, a changed limit."""
    GATE = "gate"
    """A batch was held, or a held one released."""


class FormerValue(msgspec.Struct, frozen=True, kw_only=True):
    """Value of a reading or hour that starts at ``start`` (UTC) before it was replaced, canonical unit; None where it had none."""

    parameter: str
    start: datetime
    value: float | None


class LaterChange(msgspec.Struct, frozen=True, kw_only=True):
    """Changes of one cause at one station.

    Attributes
    ----------
    station_id : str
        Empty: all of the network (gate).
    parameters : tuple of str
    count : int
        Readings; of recomputed hours the hours, of the gate the batches [1].
    first, last : datetime
        UTC, the earliest and the latest start of a reading or hour.
    at : datetime
        When the last of them was received or recorded, UTC.
    former : tuple of FormerValue
        What corrected readings and recomputed hours were before, the first `MOST_FORMER` of them.
    """

    cause: LaterCause
    network: str
    station_id: str
    parameters: tuple[str, ...]
    count: int
    first: datetime
    last: datetime
    at: datetime
    former: tuple[FormerValue, ...] = ()


@dataclass(frozen=True, slots=True)
class _Timeline(Generic[_Item]):
    """Changes of one network and station by their start, to find those of a span without looking at all."""

    items: list[_Item]
    starts: list[datetime]
    longest: timedelta
    latest: datetime

    def within(self, spans: Iterable[Interval]) -> list[_Item]:
        """Those that overlap any of the spans, each once, in order of their start."""
        places = {
            place
            for span in spans
            for place in range(bisect_left(self.starts, span.start - self.longest), bisect_left(self.starts, span.end))
            if _bounds(self.items[place])[1] >= span.start
        }
        return [self.items[place] for place in sorted(places)]


@dataclass(frozen=True, slots=True, kw_only=True)
class HourHistory:
    """What changed, by network and station; ``held`` are batches of networks."""

    revisions: Mapping[_Place, _Timeline[Revision]]
    replaced: Mapping[_Place, _Timeline[HourRevision]]
    held: Sequence[HeldBatch] = ()

    @property
    def latest(self) -> datetime | None:
        """When the last reading was received or hour replaced; None without any."""
        moments = [item.latest for item in self.revisions.values()] + [item.latest for item in self.replaced.values()]
        return max(moments, default=None)


def read_history(state: StateStore, span: Interval, since: datetime, station_id: str | None = None) -> HourHistory:
    """Changes of the hours of a span.

    Parameters
    ----------
    state : StateStore
    span : Interval
        UTC.
    since : datetime
        UTC; hours that were replaced later are read, and all revisions of readings, whenever received.
    station_id : str or None
        Only of this station, without the batches.

    Raises
    ------
    store.error.StoreError
    """
    start, end = span.start, span.end
    return HourHistory(
        revisions=_by_place(state.revisions.list(start=start, end=end, station_id=station_id)),
        replaced=_by_place(
            state.flag_history.list_hours(start=start, end=end, station_id=station_id, recorded_after=since)
        ),
        held=() if station_id else state.gate.list_held(start=start, end=end),
    )


def _by_place(items: Iterable[_Item]) -> dict[_Place, _Timeline[_Item]]:
    found: dict[_Place, list[_Item]] = defaultdict(list)
    for item in items:
        found[item.network, item.station_id].append(item)
    return {place: _timeline(of) for place, of in found.items()}


def _timeline(items: list[_Item]) -> _Timeline[_Item]:
    ordered = sorted(items, key=lambda item: _bounds(item)[0])
    spans = [_bounds(item) for item in ordered]
    moments = (item.received_at if isinstance(item, Revision) else item.recorded_at for item in ordered)
    return _Timeline(ordered, [start for start, _ in spans], max(end - start for start, end in spans), max(moments))


def _bounds(item: Revision | HourRevision) -> tuple[datetime, datetime]:
    """Starts of the first and of the last reading, or of the hour."""
    return (item.first, item.last) if isinstance(item, Revision) else (item.hour, item.hour)


def later_changes(
    history: HourHistory, basis: HourBasis, since: datetime, network: Network | None = None
) -> tuple[LaterChange, ...]:
    """Changes since figures were issued, of the hours that they rest on, by cause and station.

    Parameters
    ----------
    history : HourHistory
    basis : HourBasis
    since : datetime
        UTC, when the hours were read.
    network : Network or None
        Names the parameters of late readings; without it, all of ``basis`` are assumed.

    Notes
    -----
    A reading counts where it was received after ``since``, or where quality control replaced its hour after ``since``.
    """
    found: list[LaterChange] = []
    for place in ((code, station_id) for code in basis.networks for station_id in basis.stations):
        changed, read = history.replaced.get(place), history.revisions.get(place)
        replaced = [
            item
            for item in (changed.within(basis.spans) if changed else ())
            if item.recorded_at > since and item.parameter in basis.parameters
        ]
        hours = sorted(item.hour for item in replaced)
        readings = [
            (item, codes)
            for item in (read.within(basis.spans) if read else ())
            if (item.received_at > since or _has_hour(hours, item)) and (codes := _codes(item, basis, network))
        ]
        found += _of_readings(place, readings)
        found += _of_hours(place, _unexplained(replaced, [item for item, _ in readings]))
    return (*found, *gate_changes(history.held, basis, since))


def _unexplained(replaced: Iterable[HourRevision], readings: Iterable[Revision]) -> list[HourRevision]:
    """Replaced hours in which no later reading starts."""
    spans = united(Interval(floor_hour(item.first), item.last) for item in readings)
    return [item for item in replaced if not any(span.start <= item.hour <= span.end for span in spans)]


def _has_hour(hours: Sequence[datetime], item: Revision) -> bool:
    """Whether a reading of the revision starts in one of the hours, which ascend."""
    place = bisect_left(hours, floor_hour(item.first))
    return place < len(hours) and hours[place] <= item.last


def _overlaps(spans: Iterable[Interval], first: datetime, last: datetime) -> bool:
    return any(first < span.end and last >= span.start for span in spans)


def _codes(item: Revision, basis: HourBasis, network: Network | None) -> tuple[str, ...]:
    """Parameters of a revision that figures rest on; empty: none."""
    if item.before is not None:
        changed = {*item.before.values, *item.before.status}
    else:
        station = None if network is None else network.stations.get(item.station_id)
        found = [one for one in station.instruments if one.id == item.instrument_id] if station else []
        changed = set(found[0].parameters) if found else set(basis.parameters)
    return tuple(code for code in basis.parameters if code in changed)


def _of_readings(place: _Place, readings: Iterable[tuple[Revision, tuple[str, ...]]]) -> list[LaterChange]:
    groups: dict[LaterCause, list[tuple[Revision, tuple[str, ...]]]] = defaultdict(list)
    for item, codes in readings:
        groups[LaterCause.LATE if item.before is None else LaterCause.CORRECTION].append((item, codes))
    return [
        LaterChange(
            cause=cause,
            network=place[0],
            station_id=place[1],
            parameters=_united(codes for _, codes in found),
            count=sum(item.readings for item, _ in found),
            first=min(item.first for item, _ in found),
            last=max(item.last for item, _ in found),
            at=max(item.received_at for item, _ in found),
            former=tuple(islice(_former(found), MOST_FORMER)),
        )
        for cause, found in sorted(groups.items())
    ]


def _former(found: Iterable[tuple[Revision, tuple[str, ...]]]) -> Iterator[FormerValue]:
    for item, codes in found:
        values = {} if item.before is None else item.before.values
        for code in codes:
            if code in values:
                yield FormerValue(parameter=code, start=item.first, value=values[code])


def _of_hours(place: _Place, hours: Sequence[HourRevision]) -> list[LaterChange]:
    if not hours:
        return []
    return [
        LaterChange(
            cause=LaterCause.RECOMPUTED,
            network=place[0],
            station_id=place[1],
            parameters=_united((item.parameter,) for item in hours),
            count=len({item.hour for item in hours}),
            first=min(item.hour for item in hours),
            last=max(item.hour for item in hours),
            at=max(item.recorded_at for item in hours),
            former=tuple(
                FormerValue(parameter=item.parameter, start=item.hour, value=item.value) for item in hours[:MOST_FORMER]
            ),
        )
    ]


def gate_changes(held: Iterable[HeldBatch], basis: HourBasis, since: datetime) -> list[LaterChange]:
    """Batches with hours that figures rest on that were held or decided on since, one change each."""
    found = []
    for item in held:
        moments = [moment for moment in (item.created_at, *(one.at for one in item.decisions)) if moment > since]
        if moments and item.network in basis.networks and _overlaps(basis.spans, item.start, item.end):
            found.append(
                LaterChange(
                    cause=LaterCause.GATE,
                    network=item.network,
                    station_id="",
                    parameters=basis.parameters,
                    count=1,
                    first=item.start,
                    last=item.end,
                    at=max(moments),
                )
            )
    return found


def _united(groups: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(code for codes in groups for code in codes))
