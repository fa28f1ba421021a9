from __future__ import annotations

from datetime import UTC, datetime

from schemas.message import RawMessage, Topic
from schemas.reading import RejectReason
from sensors.registry import DECODERS, decode


def test_the_format_of_the_topic_chooses_the_decoder() -> None:
    topic = Topic("rad", "ln-dl-04", "gamma1", "json")
    payload = b'{"start":"2026-11-22T00:00:00Z","values":{"gamma_dose_rate":71.3}}'
    result = decode(RawMessage(str(topic), payload, datetime.now(UTC)), topic)
    assert result.readings[0].values == {"gamma_dose_rate": 71.3}


def test_an_unknown_format_is_refused_with_the_formats_there_are() -> None:
    topic = Topic("rad", "ln-dl-04", "gamma1", "xml")
    result = decode(RawMessage(str(topic), b"{}", datetime.now(UTC)), topic)
    assert not result.readings
    (rejection,) = result.rejections
    assert rejection.reason is RejectReason.BAD_SCHEMA
    assert all(name in rejection.detail for name in DECODERS)
