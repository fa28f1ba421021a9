"""Work that is due at intervals."""

from __future__ import annotations

import time


class Every:
    """Whether something is due again after so many seconds; at first it is."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._next = 0.0

    def is_due(self) -> bool:
        """Whether the time has passed; then it begins again."""
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + self._seconds
        return True

    def again(self, within_s: float) -> None:
        """Be due again within so many seconds: what was due failed."""
        self._next = min(self._next, time.monotonic() + within_s)
