"""What changed in the hours that published figures rest on: late and corrected readings, hours computed again, batches held or released."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from schemas.interval import Interval, floor_hour, united

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from analysis.report.hour_basis import HourBasis
    from schemas.network import Network
    from store.state import HeldBatch, HourRevision, Revision, StateStore


_Place = tuple[str, str]
"""Network and station."""


class LaterCause(StrEnum):
    """Why hours differ from those that were read."""

    LATE = "late"
    CORRECTION = "correction"
    RECOMPUTED = "recomputed"
    """Quality control gave another value or flag without a new reading: calibration, drift, a changed limit."""
    GATE = "gate"
    """A batch was held, or a held one released."""


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
    """

    cause: LaterCause
    network: str
    station_id: str
    parameters: tuple[str, ...]
    count: int
    first: datetime
    last: datetime
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HourHistory:
    """Everything that changed after a moment; read once for many published figures."""

    revisions: tuple[Revision, ...]
    replaced: tuple[HourRevision, ...]
    held: tuple[HeldBatch, ...]


def read_history(state: StateStore, spans: Iterable[Interval], since: datetime) -> HourHistory:
    """Changes of the hours of any of the spans.

    Parameters
    ----------
    state : StateStore
    spans : iterable of Interval
        Read from the first to the last moment of them.
    since : datetime
        UTC; of hours that were replaced later, all revisions of the readings are kept, whenever received.

    Raises
    ------
    store.error.StoreError
    """
    known = list(spans)
    if not known:
        return HourHistory(revisions=(), replaced=(), held=())
    start, end = min(item.start for item in known), max(item.end for item in known)
    return HourHistory(
        revisions=tuple(state.revisions.list(start=start, end=end)),
        replaced=tuple(state.flag_history.list_hours(start=start, end=end, recorded_after=since)),
        held=tuple(state.gate.list_held(start=start, end=end)),
    )


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
    replaced = [
        item
        for item in history.replaced
        if item.recorded_at > since and _concerns(basis, item) and _overlaps(basis.spans, item.hour, item.hour)
    ]
    hours = _by_station((item.network, item.station_id, item.hour) for item in replaced)
    readings = [
        (item, codes)
        for item in history.revisions
        if (codes := _codes(item, basis, network))
        and _overlaps(basis.spans, item.first, item.last)
        and (item.received_at > since or _has_hour(hours, item))
    ]
    return (
        *_of_readings(readings),
        *_of_hours(_unexplained(replaced, [item for item, _ in readings])),
        *_of_gate(history.held, basis, since),
    )


def _unexplained(replaced: Iterable[HourRevision], readings: Iterable[Revision]) -> list[HourRevision]:
    """Replaced hours in which no later reading starts."""
    spans: dict[_Place, list[Interval]] = defaultdict(list)
    for item in readings:
        spans[item.network, item.station_id].append(Interval(floor_hour(item.first), item.last))
    joined = {place: united(found) for place, found in spans.items()}
    return [
        item
        for item in replaced
        if not any(span.start <= item.hour <= span.end for span in joined.get((item.network, item.station_id), ()))
    ]


def _by_station(hours: Iterable[tuple[str, str, datetime]]) -> dict[_Place, list[datetime]]:
    found: dict[_Place, list[datetime]] = defaultdict(list)
    for network, station_id, hour in hours:
        found[network, station_id].append(hour)
    return {place: sorted(known) for place, known in found.items()}


def _has_hour(hours: Mapping[_Place, list[datetime]], item: Revision) -> bool:
    """Whether a reading of the revision starts in one of the hours."""
    known = hours.get((item.network, item.station_id), [])
    place = bisect_left(known, floor_hour(item.first))
    return place < len(known) and known[place] <= item.last


def _concerns(basis: HourBasis, item: HourRevision) -> bool:
    return item.network in basis.networks and item.station_id in basis.stations and item.parameter in basis.parameters


def _overlaps(spans: Iterable[Interval], first: datetime, last: datetime) -> bool:
    return any(first < span.end and last >= span.start for span in spans)


def _codes(item: Revision, basis: HourBasis, network: Network | None) -> tuple[str, ...]:
    """Parameters of a revision that figures rest on; empty: none."""
    if item.network not in basis.networks or item.station_id not in basis.stations:
        return ()
    if item.before is not None:
        changed = {*item.before.values, *item.before.status}
    else:
        station = None if network is None else network.stations.get(item.station_id)
        found = [one for one in station.instruments if one.id == item.instrument_id] if station else []
        changed = set(found[0].parameters) if found else set(basis.parameters)
    return tuple(code for code in basis.parameters if code in changed)


def _of_readings(readings: Iterable[tuple[Revision, tuple[str, ...]]]) -> list[LaterChange]:
    groups: dict[tuple[LaterCause, str, str], list[tuple[Revision, tuple[str, ...]]]] = defaultdict(list)
    for item, codes in readings:
        cause = LaterCause.LATE if item.before is None else LaterCause.CORRECTION
        groups[cause, item.network, item.station_id].append((item, codes))
    return [
        LaterChange(
            cause=cause,
            network=network,
            station_id=station_id,
            parameters=_united(codes for _, codes in found),
            count=sum(item.readings for item, _ in found),
            first=min(item.first for item, _ in found),
            last=max(item.last for item, _ in found),
            at=max(item.received_at for item, _ in found),
        )
        for (cause, network, station_id), found in sorted(groups.items())
    ]


def _of_hours(hours: Iterable[HourRevision]) -> list[LaterChange]:
    groups: dict[tuple[str, str], list[HourRevision]] = defaultdict(list)
    for item in hours:
        groups[item.network, item.station_id].append(item)
    return [
        LaterChange(
            cause=LaterCause.RECOMPUTED,
            network=network,
            station_id=station_id,
            parameters=_united((item.parameter,) for item in found),
            count=len({item.hour for item in found}),
            first=min(item.hour for item in found),
            last=max(item.hour for item in found),
            at=max(item.recorded_at for item in found),
        )
        for (network, station_id), found in sorted(groups.items())
    ]


def _of_gate(held: Iterable[HeldBatch], basis: HourBasis, since: datetime) -> list[LaterChange]:
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
