"""Repair of quarantined messages: codes and units renamed, times moved; the message itself stays as it was received.

Times of every format are moved, since it is the decoded reading that moves. Only JSON messages are rewritten (`ingest.quarantine.rewrite_message`): what an
HJ 212 device calls its factors is corrected in the network file, followed by a replay.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from ingest.correction.overwrite_log import overwrite_log_of_quarantine
from ingest.decode.message import decode_and_validate
from ingest.process.guard import describe, is_unexpected
from ingest.quarantine.quarantine import drop_held, is_still_refused
from ingest.quarantine.rewrite_message import MessageRepair, RepairError, rewrite_message
from schemas.reading import RejectReason

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ingest.correction.overwrite_log import OverwriteLog
    from ingest.decode.message import DecodedMessage
    from ingest.process.settings import CollectorSettings
    from ingest.writer import Writer
    from store.state import QuarantinedItem, StateStore

__all__ = ["DOCUMENT", "MessageRepair", "RepairError", "RepairedEntry", "repair_entries", "rewrite_message"]

DOCUMENT = "quarantine_repair"
_TIMED = frozenset({RejectReason.CLOCK_SUSPECT, RejectReason.TIME_FUTURE, RejectReason.TIME_LATE})


class RepairedEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Outcome of one entry: readings and values that are (or would be) stored, and why not where there are none."""

    id: int
    readings: int
    values: int
    starts: list[datetime]
    refused: list[str]


def repair_entries(
    items: Iterable[int],
    repair: MessageRepair,
    settings: CollectorSettings,
    state: StateStore,
    *,
    writer: Writer | None,
) -> list[RepairedEntry]:
    """Repair entries and store what is then valid; the repair is kept as a document of the entry.

    Parameters
    ----------
    writer : Writer or None
        None: nothing is stored or marked, to see what would be.

    Raises
    ------
    StoreError
    """
    with overwrite_log_of_quarantine(settings, None if writer is None else writer.store, state) as overwrites:
        return [
            _repair_one(entry_id, repair, settings, state, writer=writer, overwrites=overwrites) for entry_id in items
        ]


def _repair_one(
    entry_id: int,
    repair: MessageRepair,
    settings: CollectorSettings,
    state: StateStore,
    *,
    writer: Writer | None,
    overwrites: OverwriteLog | None,
) -> RepairedEntry:
    item = state.quarantine.get(entry_id)
    try:
        if item is None:
            msg = "there is no such entry"
            raise RepairError(msg)  # noqa: TRY301 - one way out for every entry that cannot be repaired
        decoded = _decoded(item, repair, settings, state)
    except RepairError as error:
        return RepairedEntry(id=entry_id, readings=0, values=0, starts=[], refused=[str(error)])
    outcome = _outcome(entry_id, decoded)
    if writer is None or overwrites is None or not outcome.readings:
        return outcome
    try:
        written = writer.write(overwrites.plan_writes([decoded]).of(decoded.readings))
    except Exception as error:
        if not is_unexpected(error):
            raise
        return RepairedEntry(id=entry_id, readings=0, values=0, starts=[], refused=[describe(error)])
    if written is not None and not written.refused and not is_still_refused(_as_repaired(item, repair), decoded):
        state.quarantine.mark_replayed(entry_id)
        state.documents.put(DOCUMENT, str(entry_id), msgspec.to_builtins(repair))
    return outcome


def _decoded(
    item: QuarantinedItem, repair: MessageRepair, settings: CollectorSettings, state: StateStore
) -> DecodedMessage:
    if item.payload is None or len(item.payload) < item.payload_bytes:
        msg = "the message was too large to be kept whole"
        raise RepairError(msg)
    if repair.move and item.reason not in _TIMED:
        msg = f"times are moved only where the time was refused, not for {item.reason.value}"
        raise RepairError(msg)
    message = rewrite_message(item.message, repair, item.interval_start) if repair.is_rewriting else item.message
    decoded = decode_and_validate(message, settings, repair.move)
    if not repair.move and drop_held(decoded, item, state):
        msg = "its clock was wrong: say by how many hours its times are to be moved"
        raise RepairError(msg)
    if item.interval_start is not None:
        wanted = _moved(item.interval_start, repair.move)
        decoded.readings[:] = [reading for reading in decoded.readings if reading.interval.start == wanted]
    return decoded


def _as_repaired(item: QuarantinedItem, repair: MessageRepair) -> QuarantinedItem:
    """The entry by the code and the time that its value has now."""
    code, start = item.parameter, item.interval_start
    return msgspec.structs.replace(
        item,
        parameter=None if code is None else repair.codes.get(code, code),
        interval_start=None if start is None else _moved(start, repair.move),
    )


def _moved(moment: datetime, move: timedelta) -> datetime:
    try:
        return moment + move
    except OverflowError as error:
        msg = f"{moment.isoformat()} moved by {move / timedelta(hours=1):+g} h is no time any more"
        raise RepairError(msg) from error


def _outcome(entry_id: int, decoded: DecodedMessage) -> RepairedEntry:
    return RepairedEntry(
        id=entry_id,
        readings=len(decoded.readings),
        values=sum(len(reading.values) for reading in decoded.readings),
        starts=[reading.interval.start for reading in decoded.readings],
        refused=[f"{item.reason.value}: {item.detail}" for item in decoded.rejections],
    )
