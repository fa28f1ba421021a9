"""Heartbeats over the broker, of processes without a database; retained, received by every collector."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

import msgspec
import structlog

from ingest.mqtt.client import QOS, connect_in_background, disconnect, is_refused, listen, new_client, wait_published
from ingest.process.heartbeat import HEARTBEAT_S, Heartbeat, heartbeat_of
from ingest.process.outage import RateLimitedLog
from schemas.message import status_topic

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from paho.mqtt.client import Client, ConnectFlags, MQTTMessage, MQTTMessageInfo
    from paho.mqtt.properties import Properties
    from paho.mqtt.reasoncodes import ReasonCode

    from ingest.process.settings import Broker

_LAST_WORD_S = 2.0
_KIND = "gateway"
_MOST = 100
"""Processes whose heartbeats are kept until they are taken: bounds what a client may invent."""
_limited_log = RateLimitedLog(structlog.get_logger("ingest.mqtt"))


class HeartbeatSender:
    """Sends heartbeats of this process at intervals on a connection of its own, in a ``with`` block.

    Parameters
    ----------
    settings : Broker
    client_id : str
        Of the gateway; this connection's ends with ``-beat``.
    complaints : sequence of callable
        Each says what is wrong; empty where nothing is wrong.
    every_s : float
        How often [s].
    """

    def __init__(
        self,
        settings: Broker,
        client_id: str,
        complaints: Sequence[Callable[[], str]],
        *,
        every_s: float = HEARTBEAT_S,
    ) -> None:
        self._settings = settings
        self._topic = status_topic("ops", _KIND, client_id)
        self._name = f"{_KIND}/{client_id}"
        self._complaints = complaints
        self._every_s = every_s
        self._started_at = datetime.now(UTC)
        self._stop = threading.Event()
        self._client = new_client(settings, f"{client_id[:43]}-beat", manual_ack=False)
        self._client.on_connect = self._connected

    def __enter__(self) -> Self:
        """Connect in the background; returns at once."""
        connect_in_background(self._client, self._settings)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Say that this process ends, unless by an exception, and disconnect."""
        self._stop.set()
        if error is None and self._client.is_connected():
            info = self._send(is_end=True)
            wait_published(info.is_published, _LAST_WORD_S)
        disconnect(self._client)

    def run(self) -> None:
        """Heartbeat until the block is left."""
        while not self._stop.wait(self._every_s):
            if self._client.is_connected():
                self._send()

    def _send(self, *, is_end: bool = False) -> MQTTMessageInfo:
        beat = heartbeat_of(self._name, self._started_at, self._every_s, self._complaints, is_end=is_end)
        return self._client.publish(self._topic, msgspec.json.encode(beat), qos=QOS, retain=True)

    def _connected(
        self,
        _client: Client,
        _userdata: object,
        _flags: ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if not is_refused(self._settings, reason):
            self._send()


class HeartbeatListener:
    """Receives the heartbeats of other processes, in a ``with`` block.

    Parameters
    ----------
    settings : Broker
    client_id : str
        Of this connection.
    """

    def __init__(self, settings: Broker, client_id: str) -> None:
        self._settings = settings
        self._received: dict[str, Heartbeat] = {}
        self._lock = threading.Lock()
        self._client = new_client(settings, client_id, manual_ack=False)
        listen(self._client, settings, (status_topic("ops", _KIND, "+"),), self._arrived)

    def __enter__(self) -> Self:
        """Connect in the background; returns at once."""
        connect_in_background(self._client, self._settings)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Disconnect."""
        disconnect(self._client)

    def take(self) -> list[Heartbeat]:
        """The newest beat of each process since the last call."""
        with self._lock:
            taken, self._received = self._received, {}
        return list(taken.values())

    def _arrived(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
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
