"""The quarantine: refused messages with their reasons, and their replay once the cause is removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from ingest.correction.overwrite_log import overwrite_log_of_quarantine
from ingest.decode.message import DecodedMessage, decode_and_validate
from ingest.process.guard import is_unexpected, say
from schemas.moment import utc_text
from schemas.reading import RejectReason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ingest.correction.overwrite_log import OverwriteLog
    from ingest.process.settings import CollectorSettings
    from ingest.writer import Writer
    from store.state import QuarantinedItem, StateStore

_PAGE = 1_000


class QuarantineRow(msgspec.Struct, frozen=True):
    """One entry as ``skyground quarantine list --json`` prints it."""

    id: int
    received_at: str
    topic: str
    station: str | None
    instrument: str | None
    parameter: str | None
    reason: str
    detail: str
    state: str


class Replayed(msgspec.Struct):
    """Outcome of a replay: entries now stored, entries that are still refused, entries without complete bytes."""

    stored: int = 0
    refused: int = 0
    incomplete: int = 0
    values: int = 0


def to_row(item: QuarantinedItem) -> QuarantineRow:
    """Entry as commands and console show it."""
    received_at = utc_text(item.received_at)
    return QuarantineRow(
        item.id,
        received_at,
        item.topic,
        item.station_id,
        item.instrument_id,
        item.parameter,
        item.reason,
        item.detail,
        item.state,
    )


def entries(
    state: StateStore, *, reason: RejectReason | None = None, station_id: str | None = None
) -> Iterator[QuarantinedItem]:
    """All entries without payload, oldest first, read page by page."""
    after = 0
    while page := state.quarantine.list(reason=reason, station_id=station_id, after=after, limit=_PAGE):
        yield from page
        after = page[-1].id


def replay(items: Iterable[int], settings: CollectorSettings, state: StateStore, writer: Writer | None) -> Replayed:
    """Decode quarantined messages again with today's code and network file, and store what is now sound.

    Writing a message twice is harmless, so its sound rest may be stored again. The time a message was received at stays
    what it was. An entry is marked as replayed when its refusal is gone; a reading that is refused for a new reason
    becomes a new entry.

    Parameters
    ----------
    items : iterable of int
        Ids of entries; unknown ones count as incomplete.
    writer : Writer or None
        None: nothing is stored, marked or added, to see what would be.
    """
    outcome = Replayed()
    with overwrite_log_of_quarantine(settings, None if writer is None else writer.store, state) as overwrites:
        for entry_id in items:
            try:
                _replay_one(entry_id, settings, state, writer=writer, overwrites=overwrites, outcome=outcome)
            except Exception as error:
                if not is_unexpected(error):
                    raise
                outcome.refused += 1
                say("replay_failed", error, entry=entry_id)
    return outcome


def _replay_one(
    entry_id: int,
    settings: CollectorSettings,
    state: StateStore,
    *,
    writer: Writer | None,
    overwrites: OverwriteLog | None,
    outcome: Replayed,
) -> None:
    item = state.quarantine.get(entry_id)
    if item is None or item.payload is None or len(item.payload) < item.payload_bytes:
        outcome.incomplete += 1
        return
    decoded = decode_and_validate(item.message, settings)
    # decoding does not screen clocks: without a repair of its times a reading stays in the quarantine
    if drop_held(decoded, item, state):
        outcome.refused += 1
        return
    if writer is None or overwrites is None:
        is_refused = is_still_refused(item, decoded)
        outcome.values += sum(len(reading.values) for reading in decoded.readings)
        outcome.refused += is_refused
        outcome.stored += not is_refused
        return
    plan = overwrites.plan_writes([decoded])
    if decoded.results:
        state.calibration.add_checks(decoded.results, item.message.received_at)
    written = writer.write(plan.of(decoded.readings))
    if written is None:
        return
    outcome.values += written.values
    if decoded.rejections:
        state.quarantine.add(item.message, decoded.topic, decoded.rejections)
    if written.refused or is_still_refused(item, decoded):
        outcome.refused += 1
        return
    state.quarantine.mark_replayed(entry_id)
    outcome.stored += 1


def drop_held(decoded: DecodedMessage, item: QuarantinedItem, state: StateStore) -> bool:
    """Take out readings that are held for their clock, by whichever entry of the message; whether the item's own time is held.

    A code that is known by now does not put the time right; nor does it once another repair has moved it.
    """
    same_message = state.quarantine.list_same_message(item.id)
    held = {other.interval_start for other in same_message if other.reason is RejectReason.CLOCK_SUSPECT}
    decoded.readings[:] = [reading for reading in decoded.readings if reading.interval.start not in held]
    return item.interval_start in held if item.interval_start is not None else bool(held) and not decoded.readings


def is_still_refused(item: QuarantinedItem, decoded: DecodedMessage) -> bool:
    """Whether the same thing is refused again: the message, the reading of that time, or that value of it."""
    if item.reason is RejectReason.INTERNAL_ERROR:
        return any(rejection.reason is item.reason for rejection in decoded.rejections)
    for rejection in decoded.rejections:
        start = rejection.interval.start if rejection.interval else None
        is_same_time = start is None or item.interval_start is None or start == item.interval_start
        is_same_value = rejection.parameter is None or item.parameter is None or rejection.parameter == item.parameter
        if is_same_time and is_same_value:
            return True
    return False
