"""Whether the broker can be used as the collector or the gateway uses it: connect, log in, and be granted the subscriptions."""

from __future__ import annotations

import threading
import uuid
from typing import TYPE_CHECKING

from ingest.mqtt.client import KEEPALIVE_S, QOS, new_client

if TYPE_CHECKING:
    from collections.abc import Sequence

    from paho.mqtt.client import Client, ConnectFlags
    from paho.mqtt.properties import Properties
    from paho.mqtt.reasoncodes import ReasonCode

    from ingest.process.settings import Broker

TIMEOUT_S = 5.0
"""Longest wait for each answer of the broker [s]."""


def probe(settings: Broker, topics: Sequence[str]) -> str:
    """Connect with these settings and request subscriptions, in a session of its own that ends with the probe.

    Parameters
    ----------
    settings : Broker
    topics : sequence of str
        Filters to subscribe to; empty: only the connection is tried.

    Returns
    -------
    str
        What the broker refuses; empty when it grants everything.

    Raises
    ------
    ingest.process.error.BrokerError
        The TLS files cannot be used.
    """
    answer = _Answer(topics)
    client = new_client(settings, f"skyground-doctor-{uuid.uuid4().hex[:8]}", manual_ack=False, reconnects=False)
    client.on_connect, client.on_subscribe = answer.connected, answer.subscribed
    try:
        client.connect(settings.mqtt_host, settings.mqtt_port, KEEPALIVE_S, clean_start=True)
    except (OSError, ValueError) as error:
        return f"{settings.mqtt_url}: {error}"
    client.loop_start()
    try:
        answer.done.wait(TIMEOUT_S)
    finally:
        client.disconnect()
        client.loop_stop()
    return f"{settings.mqtt_url}: {answer.words}" if answer.words else ""


class _Answer:
    def __init__(self, topics: Sequence[str]) -> None:
        self._topics = list(topics)
        self.done = threading.Event()
        self.words = f"no answer within {TIMEOUT_S:.0f} s"

    def connected(
        self,
        client: Client,
        _userdata: object,
        _flags: ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            self._end(f"refuses the connection: {reason}")
        elif self._topics:
            client.subscribe([(topic, QOS) for topic in self._topics])
        else:
            self._end("")

    def subscribed(
        self, _client: Client, _userdata: object, _mid: int, reasons: list[ReasonCode], _properties: Properties | None
    ) -> None:
        refused = [topic for topic, reason in zip(self._topics, reasons, strict=False) if reason.is_failure]
        self._end(f"refuses the subscription to {', '.join(refused)}" if refused else "")

    def _end(self, words: str) -> None:
        self.words = words
        self.done.set()
