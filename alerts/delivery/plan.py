"""Which of the due notices of one recipient become one message each, which become a digest, and which wait. Pure.

Nothing is ever dropped: what waits states the case as it is when it is sent.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from store.state import Notice

HOUR = timedelta(hours=1)


class DueNotice(NamedTuple):
    """A claimed notice and what decides about its message.

    Attributes
    ----------
    notice : Notice
    is_critical : bool
        An open case of severity critical: neither merged nor held.
    is_collected : bool
        Of severity info, or held by a mute: several become a digest.
    muted_until : datetime or None
        UTC; nothing is sent before.
    """

    notice: Notice
    is_critical: bool = False
    is_collected: bool = False
    muted_until: datetime | None = None


class HeldNotice(NamedTuple):
    """A notice that waits until a moment, UTC."""

    item: DueNotice
    until: datetime


class DeliveryPlan(NamedTuple):
    """Messages, each of one or more notices, and notices that wait."""

    messages: tuple[tuple[DueNotice, ...], ...]
    held: tuple[HeldNotice, ...] = ()


def plan_delivery(due: Sequence[DueNotice], sent_at: Sequence[datetime], *, limit: int, now: datetime) -> DeliveryPlan:
    """Plan the messages of one recipient through one channel.

    Parameters
    ----------
    due : sequence of DueNotice
    sent_at : sequence of datetime
        When messages went to the recipient within the hour before ``now``.
    limit : int
        Messages an hour. Critical cases are sent at once and count.
    now : datetime
        Aware.
    """
    held = tuple(HeldNotice(item, item.muted_until) for item in due if item.muted_until is not None)
    free = [item for item in due if item.muted_until is None]
    critical = [item for item in free if item.is_critical]
    collected = [item for item in free if not item.is_critical and item.is_collected]
    single = [item for item in free if not item.is_critical and not item.is_collected]
    messages = [*((item,) for item in single), *([tuple(collected)] if collected else [])]
    recent = sorted(moment for moment in sent_at if moment > now - HOUR)
    left = limit - len(recent) - len(critical)
    urgent = [(item,) for item in critical]
    if len(messages) <= left:
        return DeliveryPlan((*urgent, *messages), held)
    rest = (*single, *collected)
    if left > 0:
        return DeliveryPlan((*urgent, rest), held)
    until = (recent[0] if recent else now) + HOUR
    return DeliveryPlan(tuple(urgent), (*held, *(HeldNotice(item, until) for item in rest)))
