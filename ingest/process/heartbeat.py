"""The heartbeat of a long-running process."""

from __future__ import annotations

import os
import socket
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from ingest.process.complaint import joined

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


class HeartbeatSource:
    """Makes the heartbeats of this process.

    Parameters
    ----------
    name : str
        As `store.state.Process` has it.
    complaints : sequence of callable
        Each returns a complaint (`ingest.process.complaint`).
    every_s : float
        Interval [s].
    """

    def __init__(self, name: str, complaints: Sequence[Callable[[], str]], every_s: float) -> None:
        self.name = name
        self.every_s = every_s
        self._complaints = complaints
        self._started_at = datetime.now(UTC)

    def next(self, *, is_end: bool = False) -> Heartbeat:
        """Heartbeat of this moment."""
        return Heartbeat(
            name=self.name,
            host=socket.gethostname(),
            pid=os.getpid(),
            started_at=self._started_at,
            beat_at=datetime.now(UTC),
            every_s=self.every_s,
            complaint=joined((complaint() for complaint in self._complaints), _LONGEST),
            is_end=is_end,
        )
