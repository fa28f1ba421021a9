"""Readings and frames to InfluxDB line protocol, pure.

Wide points: measurement = network; tags in sorted order; one field a parameter; the start of the interval as time in
nanoseconds UTC, so that lines of any origin may share a request. A value that is NaN or infinite is no value. Escaping
follows https://docs.influxdata.com/influxdb/v1/write_protocols/line_protocol_reference/#special-characters.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from math import inf
from typing import TYPE_CHECKING

import msgspec

from schemas.column import STATUS
from store.error import LineError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from schemas.reading import Reading

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KEY = str.maketrans({",": r"\,", "=": r"\=", " ": r"\ "})
_MEASUREMENT = str.maketrans({",": r"\,", " ": r"\ "})
_TEXT = str.maketrans({"\\": r"\\", '"': r"\""})
_ENCODER = msgspec.json.Encoder()
_NO_NUMBER = b"null"
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f]|\\$")


def escape_measurement(name: str) -> str:
    """Name of a measurement as line protocol writes it; raises `LineError` as `escape_key` does."""
    return _checked(name, "measurement").translate(_MEASUREMENT)


def escape_key(name: str) -> str:
    """Tag key, tag value or field key as line protocol writes it.

    Raises
    ------
    LineError
        Empty, a control character, or a backslash at the end: line protocol has no way to write these.
    """
    return _checked(name, "key or tag").translate(_KEY)


def quote_text(text: str) -> str:
    """Value of a string field, quoted; NUL bytes, which no reader expects, are left out."""
    return f'"{text.replace(chr(0), "").translate(_TEXT)}"'


@lru_cache(maxsize=65_536)
def series_key(measurement: str, tags: tuple[tuple[str, str], ...]) -> str:
    """Measurement and tags of a line; empty tag values are left out, as the protocol demands.

    Parameters
    ----------
    measurement : str
    tags : tuple of (key, value)
        In any order.
    """
    written = sorted((escape_key(key), escape_key(value)) for key, value in tags if value)
    return ",".join([escape_measurement(measurement), *(f"{key}={value}" for key, value in written)])


def to_nanoseconds(moment: datetime) -> int:
    """Nanoseconds since 1970 of an aware datetime, exact."""
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000_000 + since.microseconds * 1_000


def encode_reading(reading: Reading) -> bytes | None:
    """One reading as a line without a line break; None when it holds neither a finite value nor a status.

    Raises
    ------
    LineError
        A name that line protocol cannot carry.
    """
    fields = _fields(reading.values)
    if reading.status:
        # N is written only where it replaces another letter
        fields += [_field_bytes(name + STATUS) + quote_text(letter).encode() for name, letter in reading.status.items()]
    if not fields:
        return None
    key = _native_key(reading.network, reading.station_id, reading.instrument_id)
    return b"%b %b %d" % (key, b",".join(fields), to_nanoseconds(reading.interval.start))


def has_fields(reading: Reading) -> bool:
    """Whether anything of a reading is written: a finite value or a status."""
    return bool(reading.status) or any(-inf < value < inf for value in reading.values.values())


def encode_readings(readings: Sequence[Reading]) -> list[bytes]:
    """Lines of all readings that hold anything, in order; raises `LineError`."""
    lines = map(encode_reading, readings)
    return [line for line in lines if line is not None]


@lru_cache(maxsize=65_536)
def _field(name: str) -> str:
    return escape_key(name) + "="


@lru_cache(maxsize=65_536)
def _field_bytes(name: str) -> bytes:
    return _field(name).encode()


@lru_cache(maxsize=65_536)
def _native_key(network: str, station_id: str, instrument_id: str) -> bytes:
    return series_key(network, (("instrument", instrument_id), ("station", station_id))).encode()


def _fields(values: dict[str, float]) -> list[bytes]:
    """Fields in shortest digits that give each value back; NaN and the infinities are left out.

    A JSON object of numbers is written some ten times faster than by ``repr`` one by one, and its digits are line protocol's; where its
    names are too, only its signs are changed.
    """
    if not values:
        return []
    if set(map(type, values.values())) != {float}:  # whole numbers, or those of numpy
        values = {name: float(value) for name, value in values.items()}
    text = _ENCODER.encode(values)
    if _NO_NUMBER not in text and _are_plain(tuple(values)):
        return [text[2:-1].replace(b'":', b"=").replace(b',"', b",")]
    finite = ((name, value) for name, value in values.items() if -inf < value < inf)
    return [_field_bytes(name) + _ENCODER.encode(value) for name, value in finite]


@lru_cache(maxsize=65_536)
def _are_plain(names: tuple[str, ...]) -> bool:
    """Whether field keys are written in line protocol as in JSON, and leave its signs alone; raises `LineError`."""
    return all(_ENCODER.encode(name)[1:-1] + b"=" == _field_bytes(name) and not name.startswith(":") for name in names)


def _checked(name: str, what: str) -> str:
    if not name or _FORBIDDEN.search(name):
        msg = f"{what} {name!r}: expected text without control characters that does not end in a backslash"
        raise LineError(msg)
    return name
