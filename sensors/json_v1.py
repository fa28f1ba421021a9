"""The JSON wire format: one object or an array of them (back-fill) a message, UTF-8.

Two ways through, one meaning. A message in which everything is sound is decoded by msgspec into `_Wire` and costs a few
microseconds. As soon as one thing is not sound the whole message is read again by `sensors.json_salvage`, which is slower,
tolerates what msgspec refuses (``NaN``, a string among the numbers), and reports what is wrong where.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, cast

import msgspec
from msgspec import Meta

from schemas.bounds import NUMBER_MAX, SEQ_MAX, bounded_interval
from schemas.message import MAX_PAYLOAD_BYTES
from schemas.moment import BoundsError
from schemas.parameter import load_parameters
from schemas.reading import Decoded, Reading, Rejection, RejectReason, Status
from schemas.units import UnitError, conversion
from sensors.json_salvage import MAX_READINGS, salvage
from sensors.json_text import has_twice

if TYPE_CHECKING:
    from collections.abc import Iterable

    from schemas.message import RawMessage, Topic

FORMAT = "json"

_PARAMETERS = load_parameters()
_CODES = frozenset(_PARAMETERS)
_LETTERS = frozenset(Status)
_BLANKS = b" \t\r\n"

_NO_UNITS = msgspec.Raw(b"null")
_CACHED_UNITS_BYTES = 16 << 10
_SAME = (1.0, 0.0)

_Aware = Annotated[datetime, Meta(tz=True)]


class _Wire(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """One reading of the payload; unknown keys are refused, since a misspelt ``units`` would go unnoticed."""

    start: _Aware
    values: dict[str, float | None]
    end: _Aware | None = None
    seq: Annotated[int, Meta(ge=0, le=SEQ_MAX)] | None = None
    units: msgspec.Raw = _NO_UNITS
    status: dict[str, str] | None = None
    station: str | None = None
    instrument: str | None = None


_OBJECT = msgspec.json.Decoder(_Wire)
_UNITS: msgspec.json.Decoder[dict[str, str] | None] = msgspec.json.Decoder(dict[str, str] | None)
_ARRAY = msgspec.json.Decoder(list[_Wire])
_ENCODER = msgspec.json.Encoder()


class _UnsoundError(Exception):
    """Something in the message needs the tolerant reader; never leaves this module."""


def decode(message: RawMessage, topic: Topic) -> Decoded:
    """Decode a message of the JSON wire format.

    Parameters
    ----------
    message : RawMessage
        Any bytes.
    topic : Topic
        Identifies the instrument; the payload may repeat it but not contradict.

    Returns
    -------
    Decoded
        Values in canonical units; ``null`` is no value. A reading of which every value and status was refused is left
        out. Nor is one with a key that occurs twice with two values; of ``values``, ``units`` and ``status`` that parameter. An empty array is a station's answer that it has
        nothing of what it was asked for: no reading, no rejection.
    """
    payload = message.payload
    if len(payload) > MAX_PAYLOAD_BYTES:
        return _too_large(payload, topic)
    try:
        return Decoded([_reading(wire, topic) for wire in _parse(payload)], [])
    except (_UnsoundError, BoundsError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return salvage(payload, topic)


def encode_readings(readings: Iterable[Reading]) -> bytes:
    """Encode readings of one instrument as a station publishes them.

    Parameters
    ----------
    readings : iterable of Reading
        At least one. A value of NaN is written as ``null``.

    Returns
    -------
    bytes
        One object for one reading, an array for several.

    Raises
    ------
    ValueError
        If there is no reading.
    """
    wires = [_to_wire(reading) for reading in readings]
    if not wires:
        msg = "encode_readings: expected at least one reading"
        raise ValueError(msg)
    return _ENCODER.encode(wires[0] if len(wires) == 1 else wires)


def _parse(payload: bytes) -> list[_Wire]:
    if payload.lstrip(_BLANKS).startswith(b"["):
        wires = _ARRAY.decode(payload)
        if len(wires) > MAX_READINGS:
            raise _UnsoundError
    else:
        wires = [_OBJECT.decode(payload)]
    if payload.count(b'"') != sum(map(_quotes, wires)) and has_twice(payload):
        raise _UnsoundError
    return wires


def _quotes(wire: _Wire) -> int:
    """Quotation marks of an object that holds these fields and no key twice; a null or an escaped mark in the payload makes more."""
    count = 6 + 2 * len(wire.values)  # start and its text, values
    for text in (wire.end, wire.station, wire.instrument):
        count += 4 * (text is not None)
    if wire.seq is not None:
        count += 2
    if wire.units is not _NO_UNITS:
        count += 2 + bytes(wire.units).count(b'"')
    return count if wire.status is None else count + 2 + 4 * len(wire.status)


def _reading(wire: _Wire, topic: Topic) -> Reading:
    if (wire.station is not None and wire.station != topic.station_id) or (
        wire.instrument is not None and wire.instrument != topic.instrument_id
    ):
        raise _UnsoundError
    return Reading(
        topic.network,
        topic.station_id,
        topic.instrument_id,
        bounded_interval(wire.start, wire.end),
        _canonical(wire.values, wire.units),
        _letters(wire.status) if wire.status else {},
        wire.seq,
    )


def _canonical(raw: dict[str, float | None], units: msgspec.Raw) -> dict[str, float]:
    if not raw.keys() <= _CODES:
        raise _UnsoundError
    values = cast("dict[str, float]", raw)
    if None in raw.values():
        values = {code: value for code, value in raw.items() if value is not None}
    if units is not _NO_UNITS:
        _convert(values, bytes(units))
    # One sum instead of a check a value: where it is within the bound every value is, and none is NaN; the slow way looks at each.
    if not sum(map(abs, values.values())) <= NUMBER_MAX:
        raise _UnsoundError
    return values


def _convert(values: dict[str, float], units: bytes) -> None:
    # an instrument spells its units the same way in every message, so they are read once
    factors = _factors(units) if len(units) <= _CACHED_UNITS_BYTES else _factors.__wrapped__(units)
    for code, factor, offset in factors:
        if code in values:
            values[code] = values[code] * factor + offset


@lru_cache(maxsize=1_024)
def _factors(units: bytes) -> tuple[tuple[str, float, float], ...]:
    """Conversions, other than by one, of the units that a message names, from their own JSON; raises `_UnsoundError`, `msgspec.MsgspecError`."""
    named = _UNITS.decode(units) or {}
    if not named.keys() <= _CODES or units.count(b'"') != 4 * len(named):  # a key twice, or an escaped mark
        raise _UnsoundError
    try:
        found = ((code, *conversion(unit, _PARAMETERS[code])) for code, unit in named.items())
        return tuple(item for item in found if item[1:] != _SAME)
    except UnitError as error:
        raise _UnsoundError from error


def _letters(status: dict[str, str]) -> dict[str, str]:
    if not (status.keys() <= _CODES and _LETTERS.issuperset(status.values())):
        raise _UnsoundError
    return {code: letter for code, letter in status.items() if letter != Status.NORMAL}


def _too_large(payload: bytes, topic: Topic) -> Decoded:
    detail = f"payload of {len(payload)} bytes, expected at most {MAX_PAYLOAD_BYTES}"
    return Decoded([], [Rejection(RejectReason.TOO_LARGE, detail, topic.station_id, topic.instrument_id)])


def _to_wire(reading: Reading) -> _Wire:
    interval = reading.interval
    return _Wire(
        start=interval.start,
        values=reading.values,  # type: ignore[arg-type]  # only encoded, and every float is a float or null
        end=None if interval.end == interval.start else interval.end,
        seq=reading.seq,
        status=reading.status or None,
    )
