"""What is sound in a JSON payload of which not everything is, and for the rest: what stood where, and what was expected.

The second way of `sensors.json_v1`: reads with the tolerant parser of the standard library, so that ``NaN``, an endless
number or a string costs one value and not the message. Never raises, whatever the bytes are.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from schemas.interval import Interval
from schemas.parameter import load_parameters
from schemas.reading import Decoded, Reading, Rejection, RejectReason, Status
from schemas.units import UnitError, convert

if TYPE_CHECKING:
    from schemas.message import Topic

MAX_READINGS = 20_000
"""Readings in one array. The shortest one with a value takes 53 bytes, so 1 MiB cannot hold more; without the limit one
message of commas and ones would fill the quarantine with half a million entries."""
MAX_SEQ = 2**63 - 1
MAX_VALUES = 1_000
"""Values in one reading; the registry has fewer parameters."""

_KEYS = ("start", "end", "seq", "values", "units", "status", "station", "instrument")
_LETTERS = frozenset(Status)
_SHOWN_CHARACTERS = 80
_INTEGER_DIGITS = 19


class _RefusedError(Exception):
    """A reading that cannot be used at all; carries its rejection."""

    def __init__(self, reason: RejectReason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def salvage(payload: bytes, topic: Topic) -> Decoded:
    """Decode value by value.

    Parameters
    ----------
    payload : bytes
        At most 1 MiB; anything.
    topic : Topic

    Returns
    -------
    Decoded
        Sound readings, and a rejection for everything else.
    """
    try:
        items, is_array = _items(payload)
    except _RefusedError as refused:
        return Decoded([], [_rejection(refused, topic)])
    decoded = Decoded([], [])
    for position, item in enumerate(items):
        place = f"[{position}]." if is_array else ""
        try:
            _salvage_reading(item, place, topic, decoded)
        except _RefusedError as refused:
            decoded.rejections.append(_rejection(refused, topic))
    return decoded


def _items(payload: bytes) -> tuple[list[object], bool]:
    """Parse the payload into its readings, and say whether they stood in an array."""
    try:
        text = payload.decode("utf-8")
    except UnicodeDecodeError as error:
        detail = f"byte {error.start} is {payload[error.start]:#04x}: {error.reason}, expected UTF-8"
        raise _RefusedError(RejectReason.BAD_UTF8, detail) from error
    try:
        document = json.loads(text, parse_int=_integer)
    except ValueError as error:
        raise _RefusedError(RejectReason.NOT_JSON, f"{error}; expected JSON, found {_shown(text)}") from error
    except RecursionError as error:
        raise _RefusedError(
            RejectReason.NOT_JSON, "nested deeper than can be read, expected objects in one array"
        ) from error
    if not isinstance(document, list):
        return [document], False
    if len(document) > MAX_READINGS:
        detail = f"array of {len(document)} readings, expected at most {MAX_READINGS}"
        raise _RefusedError(RejectReason.BAD_SCHEMA, detail)
    return document, True


def _integer(digits: str) -> int | float:
    # int() refuses more than 4,300 digits and takes quadratic time below; a float takes neither.
    return int(digits) if len(digits) <= _INTEGER_DIGITS else float(digits)


def _salvage_reading(item: object, place: str, topic: Topic, decoded: Decoded) -> None:
    fields = _object(item, place.rstrip(".") or "payload")
    for key in fields:
        if key not in _KEYS:
            raise _bad_schema(
                place=f"{place}{_clipped(key)}", found="unknown key", expected=f"one of {', '.join(_KEYS)}"
            )
    _check_topic(fields, place, topic)
    interval = _interval(fields, place)
    seq = _seq(fields.get("seq"), place)
    raw = _Raw(
        place=place,
        topic=topic,
        interval=interval,
        units=_object(_or_empty(fields.get("units")), f"{place}units"),
        status=_object(_or_empty(fields.get("status")), f"{place}status"),
        rejections=decoded.rejections,
    )
    refused_before = len(decoded.rejections)
    if "values" not in fields:
        raise _bad_schema(place=f"{place}values", found="absent", expected="an object of numbers by parameter code")
    values, status = raw.values(_object(fields["values"], f"{place}values"))
    if values or status or len(decoded.rejections) == refused_before:
        decoded.readings.append(
            Reading(topic.network, topic.station_id, topic.instrument_id, interval, values, status, seq)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Raw:
    """The parts of a reading that its values are judged with."""

    place: str
    topic: Topic
    interval: Interval
    units: dict[str, object]
    status: dict[str, object]
    rejections: list[Rejection]

    def values(self, raw: dict[str, object]) -> tuple[dict[str, float], dict[str, str]]:
        """Sound values and status letters; for the others a rejection each, one a parameter."""
        values: dict[str, float] = {}
        status: dict[str, str] = {}
        for code in {**raw, **self.units, **self.status}:
            try:
                letter = self._letter(code)
                value = self._value(code, raw.get(code))
            except _RefusedError as refused:
                self.rejections.append(_rejection(refused, self.topic, _clipped(code), self.interval))
                continue
            if value is not None:
                values[code] = value
            if letter != Status.NORMAL:
                status[code] = letter
        return values, status

    def _letter(self, code: str) -> str:
        if code not in load_parameters():
            detail = f"{self.place}values.{_clipped(code)}: unknown parameter {_shown(code)}, expected a code of the registry"
            raise _RefusedError(RejectReason.UNKNOWN_PARAMETER, detail)
        letter = self.status.get(code, Status.NORMAL.value)
        if not isinstance(letter, str) or letter not in _LETTERS:
            detail = f"{self.place}status.{code}: {_shown(letter)}, expected one of {' '.join(Status)}"
            raise _RefusedError(RejectReason.BAD_STATUS, detail)
        return letter

    def _value(self, code: str, raw: object) -> float | None:
        known = load_parameters()[code]
        unit = self.units.get(code, known.unit)
        try:
            if not isinstance(unit, str):
                raise UnitError  # noqa: TRY301 - one way out for every unit that cannot be used
            convert(1.0, unit, known)
        except UnitError as error:
            detail = f"{self.place}units.{code}: {_shown(unit)}, expected one of {', '.join(known.allowed_units)}"
            raise _RefusedError(RejectReason.BAD_UNIT, detail) from error
        if raw is None:
            return None
        if isinstance(raw, bool) or not isinstance(raw, int | float) or not math.isfinite(raw):
            raise self._bad_value(code, _shown(raw))
        value = convert(float(raw), unit, known)
        if not math.isfinite(value):
            raise self._bad_value(code, f"{_shown(raw)} {unit}")
        return value

    def _bad_value(self, code: str, shown: str) -> _RefusedError:
        return _RefusedError(
            RejectReason.BAD_VALUE, f"{self.place}values.{code}: {shown}, expected a finite number or null"
        )


def _check_topic(fields: dict[str, object], place: str, topic: Topic) -> None:
    for key, expected in (("station", topic.station_id), ("instrument", topic.instrument_id)):
        named = fields.get(key)
        if named is not None and not isinstance(named, str):
            raise _bad_schema(place=f"{place}{key}", found=_shown(named), expected="a string")
        if named is not None and named != expected:
            detail = f"{place}{key}: {_shown(named)}, but the topic says {expected!r}"
            raise _RefusedError(RejectReason.TOPIC_MISMATCH, detail)


def _interval(fields: dict[str, object], place: str) -> Interval:
    start = _moment(fields.get("start"), f"{place}start")
    end = start if fields.get("end") is None else _moment(fields["end"], f"{place}end")
    if end < start:
        raise _bad_schema(
            place=f"{place}end", found=end.isoformat(), expected=f"not before the start {start.isoformat()}"
        )
    return Interval(start, end)


def _moment(raw: object, place: str) -> datetime:
    expected = "ISO 8601 with a zone, as 2026-11-22T08:00:00+08:00"
    if not isinstance(raw, str):
        raise _bad_schema(place=place, found="absent" if raw is None else _shown(raw), expected=expected)
    try:
        moment = datetime.fromisoformat(raw)
        if moment.tzinfo is None:
            raise _bad_schema(place=place, found=f"{_shown(raw)} has no zone", expected=expected)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise _bad_schema(place=place, found=_shown(raw), expected=expected) from error


def _seq(raw: object, place: str) -> int | None:
    if raw is None:
        return None
    if isinstance(raw, bool) or not isinstance(raw, int) or not 0 <= raw <= MAX_SEQ:
        raise _bad_schema(place=f"{place}seq", found=_shown(raw), expected="a whole number of at least 0")
    return raw


def _or_empty(raw: object) -> object:
    return {} if raw is None else raw


def _object(raw: object, place: str) -> dict[str, object]:
    if not isinstance(raw, dict):
        raise _bad_schema(place=place, found=_shown(raw), expected="an object")
    if len(raw) > MAX_VALUES:
        raise _bad_schema(place=place, found=f"{len(raw)} keys", expected=f"at most {MAX_VALUES}")
    return cast("dict[str, object]", raw)


def _bad_schema(*, place: str, found: str, expected: str) -> _RefusedError:
    return _RefusedError(RejectReason.BAD_SCHEMA, f"{place}: {found}, expected {expected}")


def _rejection(
    refused: _RefusedError, topic: Topic, parameter: str | None = None, interval: Interval | None = None
) -> Rejection:
    return Rejection(refused.reason, refused.detail, topic.station_id, topic.instrument_id, parameter, interval)


def _shown(raw: object) -> str:
    """Form for a person: short, printable, on one line, in JSON's words."""
    if isinstance(raw, dict | list):
        return "an object" if isinstance(raw, dict) else "an array"
    if raw is None or isinstance(raw, bool):
        return json.dumps(raw)
    if isinstance(raw, float) and not math.isfinite(raw):
        return "NaN" if math.isnan(raw) else "a number beyond all bounds"
    text = repr(raw[: 2 * _SHOWN_CHARACTERS] if isinstance(raw, str) else raw)
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "..."


def _clipped(code: str) -> str:
    """Foreign parameter code that any store can keep: no surrogates, no control characters, at most 80 characters."""
    text = code[:_SHOWN_CHARACTERS]
    return text if text.isprintable() else repr(text)[1:-1][:_SHOWN_CHARACTERS]
