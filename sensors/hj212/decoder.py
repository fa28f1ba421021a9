"""The wire format ``hj212``: one frame a message, or all frames of a split upload one behind the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.message import MAX_PAYLOAD_BYTES
from schemas.reading import Decoded, Rejection, RejectReason
from sensors.hj212.cipher import plain_content
from sensors.hj212.command import READINGS
from sensors.hj212.content import JOINED, Content, parse_content
from sensors.hj212.frame import STRICT, TOLERANT, BadFrameError, Frame, Rule
from sensors.hj212.framer import frames_of
from sensors.hj212.mapping import Target, read_content
from sensors.hj212.packet import Assembler, Upload, in_sequence
from sensors.json_text import other_format

if TYPE_CHECKING:
    from schemas.message import RawMessage, Topic
    from schemas.network import Network
    from sensors.hj212.cipher import Cipher

FORMAT = "hj212"
_LOOKED_AT = 4_096


def decode(message: RawMessage, topic: Topic, network: Network | None, *, cipher: Cipher | None = None) -> Decoded:
    """Decode the frames of a message.

    Parameters
    ----------
    message : RawMessage
    topic : Topic
    network : Network or None
        Assigns the device and the meaning of its factors; without it nothing can be decoded.
    cipher : Cipher or None
        For content of 2025 that is not plain.

    Returns
    -------
    Decoded
        A frame with another kind of upload than the instrument's gives neither a reading nor a rejection. Never raises,
        whatever the payload is.
    """
    target = None if network is None else target_of(network, topic)
    if target is None:
        detail = f"instrument {topic.station_id}/{topic.instrument_id} has no hj212 table in the network file"
        return _with(Decoded([], []), topic, RejectReason.BAD_SCHEMA, detail)
    if len(message.payload) > MAX_PAYLOAD_BYTES:
        detail = f"payload of {len(message.payload)} bytes, expected at most {MAX_PAYLOAD_BYTES}"
        return _with(Decoded([], []), topic, RejectReason.TOO_LARGE, detail)
    other = other_format(message.payload[:_LOOKED_AT].decode("utf-8", "replace"))
    if other:
        return _with(Decoded([], []), topic, RejectReason.BAD_FRAME, f"{Rule.MARK}: {other}")
    return _decode(message, target, cipher)


def _decode(message: RawMessage, target: Target, cipher: Cipher | None) -> Decoded:
    decoded = Decoded([], [])
    found = frames_of(message.payload, TOLERANT if target.hj212.tolerant_crc else STRICT)
    for item in found:
        if item.frame is None:
            _with(decoded, target.topic, RejectReason.BAD_FRAME, str(item.error))
    assembler: Assembler[Frame] = Assembler()
    for frame in in_sequence(_once([item.frame for item in found if item.frame is not None])):
        upload = assembler.add(frame, frame, message.received_at)
        if upload is not None:
            _read_upload(upload, target, cipher, decoded)
    for upload in assembler.waiting:
        _with(decoded, target.topic, RejectReason.BAD_FRAME, f"{Rule.PACKET}: {_why_refused(upload)}")
    return decoded


def _once(frames: list[Frame]) -> list[Frame]:
    """Frames without exact repetitions."""
    return list({(tuple(frame.header.items()), frame.content): frame for frame in reversed(frames)}.values())[::-1]


def _why_refused(upload: Upload[Frame]) -> str:
    numbers = ", ".join(str(number) for number in upload.parts)
    if not upload.is_sure:
        return (
            f"PNO {numbers} of {upload.total}: two uploads of the same QN are mixed and their parts cannot be distinguished, "
            "expected one behind the other, or DataTime in each part"
        )
    return f"{len(upload.parts)} of {upload.total} packets, missing {upload.missing}"


def target_of(network: Network, topic: Topic) -> Target | None:
    """Where factors go that arrive under a topic; None for an instrument that does not report by HJ 212."""
    instrument = network.instruments.get((topic.station_id, topic.instrument_id))
    if instrument is None or instrument.hj212 is None:
        return None
    mine = instrument.hj212
    sharing = [
        item
        for item in network.stations[topic.station_id].instruments
        if item.hj212 is not None and (item.hj212.mn, item.hj212.cn) == (mine.mn, mine.cn)
    ]
    others = tuple(item for item in sharing if item.id != instrument.id)
    return Target(topic, instrument, mine, others, sharing[0].id == instrument.id, network.timezone)


def _read_upload(upload: Upload[Frame], target: Target, cipher: Cipher | None, decoded: Decoded) -> None:
    frames = upload.in_order
    topic, first = target.topic, frames[0]
    if first.mn != target.hj212.mn:
        detail = f"MN {first.mn[:40]!r}, but instrument {topic.station_id}/{topic.instrument_id} is {target.hj212.mn!r}"
        _with(decoded, topic, RejectReason.TOPIC_MISMATCH, detail)
    elif first.cn not in READINGS:
        _with(decoded, topic, RejectReason.BAD_SCHEMA, f"CN {first.cn} carries no readings")
    elif int(first.cn) == target.hj212.cn:
        try:
            content = _joined(frames, cipher)
        except BadFrameError as error:
            _with(decoded, topic, RejectReason.BAD_FRAME, str(error))
            return
        found = read_content(content, first.cn, target)
        decoded.readings.extend(found.readings)
        decoded.rejections.extend(found.rejections)


def _joined(frames: list[Frame], cipher: Cipher | None) -> Content:
    """Fields of all parts. A name that the end of a part has cut is put together; a value that it has cut is no number."""
    content: Content = []
    for frame in frames:
        first, *others = parse_content(plain_content(frame, cipher))
        is_new = not content or not any(first) or first[0].startswith(JOINED)
        if not is_new and content[-1][0].strip(JOINED) and not content[-1][1]:
            first = (content.pop()[0] + first[0], *first[1:])
        elif not is_new and not first[1]:
            first = (JOINED + first[0], "", "")
        content += [first, *others]
    return content


def _with(decoded: Decoded, topic: Topic, reason: RejectReason, detail: str) -> Decoded:
    decoded.rejections.append(Rejection(reason, detail, topic.station_id, topic.instrument_id))
    return decoded
