"""Mending quarantined messages: codes and units renamed, times moved; the message itself stays as it was received.

Times of every format are moved, since it is the decoded reading that moves. Only JSON messages are rewritten (`ingest.quarantine.rewrite_message`): what an
HJ 212 device calls its factors is mended in the network file, after which a plain replay is enough.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from ingest.correction.overwrite_log import of_quarantine
from ingest.decode.message import judge
from ingest.process.guard import describe, is_unexpected
from ingest.quarantine.quarantine import drop_held, is_still_refused
from ingest.quarantine.rewrite_message import MendError, Mending, mended_message
from schemas.reading import RejectReason

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ingest.correction.overwrite_log import Reviser
    from ingest.decode.message import Judged
    from ingest.process.settings import CollectorSettings
    from ingest.writer import Writer
    from store.state import QuarantinedItem, StateStore

__all__ = ["DOCUMENT", "MendError", "Mended", "Mending", "mend", "mended_message"]

DOCUMENT = "quarantine_repair"
_TIMED = frozenset({RejectReason.CLOCK_SUSPECT, RejectReason.TIME_FUTURE, RejectReason.TIME_LATE})


class Mended(msgspec.Struct, frozen=True, kw_only=True):
    """Outcome of one entry: readings and values that are (or would be) stored, and why not where there are none."""

    id: int
    readings: int
    values: int
    starts: list[datetime]
    refused: list[str]


def mend(
    items: Iterable[int],
    mending: Mending,
    settings: CollectorSettings,
    state: StateStore,
    *,
    writer: Writer | None,
) -> list[Mended]:
    """Mend entries and store what is then sound; the repair is kept as a document beside the entry.

    Parameters
    ----------
    writer : Writer or None
        None: nothing is stored or marked, to see what would be.

    Raises
    ------
    StoreError
    """
    with of_quarantine(settings, writer, state) as reviser:
        return [_mend_one(entry_id, mending, settings, state, writer=writer, reviser=reviser) for entry_id in items]


def _mend_one(
    entry_id: int,
    mending: Mending,
    settings: CollectorSettings,
    state: StateStore,
    *,
    writer: Writer | None,
    reviser: Reviser | None,
) -> Mended:
    item = state.quarantine.get(entry_id)
    try:
        if item is None:
            msg = "there is no such entry"
            raise MendError(msg)  # noqa: TRY301 - one way out for every entry that cannot be mended
        judged = _judged(item, mending, settings, state)
    except MendError as error:
        return Mended(id=entry_id, readings=0, values=0, starts=[], refused=[str(error)])
    outcome = _outcome(entry_id, judged)
    if writer is None or reviser is None or not outcome.readings:
        return outcome
    try:
        written = writer.write(reviser.revise([judged]).of(judged.readings))
    except Exception as error:
        if not is_unexpected(error):
            raise
        return Mended(id=entry_id, readings=0, values=0, starts=[], refused=[describe(error)])
    if written is not None and not written.refused and not is_still_refused(_as_mended(item, mending), judged):
        state.quarantine.mark_replayed(entry_id)
        state.documents.put(DOCUMENT, str(entry_id), msgspec.to_builtins(mending))
    return outcome


def _judged(item: QuarantinedItem, mending: Mending, settings: CollectorSettings, state: StateStore) -> Judged:
    if item.payload is None or len(item.payload) < item.payload_bytes:
        msg = "the message was too large to be kept whole"
        raise MendError(msg)
    if mending.move and item.reason not in _TIMED:
        msg = f"times are moved only where the time was refused, not for {item.reason.value}"
        raise MendError(msg)
    message = mended_message(item.message, mending, item.interval_start) if mending.is_rewriting else item.message
    judged = judge(message, settings, mending.move)
    if not mending.move and drop_held(judged, item, state):
        msg = "its clock was wrong: say by how many hours its times are to be moved"
        raise MendError(msg)
    if item.interval_start is not None:
        wanted = _moved(item.interval_start, mending.move)
        judged.readings[:] = [reading for reading in judged.readings if reading.interval.start == wanted]
    return judged


def _as_mended(item: QuarantinedItem, mending: Mending) -> QuarantinedItem:
    """The entry by the code and the time that its value has now."""
    code, start = item.parameter, item.interval_start
    return msgspec.structs.replace(
        item,
        parameter=None if code is None else mending.codes.get(code, code),
        interval_start=None if start is None else _moved(start, mending.move),
    )


def _moved(moment: datetime, move: timedelta) -> datetime:
    try:
        return moment + move
    except OverflowError as error:
        msg = f"{moment.isoformat()} moved by {move / timedelta(hours=1):+g} h is no time any more"
        raise MendError(msg) from error


def _outcome(entry_id: int, judged: Judged) -> Mended:
    return Mended(
        id=entry_id,
        readings=len(judged.readings),
        values=sum(len(reading.values) for reading in judged.readings),
        starts=[reading.interval.start for reading in judged.readings],
        refused=[f"{item.reason.value}: {item.detail}" for item in judged.rejections],
    )
