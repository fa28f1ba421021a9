"""MQTT packets of a connection that is read in large pieces (MQTT 5.0, 2.1 and 3.3).

paho reads a packet by four calls of the operating system after a select of its own, and builds objects of its properties: most of the
intake's processor time (docs/decisions/0013). Here whole packets are found in what one call has read. A PUBLISH with QoS 0 or 1
is taken apart here; every other packet, and what is no packet, is left to paho.
"""

from __future__ import annotations

from ssl import SSLSocket, SSLWantReadError, SSLWantWriteError
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator
    from socket import socket

_PIECE = 1 << 16
"""Bytes asked of the operating system at once."""
_LENGTH_BYTES = 4
_PUBLISH, _DUPLICATE, _QOS, _QOS_2 = 0x30, 0x08, 0x06, 0x04
_WAIT = (BlockingIOError, SSLWantReadError, SSLWantWriteError)


class Publish(msgspec.Struct, frozen=True, gc=False):
    """A message of the broker.

    Attributes
    ----------
    topic : bytes
        Any bytes: a broker may not check that they are UTF-8.
    payload : bytes
    packet_id : int or None
        None with QoS 0.
    is_duplicate : bool
        Delivered before, perhaps.
    """

    topic: bytes
    payload: bytes
    packet_id: int | None
    is_duplicate: bool


def parse_publish(head: int, body: bytes | bytearray) -> Publish | None:
    """A PUBLISH of MQTT 5; None where it is malformed or of QoS 2.

    Parameters
    ----------
    head : int
        First byte of the packet.
    body : bytes
        What follows the length. Properties are passed over: none of them is asked for.
    """
    if head & _QOS_2:
        return None
    try:
        at = 2 + (body[0] << 8 | body[1])
        topic, packet_id = bytes(body[2:at]), None
        if head & _QOS:
            packet_id = body[at] << 8 | body[at + 1]
            at += 2
        length, at = _variable(body, at)
    except IndexError:
        return None
    if length is None or at + length > len(body):
        return None
    return Publish(topic, bytes(body[at + length :]), packet_id, bool(head & _DUPLICATE))


def _variable(data: bytes | bytearray, at: int) -> tuple[int | None, int]:
    """Variable byte integer at a place, and the place behind it; None where it is longer than four bytes; raises `IndexError`."""
    byte = data[at]
    if byte < 128:  # noqa: PLR2004 - the usual case: one byte
        return byte, at + 1
    value = byte & 127
    for number in range(1, _LENGTH_BYTES):
        byte = data[at + number]
        value |= (byte & 127) << 7 * number
        if byte < 128:  # noqa: PLR2004 - the last byte
            return value, at + number + 1
    return None, at


class PacketSocket:
    """A connected socket that is read in large pieces, and shows paho whole packets only.

    What paho asks of a socket beyond reading is passed on.
    """

    def __init__(self, connected: socket) -> None:
        self._socket = connected
        self._read = bytearray()
        self._shown = memoryview(b"")
        self._end: OSError | None = None
        self._is_over = False

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - of a socket
        """Whatever else a socket has: ``send``, ``fileno``, ``close``."""
        return getattr(self._socket, name)

    def pending(self) -> int:
        """Bytes that wait in TLS, where no select sees them [B]."""
        waiting: int = self._socket.pending() if isinstance(self._socket, SSLSocket) else 0
        return waiting

    def fill(self) -> None:
        """Read one piece, where there is one; an end or an error of the connection is shown to paho behind what was read."""
        try:
            piece = self._socket.recv(_PIECE)
        except _WAIT:
            return
        except OSError as error:
            self._end = error
            return
        self._is_over = not piece
        self._read += piece

    def packets(self) -> Iterator[Publish | None]:
        """Packets that were read as a whole, in order; None: one that paho is to read, by `recv`, before the next is asked for."""
        while len(self._read) > 1:
            try:
                length, begin = _variable(self._read, 1)
            except IndexError:
                break  # its length is still to come
            if length is None:
                self._end = ConnectionError("a packet's length has more than four bytes")
            end = len(self._read) if length is None else begin + length
            if end > len(self._read):
                break
            head, body = self._read[0], self._read[begin:end]
            publish = parse_publish(head, body) if length is not None and head & 0xF0 == _PUBLISH else None
            if publish is None:
                self._shown = memoryview(bytes(self._read[:end]))
            del self._read[:end]
            yield publish
        if self._is_over or self._end is not None:
            yield None

    def recv(self, size: int) -> bytes:
        """What paho reads: of the packet that is its own; then the connection's end, if there is one."""
        if self._shown:
            piece, self._shown = bytes(self._shown[:size]), self._shown[size:]
            return piece
        if self._end is not None:
            raise self._end
        if self._is_over:
            return b""
        raise BlockingIOError
