"""Which decoder reads which wire format: an explicit table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.reading import Decoded, Rejection, RejectReason
from sensors import json_v1

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from schemas.message import RawMessage, Topic

DECODERS: Mapping[str, Callable[[RawMessage, Topic], Decoded]] = {
    json_v1.FORMAT: json_v1.decode,
}


def decode(message: RawMessage, topic: Topic) -> Decoded:
    """Decode a message by the format that its topic names.

    Parameters
    ----------
    message : RawMessage
    topic : Topic
        Of the message, already parsed.

    Returns
    -------
    Decoded
        For a format that no decoder reads: no reading and one rejection, ``bad_schema``.
    """
    decoder = DECODERS.get(topic.format)
    if decoder is None:
        detail = f"topic {topic}: unknown format {topic.format!r}, expected one of {', '.join(sorted(DECODERS))}"
        return Decoded([], [Rejection(RejectReason.BAD_SCHEMA, detail, topic.station_id, topic.instrument_id)])
    return decoder(message, topic)
