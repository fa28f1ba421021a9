"""Processes that evaluate station-months."""

from __future__ import annotations

import signal
from collections import deque
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from multiprocessing import get_context
from typing import TYPE_CHECKING, Self

from qc.run.reprocess.month import StationMonthSummary, evaluate_month
from qc.station.station_month import StationMonth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from types import TracebackType

    from store.settings import SharedSettings


class WorkerPool:
    """Worker processes, given one month of a station at a time."""

    def __init__(self, workers: int) -> None:
        # not forked: the parent may have threads
        self._executor = ProcessPoolExecutor(workers, get_context("spawn"), _ignore_interrupt)
        self._workers = workers

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._executor.shutdown(wait=True, cancel_futures=True)

    def evaluate(
        self, settings: SharedSettings, station_months: Sequence[StationMonth], now: datetime, stop: Callable[[], bool]
    ) -> Iterator[StationMonthSummary]:
        """Evaluate station-months, one at a time of each station; yields in the order of completion."""
        chains: dict[tuple[str, str], deque[StationMonth]] = {}
        for item in station_months:
            chains.setdefault((item.network, item.station_id), deque()).append(item)
        ready, under_way = deque(chains.values()), dict[Future[StationMonthSummary], deque[StationMonth]]()
        while ready or under_way:
            while ready and len(under_way) < self._workers and not stop():
                chain = ready.popleft()
                under_way[self._executor.submit(evaluate_month, settings, chain.popleft(), now)] = chain
            if not under_way:
                return
            for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                chain = under_way.pop(future)
                if chain:
                    ready.appendleft(chain)
                yield future.result()


def _ignore_interrupt() -> None:
    """Ctrl-C reaches the whole process group; the parent decides, and waits for the months in progress."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
