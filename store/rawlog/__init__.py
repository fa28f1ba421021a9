"""The raw log: every message as received, committed to disk before the broker is acknowledged (level L0)."""

from __future__ import annotations

from store.rawlog.directory import day_files, day_sizes, free_bytes
from store.rawlog.log import RawLog
from store.rawlog.message import BEGINNING, LoggedMessage, Position

__all__ = ["BEGINNING", "LoggedMessage", "Position", "RawLog", "day_files", "day_sizes", "free_bytes"]
