"""Internal errors as a finding: the mail gives their number, quarantine and log have each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.reading import RejectReason
from store.state import Finding, FindingKind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from ingest.decode.message import DecodedMessage

_KIND = FindingKind.INTERNAL_ERROR


def error_finding(process: str, detail: str, count: int, now: datetime) -> Finding:
    """One finding a process; it is history 24 h after the last error.

    Parameters
    ----------
    process : str
        As `store.state.Process` names it.
    detail : str
        Step, exception and place of the last error.
    count : int
        Errors since the last report [1].
    now : datetime
        Aware.
    """
    facts = {"process": process, "detail": detail}
    return Finding(key=f"{_KIND.value}/{process}", kind=_KIND, facts=facts, count=count, first_at=now, last_at=now)


class ErrorReport:
    """Adds up errors until their finding is stored."""

    def __init__(self, process: str) -> None:
        self._process = process
        self._count = 0
        self._detail = ""

    def add(self, count: int, detail: str) -> None:
        """Note errors; the detail of the last ones stays."""
        if count:
            self._count, self._detail = self._count + count, detail

    def add_refused(self, batch: Sequence[DecodedMessage]) -> None:
        """Note what was refused for such an error."""
        refused = [
            item.detail
            for decoded in batch
            for item in decoded.rejections
            if item.reason is RejectReason.INTERNAL_ERROR
        ]
        self.add(len(refused), refused[-1] if refused else "")

    def take(self, now: datetime) -> list[Finding]:
        """The finding to be stored; `forget` when it is."""
        return [error_finding(self._process, self._detail, self._count, now)] if self._count else []

    def forget(self) -> None:
        """What was taken is stored."""
        self._count = 0
