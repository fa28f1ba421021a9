"""What lies between the network thread and the intake: received messages in order, and the room they take."""

from __future__ import annotations

import threading
from collections import deque

import msgspec

from schemas.message import RawMessage


class Received(msgspec.Struct, frozen=True, gc=False):
    """A message, its packet id (None: QoS 0) and the number of the connection it came by."""

    message: RawMessage
    packet_id: int | None
    connection: int


class Inbox:
    """What was received and not yet taken, for one taker.

    Not `queue.SimpleQueue`: its ``get`` with a timeout waits for ever on Python 3.11 when a signal's handler outlives the
    deadline, as its C code then waits for a negative time. `queue.Queue` does not, and costs several times as much a message.
    """

    def __init__(self) -> None:
        self._items: deque[Received | None] = deque()
        self._wanted = 1
        self._is_ended = False
        self._is_filled = threading.Event()

    def put(self, item: Received | None) -> None:
        """Add an item; None is the end."""
        self._items.append(item)
        self._is_ended |= item is None
        if (self._is_ended or len(self._items) >= self._wanted) and not self._is_filled.is_set():
            self._is_filled.set()

    def wait(self, count: int, timeout_s: float) -> None:
        """Wait for so many items, or for the end; the thread that puts them is not interrupted for each."""
        if count <= 0:
            return
        self._wanted = count
        self._is_filled.clear()
        # what was put before the clearing is there by now; what is put from here on ends the wait
        if len(self._items) < self._wanted and not self._is_ended and timeout_s > 0:
            self._is_filled.wait(timeout_s)

    def take(self, timeout_s: float) -> Received | None:
        """The oldest item; None when there is none within the time."""
        if not self._items:
            self.wait(1, timeout_s)
        return self._items.popleft() if self._items else None


class Room:
    """Bytes between the network thread and the raw log; blocks the former where the latter does not keep up."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._used = 0
        self._is_open = False
        self._changed = threading.Condition()

    def enter(self, size: int) -> None:
        """Wait for room; a message larger than the whole room enters when it is empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_open or self._used == 0 or self._used + size <= self._limit)
            self._used += size

    def leave(self, size: int) -> None:
        """Give back the room of a message."""
        with self._changed:
            self._used -= size
            self._changed.notify()

    def open(self) -> None:
        """Stop bounding, so that no thread is left waiting."""
        with self._changed:
            self._is_open = True
            self._changed.notify_all()
