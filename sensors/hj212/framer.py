"""Frames from a stream of bytes, whatever the pieces it comes in; after anything unsound it looks for the next ``##``."""

from __future__ import annotations

import msgspec

from sensors.hj212.frame import MARK, PREFIX, STRICT, SUFFIX, Acceptance, BadFrameError, Frame, Rule, decode_frame

_NEXT = b"\r\n" + MARK
_SHOWN = 2_000


class Found(msgspec.Struct, frozen=True):
    """A frame of the stream.

    Attributes
    ----------
    raw : bytes
        As received, without CR LF; at most 2,000 bytes where it is unsound.
    frame : Frame or None
        None where it is unsound.
    error : BadFrameError or None
    """

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
        """Bytes outside frames so far, CR and LF left out [B]."""

    @property
    def is_inside(self) -> bool:
        """Whether the beginning of a frame waits for its rest."""
        return bool(self._buffer)

    def feed(self, data: bytes) -> list[Found]:
        """Take bytes in; returns the frames that they complete, sound or not."""
        self._buffer += data
        found: list[Found] = []
        while (item := self._next()) is not None:
            found.append(item)
        return found

    def end(self) -> list[Found]:
        """Give up what is incomplete, at the end of the stream or after a pause; frames hidden in it are found."""
        found: list[Found] = []
        while self._buffer:
            found.append(self._resynchronise(BadFrameError(Rule.LENGTH, "the frame is not complete")))
            found += self.feed(b"")
        return found

    def _next(self) -> Found | None:
        buffer = self._buffer
        if not self._skip_to_mark() or len(buffer) < PREFIX:
            return None
        try:
            declared = self._declared()
        except BadFrameError as error:
            return self._resynchronise(error)
        end = PREFIX + declared + SUFFIX
        if len(buffer) < end:
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
        return Found(raw, frame)

    def _declared(self) -> int:
        digits = bytes(self._buffer[2:PREFIX])
        if not digits.isdigit():
            raise BadFrameError(Rule.LENGTH, f"{digits!r}, expected four digits")
        if int(digits) > self._acceptance.segment_max:
            limit = self._acceptance.segment_max
            raise BadFrameError(Rule.LENGTH, f"{int(digits)} bytes declared, expected at most {limit}")
        return int(digits)

    def _skip_to_mark(self) -> bool:
        """Drop what stands before the next ``##``; a single ``#`` at the end may be its first half."""
        buffer = self._buffer
        place = buffer.find(MARK)
        if place < 0:
            place = len(buffer) - buffer.endswith(b"#")
        if place:
            self.skipped_bytes += place - buffer.count(b"\r", 0, place) - buffer.count(b"\n", 0, place)
            del buffer[:place]
        return buffer.startswith(MARK)

    def _resynchronise(self, error: BadFrameError) -> Found:
        """Leave the mark behind and whatever follows up to the next one."""
        buffer = self._buffer
        place = buffer.find(MARK, 1)
        place = len(buffer) - (len(buffer) > 1 and buffer.endswith(b"#")) if place < 0 else place
        raw = bytes(buffer[: min(place, _SHOWN)])
        del buffer[:place]
        # its traceback would keep the stack of the reader, and with it all that is read there, as long as it is kept
        error.__context__ = None
        return Found(raw, None, error.with_traceback(None))


def split_payload(payload: bytes) -> list[bytes]:
    """Frames of a payload that holds whole frames only, as they stand; each may still be unsound."""
    return [piece if index == 0 else MARK + piece for index, piece in enumerate(payload.rstrip(b"\r\n").split(_NEXT))]
