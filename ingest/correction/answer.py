"""Recognises answers to requests for missing readings: they fill holes and replace nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from sensors.json_v1 import FORMAT
from store.state import GapState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.correction.contest import ReceivedReading
    from ingest.decode.message import DecodedMessage
    from store.state import Gap, StateStore

SETTLED_SINCE = timedelta(minutes=10)
"""Time after the end of a gap in which a reading still counts as an answer: a station may answer twice. Project's choice."""


class Answers:
    """Distinguishes answers from other back-fill by the gaps that were requested."""

    def __init__(self, state: StateStore) -> None:
        self._state = state

    @staticmethod
    def may_be(decoded: DecodedMessage, *, is_late: bool) -> bool:
        """Whether a message has the form of an answer: an array, or a late frame of a device, whose answers have no form of their own."""
        if decoded.topic is None or decoded.topic.format != FORMAT:
            return is_late
        return decoded.message.payload.lstrip()[:1] == b"["

    def marked(self, key: tuple[str, str, str], arrivals: Sequence[ReceivedReading]) -> list[ReceivedReading]:
        """The arrivals, marked as answers only where a gap was asked for; raises `StoreError`."""
        possible = [item for item in arrivals if item.is_answer]
        gaps: list[Gap] = []
        if possible:
            starts = [item.reading.interval.start for item in possible]
            gaps = self._state.gaps.list(
                start=min(starts), end=max(starts) + timedelta(microseconds=1), station_id=key[1]
            )
        asked = [gap for gap in gaps if gap.instrument_id == key[2] and gap.attempts]
        return [
            msgspec.structs.replace(item, is_answer=any(_answers(item, gap) for gap in asked))
            if item.is_answer
            else item
            for item in arrivals
        ]


def _answers(item: ReceivedReading, gap: Gap) -> bool:
    if not gap.start <= item.reading.interval.start < gap.end:
        return False
    is_open = gap.state is GapState.ASKED or gap.state_at is None
    return is_open or item.received_at <= (gap.state_at or item.received_at) + SETTLED_SINCE
