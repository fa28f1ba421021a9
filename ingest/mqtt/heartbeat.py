"""Heartbeats over the broker, of processes without a database; retained, received by every collector."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
import structlog

from ingest.mqtt.client import BackgroundConnection, wait_published
from ingest.process.heartbeat import HEARTBEAT_S, Heartbeat, HeartbeatSource
from ingest.process.outage import RateLimitedLog
from schemas.message import status_topic

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from paho.mqtt.client import MQTTMessage, MQTTMessageInfo

    from ingest.process.settings import Broker

_LAST_WORD_S = 2.0
_KIND = "gateway"
_MOST = 100
"""Processes whose heartbeats are kept until they are taken: bounds what a client may invent."""
_limited_log = RateLimitedLog(structlog.get_logger("ingest.mqtt"))


class HeartbeatSender(BackgroundConnection):
    """Sends heartbeats of this process at each connection and at intervals, in a ``with`` block.

    Parameters
    ----------
    settings : Broker
    client_id : str
        Of the gateway; this connection's ends with ``-beat``.
    complaints, every_s
        As of `ingest.process.heartbeat.HeartbeatSource`.
    """

    def __init__(
        self,
        settings: Broker,
        client_id: str,
        complaints: Sequence[Callable[[], str]],
        *,
        every_s: float = HEARTBEAT_S,
    ) -> None:
        super().__init__(settings, f"{client_id[:43]}-beat")
        self._topic = status_topic("ops", _KIND, client_id)
        self._source = HeartbeatSource(f"{_KIND}/{client_id}", complaints, every_s)
        self._stop = threading.Event()

    def close(self, *, is_orderly: bool = True) -> None:
        """Disconnect after a last heartbeat; without it, after an exception, the process is reported missing."""
        self._stop.set()
        if is_orderly and self._client.is_connected() and (info := self._send(is_end=True)) is not None:
            wait_published(info.is_published, _LAST_WORD_S)
        super().close()

    def run(self) -> None:
        """Heartbeat until the block is left."""
        while not self._stop.wait(self._source.every_s):
            if self._client.is_connected():
                self._send()

    def on_connection(self) -> None:
        """Send a heartbeat."""
        self._send()

    def _send(self, *, is_end: bool = False) -> MQTTMessageInfo | None:
        payload = msgspec.json.encode(self._source.next(is_end=is_end))
        return self.send_state(self._topic, payload, is_last=is_end)


class HeartbeatListener(BackgroundConnection):
    """Receives the heartbeats of other processes, in a ``with`` block."""

    def __init__(self, settings: Broker, client_id: str) -> None:
        super().__init__(settings, client_id, (status_topic("ops", _KIND, "+"),))
        self._received: dict[str, Heartbeat] = {}
        self._lock = threading.Lock()

    def take(self) -> list[Heartbeat]:
        """The newest heartbeat of each process since the last call."""
        with self._lock:
            taken, self._received = self._received, {}
        return list(taken.values())

    def on_message(self, message: MQTTMessage) -> None:
        """Keep the newest heartbeat of a process."""
        try:
            beat = msgspec.json.decode(message.payload, type=Heartbeat)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            _limited_log.warning("beat_unreadable", topic=message.topic)
            return
        # the clocks of two machines differ
        now = datetime.now(UTC)
        beat_at = min(beat.beat_at, now) if message.retain else now
        name = f"{_KIND}/{message.topic.rpartition('/')[2]}"
        with self._lock:
            if name in self._received or len(self._received) < _MOST:
                self._received[name] = msgspec.structs.replace(beat, name=name, beat_at=beat_at)
