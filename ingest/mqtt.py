"""The only place that knows paho: a subscriber that is acknowledged by hand, and a publisher that counts confirmations."""

from __future__ import annotations

import json
import queue
import ssl
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, Self

import msgspec
import structlog
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from ingest.error import BrokerError, PublishError
from schemas.message import RawMessage, status_topic

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from paho.mqtt.client import ConnectFlags, DisconnectFlags, MQTTMessage, MQTTMessageInfo
    from paho.mqtt.reasoncodes import ReasonCode

    from ingest.settings import Broker, CollectorSettings

KEEPALIVE_S = 30
RECONNECT_MAX_S = 30
_QOS = 1
_DAY_S = 86_400
_NO_SUBSCRIBER = 0x10  # MQTT 5.0, 3.4.2.1: the PUBLISH was accepted, but nobody has subscribed to it
_SESSION_TAKEN_OVER = 0x8E  # MQTT 5.0, 3.14.2.1: another connection uses this client id now
_STATES = {state: json.dumps({"state": state}).encode() for state in ("online", "offline")}
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


class Member(msgspec.Struct, frozen=True):
    """What is known of one collector of a share group; retained under its client id.

    Attributes
    ----------
    state : str
        ``online`` while somebody works on this member's session.
    by : str
        Client id of who does: its own, or that of a stand-in.
    subscription : str
        Topic filter with the share group: only members of the same one may stand in.
    """

    state: Literal["online", "offline"]
    by: str
    subscription: str


class _Received(msgspec.Struct, frozen=True, gc=False):
    message: RawMessage
    packet_id: int | None
    connection: int


class Subscriber:
    """Receives observation messages of a persistent MQTT 5 session and acknowledges them when told to.

    Parameters
    ----------
    settings : CollectorSettings
    on_connection : callable, optional
        Called with True and False from the network thread.
    covered_by : str
        Client id of another collector that continues this session while its owner is away (`ingest.share`): an
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
        covered_by: str = "",
    ) -> None:
        self._settings = settings
        self._on_connection = on_connection or (lambda _: None)
        self._queue: queue.SimpleQueue[_Received | None] = queue.SimpleQueue()
        self._held: _Received | None = None
        self._room = _Room(settings.intake_queue_bytes)
        self._connection = 0
        self._stopping = threading.Event()
        self.is_subscribed = threading.Event()
        self.is_over = threading.Event()
        self.is_displaced = False
        self._is_cover = bool(covered_by)
        self._status = status_topic("ops", "collector", settings.mqtt_client_id)
        self._states = _STATES
        if covered_by:
            self._status = member_topic(settings.mqtt_client_id)
            self._states = _member_states(settings, covered_by)
        self._client = _client(settings, settings.mqtt_client_id, manual_ack=True, reconnects=not self._is_cover)
        self._client.will_set(self._status, self._states["offline"], qos=_QOS, retain=True)
        self._client.on_connect = self._connected
        self._client.on_disconnect = self._disconnected
        self._client.on_subscribe = self._subscribed
        self._client.on_message = self._arrived

    def start(self) -> None:
        """Connect in the background, again and again with paho's own back-off; returns at once."""
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho has no types here
        properties.SessionExpiryInterval = self._settings.mqtt_session_days * _DAY_S
        properties.ReceiveMaximum = self._settings.mqtt_receive_maximum
        self._client.connect_async(
            self._settings.mqtt_host, self._settings.mqtt_port, KEEPALIVE_S, clean_start=False, properties=properties
        )
        self._client.loop_start()

    def receive(self, timeout_s: float = 1.0) -> Batch | None:
        """Next batch: ends at ``intake_batch`` messages or ``intake_wait_ms`` after the first.

        Returns
        -------
        Batch or None
            None when nothing came within ``timeout_s`` [s], or after `stop_receiving` when the queue is empty.
        """
        first = self._held or self._take(timeout_s)
        self._held = None
        if first is None:
            return None
        batch = Batch([first.message], [], first.connection)
        _add_packet_id(batch, first)
        deadline = time.monotonic() + self._settings.intake_wait_ms / 1_000
        while len(batch.messages) < self._settings.intake_batch:
            following = self._take(max(0.0, deadline - time.monotonic()))
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

        After a lost connection the packet ids may have been given anew: nothing is confirmed then, and the broker
        delivers the messages again.
        """
        self._room.leave(sum(len(item.payload) for item in batch.messages))
        for packet_id in batch.packet_ids:
            if batch.connection != self._connection:
                return
            self._client.ack(packet_id, _QOS)

    def stop_receiving(self) -> None:
        """Take nothing more from the broker; what was received can still be fetched and acknowledged."""
        self._stopping.set()
        self._room.open()
        self._queue.put(None)

    def close(self) -> None:
        """Say offline, disconnect behind the acknowledgements, end the network thread."""
        self._stopping.set()
        self._room.open()
        if self._client.is_connected():
            info = self._client.publish(self._status, self._states["offline"], qos=_QOS, retain=True)
            _wait_published(info.is_published, 2.0)
        self._client.disconnect()
        self._client.loop_stop()

    def _take(self, timeout_s: float) -> _Received | None:
        try:
            return self._queue.get(timeout=timeout_s) if timeout_s > 0 else self._queue.get_nowait()
        except queue.Empty:
            return None

    def _arrived(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        if self._stopping.is_set():
            return  # not acknowledged, so the broker keeps it
        # a topic that is not UTF-8 is kept readable instead of ending the connection
        topic = message._topic.decode("utf-8", "backslashreplace")  # noqa: SLF001 - message.topic raises on such bytes
        raw = RawMessage(topic, bytes(message.payload), datetime.now(UTC), message.dup)
        self._room.enter(len(raw.payload))
        self._queue.put(_Received(raw, message.mid if message.qos else None, self._connection))

    def _connected(
        self, client: Client, _userdata: object, flags: ConnectFlags, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        if reason.is_failure:
            _log.error("broker_refuses", broker=self._settings.mqtt_url, reason=str(reason))
            return
        self._connection += 1
        if not self._is_cover:
            client.subscribe(self._settings.subscription, options=SubscribeOptions(qos=_QOS))
        elif flags.session_present:
            self.is_subscribed.set()
        else:
            self.is_over.set()  # nothing waits under that name
            return
        client.publish(self._status, self._states["online"], qos=_QOS, retain=True)
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
        _log.warning("disconnected", broker=self._settings.mqtt_url, reason=str(reason))
        self._on_connection(False)  # noqa: FBT003 - a state, not an option

    def _subscribed(
        self, _client: Client, _userdata: object, _mid: int, reasons: list[ReasonCode], _properties: Properties | None
    ) -> None:
        for reason in reasons:
            if reason.is_failure:
                _log.error("subscription_refused", topic=self._settings.subscription, reason=str(reason))
            else:
                self.is_subscribed.set()
                _log.info("subscribed", topic=self._settings.subscription)


class Announcer:
    """Says that a member of a share group is here, and hears the same of the others; on a connection of its own.

    Parameters
    ----------
    settings : CollectorSettings
    heard : callable
        Called with client id and `Member`, from the network thread.
    """

    def __init__(self, settings: CollectorSettings, heard: Callable[[str, Member], None]) -> None:
        self._settings = settings
        self._heard = heard
        self._topic = member_topic(settings.mqtt_client_id)
        self._states = _member_states(settings, settings.mqtt_client_id)
        self._client = _client(settings, f"{settings.mqtt_client_id}-member", manual_ack=False)
        self._client.will_set(self._topic, self._states["offline"], qos=_QOS, retain=True)
        self._client.on_connect = self._connected
        self._client.on_message = self._arrived

    def start(self) -> None:
        """Connect in the background; returns at once."""
        self._client.connect_async(self._settings.mqtt_host, self._settings.mqtt_port, KEEPALIVE_S, clean_start=True)
        self._client.loop_start()

    def announce(self) -> None:
        """Say online; nothing where there is no connection, since the next one says it anyway."""
        if self._client.is_connected():
            self._client.publish(self._topic, self._states["online"], qos=_QOS, retain=True)

    def close(self) -> None:
        """Say offline and disconnect."""
        if self._client.is_connected():
            info = self._client.publish(self._topic, self._states["offline"], qos=_QOS, retain=True)
            _wait_published(info.is_published, 2.0)
        self._client.disconnect()
        self._client.loop_stop()

    def _connected(
        self,
        client: Client,
        _userdata: object,
        _flags: ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            _log.error("broker_refuses", broker=self._settings.mqtt_url, reason=str(reason))
            return
        client.subscribe(member_topic("+"), options=SubscribeOptions(qos=_QOS))
        self.announce()

    def _arrived(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        try:
            member = msgspec.json.decode(message.payload, type=Member)
        except msgspec.MsgspecError:
            _log.warning("announcement_unreadable", topic=message.topic)
            return
        self._heard(message.topic.rpartition("/")[2], member)


class Sent(msgspec.Struct, frozen=True):
    """Counts of a publisher, without retained states [1].

    Attributes
    ----------
    published, acknowledged, refused : int
        Handed over; confirmed by the broker; refused by it (access rules).
    unheard : int
        Confirmed, but nobody has subscribed: the broker has dropped them.
    """

    published: int
    acknowledged: int
    refused: int
    unheard: int


class Publisher:
    """Publishes with QoS 1 and waits where the broker does not keep up.

    paho refuses a publish once 65,535 are outstanding and says so in ``info.rc`` only; the window keeps far below, and
    within what the broker allows (Receive Maximum).

    Parameters
    ----------
    settings : Broker
    client_id : str
    window : int
        Most unconfirmed messages [1].
    timeout_s : float
        Without any confirmation for so long: `PublishError` [s].
    """

    def __init__(self, settings: Broker, client_id: str, *, window: int = 1_000, timeout_s: float = 60.0) -> None:
        self._handed = self._settled = self._states = self._refused = self._unheard = 0
        self._settings = settings
        self._window = window
        self._timeout_s = timeout_s
        self._status = status_topic("ops", "publisher", client_id)
        self._changed = threading.Condition()
        self._refusal = ""
        self._is_ready = threading.Event()
        self._client = _client(settings, client_id, manual_ack=False)
        self._client.will_set(self._status, _STATES["offline"], qos=_QOS, retain=True)
        # paho sends at once up to this bound and queues beyond; the window is the only limit
        self._client.max_inflight_messages_set(window)
        self._client.on_connect = self._connected
        self._client.on_publish = self._confirmed

    def __enter__(self) -> Self:
        """Connect.

        Raises
        ------
        BrokerError
            Not reachable or refused within ``timeout_s``.
        """
        try:
            self._client.connect(self._settings.mqtt_host, self._settings.mqtt_port, KEEPALIVE_S, clean_start=True)
        except OSError as error:
            msg = f"broker {self._settings.mqtt_url} cannot be reached: {error}; is it started, is SKYGROUND_MQTT_URL right?"
            raise BrokerError(msg) from error
        self._client.loop_start()
        if not self._is_ready.wait(self._timeout_s) or self._refusal:
            self._client.disconnect()
            self._client.loop_stop()
            msg = f"broker {self._settings.mqtt_url} refuses the connection: {self._refusal or 'no answer'}"
            raise BrokerError(msg)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Say offline and disconnect; call `flush` before to be sure of every confirmation."""
        if self._client.is_connected():
            info = self._publish_state(self._status, "offline")
            _wait_published(info.is_published, 2.0)
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def sent(self) -> Sent:
        """Counts at this moment."""
        with self._changed:
            acknowledged = max(0, self._settled - self._refused - self._states)
            unheard = max(0, self._unheard - self._states)
            return Sent(self._handed - self._states, acknowledged, self._refused, unheard)

    def publish(self, topic: str, payload: bytes) -> None:
        """Hand one message over; blocks while the window is full.

        Raises
        ------
        PublishError
            Nothing was confirmed for ``timeout_s``, or paho does not take the message.
        """
        self._wait(self._window - 1)
        with self._changed:
            self._handed += 1
        info = self._client.publish(topic, payload, qos=_QOS)
        if info.rc not in (MQTTErrorCode.MQTT_ERR_SUCCESS, MQTTErrorCode.MQTT_ERR_NO_CONN):
            with self._changed:
                self._handed -= 1
            msg = f"{topic}: not taken for sending: {info.rc.name}"
            raise PublishError(msg)

    def publish_state(self, topic: str, state: Literal["online", "offline"]) -> None:
        """Publish the retained state of an instrument; not counted as a message. Raises as `publish` does."""
        self._wait(self._window - 1)
        self._publish_state(topic, state)

    def flush(self) -> Sent:
        """Wait until everything is confirmed or refused; raises `PublishError` as `publish` does."""
        self._wait(0)
        return self.sent

    def _publish_state(self, topic: str, state: Literal["online", "offline"]) -> MQTTMessageInfo:
        # the lock is not held while paho publishes: paho's own lock is held while it calls `_confirmed`
        with self._changed:
            self._handed += 1
            self._states += 1
        return self._client.publish(topic, _STATES[state], qos=_QOS, retain=True)

    def _outstanding(self) -> int:
        return self._handed - self._settled

    def _wait(self, limit: int) -> None:
        with self._changed:
            before = self._outstanding()
            while before > limit:
                self._changed.wait_for(lambda: self._outstanding() <= limit, self._timeout_s)
                now = self._outstanding()
                if now == before and now > limit:
                    msg = f"broker {self._settings.mqtt_url} has confirmed nothing for {self._timeout_s:.0f} s; {now} messages are open"
                    raise PublishError(msg)
                before = now

    def _connected(
        self,
        _client: Client,
        _userdata: object,
        _flags: ConnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            self._refusal = str(reason)
        else:
            self._window = max(1, min(self._window, getattr(properties, "ReceiveMaximum", 65_535) - 2))
            self._publish_state(self._status, "online")
        self._is_ready.set()

    def _confirmed(
        self, _client: Client, _userdata: object, _mid: int, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        with self._changed:
            self._settled += 1
            self._refused += reason.is_failure
            self._unheard += reason.value == _NO_SUBSCRIBER
            self._changed.notify_all()


class _Room:
    """Bytes between the network thread and the raw log; blocks the former where the latter does not keep up."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._used = 0
        self._is_open = False
        self._changed = threading.Condition()

    def enter(self, size: int) -> None:
        """Wait for room; a message larger than the whole room enters when it is empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_open or self._used == 0 or self._used + size <= self._limit)
            self._used += size

    def leave(self, size: int) -> None:
        with self._changed:
            self._used -= size
            self._changed.notify()

    def open(self) -> None:
        """Let everybody in from now on, so that no thread is left waiting."""
        with self._changed:
            self._is_open = True
            self._changed.notify_all()


def member_topic(client_id: str) -> str:
    """Where a collector of a share group is announced."""
    return status_topic("share", "collector", client_id)


def _member_states(settings: CollectorSettings, by: str) -> dict[str, bytes]:
    return {
        "online": msgspec.json.encode(Member("online", by, settings.subscription)),
        "offline": msgspec.json.encode(Member("offline", by, settings.subscription)),
    }


def _client(settings: Broker, client_id: str, *, manual_ack: bool, reconnects: bool = True) -> Client:
    client = Client(
        CallbackAPIVersion.VERSION2,
        client_id=client_id,
        protocol=MQTTProtocolVersion.MQTTv5,
        manual_ack=manual_ack,
        reconnect_on_failure=reconnects,
    )
    client.reconnect_delay_set(min_delay=1, max_delay=RECONNECT_MAX_S)
    if settings.mqtt_user:
        client.username_pw_set(settings.mqtt_user, settings.mqtt_password.get_secret_value() or None)
    if settings.mqtt_tls:
        client.tls_set_context(_tls_context(settings))
    return client


def _tls_context(settings: Broker) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=str(settings.mqtt_ca) if settings.mqtt_ca else None)
        if settings.mqtt_cert:
            context.load_cert_chain(settings.mqtt_cert, settings.mqtt_key)
    except (OSError, ssl.SSLError) as error:
        msg = f"SKYGROUND_MQTT_CA, _CERT or _KEY cannot be used: {error}; expected PEM files"
        raise BrokerError(msg) from error
    return context


def _add_packet_id(batch: Batch, received: _Received) -> None:
    if received.packet_id is not None:
        batch.packet_ids.append(received.packet_id)


def _wait_published(is_published: Callable[[], bool], timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        try:
            if is_published():
                return
        except (RuntimeError, ValueError):  # the connection went meanwhile
            return
        time.sleep(0.01)
