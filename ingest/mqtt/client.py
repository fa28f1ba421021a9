"""What all connections to the broker have in common."""

from __future__ import annotations

import json
import ssl
import sys
import threading
import time
from contextlib import suppress
from math import inf
from typing import TYPE_CHECKING, Self, TypeVar

import structlog
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, LogLevel, MQTTProtocolVersion
from paho.mqtt.subscribeoptions import SubscribeOptions

from ingest.process.error import BrokerError
from ingest.process.guard import describe, say
from ingest.process.outage import SAY_AGAIN_S, Outage
from ingest.process.supervise import Restarts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from paho.mqtt.client import ConnectFlags, MQTTMessage, MQTTMessageInfo
    from paho.mqtt.properties import Properties
    from paho.mqtt.reasoncodes import ReasonCode

    from ingest.process.settings import Broker

KEEPALIVE_S = 30
RECONNECT_MAX_S = 30
QOS = 1
_NOT_CONNECTED = "Client is not connected"
"""paho's message at each orderly end and at each failed connection; `broker_unreachable` has the reason."""
_log = structlog.get_logger("ingest.mqtt")
STATES = {state: json.dumps({"state": state}).encode() for state in ("online", "offline")}


class SupervisedClient(Client):
    """A client whose network thread runs until it is stopped.

    paho's own thread ends with the first exception, after which the process would receive nothing.
    """

    _errors = Outage(_log)

    def _thread_main(self) -> None:
        restarts = Restarts("mqtt")
        try:
            while True:
                restarts.started()
                try:
                    self.loop_forever(retry_first_connection=True)
                except Exception as error:  # noqa: BLE001 - whatever it is, the connection begins again
                    say("mqtt_thread_failed", error)
                    if not self._reconnect_on_failure or self._has_to_end(restarts.ended(describe(error))):
                        return
                else:
                    return
        finally:
            self._thread = None

    def _has_to_end(self, pause_s: float) -> bool:
        """Wait, then connect again: what is half read on the old connection would raise again. True when stopped.

        Not tenacity: the loop that connects is paho's, and its flag ends the wait.
        """
        deadline = time.monotonic() + pause_s
        while not self._thread_terminate:
            if time.monotonic() >= deadline:
                with suppress(OSError, ValueError):  # tried again by the loop
                    self.reconnect()
                return False
            time.sleep(0.1)
        return True

    def _easy_log(self, level: LogLevel, fmt: str, *arguments: object) -> None:
        """Log only errors of paho: exceptions of callbacks, which it suppresses (``suppress_exceptions``)."""
        if level == LogLevel.MQTT_LOG_ERR and not fmt.startswith(_NOT_CONNECTED):
            self._errors.say("mqtt_client_error", detail=fmt % arguments)

    @property
    def has_thread(self) -> bool:
        """Whether the network thread is there."""
        return self._thread is not None and self._thread.is_alive()


_Client = TypeVar("_Client", bound=SupervisedClient)


def new_client(settings: Broker, client_id: str, *, manual_ack: bool, reconnects: bool = True) -> SupervisedClient:
    """A client with its credentials, not yet connected; raises `BrokerError` where they cannot be used."""
    return make_client(SupervisedClient, settings, client_id, manual_ack=manual_ack, reconnects=reconnects)


def make_client(
    kind: type[_Client], settings: Broker, client_id: str, *, manual_ack: bool, reconnects: bool
) -> _Client:
    """As `new_client`, of another kind of client."""
    client = kind(
        CallbackAPIVersion.VERSION2,
        client_id=client_id,
        protocol=MQTTProtocolVersion.MQTTv5,
        manual_ack=manual_ack,
        reconnect_on_failure=reconnects,
    )
    client.suppress_exceptions = True
    client.on_connect_fail = _says_unreachable(settings)
    client.reconnect_delay_set(min_delay=1, max_delay=RECONNECT_MAX_S)
    if settings.mqtt_user:
        client.username_pw_set(settings.mqtt_user, settings.mqtt_password.get_secret_value() or None)
    if settings.mqtt_tls:
        client.tls_set_context(_tls_context(settings))
    return client


def _says_unreachable(settings: Broker) -> Callable[[Client, object], None]:
    """Called by paho from the handler of the error that keeps it from connecting; written each half minute."""
    said_at = -inf

    def say_unreachable(_client: Client, _userdata: object) -> None:
        nonlocal said_at
        if time.monotonic() - said_at >= SAY_AGAIN_S:
            said_at = time.monotonic()
            detail = f"{sys.exc_info()[1]}; is it started, is SKYGROUND_MQTT_URL right?"
            _log.error("broker_unreachable", broker=settings.mqtt_url, detail=detail)

    return say_unreachable


class BackgroundConnection:
    """A connection with a clean session on its own thread, from `start` to `close` or in a ``with`` block.

    Parameters
    ----------
    settings : Broker
    client_id : str
    topics : sequence of str
        Filters to which each connection subscribes; `on_message` receives their messages.
    """

    def __init__(self, settings: Broker, client_id: str, topics: Sequence[str] = ()) -> None:
        self._settings = settings
        self._topics = topics
        self._client = new_client(settings, client_id, manual_ack=False)
        self._client.on_connect = self._connected
        self._client.on_message = self._arrived
        self._state_lock = threading.Lock()
        self._has_sent_last = False

    def __enter__(self) -> Self:
        """As `start`."""
        self.start()
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """As `close`."""
        self.close(is_orderly=error is None)

    def start(self) -> None:
        """Connect in the background, again and again where that fails; returns at once."""
        self._client.connect_async(self._settings.mqtt_host, self._settings.mqtt_port, KEEPALIVE_S, clean_start=True)
        self._client.loop_start()

    def close(self, *, is_orderly: bool = True) -> None:  # noqa: ARG002 - for connections with a last message
        """Disconnect, and wait for the client's thread; not orderly is an end by an exception."""
        self._client.disconnect()
        self._client.loop_stop()

    def send_state(self, topic: str, payload: bytes, *, is_last: bool = False) -> MQTTMessageInfo | None:
        """Publish a retained state of this process; None after the last one, which another thread must not replace."""
        with self._state_lock:
            if self._has_sent_last:
                return None
            self._has_sent_last = is_last
            return self._client.publish(topic, payload, qos=QOS, retain=True)

    def on_connection(self) -> None:
        """Called at each connection that the broker accepts, after subscribing; from the network thread."""

    def on_message(self, message: MQTTMessage) -> None:
        """Called with each message; from the network thread."""

    def _connected(
        self, _client: Client, _userdata: object, _flags: ConnectFlags, reason: ReasonCode, _: Properties | None
    ) -> None:
        if not is_refused(self._settings, reason):
            if self._topics:
                self._client.subscribe([(topic, SubscribeOptions(qos=QOS)) for topic in self._topics])
            self.on_connection()

    def _arrived(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        self.on_message(message)


def is_refused(settings: Broker, reason: ReasonCode) -> bool:
    """Whether the broker refuses a connection; logged."""
    if reason.is_failure:
        _log.error("broker_refuses", broker=settings.mqtt_url, reason=str(reason))
    return bool(reason.is_failure)


def _tls_context(settings: Broker) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=str(settings.mqtt_ca) if settings.mqtt_ca else None)
        if settings.mqtt_cert:
            context.load_cert_chain(settings.mqtt_cert, settings.mqtt_key)
    except (OSError, ssl.SSLError) as error:
        msg = f"SKYGROUND_MQTT_CA, _CERT or _KEY cannot be used: {error}; expected PEM files"
        raise BrokerError(msg) from error
    return context


def wait_published(is_published: Callable[[], bool], timeout_s: float) -> None:
    """Wait for a confirmation, at most ``timeout_s`` [s]."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        try:
            if is_published():
                return
        except (RuntimeError, ValueError):  # the connection went meanwhile
            return
        time.sleep(0.01)
