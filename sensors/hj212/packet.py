"""Uploads that were split over several frames: parts of one upload only, in the order in which a device sends them.

Parts belong together where MN, ST, CN, QN and PNUM agree, where they came one behind the other, PNO 1 first, without a pause as long
as that between two uploads, and where none names another DataTime. Only parts that all have a QN and the same DataTime may come in any
order. Frames of HJ/T 212-2005 often have no QN, and all uploads that answer one request have the QN of the request, so the names alone
would join halves of two uploads. An upload that begins while another one of the same names is open may be mixed with it part by part: it
is joined only where the time of each part identifies it. What cannot be joined is passed on part by part, to be refused: no
reading is made of it. The same part again is a copy, before its upload is complete and afterwards.

References
----------
HJ 212-2017, 6.3.4: PNUM and PNO; all parts of an upload share QN. RtdInterval: 30 s at least.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

import msgspec

if TYPE_CHECKING:
    from sensors.hj212.frame import Frame

PacketKey: TypeAlias = tuple[str, str, str, str, int]
Part = TypeVar("Part")

PAUSE_MAX = timedelta(seconds=29)
"""Between two parts of an upload, below the shortest time between two uploads; a part that is sent again counts as one."""
_DONE_MAX = 200
_TIME = re.compile(rb"(?:^|[;,])DataTime=([0-9]+)", re.IGNORECASE)


class Upload(msgspec.Struct, Generic[Part]):
    """Parts of one upload, PNO 1 first and none left out, or a lone part that belongs to none.

    Attributes
    ----------
    total : int
        PNUM.
    since, heard_at : datetime
        When its first part came, and its last one.
    parts : dict of int to Part
        By PNO; a part that is sent again replaces the one before.
    contents : dict of int to bytes
        Of the same parts, by which a part is known again.
    times : set of bytes
        Every DataTime that they name.
    are_timed : bool
        Whether each of them names one.
    is_mixed : bool
        Whether another upload of the same names was open when this one began.
    """

    total: int
    since: datetime
    heard_at: datetime
    parts: dict[int, Part]
    contents: dict[int, bytes]
    times: set[bytes]
    are_timed: bool
    is_mixed: bool = False

    @property
    def is_sure(self) -> bool:
        """Whether its parts are of one upload."""
        return not self.is_mixed or (self.are_timed and len(self.times) == 1)

    @property
    def missing(self) -> list[int]:
        """PNO that have not come, at most the first ten."""
        return [number for number in range(1, self.total + 1) if number not in self.parts][:10]

    @property
    def in_order(self) -> list[Part]:
        """Parts by PNO."""
        return [self.parts[number] for number in sorted(self.parts)]

    def has(self, number: int, frame: Frame, at: datetime) -> bool:
        """Whether a part is one of this upload sent again."""
        return abs(at - self.heard_at) <= PAUSE_MAX and self.contents.get(number) == frame.content

    def alone(self) -> list[Upload[Part]]:
        """Each part by itself, never joined."""
        return [
            msgspec.structs.replace(self, parts={number: part}, contents={number: self.contents[number]})
            for number, part in self.parts.items()
        ]

    def takes(self, number: int, frame: Frame, at: datetime) -> bool:
        """Whether a part is the next one of this upload, or one of it sent again."""
        if abs(at - self.heard_at) > PAUSE_MAX:
            return False
        if number in self.parts:
            return self.has(number, frame, at)
        times = _times(frame.content)
        if frame.qn and len(times) == 1 and self.times == times and self.are_timed:
            return True
        # an upload of several times may go on with another one
        is_other = len(self.times) == 1 and bool(times) and times.isdisjoint(self.times)
        return number == len(self.parts) + 1 and number - 1 in self.parts and not is_other

    def add(self, number: int, frame: Frame, part: Part, at: datetime) -> None:
        """Take a part in."""
        self.heard_at = at
        self.parts[number] = part
        self.contents[number] = frame.content
        times = _times(frame.content)
        self.times |= times
        self.are_timed &= bool(times)


class Assembler(Generic[Part]):
    """Joins split uploads; what is held is bounded.

    Parameters
    ----------
    limit : int
        Most parts held [1]; beyond it the oldest upload is given up.
    """

    def __init__(self, limit: int = 10_000) -> None:
        self._limit = limit
        self._open: dict[PacketKey, Upload[Part]] = {}
        self._given_up: list[Upload[Part]] = []
        self._done: dict[PacketKey, Upload[Part]] = {}

    def add(self, frame: Frame, part: Part, at: datetime) -> Upload[Part] | None:
        """Take a part in; returns its upload when that is complete, at once for one that is not split.

        A part of a complete upload that is sent again alone changes nothing.
        """
        number, total = frame.packet
        if total == 1:
            return _begun(number, total, frame, part, at)
        key = _key(frame)
        upload = self._open.get(key)
        if upload is not None and upload.takes(number, frame, at):
            upload.add(number, frame, part, at)
            return self._complete(key) if len(upload.parts) == total else None
        done = self._done.get(key)
        if done is not None and done.has(number, frame, at):
            return None  # its answer was lost: a copy
        begun = _begun(number, total, frame, part, at)
        if upload is not None:
            begun.is_mixed = abs(at - upload.heard_at) <= PAUSE_MAX
            self._give_up(self._open.pop(key))
        if number == 1 or (frame.qn and begun.are_timed):
            self._open[key] = begun
        else:
            self._given_up.append(begun)
        return None

    def overdue(self, now: datetime, timeout: timedelta) -> list[Upload[Part]]:
        """Give up and return the uploads and lone parts that began ``timeout`` ago, and the oldest ones beyond the limit."""
        held = sum(len(upload.parts) for upload in self.waiting)
        found = []
        for upload in sorted(self.waiting, key=lambda item: item.since):
            if now - upload.since >= timeout or held > self._limit:
                held -= len(upload.parts)
                found.append(upload)
        gone = {id(upload) for upload in found}
        self._given_up = [upload for upload in self._given_up if id(upload) not in gone]
        self._open = {key: upload for key, upload in self._open.items() if id(upload) not in gone}
        return found

    @property
    def waiting(self) -> list[Upload[Part]]:
        """Uploads that are not complete, those that never will be first."""
        return [*self._given_up, *self._open.values()]

    def _give_up(self, upload: Upload[Part]) -> None:
        self._given_up.extend([upload] if upload.is_sure else upload.alone())

    def _complete(self, key: PacketKey) -> Upload[Part] | None:
        """A complete upload, remembered for a while by the contents of its parts; None where its parts may be of two."""
        if not self._open[key].is_sure:
            self._give_up(self._open.pop(key))
            return None
        self._done.pop(key, None)
        if len(self._done) >= _DONE_MAX:
            del self._done[next(iter(self._done))]
        upload = self._done[key] = self._open.pop(key)
        return upload


def in_sequence(frames: list[Frame]) -> list[Frame]:
    """Frames of one message: by PNO where they are one upload, whole and each part once, as their sender has put them together."""
    if len(frames) < 2 or not frames[0].qn or {_key(frame) for frame in frames} != {_key(frames[0])}:  # noqa: PLR2004 - one has no order
        return frames
    by_number = sorted(frames, key=lambda frame: frame.packet)
    is_whole = [frame.packet[0] for frame in by_number] == list(range(1, frames[0].packet[1] + 1))
    return by_number if is_whole else frames


def _key(frame: Frame) -> PacketKey:
    return frame.mn, frame.header.get("ST", ""), frame.cn, frame.qn, frame.packet[1]


def _begun(number: int, total: int, frame: Frame, part: Part, at: datetime) -> Upload[Part]:
    times = _times(frame.content) if total > 1 else set()
    return Upload(total, at, at, {number: part}, {number: frame.content}, times, bool(times))


def _times(content: bytes) -> set[bytes]:
    return set(_TIME.findall(content))
