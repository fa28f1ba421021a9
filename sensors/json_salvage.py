"""The sound part of a faulty JSON payload, and for the rest what was found where and what was expected.

The second way of `sensors.json_v1`: reads with the tolerant parser (`sensors.json_text`), so that ``NaN``, an endless number or a
string costs one value and not the message. Never raises, whatever the bytes are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from schemas.bounds import NUMBER_MAX, SEQ_MAX, bounded_interval, is_number
from schemas.moment import ISO_8601, BoundsError, parse_moment
from schemas.parameter import load_parameters
from schemas.reading import Decoded, Reading, Rejection, RejectReason, Status
from schemas.units import UnitError, conversion
from sensors.json_text import JsonError, JsonObject, clipped, read_json, shown

if TYPE_CHECKING:
    from datetime import datetime

    from schemas.interval import Interval
    from schemas.message import Topic

MAX_READINGS = 20_000
"""Readings in one array. The shortest one with a value takes 53 bytes, so 1 MiB cannot hold more; without the limit one
message of commas and ones would fill the quarantine with half a million entries."""
_EXACT_MAX = 2.0**53
"""Whole numbers up to here are exact as floats, in which programs write them, too."""
MAX_VALUES = 1_000
"""Values in one reading; the registry has fewer parameters."""

_KEYS = ("start", "end", "seq", "values", "units", "status", "station", "instrument")
_LETTERS = frozenset(Status)
_TWICE = "occurs twice with two values, expected one"


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
    """Readings of the payload, and whether they were in an array."""
    try:
        document = read_json(payload)
    except JsonError as error:
        raise _RefusedError(error.reason, str(error)) from error
    if not isinstance(document, list):
        return [document], False
    if len(document) > MAX_READINGS:
        detail = f"array of {len(document)} readings, expected at most {MAX_READINGS}"
        raise _RefusedError(RejectReason.BAD_SCHEMA, detail)
    return document, True


def _salvage_reading(item: object, place: str, topic: Topic, decoded: Decoded) -> None:
    fields = _object(item, place.rstrip(".") or "payload")
    for key in fields:
        if key not in _KEYS:
            raise _bad_schema(
                place=f"{place}{clipped(key)}", found="unknown key", expected=f"one of {', '.join(_KEYS)}"
            )
    for key in fields.twice:
        raise _bad_schema(place=f"{place}{key}", found="occurs twice with two values", expected="one")
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
    """The parts of a reading that its values are checked against."""

    place: str
    topic: Topic
    interval: Interval
    units: JsonObject
    status: JsonObject
    rejections: list[Rejection]

    def values(self, raw: JsonObject) -> tuple[dict[str, float], dict[str, str]]:
        """Sound values and status letters; for the others a rejection each, one a parameter.

        A status that explains a refused value is kept.
        """
        values: dict[str, float] = {}
        status: dict[str, str] = {}
        for code in {**raw, **self.units, **self.status}:
            try:
                letter = self._letter(code)
                if letter != Status.NORMAL:
                    status[code] = letter
                value = self._value(code, raw)
            except _RefusedError as refused:
                self.rejections.append(_rejection(refused, self.topic, clipped(code), self.interval))
                continue
            if value is not None:
                values[code] = value
        return values, status

    def _letter(self, code: str) -> str:
        if code not in load_parameters():
            detail = (
                f"{self.place}values.{clipped(code)}: unknown parameter {shown(code)}, expected a code of the registry"
            )
            raise _RefusedError(RejectReason.UNKNOWN_PARAMETER, detail)
        if code in self.status.twice:
            raise _RefusedError(RejectReason.BAD_STATUS, f"{self.place}status.{code}: {_TWICE}")
        raw = self.status.get(code, Status.NORMAL.value)
        letter = raw.upper() if isinstance(raw, str) else ""  # as in HJ 212
        if letter not in _LETTERS:
            detail = f"{self.place}status.{code}: {shown(raw)}, expected one of {' '.join(Status)}"
            raise _RefusedError(RejectReason.BAD_STATUS, detail)
        return letter

    def _value(self, code: str, values: JsonObject) -> float | None:
        if code in self.units.twice:
            raise _RefusedError(RejectReason.BAD_UNIT, f"{self.place}units.{code}: {_TWICE}")
        if code in values.twice:
            raise _RefusedError(RejectReason.BAD_VALUE, f"{self.place}values.{code}: {_TWICE}")
        raw = values.get(code)
        known = load_parameters()[code]
        unit = self.units.get(code, known.unit)
        try:
            if not isinstance(unit, str):
                raise UnitError  # noqa: TRY301 - one way out for every unit that cannot be used
            factor, offset = conversion(unit, known)
        except UnitError as error:
            detail = f"{self.place}units.{code}: {shown(unit)}, expected one of {', '.join(known.allowed_units)}"
            raise _RefusedError(RejectReason.BAD_UNIT, detail) from error
        if raw is None:
            return None
        if isinstance(raw, bool) or not isinstance(raw, int | float) or not math.isfinite(raw):
            raise self._bad_value(code, shown(raw), "a finite number or null")
        value = float(raw) * factor + offset if code in self.units else float(raw)
        if not is_number(value):
            expected = f"an amount of at most {NUMBER_MAX:g}" if math.isfinite(value) else "a finite number or null"
            raise self._bad_value(code, f"{shown(raw)} {unit}", expected)
        return value

    def _bad_value(self, code: str, found: str, expected: str) -> _RefusedError:
        return _RefusedError(RejectReason.BAD_VALUE, f"{self.place}values.{code}: {found}, expected {expected}")


def _check_topic(fields: dict[str, object], place: str, topic: Topic) -> None:
    for key, expected in (("station", topic.station_id), ("instrument", topic.instrument_id)):
        named = fields.get(key)
        if named is not None and not isinstance(named, str):
            raise _bad_schema(place=f"{place}{key}", found=shown(named), expected="a string")
        if named is not None and named != expected:
            detail = f"{place}{key}: {shown(named)}, but the topic says {expected!r}"
            raise _RefusedError(RejectReason.TOPIC_MISMATCH, detail)


def _interval(fields: dict[str, object], place: str) -> Interval:
    start = _moment(fields.get("start"), f"{place}start")
    end = start if fields.get("end") is None else _moment(fields["end"], f"{place}end")
    try:
        return bounded_interval(start, end)
    except BoundsError as error:
        raise _bad_schema(place=f"{place}end", found=error.found, expected=error.expected) from error


def _moment(raw: object, place: str) -> datetime:
    if not isinstance(raw, str):
        raise _bad_schema(place=place, found="absent" if raw is None else shown(raw), expected=ISO_8601)
    try:
        return parse_moment(raw)
    except BoundsError as error:
        raise _bad_schema(place=place, found=error.found, expected=error.expected) from error


def _seq(raw: object, place: str) -> int | None:
    if raw is None:
        return None
    number = int(raw) if isinstance(raw, float) and raw.is_integer() and abs(raw) <= _EXACT_MAX else raw
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= SEQ_MAX:
        expected = f"at most {SEQ_MAX}" if isinstance(raw, int) and raw > 0 else "a whole number of at least 0"
        raise _bad_schema(place=f"{place}seq", found=shown(raw), expected=expected)
    return number


def _or_empty(raw: object) -> object:
    return JsonObject() if raw is None else raw


def _object(raw: object, place: str) -> JsonObject:
    if not isinstance(raw, JsonObject):
        raise _bad_schema(place=place, found=shown(raw), expected="an object")
    if len(raw) > MAX_VALUES:
        raise _bad_schema(place=place, found=f"{len(raw)} keys", expected=f"at most {MAX_VALUES}")
    return raw


def _bad_schema(*, place: str, found: str, expected: str) -> _RefusedError:
    return _RefusedError(RejectReason.BAD_SCHEMA, f"{place}: {found}, expected {expected}")


def _rejection(
    refused: _RefusedError, topic: Topic, parameter: str | None = None, interval: Interval | None = None
) -> Rejection:
    return Rejection(refused.reason, refused.detail, topic.station_id, topic.instrument_id, parameter, interval)
