"""Stores rejections of a batch as quarantine entries, and its calibration results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.decode.message import refused_by_store
from ingest.process.guard import describe, internal_error, is_unexpected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.correction.overwrite_log import WritePlan
    from ingest.decode.message import DecodedMessage
    from ingest.process.guard import CaughtErrors
    from ingest.writer import Refused
    from store.state import StateStore


def move_refused(batch: Sequence[DecodedMessage], plan: WritePlan, refused: Sequence[Refused]) -> None:
    """Turn what the database refused from readings into rejections of their messages."""
    if not refused:
        return
    origin = [(item, reading) for item in batch for reading in item.readings if plan.of([reading])]
    gone = {id(origin[line.index][1]) for line in refused}
    for line in refused:
        item, reading = origin[line.index]
        item.rejections.append(refused_by_store(reading, line.detail))
    for item in {id(origin[line.index][0]): origin[line.index][0] for line in refused}.values():
        item.readings[:] = [reading for reading in item.readings if id(reading) not in gone]


def add_entries(state: StateStore, batch: Sequence[DecodedMessage]) -> None:
    """Store calibration results and rejections of a batch; raises `StoreError`."""
    for item in batch:
        if item.results:
            state.calibration.add_checks(item.results, item.message.received_at)
    refused = [(item.message, item.topic, item.rejections) for item in batch if item.rejections]
    if refused:
        state.quarantine.add_many(refused)


def add_bare_entry(state: StateStore, item: DecodedMessage, error: Exception, caught: CaughtErrors) -> None:
    """Store an entry that raised, without what may be odd about it. The message stays in the raw log in any case."""
    bare = internal_error(describe(error), item.topic)
    for rejections in ([*item.rejections, bare], [bare]):
        try:
            state.quarantine.add(item.message, item.topic, rejections)
        except Exception as again:
            if not is_unexpected(again):
                raise
            caught("record", again)
        else:
            item.rejections[:] = rejections
            break
