"""A publisher that counts confirmations."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Literal, Self

import msgspec
from paho.mqtt.enums import MQTTErrorCode

from ingest.mqtt.client import KEEPALIVE_S, QOS, STATES, new_client, wait_published
from ingest.process.error import BrokerError, PublishError
from schemas.message import status_topic

if TYPE_CHECKING:
    from paho.mqtt.client import Client, ConnectFlags, MQTTMessageInfo
    from paho.mqtt.properties import Properties
    from paho.mqtt.reasoncodes import ReasonCode

    from ingest.process.settings import Broker

_NO_SUBSCRIBER = 0x10  # MQTT 5.0, 3.4.2.1: the PUBLISH was accepted, but there is no subscriber


class Sent(msgspec.Struct, frozen=True):
    """Counts of a publisher, without retained states [1].

    Attributes
    ----------
    published, acknowledged, refused : int
        Handed over; confirmed by the broker; refused by it (access rules).
    unheard : int
        Confirmed without a subscriber: the broker has dropped them.
    """

    published: int
    acknowledged: int
    refused: int
    unheard: int


class Publisher:
    """Publishes with QoS 1 and waits where the broker does not keep up.

    paho refuses a publish once 65,535 are outstanding, which only ``info.rc`` shows; the window keeps far below, and
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
        self._client = new_client(settings, client_id, manual_ack=False)
        self._client.will_set(self._status, STATES["offline"], qos=QOS, retain=True)
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

    def __exit__(self, *_: object) -> None:
        """Say offline and disconnect; call `flush` before to be sure of every confirmation."""
        if self._client.is_connected():
            info = self._publish_state(self._status, "offline")
            wait_published(info.is_published, 2.0)
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def sent(self) -> Sent:
        """Counts at this moment."""
        with self._changed:
            acknowledged = max(0, self._settled - self._refused - self._states)
            unheard = max(0, self._unheard - self._states)
            return Sent(self._handed - self._states, acknowledged, self._refused, unheard)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Hand one message over; blocks while the window is full. A retained one is kept by the broker for later subscribers.

        Raises
        ------
        PublishError
            Nothing was confirmed for ``timeout_s``, or paho does not take the message.
        """
        self._wait(self._window - 1)
        with self._changed:
            self._handed += 1
        info = self._client.publish(topic, payload, qos=QOS, retain=retain)
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
        return self._client.publish(topic, STATES[state], qos=QOS, retain=True)

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
