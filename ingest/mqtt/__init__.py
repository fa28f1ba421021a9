"""The only place that knows paho."""

from __future__ import annotations

from ingest.mqtt.announcer import Announcer, Member, member_topic
from ingest.mqtt.command import CommandListener
from ingest.mqtt.probe import probe
from ingest.mqtt.publisher import Publisher, Sent
from ingest.mqtt.subscriber import Batch, Subscriber

__all__ = [
    "Announcer",
    "Batch",
    "CommandListener",
    "Member",
    "Publisher",
    "Sent",
    "Subscriber",
    "member_topic",
    "probe",
]
