"""Mutes that cover a case: reading them for a message."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from alerts.delivery.mute import covers

if TYPE_CHECKING:
    from datetime import datetime

    from schemas.alert_case import AlertCase
    from schemas.network import Network
    from store.state import StateStore

JUST_ENDED = timedelta(minutes=5)


def mutes_until(state: StateStore, network: Network, case: AlertCase, now: datetime) -> datetime | None:
    """Until when nothing is sent of a case; None where it is not muted."""
    ends = [item.end for item in state.mutes.active(now) if covers(item.matcher, case, network)]
    if case.muted_until is not None and case.muted_until > now:
        ends.append(case.muted_until)
    return max(ends, default=None)


def is_mute_over(state: StateStore, network: Network, case: AlertCase, now: datetime) -> bool:
    """Whether a mute of a case has ended just now, so that its message is one with those of the others that waited."""
    ended = [item for item in state.mutes.list(ended_from=now - JUST_ENDED) if item.end <= now]
    return any(covers(item.matcher, case, network) for item in ended)
