"""A subscriber that is acknowledged by hand."""

from __future__ import annotations

import threading
import time
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
import structlog
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from ingest.mqtt.announcer import member_states, member_topic
from ingest.mqtt.client import KEEPALIVE_S, QOS, STATES, is_refused, wait_published
from ingest.mqtt.inbox import Inbox, Received, Room
from ingest.mqtt.receiver import new_receiver
from ingest.process.complaint import complaint
from schemas.message import RawMessage, status_topic

if TYPE_CHECKING:
    from collections.abc import Callable

    from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags
    from paho.mqtt.reasoncodes import ReasonCode

    from ingest.mqtt.packet import Publish
    from ingest.process.settings import CollectorSettings

_DAY_S = 86_400
_PATIENCE_S = 120.0
"""A broker that is away for longer is a problem. Project's choice."""
_LOSSES, _LOSSES_WITHIN_S = 5, 300.0
"""A connection lost so often within so long is a problem, though it comes back each time. Project's choice."""
_SESSION_TAKEN_OVER = 0x8E  # MQTT 5.0, 3.14.2.1: another connection uses this client id now
_log = structlog.get_logger("ingest.mqtt")


class Batch(msgspec.Struct, frozen=True):
    """Messages that are kept and acknowledged together.

    Attributes
    ----------
    messages : list of RawMessage
        In the broker's order.
    packet_ids : list of int
        Of the messages sent with QoS 1, in the same order.
    connection : int
        Packet ids mean something on the connection they came by only.
    """

    messages: list[RawMessage]
    packet_ids: list[int]
    connection: int


class Subscriber:
    """Receives messages of a persistent MQTT 5 session and acknowledges them on request.

    Parameters
    ----------
    settings : CollectorSettings
    on_connection : callable, optional
        Called with True and False from the network thread.
    taken_over_by : str
        Client id of another collector that continues this session while its owner is away (`ingest.collector.failover`): an
        existing session only, no subscription, no second connection after the first has ended.

    Notes
    -----
    When more than ``intake_queue_bytes`` wait to be kept, the network thread stops reading, so that memory stays flat
    however large the messages are; the broker then waits.
    """

    def __init__(
        self,
        settings: CollectorSettings,
        on_connection: Callable[[bool], None] | None = None,
        *,
        taken_over_by: str = "",
    ) -> None:
        self._settings = settings
        self._on_connection = on_connection or (lambda _: None)
        self._inbox = Inbox()
        self._held: Received | None = None
        self._room = Room(settings.intake_queue_bytes)
        self._connection = 0
        self._stopping = threading.Event()
        self.is_subscribed = threading.Event()
        self.is_over = threading.Event()
        self.is_displaced = False
        self._lost_at: float | None = time.monotonic()
        self._why_lost = "no answer"
        self._losses: deque[float] = deque(maxlen=_LOSSES)
        self._refused_topics: list[str] = []
        self._is_take_over = bool(taken_over_by)
        self._status = status_topic("ops", "collector", settings.mqtt_client_id)
        self._states = STATES
        if taken_over_by:
            self._status = member_topic(settings.mqtt_client_id)
            self._states = member_states(settings, taken_over_by)
        self._client = new_receiver(settings, settings.mqtt_client_id, reconnects=not self._is_take_over)
        self._client.will_set(self._status, self._states["offline"], qos=QOS, retain=True)
        self._client.on_connect = self._connected
        self._client.on_disconnect = self._disconnected
        self._client.on_subscribe = self._subscribed
        self._client.taken = self._arrived

    def start(self) -> None:
        """Connect in the background, again and again with paho's own back-off; returns at once."""
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho has no types here
        properties.SessionExpiryInterval = self._settings.mqtt_session_days * _DAY_S
        properties.ReceiveMaximum = self._settings.mqtt_receive_maximum
        self._client.connect_async(
            self._settings.mqtt_host, self._settings.mqtt_port, KEEPALIVE_S, clean_start=False, properties=properties
        )
        self._client.loop_start()

    def complaint(self) -> str:
        """Why nothing can be received; empty where nothing is wrong, or where the broker was lost a moment ago."""
        if not self._client.has_thread and not self._stopping.is_set():
            return complaint("worker", "gone", name="mqtt")
        if self._refused_topics:
            return complaint("mqtt", "subscription_refused", topics=", ".join(self._refused_topics))
        broker, why = self._settings.mqtt_url, self._why_lost
        if self._is_lost_again_and_again():
            name = self._settings.mqtt_client_id
            return complaint(
                "mqtt", "lost", lasts_s=_LOSSES_WITHIN_S, broker=broker, times=_LOSSES, why=why, client_id=name
            )
        if self._lost_at is None or (away_s := time.monotonic() - self._lost_at) < _PATIENCE_S:
            return ""
        return complaint("mqtt", "not_connected", lasts_s=away_s, broker=broker, why=why)

    def _is_lost_again_and_again(self) -> bool:
        losses = list(self._losses)
        return len(losses) == _LOSSES and time.monotonic() - losses[0] < _LOSSES_WITHIN_S

    @property
    def has_thread(self) -> bool:
        """Whether the network thread is there."""
        return self._client.has_thread

    @property
    def is_connected(self) -> bool:
        """Whether the broker is connected now."""
        return self._client.is_connected()

    def receive(self, timeout_s: float = 1.0) -> Batch | None:
        """Next batch: ends at ``intake_batch`` messages or ``intake_wait_ms`` after the first.

        Returns
        -------
        Batch or None
            None when nothing came within ``timeout_s`` [s], or after `stop_receiving` when the queue is empty.
        """
        first = self._held or self._inbox.take(timeout_s)
        self._held = None
        if first is None:
            return None
        batch = Batch([first.message], [], first.connection)
        _add_packet_id(batch, first)
        self._inbox.wait(self._settings.intake_batch - 1, self._settings.intake_wait_ms / 1_000)
        while len(batch.messages) < self._settings.intake_batch:
            following = self._inbox.take(0.0)
            if following is None:
                break
            if following.connection != batch.connection:
                self._held = following
                break
            batch.messages.append(following.message)
            _add_packet_id(batch, following)
        return batch

    def acknowledge(self, batch: Batch) -> None:
        """Confirm a batch to the broker.

        After a lost connection the packet ids may have been reused: nothing is confirmed then, and the broker
        delivers the messages again.
        """
        self._room.leave(sum(len(item.payload) for item in batch.messages))
        if batch.connection == self._connection:
            self._client.acknowledge(batch.packet_ids)

    def stop_receiving(self) -> None:
        """Stop receiving; messages already received can still be fetched and acknowledged."""
        self._stopping.set()
        self._room.open()
        self._inbox.put(None)

    def close(self) -> None:
        """Announce offline, disconnect after the acknowledgements, end the network thread."""
        self._stopping.set()
        self._room.open()
        if self._client.is_connected():
            info = self._client.publish(self._status, self._states["offline"], qos=QOS, retain=True)
            wait_published(info.is_published, 2.0)
        self._client.disconnect()
        self._client.loop_stop()

    def _arrived(self, message: Publish) -> None:
        if self._stopping.is_set():
            return  # not acknowledged, so the broker keeps it
        # a topic that is not UTF-8 is kept readable instead of ending the connection
        topic = message.topic.decode("utf-8", "backslashreplace")
        raw = RawMessage(topic, message.payload, datetime.now(UTC), message.is_duplicate)
        self._room.enter(len(message.payload))
        self._inbox.put(Received(raw, message.packet_id, self._connection))

    def _connected(
        self, client: Client, _userdata: object, flags: ConnectFlags, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        if is_refused(self._settings, reason):
            self._why_lost = str(reason)
            return
        self._lost_at = None
        self._connection += 1
        if not self._is_take_over:
            # a resumed session misses nothing: without this, retained messages would be sent again at each connection
            options = SubscribeOptions(qos=QOS, retainHandling=SubscribeOptions.RETAIN_SEND_IF_NEW_SUB)
            client.subscribe([(topic, options) for topic in self._settings.subscriptions])
        elif flags.session_present:
            self.is_subscribed.set()
        else:
            self.is_over.set()  # nothing waits under that name
            return
        client.publish(self._status, self._states["online"], qos=QOS, retain=True)
        _log.info("connected", broker=self._settings.mqtt_url, session_present=flags.session_present)
        self._on_connection(True)  # noqa: FBT003 - a state, not an option

    def _disconnected(
        self,
        _client: Client,
        _userdata: object,
        _flags: DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        self._connection += 1  # what is still queued must not be confirmed on the next connection
        self.is_displaced = reason.value == _SESSION_TAKEN_OVER
        self.is_over.set()
        if self._lost_at is None:
            self._lost_at, self._why_lost = time.monotonic(), str(reason)
            self._losses.append(self._lost_at)
        _log.warning("disconnected", broker=self._settings.mqtt_url, reason=str(reason))
        self._on_connection(False)  # noqa: FBT003 - a state, not an option

    def _subscribed(
        self, _client: Client, _userdata: object, _mid: int, reasons: list[ReasonCode], _properties: Properties | None
    ) -> None:
        granted, refused = [], []
        for topic, reason in zip(self._settings.subscriptions, reasons, strict=False):
            if reason.is_failure:
                refused.append(topic)
                _log.error("subscription_refused", topic=topic, reason=str(reason))
            else:
                granted.append(topic)
        self._refused_topics = refused
        if granted:
            self.is_subscribed.set()
            _log.info("subscribed", topics=granted)


def _add_packet_id(batch: Batch, received: Received) -> None:
    if received.packet_id is not None:
        batch.packet_ids.append(received.packet_id)
