"""Number of readings expected from the cadence, while an instrument is installed."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from schemas.interval import hours_between
from store.state import ReconciliationFigures, ReconciliationRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from schemas.network import Network

HOUR = timedelta(hours=1)


def expected_in(hour: datetime, cadence: timedelta, since: datetime | None, until: datetime | None) -> int:
    """Readings that start in an hour at a cadence, while the instrument is installed; 0 or 1 where the cadence is longer.

    >>> from datetime import UTC
    >>> hour = datetime(2026, 11, 22, 8, tzinfo=UTC)
    >>> expected_in(hour, timedelta(minutes=5), None, hour + timedelta(minutes=30))
    6
    """
    first, last = max(hour, since or hour), min(hour + HOUR, until or hour + HOUR)
    if last <= first:
        return 0
    epoch = datetime.fromtimestamp(0, tz=hour.tzinfo)
    return -((epoch - last) // cadence) - -((epoch - first) // cadence)


def holes(numbered: Iterable[tuple[datetime, int]], cadence: timedelta) -> Iterator[tuple[datetime, int]]:
    """Numbers that are missing between readings: the start before the hole, and how many fit there.

    Parameters
    ----------
    numbered : iterable of (datetime, int)
        Starts and numbers of one instrument's readings, by time. A number that falls begins a new run, and one that jumps
        by more than the cadence allows was set by hand: neither proves more than fits between the times.
    cadence : timedelta
    """
    for (before, first), (after, second) in pairwise(numbered):
        missing = min(second - first - 1, max(0, round((after - before) / cadence) - 1))
        if missing > 0:
            yield before, missing


def filled(
    rows: list[ReconciliationRow], network: Network, start: datetime, end: datetime, station_id: str | None
) -> list[ReconciliationRow]:
    """Rows of ``[start, end)`` with those added in which an instrument should have sent and nothing came at all."""
    there = {(row.hour, row.station_id, row.instrument_id) for row in rows}
    added = [
        ReconciliationRow(
            hour=hour,
            station_id=station.id,
            instrument_id=item.id,
            facts=ReconciliationFigures(network=str(item.network), expected=count),
        )
        for station in network.station_list
        if station.late_window_h and station_id in (None, station.id)
        for item in station.instruments
        for hour in hours_between(start, end)
        if (hour, station.id, item.id) not in there
        and (count := expected_in(hour, timedelta(seconds=item.cadence_s), item.since, item.until))
    ]
    return sorted([*rows, *added], key=lambda row: (row.hour, row.station_id, row.instrument_id))


def up_to(now: datetime, rows: list[ReconciliationRow], network: Network) -> list[ReconciliationRow]:
    """The same rows; of the hour that has not ended, only readings that are over at ``now`` are expected."""
    for row in rows:
        instrument = network.instruments.get((row.station_id, row.instrument_id))
        if instrument is not None and row.hour + HOUR > now:
            cadence = timedelta(seconds=instrument.cadence_s)
            known_to = now - network.delays[row.station_id, row.instrument_id] - cadence
            until = min(instrument.until or now, known_to)
            row.facts.expected = expected_in(row.hour, cadence, instrument.since, until)
    return rows
