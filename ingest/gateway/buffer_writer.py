"""Frames onto disk, many with one commit: a frame is answered when the commit that holds it has returned."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeAlias

import structlog

from ingest.process.guard import divide
from ingest.process.outage import Outage
from store.error import RawLogError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ingest.gateway.metrics import GatewayMetrics
    from ingest.gateway.settings import GatewaySettings
    from schemas.message import RawMessage
    from store.rawlog import RawLog

Waiting: TypeAlias = "tuple[RawMessage, float, Callable[[], None]]"
_BATCH = 2_000
_PAUSE_S = 1.0
_SIZE_EVERY_S = 5.0
_log = structlog.get_logger("ingest.gateway")


class BufferWriter:
    """Group commit of frames to the buffer, a raw log of its own."""

    def __init__(self, settings: GatewaySettings, log: RawLog, metrics: GatewayMetrics) -> None:
        self._settings = settings
        self._log = log
        self._metrics = metrics
        self._queue: deque[Waiting] = deque()
        self._arrived = asyncio.Event()
        self._pool = ThreadPoolExecutor(1, "gateway-keep")
        self._trouble = Outage(_log, "buffer_resumed")
        self._fullness = Outage(_log, "buffer_resumed")
        self._is_full = False
        self._measured_at = 0.0

    def put(self, message: RawMessage, kept: Callable[[], None]) -> None:
        """Take a frame; ``kept`` is called when it is on disk, and never when it does not get there."""
        if self._is_full or len(self._queue) >= self._settings.gateway_queue_max:
            self._metrics.unkept.inc()
            return
        self._queue.append((message, time.perf_counter(), kept))
        self._arrived.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Commit what arrives until stopped; what was taken by then is committed as well.

        Not tenacity: a batch that cannot be kept is dropped unanswered, and the station sends it again.
        """
        while self._queue or not stop.is_set():
            if not self._queue:
                self._arrived.clear()
                await _first(self._arrived, stop)
                continue
            batch = [self._queue.popleft() for _ in range(min(_BATCH, len(self._queue)))]
            kept = await self._commit(batch)
            self._settle(kept)
            self._metrics.unkept.inc(len(batch) - len(kept))
            if not kept:
                await _first(stop, timeout_s=_PAUSE_S)
        self._pool.shutdown()

    async def _commit(self, batch: list[Waiting]) -> list[Waiting]:
        """Those that are on disk; a frame that cannot be kept gets no answer, and costs no other one."""
        lost: set[int] = set()

        def append(part: Sequence[Waiting]) -> None:
            self._log.append([message for message, _, _ in part])

        def lose(item: Waiting, error: Exception) -> None:
            lost.add(id(item))
            self._metrics.caught("keep", error)

        def keep() -> None:
            divide(append, batch, lose, is_its_fault=_is_ours)

        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._pool, keep)
        except RawLogError as error:
            # parts before the fault may be on disk: without an answer they come again, which is harmless
            self._trouble.say("buffer_refuses", detail=str(error))
            return []
        self._trouble.end()
        if time.monotonic() - self._measured_at >= _SIZE_EVERY_S:
            self._measured_at = time.monotonic()
            await loop.run_in_executor(self._pool, self._measure)
        return [item for item in batch if id(item) not in lost]

    def _measure(self) -> None:
        try:
            self.measure()
        except Exception as error:  # noqa: BLE001 - what is on disk is answered
            self._metrics.caught("measure", error)

    def complaint(self) -> str:
        """Why stations get no answer; empty where nothing is wrong, or where it is so since a moment ago."""
        return self._trouble.complaint() or self._fullness.complaint()

    def _note_full(self, size: int, limit: int) -> None:
        self._is_full = size >= limit
        if self._is_full:
            self._fullness.say("buffer_full", detail=f"{size} of {limit} bytes")
        else:
            self._fullness.end()

    def measure(self) -> None:
        """Look at the size again, so that a buffer that was emptied takes frames."""
        self._note_full(self._log.disk_usage(), self._settings.gateway_buffer_max_bytes)

    def _settle(self, batch: list[Waiting]) -> None:
        now = time.perf_counter()
        self._metrics.kept.inc(len(batch))
        for _, since, kept in batch:
            self._metrics.keep_seconds.observe(now - since)
            try:
                kept()
            except Exception as error:  # noqa: BLE001 - costs this answer: the station sends again
                self._metrics.caught("answer", error)


def _is_ours(error: Exception) -> bool:
    return not isinstance(error, RawLogError)


async def _first(*events: asyncio.Event, timeout_s: float | None = None) -> None:
    """Wait for one of some events."""
    tasks = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(tasks, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
