"""From the bytes of one message to readings that may be stored and rejections. Pure; never raises."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from ingest.decode.validate import refuse_malformed_topic, validate, validate_result, validate_topic
from ingest.process.guard import describe, internal_error, say
from schemas.bounds import bounded_interval
from schemas.calibration import CheckResult
from schemas.message import CALIBRATION_PREFIX, RawMessage, Topic, TopicError, parse_calibration_topic, parse_topic
from schemas.moment import BoundsError
from schemas.reading import Reading, Rejection, RejectReason
from sensors import calibration_v1
from sensors.registry import decode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.process.settings import CollectorSettings
    from schemas.network import Network
    from schemas.reading import Decoded

ENTRIES_MAX = 1_000
"""Entries of one message for values that are refused one by one; the quarantine holds 200,000 of all stations."""
_NO_MOVE = timedelta(0)


class DecodedMessage(msgspec.Struct):
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


def decode_and_validate(message: RawMessage, settings: CollectorSettings, move: timedelta = _NO_MOVE) -> DecodedMessage:
    """Decode and validate one message against the network file of the settings; what raises is one rejection, `internal_error`.

    Parameters
    ----------
    message : RawMessage
        An empty payload deletes a retained message in MQTT: it holds no reading and is not refused.
    settings : CollectorSettings
    move : timedelta
        Added to the times of readings, whatever their format: a repair of what a wrong clock has stamped.
    """
    topic = None
    try:
        is_calibration = message.topic.startswith(CALIBRATION_PREFIX)
        topic = parse_calibration_topic(message.topic) if is_calibration else parse_topic(message.topic)
        return _bounded(_decode(message, topic, settings, move, is_calibration=is_calibration))
    except TopicError:
        return DecodedMessage(message, None, [], [refuse_malformed_topic(message.topic)])
    except Exception as error:  # noqa: BLE001 - an internal error about one message must not hold up every other station
        say("judge_failed", error, topic=message.topic, received_at=message.received_at.isoformat())
        return DecodedMessage(message, topic, [], [internal_error(describe(error), topic)])


def _decode(
    message: RawMessage, topic: Topic, settings: CollectorSettings, move: timedelta, *, is_calibration: bool
) -> DecodedMessage:
    network = settings.stations
    if len(message.payload) > settings.payload_max_bytes:
        return DecodedMessage(message, topic, [], [_too_large(message, topic, settings.payload_max_bytes)])
    stranger = validate_topic(topic, network)
    if stranger is not None:
        return DecodedMessage(message, topic, [], [stranger])
    if not message.payload:
        return DecodedMessage(message, topic, [], [])
    time_ahead_max = timedelta(seconds=settings.time_ahead_max_s)
    if is_calibration:
        return _decode_results(message, topic, network, time_ahead_max)
    content = decode(message, topic, network)
    decoded = DecodedMessage(message, topic, [], content.rejections)
    for reading in _moved(content, move) if move else content.readings:
        validated = validate(reading, network, message.received_at, time_ahead_max=time_ahead_max)
        if validated.reading is not None:
            decoded.readings.append(validated.reading)
        decoded.rejections.extend(validated.rejections)
    return decoded


def _decode_results(message: RawMessage, topic: Topic, network: Network, time_ahead_max: timedelta) -> DecodedMessage:
    content = calibration_v1.decode(message, topic)
    decoded = DecodedMessage(message, topic, [], content.rejections, [])
    for result in content.results:
        refused = validate_result(result, network, message.received_at, time_ahead_max=time_ahead_max)
        if refused is None:
            decoded.results.append(result)
        else:
            decoded.rejections.append(refused)
    return decoded


def _moved(content: Decoded, move: timedelta) -> Iterator[Reading]:
    """Readings under their moved times; one that would leave the calendar is refused."""
    for reading in content.readings:
        try:
            interval = bounded_interval(reading.interval.start + move, reading.interval.end + move)
        except (BoundsError, OverflowError) as error:
            detail = f"moved by {move / timedelta(hours=1):+g} h: {error}"
            content.rejections.append(
                Rejection(
                    RejectReason.BAD_SCHEMA, detail, reading.station_id, reading.instrument_id, None, reading.interval
                )
            )
            continue
        yield msgspec.structs.replace(reading, interval=interval)


def _bounded(decoded: DecodedMessage) -> DecodedMessage:
    """Bound the quarantine entries of one message; the last one counts those left out.

    Refusals of whole readings all stay, since the reconciliation counts them; a decoder bounds the readings of a message.
    """
    if len(decoded.rejections) <= ENTRIES_MAX:
        return decoded
    whole = [item for item in decoded.rejections if item.parameter is None and item.interval is not None]
    others = [item for item in decoded.rejections if item.parameter is not None or item.interval is None]
    decoded.rejections[:] = whole + others[:ENTRIES_MAX]
    left = Counter(item.reason for item in others[ENTRIES_MAX:])
    if left:
        reason = left.most_common(1)[0][0]
        named = ", ".join(f"{name.value} {count}" for name, count in left.most_common())
        detail = f"{left.total()} more refused in this message: {named}"
        decoded.rejections.append(Rejection(reason, detail, others[0].station_id, others[0].instrument_id))
    return decoded


def _too_large(message: RawMessage, topic: Topic, limit: int) -> Rejection:
    detail = f"payload of {len(message.payload)} bytes, expected at most {limit}"
    return Rejection(RejectReason.TOO_LARGE, detail, topic.station_id, topic.instrument_id)


def set_aside(decoded: DecodedMessage, error: Exception) -> None:
    """Refuse every reading of a message whose processing raised."""
    detail = describe(error)
    refused = [internal_error(detail, decoded.topic, reading) for reading in decoded.readings]
    decoded.rejections.extend(refused or [internal_error(detail, decoded.topic)])
    decoded.readings.clear()
    decoded.results.clear()
    say("message_set_aside", error, topic=decoded.message.topic, received_at=decoded.message.received_at.isoformat())


def refused_by_store(reading: Reading, detail: str) -> Rejection:
    """Rejection of a reading that the database will never take."""
    return Rejection(
        RejectReason.REFUSED_BY_STORE, detail, reading.station_id, reading.instrument_id, None, reading.interval
    )
