"""How one message counts in the rows of the reconciliation: an hour of an instrument each. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from ingest.completeness.expected_count import holes
from schemas.interval import floor_hour
from store.influx.line import has_fields
from store.state import ReconciliationFigures

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.decode.message import DecodedMessage
    from ingest.decode.refusal import Refusals
    from schemas.network import Network

RowKey = tuple[datetime, str, str]
"""Hour, station, instrument."""
_MILLISECOND = timedelta(milliseconds=1)
_ABSENT = object()


def enter_message(
    rows: dict[RowKey, ReconciliationFigures], decoded: DecodedMessage, refusals: Refusals, network: Network
) -> None:
    """Enter one message into the rows it touches."""
    message = decoded.message
    for reading in decoded.readings:
        facts = rows[_key(reading.station_id, reading.instrument_id, reading.interval.start)]
        reason = refusals.get((reading.station_id, reading.instrument_id, reading.interval.start, message.received_at))
        entry = _Entry(reading.interval.start, reading.seq, reason, is_empty=not has_fields(reading))
        _enter(facts, entry, is_redelivered=message.redelivered)
    whole = [item for item in decoded.rejections if item.parameter is None]
    for rejection in whole:
        if rejection.interval is not None and rejection.station_id and rejection.instrument_id:
            start = rejection.interval.start
            key = _key(rejection.station_id, rejection.instrument_id, start)
            if (rejection.station_id, rejection.instrument_id) in network.instruments:
                _enter(rows[key], _Entry(start, None, rejection.reason.value), is_redelivered=message.redelivered)
                continue
        facts = rows[_message_key(decoded)]
        facts.unreadable[rejection.reason.value] = facts.unreadable.get(rejection.reason.value, 0) + 1


class _Entry(msgspec.Struct, frozen=True):
    """A reading as it is counted: ``reason`` where it was refused, ``is_empty`` where it has nothing to write."""

    start: datetime
    seq: int | None
    reason: str | None
    is_empty: bool = False


def _enter(facts: ReconciliationFigures, entry: _Entry, *, is_redelivered: bool) -> None:
    offset = offset_ms(entry.start)
    is_copy = offset in facts.seen or (entry.reason is not None and facts.refused.get(offset) == entry.reason)
    if is_copy or (offset in facts.empty and (entry.is_empty or entry.reason is not None)):
        if is_redelivered:
            facts.redelivered += 1
        else:
            facts.repeated += 1
    elif entry.reason is not None:
        facts.refused[offset] = entry.reason
    else:
        # refused or empty before, sound now
        facts.repeated += facts.refused.pop(offset, None) is not None
        facts.repeated += facts.empty.pop(offset, _ABSENT) is not _ABSENT
        (facts.empty if entry.is_empty else facts.seen)[offset] = entry.seq


def offset_ms(start: datetime) -> int:
    """Milliseconds from the start of the hour: the key of a reading in its row, whatever digits its time has behind."""
    return (start - floor_hour(start)) // _MILLISECOND


def count_sent(rows: dict[datetime, ReconciliationFigures], cadence: timedelta) -> None:
    """Set ``sent`` of an instrument's hours from the numbers of its readings; hours that a hole reaches into are added.

    A hole between two numbers is spread over the steps of the cadence between their times; numbers that fall begin a new run. An
    hour of which no reading has a number has ``sent`` None, unless a hole reaches into it.
    """
    numbered = sorted(
        (hour + offset * _MILLISECOND, seq)
        for hour, facts in rows.items()
        for offset, seq in (*facts.seen.items(), *facts.empty.items())
        if seq is not None
    )
    lost: dict[datetime, int] = {}
    for before, missing in holes(numbered, cadence):
        for step in range(1, missing + 1):
            hour = floor_hour(before + step * cadence)
            lost[hour] = lost.get(hour, 0) + 1
    network = next(iter(rows.values())).network if rows else ""
    for hour in lost:
        rows.setdefault(hour, ReconciliationFigures(network=network))
    hours_numbered = {floor_hour(start) for start, _ in numbered} | set(lost)
    for hour, facts in rows.items():
        # what was refused had a number too, which is not known: it fills holes
        missing = max(lost.get(hour, 0), len(facts.refused))
        facts.sent = facts.stored + len(facts.empty) + missing if hour in hours_numbered else None


def differences(facts: ReconciliationFigures) -> dict[str, int]:
    """Every difference of a row by name; ``not_sent`` is negative where more came than expected."""
    here = facts.stored + len(facts.empty) + len(facts.refused)
    sent = here if facts.sent is None else facts.sent
    return {
        "not_sent": facts.expected - sent,
        "lost_before_collector": sent - here,
        "redelivered": facts.redelivered,
        "repeated": facts.repeated,
        "rest": facts.rest,
    }


def rows_of(decoded: DecodedMessage) -> Iterator[RowKey]:
    """Rows that a message counts in."""
    for reading in decoded.readings:
        yield _key(reading.station_id, reading.instrument_id, reading.interval.start)
    for rejection in decoded.rejections:
        if rejection.interval is not None and rejection.station_id and rejection.instrument_id:
            yield _key(rejection.station_id, rejection.instrument_id, rejection.interval.start)
    if decoded.rejections:
        yield _message_key(decoded)


def _key(station_id: str, instrument_id: str, start: datetime) -> RowKey:
    return floor_hour(start), station_id, instrument_id


def _message_key(decoded: DecodedMessage) -> RowKey:
    """Row of a message without a time of its own: its topic's instrument, in the hour of reception."""
    hour = floor_hour(decoded.message.received_at)
    return (hour, decoded.topic.station_id, decoded.topic.instrument_id) if decoded.topic else (hour, "", "")


def by_instrument(
    rows: dict[RowKey, ReconciliationFigures],
) -> dict[tuple[str, str], dict[datetime, ReconciliationFigures]]:
    """Figures by instrument, then by hour, ascending."""
    found: dict[tuple[str, str], dict[datetime, ReconciliationFigures]] = {}
    for (hour, station_id, instrument_id), facts in sorted(rows.items(), key=lambda item: item[0]):
        found.setdefault((station_id, instrument_id), {})[hour] = facts
    return found
