"""Announcements of the members of a share group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec
import structlog

from ingest.mqtt.client import QOS, BackgroundConnection, wait_published
from ingest.process.outage import RateLimitedLog
from schemas.message import status_topic

if TYPE_CHECKING:
    from collections.abc import Callable

    from paho.mqtt.client import MQTTMessage

    from ingest.process.settings import CollectorSettings

_limited_log = RateLimitedLog(structlog.get_logger("ingest.mqtt"))


class Member(msgspec.Struct, frozen=True):
    """What is known of one collector of a share group; retained under its client id.

    Attributes
    ----------
    state : str
        ``online`` while a collector serves this member's session.
    by : str
        Client id of that collector: its own, or of one that has taken over.
    subscription : str
        Topic filter with the share group: only members of the same one take over.
    """

    state: Literal["online", "offline"]
    by: str
    subscription: str


class Announcer(BackgroundConnection):
    """Announces a member of a share group and receives the announcements of the others.

    Parameters
    ----------
    settings : CollectorSettings
    on_member : callable
        Called with client id and `Member`, from the network thread.
    """

    def __init__(self, settings: CollectorSettings, on_member: Callable[[str, Member], None]) -> None:
        super().__init__(settings, f"{settings.mqtt_client_id}-member", (member_topic("+"),))
        self._on_member = on_member
        self._topic = member_topic(settings.mqtt_client_id)
        self._states = member_states(settings, settings.mqtt_client_id)
        self._client.will_set(self._topic, self._states["offline"], qos=QOS, retain=True)

    def announce(self) -> None:
        """Announce online; without a connection the next one does it."""
        if self._client.is_connected():
            self.send_state(self._topic, self._states["online"])

    def on_connection(self) -> None:
        """Announce online."""
        self.announce()

    def close(self, *, is_orderly: bool = True) -> None:
        """Announce offline and disconnect."""
        info = None
        if self._client.is_connected():
            info = self.send_state(self._topic, self._states["offline"], is_last=True)
        if info is not None:
            wait_published(info.is_published, 2.0)
        super().close(is_orderly=is_orderly)

    def on_message(self, message: MQTTMessage) -> None:
        """Pass an announcement on."""
        try:
            member = msgspec.json.decode(message.payload, type=Member)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):  # anything else would end the network thread
            _limited_log.warning("announcement_unreadable", topic=message.topic)
            return
        self._on_member(message.topic.rpartition("/")[2], member)


def member_topic(client_id: str) -> str:
    """Where a collector of a share group is announced."""
    return status_topic("share", "collector", client_id)


def member_states(settings: CollectorSettings, by: str) -> dict[str, bytes]:
    """Announcements of a member by state."""
    return {
        "online": msgspec.json.encode(Member("online", by, settings.subscription)),
        "offline": msgspec.json.encode(Member("offline", by, settings.subscription)),
    }
