"""Commands to stations: their topics, and the listener of simulator and gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.mqtt.client import QOS, BackgroundConnection
from schemas.message import COMMANDS, parse_command_topic

if TYPE_CHECKING:
    from collections.abc import Callable

    from paho.mqtt.client import MQTTMessage

    from ingest.process.settings import Broker


class CommandListener(BackgroundConnection):
    """Receives commands to stations; a command sent while it is disconnected is lost, and repeated by its sender.

    Parameters
    ----------
    settings : Broker
    client_id : str
    on_command : callable
        Called with station id, instrument id and payload, from the network thread.
    topics : tuple of str
        Topic filters, such as ``cmd/v1/ln-sy-01/#``.
    """

    def __init__(
        self,
        settings: Broker,
        client_id: str,
        on_command: Callable[[str, str, bytes], None],
        topics: tuple[str, ...] = (COMMANDS,),
    ) -> None:
        super().__init__(settings, client_id, topics)
        self._on_command = on_command

    def publish(self, topic: str, payload: bytes) -> None:
        """Send a message with QoS 1 without waiting for its confirmation."""
        self._client.publish(topic, payload, qos=QOS)

    def on_message(self, message: MQTTMessage) -> None:
        """Pass a command on."""
        found = parse_command_topic(message.topic)
        if found is not None:
            self._on_command(*found, bytes(message.payload))
