"""Targets of the fuzzer: what reads bytes from the network, and what must hold for any input.

Each target takes any bytes and raises where a promise is broken: a decoder that raises, a value that is not finite, a frame that is
not written as it was read, a frame of an unknown device that is kept. No target needs the fuzzer, so tests run them over known inputs.
"""

from __future__ import annotations

import asyncio
import math
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from ingest.completeness.station import Answerer
from ingest.gateway.connection import Connection, Hub
from ingest.gateway.device import acceptance_of, devices_of
from ingest.gateway.history import content_of
from ingest.gateway.metrics import GatewayMetrics
from ingest.gateway.request import RequestBook
from ingest.process.error import StationCommandError
from ingest.process.settings import Broker
from schemas.message import RawMessage, Topic
from schemas.network.file import parse_network
from sensors import json_v1
from sensors.hj212.command import READINGS, answer_to, end_of
from sensors.hj212.content import encode_content, parse_content
from sensors.hj212.crc import crc16
from sensors.hj212.decoder import decode
from sensors.hj212.frame import STRICT, TOLERANT, BadFrameError, Frame, _decode_carefully, decode_frame, encode_frame
from sensors.hj212.framer import Framer
from sensors.json_salvage import salvage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from schemas.reading import Decoded

RECEIVED_AT = datetime(2026, 11, 22, 1, tzinfo=UTC)
CUT = b"\xff\xfe"
"""Between the pieces of a stream; neither byte is part of UTF-8."""
MN = "LN21010000000001"
PASSWORD = "123456"
_NETWORK = parse_network(
    f"""
zone = "Asia/Shanghai"
[[station]]
id = "s"
[[station.instrument]]
id = "i"
network = "gas"
cadence_s = 300
parameters = ["so2", "no2", "pm25"]
[station.instrument.hj212]
mn = "{MN}"
password = "{PASSWORD}"
cn = 2051
minute_interval = 5
ignore = ["LA"]
[station.instrument.hj212.factors]
a21026 = {{ parameter = "so2", unit = "ug/m3" }}
a21004 = {{ parameter = "no2", unit = "ppb" }}
[[station.instrument]]
id = "m"
network = "met"
cadence_s = 300
parameters = ["temperature", "pressure"]
[station.instrument.hj212]
mn = "{MN}"
password = "{PASSWORD}"
cn = 2061
[[station.instrument]]
id = "t"
network = "ghg"
cadence_s = 60
parameters = ["co2"]
[station.instrument.hj212]
mn = "GHG1"
cn = 2011
tolerant_crc = true
factors = {{ a05001 = {{ parameter = "co2", unit = "ppm" }} }}
""",
    "fuzz.toml",
)
_TOPICS = tuple(Topic(code, "s", name, "hj212") for code, name in (("gas", "i"), ("met", "m"), ("ghg", "t")))
_DEVICES = devices_of(_NETWORK)
_METRICS = GatewayMetrics()
_ANSWERER = Answerer(Broker(), "fuzz", network_of=lambda *_: None, buffer=lambda _: ())
_UNREAD_MAX = 10_100  # a frame of four digits, its mark and its sum, and one piece


class BrokenPromiseError(AssertionError):
    """What a target promises does not hold."""


def frame_around(segment: bytes) -> bytes:
    """A frame with the right length and sum, which no fuzzer would guess."""
    segment = segment[: STRICT.segment_max]
    return b"##%04d%s%04X" % (len(segment), segment, crc16(segment))


def framer(data: bytes) -> None:
    """Any stream in any pieces: memory is bounded, sound frames are written as read, a frame behind the noise is found."""
    framer_ = Framer(TOLERANT if data[:1] > b"\x7f" else STRICT)
    found = []
    for piece in data[1:].split(CUT):
        found += framer_.feed(piece)
        held = len(framer_._buffer)  # noqa: SLF001 - what a station could fill
        _hold(held < _UNREAD_MAX + len(piece), "the buffer grows without bound")
    found += framer_.feed(b"\r\n" + _KNOWN)
    found += framer_.end()
    _hold(not framer_.is_inside, "something is left after the end")
    for item in found:
        _hold((item.frame is None) is (item.error is not None), "neither sound nor unsound")
        if item.frame is not None:
            _hold(encode_frame(item.frame) == item.raw, "a frame is not written as it was read")
    _hold(any(item.raw == _KNOWN for item in found), "a sound frame on a line of its own was swallowed")


def frame(data: bytes) -> None:
    """One frame, sound or not: the two ways through the decoder agree, and writing gives the same bytes."""
    for raw in (data, frame_around(data)):
        for acceptance in (STRICT, TOLERANT):
            fast, careful = _outcome(decode_frame, raw, acceptance), _outcome(_decode_carefully, raw, acceptance)
            _hold(fast == careful, f"fast {fast}, careful {careful}")
            if isinstance(fast, Frame):
                _hold(encode_frame(fast) == raw.removesuffix(b"\r\n"), "a frame is not written as it was read")


def content(data: bytes) -> None:
    """The content between ``&&``: refused by the one error, or written as it was read."""
    try:
        fields = parse_content(data)
    except BadFrameError:
        return
    _hold(encode_content(fields) == data, "a content is not written as it was read")


def hj212(data: bytes) -> None:
    """The wire format ``hj212``, as any payload and as contents with the right sum around them."""
    number = data[0] if data else 0
    topic = _TOPICS[number % len(_TOPICS)]
    rest = data[1:]
    cn = (b"2051", b"2061", b"2011", b"9011")[number // 4 % 4]
    mn = b"GHG1" if topic.instrument_id == "t" else MN.encode()
    head = b"QN=20261122085500000;ST=22;CN=%s;PW=123456;MN=%s;Flag=5;" % (cn, mn)
    whole = frame_around(head + b"CP=&&" + rest[:900] + b"&&")
    for payload in (rest, frame_around(rest), whole, b"\r\n".join(frame_around(piece) for piece in rest.split(CUT))):
        _check(decode(RawMessage(str(topic), payload, RECEIVED_AT), topic, _NETWORK))


def command(data: bytes) -> None:
    """Answers to frames, results of requests, and the collector's requests to stations."""
    try:
        sound = decode_frame(frame_around(data), TOLERANT)
    except BadFrameError:
        sound = None
    if sound is not None:
        answer = answer_to(sound)
        if answer is not None:
            _hold(decode_frame(encode_frame(answer), TOLERANT).qn == sound.qn, "an answer to another request")
        for cn in ("9011", "9012"):
            RequestBook(_DEVICES, _METRICS).receive(msgspec.structs.replace(sound, header={**sound.header, "CN": cn}))
        if sound.cn in READINGS:
            _hold(end_of(sound.cn, RECEIVED_AT, 5) >= RECEIVED_AT, "an interval ends before it begins")
    _ANSWERER._on_command("s", "i", data)  # noqa: SLF001 - what the broker calls
    while not _ANSWERER._waiting.empty():  # noqa: SLF001
        asked = _ANSWERER._waiting.get()  # noqa: SLF001
        if asked is not None:
            with suppress(StationCommandError):  # of the years 1 and 9999
                content_of(asked.span, _NETWORK.timezone)


def gateway(data: bytes) -> None:
    """A connection to the gateway, from the first byte to the answers; only frames of known devices are kept."""
    asyncio.run(_connect(data))


def json(data: bytes) -> None:
    """The JSON wire format; its fast and its careful way agree."""
    topic = Topic("gas", "s", "i", json_v1.FORMAT)
    found = json_v1.decode(RawMessage(str(topic), data, RECEIVED_AT), topic)
    _check(found)
    if not found.rejections and found.readings:
        _hold(salvage(data, topic) == found, "the careful way reads something else")
        _hold(
            json_v1.decode(RawMessage("", json_v1.encode_readings(found.readings), RECEIVED_AT), topic) == found, "lost"
        )


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    target.__name__: target for target in (framer, frame, content, hj212, command, gateway, json)
}
"""By name; the first byte of an input chooses by its place."""


def run(data: bytes) -> None:
    """Give an input to the target that its first byte chooses."""
    if data:
        list(TARGETS.values())[data[0] % len(TARGETS)](data[1:])


def tagged(name: str, data: bytes) -> bytes:
    """An input for `run` that reaches a target."""
    return bytes([list(TARGETS).index(name)]) + data


class _Wire(asyncio.Transport):
    """Remembers what was written."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self._is_closing = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return self._is_closing

    def close(self) -> None:
        self._is_closing = True

    abort = close


class _BufferWriter:
    """Keeps in memory, and answers at once."""

    def __init__(self) -> None:
        self.kept: list[RawMessage] = []

    def put(self, message: RawMessage, kept: Callable[[], None]) -> None:
        self.kept.append(message)
        kept()


async def _connect(data: bytes) -> None:
    buffer_writer, wire = _BufferWriter(), _Wire()
    hub = Hub(
        devices=_DEVICES,
        acceptance=acceptance_of(_DEVICES),
        buffer_writer=buffer_writer,  # type: ignore[arg-type]  # all of it that a connection uses
        requests=RequestBook(_DEVICES, _METRICS),
        metrics=_METRICS,
        connections_max=2,
    )
    connection = Connection(hub)
    connection.connection_made(wire)
    for piece in data.split(CUT):
        whole = piece[:1] == b"Q" or piece[:1] == b"S"
        connection.data_received(frame_around(piece) + b"\r\n" if whole else piece)
    connection.connection_lost(None)
    _hold(not hub.connections, "a connection is not forgotten")
    for raw in wire.written:
        answer = decode_frame(raw, TOLERANT)
        _hold(answer.header["ST"] == "91", "an answer that is none")
    for message in buffer_writer.kept:
        kept = decode_frame(message.payload, TOLERANT)
        device = _DEVICES[kept.mn]
        _hold(bool(device.password) and kept.header["PW"] == device.password, "a frame of an unknown device was kept")


def _check(found: Decoded) -> None:
    for reading in found.readings:
        _hold(all(math.isfinite(value) for value in reading.values.values()), "a value is not finite")
        _hold(reading.interval.start <= reading.interval.end, "an interval ends before it begins")
    for rejection in found.rejections:
        _hold(rejection.detail.isprintable(), f"words that cannot be shown: {rejection.detail!r}")


def _outcome(decoder: Callable[..., Frame], *given: object) -> Frame | str:
    try:
        return decoder(*given)
    except BadFrameError as error:
        return str(error.rule)


def _hold(is_kept: bool, words: str) -> None:  # noqa: FBT001 - a condition and its words, as in an assertion
    if not is_kept:
        raise BrokenPromiseError(words)


_KNOWN = frame_around(f"ST=22;CN=2051;PW={PASSWORD};MN={MN};CP=&&DataTime=20261122085500;a21026-Avg=6&&".encode())
