"""Mending quarantined messages: unknown codes renamed, times moved; the message itself stays as it was received.

Only JSON messages are rewritten. What an HJ 212 device calls its factors is mended in the network file, after which a plain
replay is enough.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from ingest.error import IngestError
from ingest.guard import describe, is_unexpected
from ingest.judge import judge
from ingest.quarantine import drop_held, is_still_refused
from ingest.revise import Reviser
from schemas.message import CALIBRATION_PREFIX, TopicError, parse_topic
from schemas.reading import RejectReason
from sensors.json_v1 import FORMAT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ingest.judge import Judged
    from ingest.settings import CollectorSettings
    from ingest.writer import Writer
    from schemas.message import RawMessage
    from store.state import QuarantinedItem, StateStore

DOCUMENT = "quarantine_repair"
_TIMED = frozenset({RejectReason.CLOCK_SUSPECT, RejectReason.TIME_FUTURE, RejectReason.TIME_LATE})
_CODED = ("values", "units", "status")


class MendError(IngestError):
    """A message that cannot be mended; says why."""


class Mending(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be changed, and who wants it.

    Attributes
    ----------
    codes : dict of str to str
        New parameter code by the one that stands in the message.
    move : timedelta
        Added to every time.
    who, note : str
    """

    codes: dict[str, str]
    move: timedelta
    who: str
    note: str = ""


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
    reviser = None if writer is None else Reviser(settings, writer.store, state, "quarantine")
    outcomes = []
    for entry_id in items:
        item = state.get_quarantine(entry_id)
        try:
            if item is None:
                msg = "there is no such entry"
                raise MendError(msg)  # noqa: TRY301 - one way out for every entry that cannot be mended
            judged = _judged(item, mending, settings, state)
        except MendError as error:
            outcomes.append(Mended(id=entry_id, readings=0, values=0, starts=[], refused=[str(error)]))
            continue
        outcome = _outcome(entry_id, judged)
        if writer is not None and reviser is not None and outcome.readings:
            try:
                reviser.revise([judged])
                written = writer.write(judged.readings)
            except Exception as error:
                if not is_unexpected(error):
                    raise
                outcome = Mended(id=entry_id, readings=0, values=0, starts=[], refused=[describe(error)])
                written = None
            if written is not None and not written.refused and not is_still_refused(item, judged):
                state.mark_replayed(entry_id)
                state.put_document(DOCUMENT, str(entry_id), msgspec.to_builtins(mending))
        outcomes.append(outcome)
    return outcomes


def _judged(item: QuarantinedItem, mending: Mending, settings: CollectorSettings, state: StateStore) -> Judged:
    if item.payload is None or len(item.payload) < item.payload_bytes:
        msg = "the message was too large to be kept whole"
        raise MendError(msg)
    if mending.move and item.reason not in _TIMED:
        msg = f"times are moved only where the time was refused, not for {item.reason.value}"
        raise MendError(msg)
    message = mended_message(item.message, mending)
    judged = judge(message, settings)
    if not mending.move and drop_held(judged, item, state):
        msg = "its clock was wrong: say by how many hours its times are to be moved"
        raise MendError(msg)
    if item.interval_start is not None and mending.move:
        wanted = _moved(item.interval_start, mending.move)
        judged.readings[:] = [reading for reading in judged.readings if reading.interval.start == wanted]
    return judged


def mended_message(message: RawMessage, mending: Mending) -> RawMessage:
    """The message with codes renamed and times moved; raises `MendError` where it is not ours to rewrite."""
    if message.topic.startswith(CALIBRATION_PREFIX):
        msg = "a calibration result: it is not rewritten, let the station send it again"
        raise MendError(msg)
    try:
        form = parse_topic(message.topic).format
    except TopicError as error:
        raise MendError(str(error)) from error
    if form != FORMAT:
        msg = "not JSON: mend the network file, then replay"
        raise MendError(msg)
    document = _read(message.payload)
    readings = document if isinstance(document, list) else [document]
    if not all(isinstance(reading, dict) for reading in readings):
        msg = "expected an object or an array of objects"
        raise MendError(msg)
    changed = [_mended_reading(reading, mending) for reading in readings]
    body = changed if isinstance(document, list) else changed[0]
    return msgspec.structs.replace(message, payload=msgspec.json.encode(body))


def _read(payload: bytes) -> Any:  # noqa: ANN401 - any JSON
    try:
        return msgspec.json.decode(payload)
    except RecursionError as error:
        msg = "the message cannot be read: nested too deeply"
        raise MendError(msg) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        msg = f"the message cannot be read: {error}"
        raise MendError(msg) from error


def _mended_reading(reading: Mapping[str, Any], mending: Mending) -> dict[str, Any]:
    changed = dict(reading)
    for name in _CODED:
        if isinstance(changed.get(name), dict):
            changed[name] = {mending.codes.get(code, code): value for code, value in changed[name].items()}
    if mending.move:
        for name in ("start", "end"):
            if isinstance(changed.get(name), str):
                changed[name] = _moved(_moment(changed[name]), mending.move).isoformat()
    return changed


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        msg = f"{text!r} is no time that can be moved"
        raise MendError(msg) from error


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
