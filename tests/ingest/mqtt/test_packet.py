from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.mqtt.packet import PacketSocket, Publish, parse_publish

if TYPE_CHECKING:
    from collections.abc import Iterator

PINGRESP = b"\xd0\x00"


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, PacketSocket]]:
    """A broker's end of a connection, and ours."""
    far, near = socket.socketpair()
    near.settimeout(0)
    with far, near:
        yield far, PacketSocket(near)


def variable(number: int) -> bytes:
    """Variable byte integer (MQTT 5.0, 1.5.5)."""
    written = bytearray()
    while True:
        number, low = divmod(number, 128)
        written.append(low | (128 if number else 0))
        if not number:
            return bytes(written)


def body_of(item: Publish, properties: bytes = b"") -> bytes:
    packet_id = b"" if item.packet_id is None else struct.pack("!H", item.packet_id)
    return (
        struct.pack("!H", len(item.topic))
        + item.topic
        + packet_id
        + variable(len(properties))
        + properties
        + item.payload
    )


def packet_of(item: Publish, properties: bytes = b"") -> bytes:
    body = body_of(item, properties)
    head = 0x30 | (0x08 if item.is_duplicate else 0) | (0 if item.packet_id is None else 0x02)
    return bytes([head]) + variable(len(body)) + body


publishes = st.builds(
    Publish,
    topic=st.binary(max_size=40),
    payload=st.binary(max_size=400),
    packet_id=st.none() | st.integers(1, 65_535),
    is_duplicate=st.booleans(),
)


@given(
    packets=st.lists(publishes | st.just(None), max_size=8),
    properties=st.binary(max_size=200),
    pieces=st.lists(st.integers(1, 600), max_size=20),
)
def test_packets_are_found_whole_and_in_order_in_whatever_pieces_they_come(
    packets: list[Publish | None], properties: bytes, pieces: list[int]
) -> None:
    stream = b"".join(PINGRESP if item is None else packet_of(item, properties) for item in packets)
    far, near = socket.socketpair()
    near.settimeout(0)
    ours, found = PacketSocket(near), []
    with far, near:
        at = 0
        for size in [*pieces, len(stream)]:
            far.sendall(stream[at : at + size])
            at += size
            ours.fill()
            for item in ours.packets():
                found.append(item)
                if item is None:  # paho reads it byte by byte
                    assert [ours.recv(1), ours.recv(1)] == [b"\xd0", b"\x00"]
    assert found == packets


def test_a_message_of_a_megabyte_comes_in_many_reads(ends: tuple[socket.socket, PacketSocket]) -> None:
    far, ours = ends
    item = Publish(b"obs/v1/voc/st-1/gc1/json", b"x" * (1 << 20), 7, is_duplicate=True)
    rest, found = memoryview(packet_of(item)), list[Publish | None]()
    far.settimeout(0)
    while not found:
        rest = rest[far.send(rest) :] if rest else rest
        ours.fill()
        found += ours.packets()
    assert found == [item]


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (0x32, b""),
        (0x32, b"\x00"),
        (0x32, b"\x00\x05abc"),
        (0x32, b"\x00\x01a\x00"),
        (0x32, b"\x00\x01a\x00\x01"),
        (0x32, b"\x00\x01a\x00\x01\x05ab"),
        (0x32, b"\x00\x01a\x00\x01\xff\xff\xff\xff"),
        (0x34, b"\x00\x01a\x00\x01\x00payload"),
    ],
)
def test_what_is_malformed_or_of_the_second_quality_is_left_to_paho(head: int, body: bytes) -> None:
    assert parse_publish(head, body) is None


def test_the_end_of_a_connection_is_shown_behind_the_last_packet(ends: tuple[socket.socket, PacketSocket]) -> None:
    far, ours = ends
    item = Publish(b"t", b"1", 1, is_duplicate=False)
    far.sendall(packet_of(item))
    far.close()
    ours.fill()
    assert list(ours.packets()) == [item]
    ours.fill()
    assert list(ours.packets()) == [None]
    assert ours.recv(1) == b""


def test_a_length_of_five_bytes_ends_the_connection(ends: tuple[socket.socket, PacketSocket]) -> None:
    far, ours = ends
    far.sendall(b"\x32\xff\xff\xff\xff")
    ours.fill()
    assert next(ours.packets()) is None
    assert [ours.recv(1) for _ in range(5)] == [b"\x32", *[b"\xff"] * 4]
    with pytest.raises(ConnectionError, match="four bytes"):
        ours.recv(1)


def test_nothing_to_read_is_no_end(ends: tuple[socket.socket, PacketSocket]) -> None:
    _, ours = ends
    ours.fill()
    assert list(ours.packets()) == []
    with pytest.raises(BlockingIOError):
        ours.recv(1)
