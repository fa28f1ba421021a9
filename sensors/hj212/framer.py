"""Frames from a stream of bytes, whatever the pieces it comes in; after anything unsound it looks for the next ``##``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from sensors.hj212.frame import MARK, PREFIX, STRICT, SUFFIX, Acceptance, BadFrameError, Frame, Rule, decode_frame

if TYPE_CHECKING:
    from collections.abc import Iterator

_NEXT = b"\r\n" + MARK
_BLANKS = b" \t\r\n\0"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_SUM = re.compile(rb"[0-9A-Fa-f]{0,4}")
_SHOWN = 2_000
_UNSOUND_MAX = 100


class FoundFrame(msgspec.Struct, frozen=True):
    """A frame of the stream as received, without CR LF; an unsound one has an error, no ``frame``, and at most 2,000 bytes of it."""

    raw: bytes
    frame: Frame | None = None
    error: BadFrameError | None = None


class Framer:
    """Incremental; holds at most one frame and what came with it.

    Parameters
    ----------
    acceptance : Acceptance
    """

    def __init__(self, acceptance: Acceptance = STRICT) -> None:
        self._acceptance = acceptance
        self._buffer = bytearray()
        self.skipped_bytes = 0
        """Bytes outside frames so far, blanks and line ends left out [B]."""

    @property
    def is_inside(self) -> bool:
        """Whether the beginning of a frame waits for its rest."""
        return bool(self._buffer)

    def feed(self, data: bytes) -> list[FoundFrame]:
        """Take bytes in; returns the frames that they complete, sound or not."""
        self._buffer += data
        found: list[FoundFrame] = []
        while (item := self._next()) is not None:
            found.append(item)
        return found

    def end(self) -> list[FoundFrame]:
        """Give up what is incomplete, at the end of the stream or after a pause; frames hidden in it are found."""
        return list(self.whole(b""))

    def whole(self, data: bytes) -> Iterator[FoundFrame]:
        """Frames of data behind which nothing comes, one by one."""
        self._buffer += data
        while self._buffer:
            found = self._next()
            if found is None and self._buffer:
                found = self._last()
            if found is not None:
                yield found

    def _last(self) -> FoundFrame:
        """What is left, where no more will come: a frame whose sum has fewer digits, or an unsound one."""
        raw = bytes(self._buffer)
        try:
            frame = decode_frame(raw, self._acceptance)
        except BadFrameError as error:
            return self._resynchronise(error)
        self._buffer.clear()
        return FoundFrame(raw.removesuffix(b"\r\n"), frame)

    def _next(self) -> FoundFrame | None:
        buffer = self._buffer
        if not self._skip_to_mark() or len(buffer) < PREFIX:
            return None
        try:
            declared = self._declared()
        except BadFrameError as error:
            return self._resynchronise(error)
        end = self._end(PREFIX + declared)
        if end is None:
            # a frame that was cut short must not swallow the one behind it
            if buffer.find(_NEXT, PREFIX) < 0:
                return None
            return self._resynchronise(
                BadFrameError(Rule.LENGTH, f"{declared} bytes declared, the next frame begins before")
            )
        raw = bytes(buffer[:end])
        try:
            frame = decode_frame(raw, self._acceptance)
        except BadFrameError as error:
            return self._resynchronise(error)
        del buffer[:end]
        return FoundFrame(raw, frame)

    def _end(self, start: int) -> int | None:
        """End of the check sum that begins at ``start``; None where it is not there yet. A device may leave out leading zeros."""
        text = bytes(self._buffer[start : start + SUFFIX])
        digits = len(_SUM.match(text)[0])  # type: ignore[index]  # matches any bytes
        if 0 < digits < len(text):
            return start + digits
        return start + SUFFIX if len(text) == SUFFIX else None

    def _declared(self) -> int:
        digits = bytes(self._buffer[2:PREFIX])
        if not digits.isdigit():
            raise BadFrameError(Rule.LENGTH, f"{digits!r}, expected four digits")
        if int(digits) > self._acceptance.segment_max:
            limit = self._acceptance.segment_max
            raise BadFrameError(Rule.LENGTH, f"{int(digits)} bytes declared, expected at most {limit}")
        return int(digits)

    def _skip_to_mark(self) -> bool:
        """Drop everything before the next ``##``; a single ``#`` at the end may be its first half."""
        buffer = self._buffer
        place = buffer.find(MARK)
        if place < 0:
            place = len(buffer) - buffer.endswith(b"#")
        if place:
            self.skipped_bytes += len(buffer[:place].translate(None, _BLANKS))
            del buffer[:place]
        return buffer.startswith(MARK)

    def _resynchronise(self, error: BadFrameError) -> FoundFrame:
        """Leave the mark behind and whatever follows up to the next one."""
        buffer = self._buffer
        place = buffer.find(MARK, 1)
        place = len(buffer) - (len(buffer) > 1 and buffer.endswith(b"#")) if place < 0 else place
        raw = bytes(buffer[: min(place, _SHOWN)])
        del buffer[:place]
        # its traceback would keep the stack of the reader, and with it all that is read there, as long as it is kept
        error.__context__ = None
        return FoundFrame(raw, None, error.with_traceback(None))


def frames_of(payload: bytes, acceptance: Acceptance = STRICT) -> list[FoundFrame]:
    """Frames of a message that holds whole frames, however they are put one behind the other.

    Blanks, line ends and a byte order mark around them are passed over; other bytes outside frames, before or behind, are found as
    unsound: a frame ends by its length and its sum (HJ 212-2017, 6.3), whatever follows. Behind a
    hundred unsound frames in a row nothing more is looked for.
    """
    content = payload.removeprefix(_BYTE_ORDER_MARK).strip(_BLANKS)
    try:
        return [FoundFrame(content, decode_frame(content, acceptance))]
    except BadFrameError as error:
        alone = None if content.find(MARK, 1) >= 0 else FoundFrame(content[:_SHOWN], None, error)
    found = []
    framer = Framer(acceptance)
    for item in framer.whole(content):
        found.append(item)
        if sum(each.frame is None for each in found[-_UNSOUND_MAX:]) == _UNSOUND_MAX:
            break
    if alone is not None and not any(item.frame is not None for item in found):
        return [alone]
    if framer.skipped_bytes:
        detail = f"{framer.skipped_bytes} bytes outside frames, expected '##'; the message begins with {content[:20]!r}"
        found.append(FoundFrame(content[:_SHOWN], None, BadFrameError(Rule.MARK, detail)))
    return found
