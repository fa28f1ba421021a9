"""Uploads that were split over several frames: joined by (MN, QN, CN), PNO 1 to PNUM.

References
----------
HJ 212-2017, 6.3.4: PNUM and PNO; all parts of an upload share QN.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

import msgspec

if TYPE_CHECKING:
    from sensors.hj212.frame import Frame

PacketKey: TypeAlias = tuple[str, str, str, int]
Part = TypeVar("Part")


class Upload(msgspec.Struct, Generic[Part]):
    """Parts of one upload.

    Attributes
    ----------
    total : int
        PNUM.
    since : datetime
        When its first part came.
    parts : dict of int to Part
        By PNO; a part that comes again replaces the one before.
    """

    total: int
    since: datetime
    parts: dict[int, Part]

    @property
    def missing(self) -> list[int]:
        """PNO that have not come, at most the first ten."""
        return [number for number in range(1, self.total + 1) if number not in self.parts][:10]

    @property
    def in_order(self) -> list[Part]:
        """Parts by PNO."""
        return [self.parts[number] for number in sorted(self.parts)]


class Assembler(Generic[Part]):
    """Joins split uploads; what is held is bounded.

    Parameters
    ----------
    limit : int
        Most parts held [1]; beyond it the oldest upload is given up.
    """

    def __init__(self, limit: int = 10_000) -> None:
        self._limit = limit
        self._count = 0
        self._open: dict[PacketKey, Upload[Part]] = {}

    def add(self, frame: Frame, part: Part, at: datetime) -> Upload[Part] | None:
        """Take a part in; returns its upload when that is complete, at once for one that is not split."""
        number, total = frame.packet
        if total == 1:
            return Upload(1, at, {1: part})
        key = (frame.mn, frame.qn, frame.cn, total)
        upload = self._open.setdefault(key, Upload(total, at, {}))
        self._count += number not in upload.parts
        upload.parts[number] = part
        if len(upload.parts) < total:
            return None
        return self._take(key)

    def overdue(self, now: datetime, timeout: timedelta) -> list[Upload[Part]]:
        """Give up and return the uploads that began ``timeout`` ago, and the oldest ones beyond the limit."""
        late = [key for key, upload in self._open.items() if now - upload.since >= timeout]
        found = [self._take(key) for key in late]
        while self._count > self._limit:
            found.append(self._take(next(iter(self._open))))
        return found

    @property
    def waiting(self) -> list[Upload[Part]]:
        """Uploads that are not complete, the oldest first."""
        return list(self._open.values())

    def _take(self, key: PacketKey) -> Upload[Part]:
        upload = self._open.pop(key)
        self._count -= len(upload.parts)
        return upload
