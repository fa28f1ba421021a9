"""The only place that knows paho."""

from __future__ import annotations

from ingest.process.lean import without

with without("dns"):
    # looked for by paho for SRV records, which are not used
    import paho.mqtt.client as _paho  # noqa: F401

from ingest.mqtt.announcer import Announcer, Member, member_topic
from ingest.mqtt.command import CommandListener
from ingest.mqtt.heartbeat import HeartbeatListener, HeartbeatSender
from ingest.mqtt.probe import probe
from ingest.mqtt.publisher import Publisher, Sent
from ingest.mqtt.subscriber import Batch, Subscriber

__all__ = [
    "Announcer",
    "Batch",
    "CommandListener",
    "HeartbeatListener",
    "HeartbeatSender",
    "Member",
    "Publisher",
    "Sent",
    "Subscriber",
    "member_topic",
    "probe",
]
