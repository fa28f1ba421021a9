"""Which values are fresh: the stream raises and ends alerts by these alone. Pure.

Older ones (a backlog, back-fill, a late reading) say what was, not what is: they move the machines, and the pass over stored values decides what they raise.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_ALWAYS = datetime.min.replace(tzinfo=UTC)


class FreshGate:
    """The limit of one station.

    Parameters
    ----------
    delay : timedelta or None
        Stated delay of its way to the broker; None: it keeps its own times (a data set), and all its values are fresh.

    Attributes
    ----------
    is_left : bool
        Whether something was left to the pass over stored values.
    """

    __slots__ = ("_delay", "_fresh_from", "_now", "is_left")

    def __init__(self, delay: timedelta | None) -> None:
        self._delay = delay
        self._fresh_from = _ALWAYS
        self._now: datetime | None = None
        self.is_left = False

    @property
    def keeps_own_times(self) -> bool:
        """Whether all values are fresh."""
        return self._delay is None

    def move(self, now: datetime, span: timedelta) -> None:
        """Values that end within ``span`` before ``now`` (aware) are fresh; until the first call all are."""
        self._now = now
        if self._delay is not None:
            self._fresh_from = now - span - self._delay

    def is_fresh(self, end: datetime) -> bool:
        """Whether a value that ends at ``end`` (aware) is fresh."""
        return end >= self._fresh_from

    def is_ahead(self, start: datetime) -> bool:
        """Whether a reading begins in the future: by a clock that is ahead, but not by so much that the reading is held."""
        return self._now is not None and start > self._now
