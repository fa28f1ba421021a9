from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from ingest.decode.message import decode_and_validate
from ingest.decode.spoofed_payload import spoofed_payloads
from schemas.message import RawMessage

if TYPE_CHECKING:
    from ingest.process.settings import CollectorSettings

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def test_a_payload_that_names_another_station_is_reported(collector_settings: CollectorSettings) -> None:
    def decoded(topic: str, **more: object):  # noqa: ANN202 - as validation returns it
        body = {"start": NOW, "values": {"so2": 1.0}, **more}
        return decode_and_validate(RawMessage(topic, msgspec.json.encode(body), NOW), collector_settings)

    own = "obs/v1/gas/st-1/gas1/json"
    batch = [
        decoded(own),
        decoded(own, station="archive"),
        decoded(own, station="st-2"),
        decoded(own, station="st-1"),
        decoded("obs/v1/voc/st-1/gas1/json"),  # the topic itself does not fit
    ]
    assert [len(item.readings) for item in batch] == [1, 0, 0, 1, 0]
    (finding,) = spoofed_payloads(batch, collector_settings.stations, NOW)
    assert (finding.key, finding.count) == ("foreign_payload/st-1", 2)
    assert "st-2" in finding.facts["named"]
