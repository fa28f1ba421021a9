"""The heartbeat of a long-running process."""

from __future__ import annotations

import os
import socket
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

HEARTBEAT_S = 15.0
"""Interval of heartbeats [s]."""
_LONGEST = 1_000
"""Characters of a complaint that are sent."""
_Moment = Annotated[datetime, Meta(tz=True)]


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True):
    """One heartbeat; the fields as `store.state.Process` has them.

    Attributes
    ----------
    is_end : bool
        The last one: the process ends in order.
    """

    name: Annotated[str, Meta(max_length=100)]
    host: Annotated[str, Meta(max_length=100)]
    pid: Annotated[int, Meta(ge=0, lt=1 << 31)]
    started_at: _Moment
    beat_at: _Moment
    every_s: Annotated[float, Meta(gt=0, le=3_600)]
    complaint: Annotated[str, Meta(max_length=_LONGEST)] = ""
    is_end: bool = False


def heartbeat_of(
    name: str, started_at: datetime, every_s: float, complaints: Sequence[Callable[[], str]], *, is_end: bool = False
) -> Heartbeat:
    """The beat of this process at this moment."""
    return Heartbeat(
        name=name,
        host=socket.gethostname(),
        pid=os.getpid(),
        started_at=started_at,
        beat_at=datetime.now(UTC),
        every_s=every_s,
        complaint="; ".join(filter(None, (complaint() for complaint in complaints)))[:_LONGEST],
        is_end=is_end,
    )
