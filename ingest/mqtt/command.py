"""Commands to stations: their topics, and the listener of simulator and gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from ingest.mqtt.client import QOS, connect_in_background, disconnect, listen, new_client
from schemas.message import COMMANDS, parse_command_topic

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from paho.mqtt.client import Client, MQTTMessage

    from ingest.process.settings import Broker


class CommandListener:
    """Receives commands to stations on a connection of its own; a command sent while it is disconnected is lost, and repeated by its sender.

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
        self._settings = settings
        self._on_command = on_command
        self._client = new_client(settings, client_id, manual_ack=False)
        listen(self._client, settings, topics, self._arrived)

    def __enter__(self) -> Self:
        """Connect in the background; returns at once."""
        connect_in_background(self._client, self._settings)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Disconnect."""
        disconnect(self._client)

    def publish(self, topic: str, payload: bytes) -> None:
        """Send a message with QoS 1 without waiting for its confirmation."""
        self._client.publish(topic, payload, qos=QOS)

    def _arrived(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        found = parse_command_topic(message.topic)
        if found is not None:
            self._on_command(*found, bytes(message.payload))
