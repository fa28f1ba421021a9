"""Deaths of the drain at one place of the log, counted on disk, so that a crash that no `except` can catch does not repeat for ever.

A message that ends the process (memory exhausted, a fault in a compiled library, an endless loop that `Watchdog` breaks) is read again
after every restart. So each start notes the positions of the cursors. After the third death without progress the messages behind the
cursors are taken one at a time, each noted before it is processed; one that was in hand at two deaths goes to the quarantine undecoded.
"""

from __future__ import annotations

import faulthandler
import time
from math import inf
from typing import TYPE_CHECKING

import msgspec

from ingest.decode.message import DecodedMessage
from ingest.process.guard import internal_error
from schemas.message import TopicError, parse_topic

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from schemas.message import RawMessage
    from store.rawlog import Position

DEATHS = 3
"""At the same place: from then on one message at a time."""
DEATHS_IN_HAND = 2
"""Deaths with the same message in hand that make it the cause; one could be an unrelated kill."""
HANG_S = 300.0
"""A process that neither finishes a batch nor reports that it waits is ended, so that it is restarted."""
_SET_EVERY_S = 5.0


class Watchdog:
    """Ends the process, with the traces of all threads on standard error, after `HANG_S` without a call of `alive`."""

    def __init__(self, hang_s: float = HANG_S) -> None:
        self._hang_s = hang_s
        self._set_at = -inf

    def alive(self) -> None:
        """Reset the timer."""
        now = time.monotonic()
        if now - self._set_at >= min(_SET_EVERY_S, self._hang_s / 4):
            self._set_at = now
            # in C and without the interpreter's lock: also a loop in a compiled library is noticed
            faulthandler.dump_traceback_later(self._hang_s, exit=True)

    @staticmethod
    def close() -> None:
        """Stop the timer."""
        faulthandler.cancel_dump_traceback_later()


class _Noted(msgspec.Struct):
    cursors: dict[str, str]
    deaths: dict[str, int]
    in_hand: str = ""
    deaths_in_hand: int = 0


class Attempts:
    """What the last processes that worked on a raw log were at when they ended.

    Parameters
    ----------
    path : Path
        A file that is there only while a process works, or after it has died.
    cursors : mapping of str to Position
        Their positions now.
    """

    def __init__(self, path: Path, cursors: Mapping[str, Position]) -> None:
        self._path = path
        places = {name: _text(position) for name, position in cursors.items()}
        before = _read(path)
        self._noted = _Noted(places, dict.fromkeys(places, 0))
        if before is not None:
            self._noted.deaths = {
                name: 1 + (before.deaths.get(name, 0) if before.cursors.get(name) == place else 0)
                for name, place in places.items()
            }
            self._noted.in_hand = before.in_hand
            self._noted.deaths_in_hand = before.deaths_in_hand + bool(before.in_hand)
        self._write()

    @property
    def deaths(self) -> int:
        """At the place of the cursor that has moved least [1]."""
        return max(self._noted.deaths.values(), default=0)

    def take(self, position: Position) -> int:
        """Note the message that is processed next; returns how many processes have died with it in hand [1]."""
        place = _text(position)
        if place != self._noted.in_hand:
            self._noted.in_hand, self._noted.deaths_in_hand = place, 0
        self._write()
        return self._noted.deaths_in_hand

    def close(self) -> None:
        """The process ends in order: forget everything."""
        self._path.unlink(missing_ok=True)

    def _write(self) -> None:
        # no fsync: a process that dies leaves its writes to the system, and a machine that dies is no message's fault
        draft = self._path.with_suffix(".draft")
        draft.write_bytes(msgspec.json.encode(self._noted))
        draft.replace(self._path)


def fatal_message(message: RawMessage, deaths: int) -> DecodedMessage:
    """A message in hand at repeated deaths: refused undecoded."""
    try:
        topic = parse_topic(message.topic)
    except TopicError:
        topic = None
    detail = f"the draining process ended {deaths} times with this message in hand; see its log for the reason"
    return DecodedMessage(message, topic, [], [internal_error(detail, topic)])


def _read(path: Path) -> _Noted | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Noted)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError):
        return _Noted({}, {})  # a death of which no more is known


def _text(position: Position) -> str:
    return f"{position.day.isoformat()}:{position.row}"
