"""What all connections to the broker have in common."""

from __future__ import annotations

import json
import ssl
import time
from typing import TYPE_CHECKING

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from ingest.error import BrokerError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingest.settings import Broker

KEEPALIVE_S = 30
RECONNECT_MAX_S = 30
QOS = 1
STATES = {state: json.dumps({"state": state}).encode() for state in ("online", "offline")}


def new_client(settings: Broker, client_id: str, *, manual_ack: bool, reconnects: bool = True) -> Client:
    """A client with its credentials, not yet connected; raises `BrokerError` where they cannot be used."""
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
