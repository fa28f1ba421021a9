"""The disk of the raw log: low free space is a finding, withdrawn when there is room again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import structlog

from store.error import StateError
from store.rawlog import free_bytes
from store.state import Finding, FindingKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from ingest.process.settings import CollectorSettings
    from store.state import StateStore

LOOK_EVERY_S = 10.0
WARN_SHARE = 2.0
"""Free space below this many reserves is reported, before anything stops [1]. Project's choice."""
_log = structlog.get_logger("ingest.disk")


class DiskWatch:
    """Checks the free space every ten seconds; the intake stops by itself at the reserve (`ingest.collector.intake`).

    ``free`` returns the bytes that may still be written to a directory.
    """

    def __init__(
        self, settings: CollectorSettings, state: StateStore, free: Callable[[Path], int] = free_bytes
    ) -> None:
        self._directory = settings.rawlog_dir
        self._reserve = settings.disk_reserve_bytes
        self._key = f"{FindingKind.DISK.value}/{settings.mqtt_client_id}"
        self._state = state
        self._free = free
        self._is_reported: bool | None = None
        self._looked_at = float("-inf")

    def look(self, now: datetime) -> None:
        """Report a disk that is nearly full, or withdraw the report; repeated while the state database refuses."""
        if not self._reserve or time.monotonic() - self._looked_at < LOOK_EVERY_S:
            return
        self._looked_at = time.monotonic()
        left = self._free(self._directory)
        is_low = left < WARN_SHARE * self._reserve
        if is_low == self._is_reported:
            return
        try:
            if is_low:
                self._state.findings.report([self._finding(left, now)])
                _log.error("disk_nearly_full", free_bytes=left, reserve_bytes=self._reserve)
            else:
                self._state.findings.drop(self._key)
        except StateError as error:
            _log.error("state_refuses", detail=str(error))
        else:
            self._is_reported = is_low

    def _finding(self, left: int, now: datetime) -> Finding:
        facts = {"free_bytes": left, "reserve_bytes": self._reserve, "directory": str(self._directory)}
        return Finding(key=self._key, kind=FindingKind.DISK, facts=facts, first_at=now, last_at=now)
