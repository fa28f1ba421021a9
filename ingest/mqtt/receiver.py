"""The connection that messages come by: read in large pieces (`ingest.mqtt.packet`), confirmed a batch at once."""

from __future__ import annotations

import struct
import time
from typing import TYPE_CHECKING, cast

from paho.mqtt.client import PUBACK
from paho.mqtt.enums import MQTTErrorCode

from ingest.mqtt.client import QOS, SupervisedClient, make_client
from ingest.mqtt.packet import PacketSocket
from ingest.process.guard import say

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from socket import socket

    from ingest.mqtt.packet import Publish
    from ingest.process.settings import Broker

_PUBACK_LENGTH = 2


class ReceivingClient(SupervisedClient):
    """A paho client whose messages are read in pieces and confirmed together.

    Notes
    -----
    Connections, TLS, keep-alive, subscriptions and every packet but PUBLISH are paho's. ``on_message`` is not called; ``taken`` is,
    from the network thread.
    """

    taken: Callable[[Publish], None]

    def loop_read(self, max_packets: int = 1) -> MQTTErrorCode:
        """Deal with everything that one read of the socket has brought."""
        connection = self._sock
        if not isinstance(connection, PacketSocket):
            return super().loop_read(max_packets)
        connection.fill()
        with self._msgtime_mutex:
            self._last_bytes_received = time.monotonic()
        for publish in connection.packets():
            if publish is not None:
                self._take(publish)
                continue
            status = super().loop_read(max_packets)
            if status != MQTTErrorCode.MQTT_ERR_SUCCESS or self._sock is not connection:
                return status
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def acknowledge(self, packet_ids: Sequence[int]) -> None:
        """Confirm messages of QoS 1, all in one write."""
        confirmed = b"".join([struct.pack("!BBH", PUBACK, _PUBACK_LENGTH, item) for item in packet_ids])
        if confirmed:
            self._packet_queue(PUBACK, confirmed, 0, QOS)

    def _take(self, publish: Publish) -> None:
        try:
            self.taken(publish)
        except Exception as error:  # noqa: BLE001 - not confirmed; as of paho's callbacks, the next ones are taken all the same
            say("mqtt_message_failed", error)

    def _create_socket(self) -> PacketSocket:
        return PacketSocket(cast("socket", super()._create_socket()))


def new_receiver(settings: Broker, client_id: str, *, reconnects: bool) -> ReceivingClient:
    """A receiving client with its credentials, not yet connected; raises `BrokerError` where they cannot be used."""
    return make_client(ReceivingClient, settings, client_id, manual_ack=True, reconnects=reconnects)
