"""Which decoder reads which wire format: an explicit table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.reading import Decoded, Rejection, RejectReason
from sensors import json_v1
from sensors.hj212 import decoder as hj212

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from schemas.message import RawMessage, Topic
    from schemas.network import Network


def _json(message: RawMessage, topic: Topic, _network: Network | None) -> Decoded:
    return json_v1.decode(message, topic)


DECODERS: Mapping[str, Callable[[RawMessage, Topic, Network | None], Decoded]] = {
    json_v1.FORMAT: _json,
    hj212.FORMAT: hj212.decode,
}
FORMATS = tuple(DECODERS)
"""Names of the wire formats, as topics end with them."""


def decode(message: RawMessage, topic: Topic, network: Network | None = None) -> Decoded:
    """Decode a message by the format that its topic names.

    Parameters
    ----------
    message : RawMessage
    topic : Topic
        Of the message, already parsed.
    network : Network or None
        For formats whose meaning is configured by instrument (``hj212``).

    Returns
    -------
    Decoded
        For a format that no decoder reads: no reading and one rejection, ``bad_schema``.
    """
    decoder = DECODERS.get(topic.format)
    if decoder is None:
        detail = f"topic {str(topic)[:200]}: unknown format {topic.format[:80]!r}, expected one of {', '.join(sorted(DECODERS))}"
        return Decoded([], [Rejection(RejectReason.BAD_SCHEMA, detail, topic.station_id, topic.instrument_id)])
    return decoder(message, topic, network)
