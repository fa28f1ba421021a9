"""How many messages are kept and not yet stored, measured at most once a second."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ingest.backlog.dual_cursor import waiting

if TYPE_CHECKING:
    from collections.abc import Callable

    from store.rawlog import RawLog

_EVERY_S = 1.0


class Lag:
    """Measures the lag of a raw log.

    Parameters
    ----------
    log : RawLog
    attempt : callable
        Runs a named step that may fail.
    """

    def __init__(self, log: RawLog, attempt: Callable[[str, Callable[[], object]], object]) -> None:
        self._log = log
        self._attempt = attempt
        self._measured_at = 0.0
        self.last: int | None = None

    def measure(self) -> int | None:
        """Messages kept and not yet stored [1]; None where it was measured a moment ago."""
        if time.monotonic() - self._measured_at < _EVERY_S:
            return None
        self._measured_at = time.monotonic()
        self._attempt("lag", self._count)
        return self.last

    def _count(self) -> None:
        self.last = waiting(self._log)
