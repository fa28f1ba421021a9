"""The kinds of messages that no station should send (`bench.crash.poison`): payload and expected outcome of each."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bench.crash.fault import DEADLY, FAULTS, MARKED
from bench.ingest.field import CODES, DEVICE_PASSWORD, START
from schemas.message import MAX_PAYLOAD_BYTES
from sensors.hj212.frame import Frame, encode_frame

if TYPE_CHECKING:
    from collections.abc import Callable

DEVICE = "poison-hj"
"""Station of the frames, in every scenario."""
CONFLICT_START = START - timedelta(days=700)
"""Start of a span in which `CODES[0]` is a text field in the database."""
REFUSALS = 300
"""Most messages of a scenario that only the database refuses: each costs it further requests."""
_MINUTE = timedelta(minutes=1)
_FIRST, _SECOND = CODES[:2]
_LOCAL = timedelta(hours=8)


@dataclass(frozen=True)
class Kind:
    """One kind of poison.

    Attributes
    ----------
    name : str
    topic : str
        With ``{name}`` for the scenario, or the last levels of the topic of any station (``own``).
    payload : callable
        From a number that no other message has.
    reason : str
        Of the entry; empty: none.
    parameter : str or None
        Of the entry.
    stored : str
        What is stored: the number as this parameter of its minute; empty: nothing.
    second : float or None
        Stored as `CODES[1]` as well.
    most : int
        How many at most in one scenario, where one costs much.
    """

    name: str
    topic: str
    payload: Callable[[int], bytes]
    reason: str = ""
    parameter: str | None = None
    stored: str = ""
    second: float | None = None
    most: int = 1_000_000


def moment(number: int) -> datetime:
    """Minute of message ``number``: before those of the sound load."""
    return START - timedelta(days=40) + number * _MINUTE


def _body(number: int, *, values: object = None, start: object = None, **others: object) -> bytes:
    made = {"start": start or moment(number).isoformat(), "values": {_FIRST: number} if values is None else values}
    return json.dumps(made | others).encode()


def _second_value(text: str, key: str = _SECOND) -> Callable[[int], bytes]:
    """A sound value and a second one, written into the payload as ``text``."""

    def payload(number: int) -> bytes:
        start = moment(number).isoformat()
        return f'{{"start": "{start}", "values": {{"{_FIRST}": {number}, "{key}": {text}}}}}'.encode()

    return payload


def _frame(number: int, content: str | None = None, **header: str) -> bytes:
    stamp = (moment(number) + _LOCAL).strftime("%Y%m%d%H%M%S")
    names = {
        "QN": f"{stamp}{number % 1000:03}",
        "ST": "22",
        "CN": "2051",
        "PW": DEVICE_PASSWORD,
        "MN": DEVICE.upper(),
        "Flag": "4",
    } | header
    return encode_frame(Frame(names, (content or f"DataTime={stamp};a21026-Avg={number}").encode()))


def _timed(number: int, fields: str) -> bytes:
    stamp = (moment(number) + _LOCAL).strftime("%Y%m%d%H%M%S")
    return _frame(number, f"DataTime={stamp};{fields.format(number)}")


def _array(number: int) -> bytes:
    return b"[" + b",".join([b"%d" % number] * 20_001) + b"]"


def _text(template: str) -> Callable[[int], bytes]:
    return lambda number: template.replace("@", str(number)).encode("utf-8", "surrogatepass")


UNREADABLE = [
    Kind("half an object", "own", _text(f'{{"start": "2026-01-01T00:00:00Z", "values": {{"{_FIRST}": @'), "not_json"),
    Kind("plain text", "own", _text("sensor fault @"), "not_json"),
    Kind("a page of a proxy", "own", _text("<html><title>502</title>@</html>"), "not_json"),
    Kind("a line of CSV", "own", _text("2026-01-01 00:00,0.61,1.9,@\r\n"), "not_json"),
    Kind("several lines of CSV", "own", _text("time,benzene\r\n2026-01-01 00:00,@\r\n2026-01-01 01:00,@\r\n"), "not_json"),
    Kind("two objects, glued", "own", lambda number: 2 * _body(number), "not_json"),
    Kind("NDJSON", "own", lambda number: b"\n".join(2 * [_body(number)]), "not_json"),
    Kind("blanks", "own", lambda number: b" " * (1 + number), "not_json"),
    Kind("nested 50,000 deep", "own", lambda number: b"[" * 50_000 + b"%d" % number, "not_json", most=20),
    Kind("objects nested 50,000 deep", "own", lambda number: b'{"a":' * 50_000 + b"%d" % number, "not_json", most=20),
    Kind("NUL inside", "own", _text('{"start": "2026-01-01T00:00:00Z", \0"values": {"@": 1}}'), "not_json"),
    Kind("a frame of HJ 212 as JSON", "own", lambda number: _frame(number, MN="X"), "not_json"),
    Kind("invalid UTF-8", "own", lambda number: b'{"start": "\xc3\x28 %d"}' % number, "bad_utf8"),
    Kind("encoded surrogate", "own", _text('{"start": "\ud800 @"}'), "bad_utf8"),
    Kind("GBK", "own", lambda number: f'{{"start": "时间 {number}"}}'.encode("gbk"), "bad_utf8"),
    Kind("UTF-16", "own", lambda number: _body(number).decode().encode("utf-16"), "bad_utf8"),
    Kind("compressed", "own", lambda number: b"\x1f\x8b" + zlib.compress(b"%d" % number) + b"\xff", "bad_utf8"),
    Kind("more than 1 MiB", "own", lambda number: b"%d" % number + b" " * MAX_PAYLOAD_BYTES, "too_large", most=3),
    Kind("a bare number", "own", _text("@"), "bad_schema"),
    Kind("null in an array", "own", _text("[null]"), "bad_schema", most=1),
    Kind("20,001 readings", "own", _array, "bad_schema", most=10),
    Kind("values are a list", "own", lambda number: _body(number, values=[number]), "bad_schema"),
    Kind("values absent", "own", _text('{"start": "2026-01-01T00:00:00Z", "seq": @}'), "bad_schema"),
    Kind("time is a number", "own", lambda number: _body(number, start=1e9 + number), "bad_schema"),
    Kind("time is 1e999", "own", _text('{"start": 1e999, "values": {"benzene": @}}'), "bad_schema"),
    Kind("seq is a text", "own", lambda number: _body(number, seq=str(number)), "bad_schema"),
    Kind("seq beyond 64 bits", "own", lambda number: _body(number, seq=10**30 + number), "bad_schema"),
    Kind("seq of 400 digits", "own", _text('{"start": "2026-01-01T00:00:00Z", "values": {}, "seq": 1@' + 400 * "0" + "}"), "bad_schema"),
    Kind("unknown key", "own", lambda number: _body(number, unit={}), "bad_schema"),
    Kind("status is a list", "own", lambda number: _body(number, status=[]), "bad_schema"),
    Kind("another station", "own", lambda number: _body(number, station="another"), "topic_mismatch"),
    *(
        Kind(f"start {start}", "own", lambda number, start=start: _body(number, start=start), "bad_schema")  # type: ignore[misc]
        for start in (
            "2026-01-01T00:00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999-12:00", "10000-01-01T00:00:00Z",
            "2026-02-30T00:00:00Z", "1677-09-21T00:12:43Z", "2262-04-11T23:47:17Z", "2026-06-30T23:59:60Z", "-0001-01-01T00:00:00Z",
        )
    ),
]  # fmt: skip
"""Kinds that cost a whole message, from any station."""

_JSON = "obs/v1/voc/bad-{name}/gc1/json"
_HJ212 = f"obs/v1/gas/{DEVICE}/gas1/hj212"
_DIGITS = 400 * "7"
BY_VALUE = [
    *(
        Kind(f"value {text[:12]}", _JSON, _second_value(text), "bad_value", _SECOND, _FIRST)
        for text in ("NaN", "Infinity", "-Infinity", "1e999", "-1e999", _DIGITS, "1e300", "true", '"12.5"', "[1]", "{}", '"\\ud800"')
    ),
    Kind("0.777... of 400 digits", _JSON, _second_value("0." + _DIGITS), stored=_FIRST, second=7 / 9),
    Kind("numbers as of printf", _JSON, _second_value("+007."), stored=_FIRST, second=7.0),
    Kind("unknown parameter", _JSON, _second_value("1", "benzin"), "unknown_parameter", "benzin", _FIRST),
    Kind("no channel", _JSON, _second_value("1", "pm25"), "unknown_parameter", "pm25", _FIRST),
    Kind("surrogate in a key", _JSON, _second_value("1", "\\ud800"), "unknown_parameter", "\\ud800", _FIRST),
    Kind("NUL in a key", _JSON, _second_value("1", "\\u0000"), "unknown_parameter", "\\x00", _FIRST),
    Kind("key of 10,000 letters", _JSON, _second_value("1", "k" * 10_000), "unknown_parameter", "k" * 80, _FIRST),
    Kind("unknown unit", _JSON, lambda number: _body(number, values={_FIRST: number, _SECOND: 1}, units={_SECOND: "mol/m2"}), "bad_unit", _SECOND, _FIRST),
    Kind("unknown status", _JSON, lambda number: _body(number, values={_FIRST: number, _SECOND: 1}, status={_SECOND: "X"}), "bad_status", _SECOND, _FIRST),
    Kind("year 2100", _JSON, lambda number: _body(number, start=(datetime(2100, 1, 1, tzinfo=UTC) + number * _MINUTE).isoformat()), "time_future"),
    Kind("beyond the late window", "obs/v1/voc/old-{name}/gc1/json", _body, "time_late"),
    Kind("a day ahead", "obs/v1/voc/old-{name}/gc1/json", lambda number: _body(number, start=(datetime.now(UTC) + timedelta(days=1, seconds=number)).isoformat()), "time_future"),
    Kind("text field in the database", _JSON, lambda number: _body(number, start=(CONFLICT_START + timedelta(seconds=number)).isoformat()), "refused_by_store", most=REFUSALS),
]  # fmt: skip

BY_TOPIC = [
    Kind("unknown station", "obs/v1/voc/absent-{name}/gc1/json", _body, "unknown_station"),
    Kind("unknown instrument", "obs/v1/voc/bad-{name}/gc9/json", _body, "unknown_instrument"),
    Kind("unknown network", "obs/v1/nix/bad-{name}/gc1/json", _body, "unknown_network"),
    Kind("network of another", "obs/v1/gas/bad-{name}/gc1/json", _body, "topic_mismatch"),
    Kind("unknown format", "obs/v1/voc/bad-{name}/gc1/xml", _body, "bad_schema"),
    Kind("capital station", "obs/v1/voc/BAD-{name}/gc1/json", _body, "unknown_station"),
    Kind("level missing", "obs/v1/voc/bad-{name}/json", _body, "topic_mismatch"),
    Kind("level too many", "obs/v1/voc/bad-{name}/gc1/json/more", _body, "topic_mismatch"),
    Kind("empty levels", "obs/v1/voc//bad-{name}/json", _body, "unknown_station"),
    Kind("calibration, no JSON", "cal/v1/voc/bad-{name}/gc1", _text("span @"), "not_json"),
    Kind("calibration, wrong types", "cal/v1/voc/bad-{name}/gc1", _text('{"at": @}'), "bad_schema"),
]  # fmt: skip

BY_FRAME = [
    Kind("frame cut short", _HJ212, lambda number: _frame(number)[:-30], "bad_frame"),
    Kind("frame of a wrong sum", _HJ212, lambda number: _frame(number)[:-4] + b"ZZZZ", "bad_frame"),
    Kind("frame of a wrong length", _HJ212, lambda number: _frame(number).replace(b"##0", b"##9", 1), "bad_frame"),
    Kind("NUL in a frame", _HJ212, lambda number: _timed(number, "a21026-Avg={}\0"), "bad_frame"),
    Kind("first of two packets alone", _HJ212, lambda number: _frame(number, PNUM="2", PNO="1"), "bad_frame"),
    Kind("JSON as HJ 212", _HJ212, _body, "bad_frame"),
    Kind("device of another", _HJ212, lambda number: _frame(number, MN="ANOTHER"), "topic_mismatch"),
    *(
        Kind(f"DataTime {text}", _HJ212, lambda number, text=text: _frame(number, f"DataTime={text};a21026-Avg={number}"), "bad_schema")  # type: ignore[misc]
        for text in ("20260230080000", "20261301080000", "99991231235959", "00010101000000", "99999999999999", "2026", "")
    ),
    Kind("value NaN in a frame", _HJ212, lambda number: _timed(number, "a21026-Avg=NaN;x={}x"), "bad_value", "a21026"),
    Kind("value 1e999 in a frame", _HJ212, lambda number: _timed(number, "a21026-Avg=1e999;x={}x"), "bad_value", "a21026"),
    Kind("value of 400 digits in a frame", _HJ212, lambda number: _timed(number, f"a21026-Avg={_DIGITS};x={{}}x"), "bad_value", "a21026"),
    Kind("unknown factor", _HJ212, lambda number: _timed(number, "a21026-Avg={};a99999-Avg=1"), "unknown_parameter", "a99999", "so2"),
    Kind("status of no edition", _HJ212, lambda number: _timed(number, "a21026-Avg={},a21026-Flag=@"), "bad_status", "a21026"),
    Kind("blanks around a frame", _HJ212, lambda number: b"\r\n " + _frame(number) + b"\r\n\0", stored="so2"),
]  # fmt: skip

BY_FAULT = [
    Kind(f"our own code raises: {fault.step}", _JSON, lambda number, fault=fault: _body(number, values={_FIRST: number, fault.parameter: fault.value}), "internal_error", stored=_FIRST if fault.step == "record" else "", most=20)  # type: ignore[misc]
    for fault in FAULTS
]  # fmt: skip
"""See `bench.crash.fault`."""
KILLER = Kind(
    "our own process dies",
    _JSON,
    lambda number: _body(number, values={_FIRST: number, MARKED: DEADLY}),
    "internal_error",
)
"""Has a scenario of its own: the process dies several times before the message is known as the cause."""
FROM_THEIR_OWN = (*BY_VALUE, *BY_TOPIC, *BY_FRAME, *BY_FAULT)
