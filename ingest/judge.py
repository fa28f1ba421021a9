"""From the bytes of one message to what may be stored of it, and what is refused. Pure, and alive whatever the bytes are."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
import structlog

from ingest.validate import refuse_malformed_topic, validate, validate_result, validate_topic
from schemas.calibration import CheckResult
from schemas.message import CALIBRATION_PREFIX, RawMessage, Topic, TopicError, parse_calibration_topic, parse_topic
from schemas.reading import Decoded, Reading, Rejection, RejectReason
from sensors import calibration_v1
from sensors.registry import decode

if TYPE_CHECKING:
    from ingest.settings import CollectorSettings
    from schemas.network import Network

_log = structlog.get_logger("ingest.judge")


class Judged(msgspec.Struct):
    """A message after decoding and validation.

    Attributes
    ----------
    message : RawMessage
    topic : Topic or None
        None when it does not follow the contract.
    readings : list of Reading
        May be stored.
    rejections : list of Rejection
        Go to the quarantine.
    results : list of CheckResult
        Of calibration checks, from a topic of their own.
    """

    message: RawMessage
    topic: Topic | None
    readings: list[Reading]
    rejections: list[Rejection]
    results: list[CheckResult] = []


def judge(message: RawMessage, settings: CollectorSettings) -> Judged:
    """Decode and validate one message against the network file of the settings."""
    network = settings.stations
    is_calibration = message.topic.startswith(CALIBRATION_PREFIX)
    try:
        topic = parse_calibration_topic(message.topic) if is_calibration else parse_topic(message.topic)
    except TopicError:
        return Judged(message, None, [], [refuse_malformed_topic(message.topic)])
    if len(message.payload) > settings.payload_max_bytes:
        return Judged(message, topic, [], [_too_large(message, topic, settings.payload_max_bytes)])
    stranger = validate_topic(topic, network)
    if stranger is not None:
        return Judged(message, topic, [], [stranger])
    time_ahead_max = timedelta(seconds=settings.time_ahead_max_s)
    if is_calibration:
        return _judge_results(message, topic, network, time_ahead_max)
    decoded = _decode(message, topic, network)
    judged = Judged(message, topic, [], decoded.rejections)
    for reading in decoded.readings:
        validated = validate(reading, network, message.received_at, time_ahead_max=time_ahead_max)
        if validated.reading is not None:
            judged.readings.append(validated.reading)
        judged.rejections.extend(validated.rejections)
    return judged


def _judge_results(message: RawMessage, topic: Topic, network: Network, time_ahead_max: timedelta) -> Judged:
    decoded = calibration_v1.decode(message, topic)
    judged = Judged(message, topic, [], decoded.rejections, [])
    for result in decoded.results:
        refused = validate_result(result, network, message.received_at, time_ahead_max=time_ahead_max)
        if refused is None:
            judged.results.append(result)
        else:
            judged.rejections.append(refused)
    return judged


def _decode(message: RawMessage, topic: Topic, network: Network) -> Decoded:
    try:
        return decode(message, topic, network)
    except Exception as error:  # noqa: BLE001 - an error of ours in one decoder must not hold up every other station
        _log.exception("decoder_failed", topic=message.topic, received_at=message.received_at.isoformat())
        detail = f"the decoder failed: {type(error).__name__}: {error}"
        return Decoded([], [Rejection(RejectReason.BAD_SCHEMA, detail, topic.station_id, topic.instrument_id)])


def _too_large(message: RawMessage, topic: Topic, limit: int) -> Rejection:
    detail = f"payload of {len(message.payload)} bytes, expected at most {limit}"
    return Rejection(RejectReason.TOO_LARGE, detail, topic.station_id, topic.instrument_id)


def refused_by_store(reading: Reading, detail: str) -> Rejection:
    """Rejection of a reading that the database will never take."""
    return Rejection(
        RejectReason.REFUSED_BY_STORE, detail, reading.station_id, reading.instrument_id, None, reading.interval
    )
