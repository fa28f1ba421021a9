"""Readings refused after decoding: they are in the quarantine, while decoding the raw log again accepts them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.reading import RejectReason

if TYPE_CHECKING:
    from datetime import datetime

    from store.state import StateStore

REFUSED_AFTER_DECODING = (RejectReason.REFUSED_BY_STORE, RejectReason.CLOCK_SUSPECT, RejectReason.INTERNAL_ERROR)
"""Reasons that decoding alone does not find."""
_PAGE = 1_000
Refusals = dict[tuple[str, str, "datetime", "datetime"], str]
"""Reasons, by station, instrument, start of the reading and time of reception."""


def refused_after_decoding(state: StateStore, received_from: datetime, station_id: str | None = None) -> Refusals:
    """Readings refused after decoding, of messages received at ``received_from`` or later.

    Parameters
    ----------
    station_id : str or None
        None: of all stations.
    """
    found: Refusals = {}
    for reason in REFUSED_AFTER_DECODING:
        after = 0
        while page := state.quarantine.list(
            reason=reason, station_id=station_id, received_from=received_from, after=after, limit=_PAGE
        ):
            after = page[-1].id
            for item in page:
                if item.station_id and item.instrument_id and item.interval_start:
                    found[item.station_id, item.instrument_id, item.interval_start, item.received_at] = reason.value
    return found
