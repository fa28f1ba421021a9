"""One station's connection: frames in, answers out."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from ingest.gateway.device import refusal
from ingest.gateway.request import AMBIENT_AIR
from ingest.process.outage import RateLimitedLog
from schemas.message import RawMessage
from sensors.hj212.command import READINGS, Command, answer_to
from sensors.hj212.frame import encode_frame
from sensors.hj212.framer import Framer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ingest.gateway.buffer_writer import BufferWriter
    from ingest.gateway.device import Device
    from ingest.gateway.metrics import GatewayMetrics
    from ingest.gateway.request import RequestBook
    from sensors.hj212.frame import Acceptance, Frame
    from sensors.hj212.framer import FoundFrame

_UNSOUND_MAX = 20
_UNREAD_MAX_BYTES = 64 << 10
_SHOWN = 120
_log = structlog.get_logger("ingest.gateway")
_limited_log = RateLimitedLog(_log)
"""Bounds what a client can write into the log; the counters count all."""


@dataclass(slots=True, kw_only=True)
class Hub:
    """What all connections share; ``devices`` is by MN."""

    devices: Mapping[str, Device]
    acceptance: Acceptance
    buffer_writer: BufferWriter
    requests: RequestBook
    metrics: GatewayMetrics
    connections_max: int
    connections: set[Connection] = field(default_factory=set)
    is_stopping: bool = False

    def close_idle(self, now: float, *, first_frame_s: float, idle_s: float) -> None:
        """Close connections that are silent for too long; ``now`` is the loop's time [s]."""
        for connection in list(self.connections):
            if now - connection.last_frame_at > (idle_s if connection.mn else first_frame_s):
                connection.close("idle")


class Connection(asyncio.Protocol):
    """Server side of a connection."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._framer = Framer(hub.acceptance)
        self._transport: asyncio.Transport | None = None
        self._clock: Callable[[], float] = asyncio.get_running_loop().time
        self._unsound = 0
        self.mn = ""
        """Device of the last right frame; empty before the first."""
        self.last_frame_at = self._clock()
        """Loop's time of the last right frame, or of the beginning [s]."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection, unless there are too many."""
        self._transport = transport  # type: ignore[assignment]  # a stream's transport, as the server is one of streams
        if len(self._hub.connections) >= self._hub.connections_max:
            self.close("too_many")
            return
        self._hub.connections.add(self)
        self._hub.metrics.connections.set(len(self._hub.connections))

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection; what it has sent is kept."""
        self._hub.connections.discard(self)
        self._hub.requests.leave(self.mn, self)
        self._hub.metrics.connections.set(len(self._hub.connections))
        if exc is not None:
            _limited_log.info("connection_broke", mn=self.mn, detail=str(exc))

    def data_received(self, data: bytes) -> None:
        """Find frames and deal with each; after the end was called for, nothing more is taken."""
        if self._hub.is_stopping:
            return
        for found in self._found(data):
            if self._transport is None or self._transport.is_closing():
                return
            try:
                if found.frame is None:
                    self._refuse_unsound(found)
                else:
                    self._take(found.frame, found.raw)
            except Exception as error:  # noqa: BLE001 - costs this frame, which gets no answer
                self._hub.metrics.caught("take", error)

    def close(self, reason: str) -> None:
        """Close, counted under a reason."""
        if self._transport is None or self._transport.is_closing():
            return
        self._hub.metrics.closed.labels(reason).inc()
        self._transport.close()

    def send(self, frame: Frame) -> None:
        """Write a frame; a station that does not read is cut off, so that memory stays bounded."""
        if self._transport is None or self._transport.is_closing():
            return
        self._transport.write(encode_frame(frame) + b"\r\n")
        if self._transport.get_write_buffer_size() > _UNREAD_MAX_BYTES:
            self._hub.metrics.closed.labels("does_not_read").inc()
            self._transport.abort()

    def _found(self, data: bytes) -> Iterator[FoundFrame]:
        """Frames in what has come; where the framer raises, the connection is closed, since it has lost its place."""
        try:
            yield from self._framer.feed(data)
        except Exception as error:  # noqa: BLE001 - costs this connection: the station connects again
            self._hub.metrics.caught("frame", error)
            self.close("error")

    def _refuse_unsound(self, found: FoundFrame) -> None:
        """No answer: the station sends again; a connection of noise is closed."""
        rule = found.error.rule.value if found.error else "mark"
        self._hub.metrics.refused.labels(rule).inc()
        _limited_log.warning(
            "frame_refused", mn=self.mn, peer=self._peer(), detail=str(found.error), frame=repr(found.raw[:_SHOWN])
        )
        self._unsound += 1
        if self._unsound >= _UNSOUND_MAX:
            self.close("unsound")

    def _take(self, frame: Frame, raw: bytes) -> None:
        reason = refusal(frame, self._hub.devices.get(frame.mn))
        if reason is not None:
            self._hub.metrics.refused.labels(reason).inc()
            _limited_log.warning("frame_refused", mn=frame.mn, peer=self._peer(), detail=reason)
            self.close("refused")
            return
        self.mn, self.last_frame_at, self._unsound = frame.mn, self._clock(), 0
        self._hub.metrics.received.inc()
        self._hub.requests.arrive(frame.mn, self, frame.header.get("ST", AMBIENT_AIR))
        if frame.cn in (Command.REQUEST_ANSWER, Command.RESULT):
            self._hub.requests.receive(frame)
            return
        if frame.cn in READINGS:
            message = RawMessage(f"hj212/{frame.mn}/{frame.cn}", raw, datetime.now(UTC))
            self._hub.buffer_writer.put(message, lambda: self._answer(frame))
        else:
            self._answer(frame)  # states and notices hold no readings: there is nothing to keep

    def _answer(self, frame: Frame) -> None:
        answer = answer_to(frame)
        if answer is not None:
            self.send(answer)
            self._hub.metrics.answered.labels(answer.cn).inc()

    def _peer(self) -> str:
        return str(self._transport.get_extra_info("peername")) if self._transport else ""
