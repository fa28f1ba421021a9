"""Isolates unexpected exceptions: one costs the message that raises it, never its batch or the process.

Expected failures have types of their own (`store.error`, waited for) or are values (`schemas.reading.Rejection`). Everything else
is an internal error. A step that raises is run again over halves of its items until the culprit is alone; that item is set
aside with the exception and its place.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import structlog

from schemas.reading import Rejection, RejectReason
from store.error import QueryError, StateValueError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from schemas.message import Topic
    from schemas.reading import Reading

_ROOT = Path(__file__).resolve().parents[2]
_LONGEST = 500
"""Characters of an exception's text that are kept."""
_SAY_AGAIN_S = 30.0
"""Least time between log lines of one place [s]: one station could fill the log with traces."""
_FRAMES = 30
_said: dict[str, float] = {}
_saying = threading.Lock()
_Item = TypeVar("_Item")
_log = structlog.get_logger("ingest.guard")


def is_unexpected(error: Exception) -> bool:
    """Whether an exception is an internal error, or data that the state database can never take: waiting does not help."""
    return isinstance(error, StateValueError) or not isinstance(error, StoreError)


def is_refused(error: Exception) -> bool:
    """As `is_unexpected`, or a question that a database refuses: where an item is not worth waiting for."""
    return is_unexpected(error) or isinstance(error, QueryError)


class CaughtErrors:
    """Exceptions that were caught where no message is refused for them, by step; threads may share it."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._restarts: Counter[str] = Counter()
        self.last = ""
        """Step, exception and place of the last one."""
        self._lock = threading.Lock()

    def __call__(self, step: str, error: Exception) -> None:
        """Count and log one."""
        with self._lock:
            self._counts[step] += 1
            self.last = f"{step}: {describe(error)}"
        say("step_failed", error, step=step)

    def restarted(self, name: str) -> None:
        """Count the start of a thread that had ended."""
        with self._lock:
            self._restarts[name] += 1

    def take_restarts(self) -> dict[str, int]:
        """Starts since the last call, by name."""
        with self._lock:
            taken, self._restarts = self._restarts, Counter()
        return dict(taken)

    def take(self) -> dict[str, int]:
        """Counts since the last call."""
        with self._lock:
            taken, self._counts = self._counts, Counter()
        return dict(taken)


def divide(
    step: Callable[[Sequence[_Item]], object],
    items: Sequence[_Item],
    set_aside: Callable[[_Item, Exception], object],
    *,
    is_its_fault: Callable[[Exception], bool] = is_unexpected,
) -> None:
    """Run a step over items, in order; over ever smaller parts where it raises unexpectedly.

    Parameters
    ----------
    step : callable
        May be called again with items it was given before.
    items : sequence
    set_aside : callable
        Is given each item that makes the step raise by itself, and the exception.
    is_its_fault : callable
        Whether an exception may be an item's fault; others are raised.

    Raises
    ------
    StoreError
        A database does not answer: the caller waits.
    """
    if not items:
        return
    try:
        step(items)
    except Exception as error:
        if not is_its_fault(error):
            raise
        if len(items) == 1:
            set_aside(items[0], error)
            return
        middle = len(items) // 2
        divide(step, items[:middle], set_aside, is_its_fault=is_its_fault)
        divide(step, items[middle:], set_aside, is_its_fault=is_its_fault)


def say(event: str, error: BaseException, **facts: object) -> None:
    """Write an exception with its trace, each place at once and then at most every half minute."""
    place, now = place_of(error), time.monotonic()
    with _saying:
        is_due = now - _said.get(place, now - _SAY_AGAIN_S) >= _SAY_AGAIN_S
        if is_due:
            _said[place] = now
    if is_due:
        # as text, since a renderer that shows every variable takes seconds for a batch of thousands
        trace = "".join(traceback.format_exception(error, limit=_FRAMES))
        _log.error(event, detail=describe(error), exception=trace, **facts)


def describe(error: BaseException) -> str:
    """Type, text and place of an exception: ``ValueError: ... (ingest/decode/clock.py:225 _offset)``."""
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - an exception that cannot be printed must not be the next one
        text = "?"
    text = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
    return f"{type(error).__name__}: {text} ({place_of(error)})"


def place_of(error: BaseException) -> str:
    """Innermost line of this project that an exception passed, ``file:line function``."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if _ROOT in Path(frame.filename).parents and ".venv" not in frame.filename]
    if not frames:
        return "unknown"
    frame = (ours or frames)[-1]
    path = Path(frame.filename)
    shown = path.relative_to(_ROOT) if _ROOT in path.parents else path.name
    return f"{shown}:{frame.lineno} {frame.name}"


def internal_error(detail: str, topic: Topic | None, reading: Reading | None = None) -> Rejection:
    """Rejection of a message, or of one of its readings, that an internal error keeps out."""
    if reading is not None:
        return Rejection(
            RejectReason.INTERNAL_ERROR, detail, reading.station_id, reading.instrument_id, None, reading.interval
        )
    names = (None, None) if topic is None else (topic.station_id, topic.instrument_id)
    return Rejection(RejectReason.INTERNAL_ERROR, detail, *names)
