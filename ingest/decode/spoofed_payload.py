"""Payloads that name another station or instrument than their topic: refused and reported as possible spoofing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.decode.validate import validate_topic
from schemas.reading import RejectReason
from store.state import Finding, FindingKind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from ingest.decode.message import DecodedMessage
    from schemas.network import Network


def spoofed_payloads(batch: Sequence[DecodedMessage], network: Network, now: datetime) -> list[Finding]:
    """One finding a station of a batch, with the number of such payloads and the detail of the last one.

    Parameters
    ----------
    now : datetime
        Aware, time of the report.
    """
    found: dict[str, Finding] = {}
    for decoded in batch:
        for rejection in decoded.rejections:
            # a topic that does not fit the network file is refused for the same reason, before the payload is decoded
            if rejection.reason is not RejectReason.TOPIC_MISMATCH or decoded.topic is None:
                continue
            if validate_topic(decoded.topic, network) is not None:
                continue
            station_id = decoded.topic.station_id
            before = found.get(station_id)
            found[station_id] = Finding(
                key=f"foreign_payload/{station_id}",
                kind=FindingKind.FOREIGN_PAYLOAD,
                station_id=station_id,
                instrument_id=decoded.topic.instrument_id,
                facts={"topic": decoded.message.topic, "named": rejection.detail},
                count=1 + (before.count if before else 0),
                first_at=now,
                last_at=now,
            )
    return list(found.values())
