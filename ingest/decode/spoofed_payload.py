"""Payloads that name another station or instrument than their topic: refused, and reported, since somebody may be posing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.decode.validate import validate_topic
from schemas.reading import RejectReason
from store.state import Finding, FindingKind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from ingest.decode.message import Judged
    from schemas.network import Network


def foreign_payloads(batch: Sequence[Judged], network: Network, now: datetime) -> list[Finding]:
    """One finding a station of a batch, with the number of such payloads and the words of the last one.

    Parameters
    ----------
    now : datetime
        Aware, time of the report.
    """
    found: dict[str, Finding] = {}
    for judged in batch:
        for rejection in judged.rejections:
            # a topic that does not fit the network file is refused for the same reason, before anybody looks inside
            if rejection.reason is not RejectReason.TOPIC_MISMATCH or judged.topic is None:
                continue
            if validate_topic(judged.topic, network) is not None:
                continue
            station_id = judged.topic.station_id
            before = found.get(station_id)
            found[station_id] = Finding(
                key=f"foreign_payload/{station_id}",
                kind=FindingKind.FOREIGN_PAYLOAD,
                station_id=station_id,
                instrument_id=judged.topic.instrument_id,
                facts={"topic": judged.message.topic, "named": rejection.detail},
                count=1 + (before.count if before else 0),
                first_at=now,
                last_at=now,
            )
    return list(found.values())
