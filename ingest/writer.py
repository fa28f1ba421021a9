"""Readings into the time-series database, again and again until it has dealt with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import structlog
from tenacity import (
    RetryError,
    Retrying,
    retry_if_exception_type,
    retry_if_result,
    stop_when_event_set,
    wait_random_exponential,
)
from tenacity.nap import sleep_using_event

from ingest.process.patience import Outage
from store.error import StoreError

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence

    from tenacity import RetryCallState

    from schemas.reading import Reading
    from store.influx.reading import ReadingStore
    from store.influx.write import WriteResult

RETRY_FIRST_S = 0.2
RETRY_MAX_S = 15.0
_log = structlog.get_logger("ingest.writer")


class Refused(msgspec.Struct, frozen=True):
    """A reading the database will never take, by its index in the sequence, and the database's words."""

    index: int
    detail: str


class Written(msgspec.Struct, frozen=True):
    """Outcome of a write.

    Attributes
    ----------
    readings, values : int
        Stored [1].
    refused : tuple of Refused
    retries : int
        How often the write was repeated.
    """

    readings: int
    values: int
    refused: tuple[Refused, ...]
    retries: int


class Writer:
    """Writes readings, repeating with growing pauses and jitter as long as the database cannot take them.

    Also wrong credentials and a missing database are waited for, loudly: only a person can mend them, and the raw log
    keeps everything meanwhile.

    Parameters
    ----------
    store : ReadingStore
    stop : threading.Event
        Ends the repeating.
    alive : callable
        Called before each repetition: who waits does not hang.
    """

    def __init__(self, store: ReadingStore, stop: threading.Event, alive: Callable[[], object] = lambda: None) -> None:
        self._alive = alive
        self._trouble = Outage(_log)
        self.store = store
        self._stop = stop

    def write(self, readings: Sequence[Reading]) -> Written | None:
        """Write readings.

        Returns
        -------
        Written or None
            None when told to stop before the database had dealt with everything; writing again later is harmless.
        """
        if not readings:
            return Written(0, 0, (), 0)
        retrying = Retrying(
            retry=retry_if_exception_type(StoreError) | retry_if_result(_is_unfinished),
            wait=wait_random_exponential(multiplier=RETRY_FIRST_S, max=RETRY_MAX_S),
            stop=stop_when_event_set(self._stop),
            sleep=sleep_using_event(self._stop),
            before_sleep=self._report_retry,
        )
        try:
            result = retrying(self.store.write_readings, readings)
        except RetryError:
            return None
        self._trouble.end()
        return _summary(readings, result, int(retrying.statistics.get("attempt_number", 1)) - 1)

    def _report_retry(self, state: RetryCallState) -> None:
        self._alive()
        outcome = state.outcome
        detail = str(outcome.exception() or outcome.result().detail) if outcome is not None else ""
        pause_s = state.next_action.sleep if state.next_action else 0.0
        self._trouble.say("write_repeated", attempt=state.attempt_number, pause_s=round(pause_s, 2), detail=detail)

    def complaint(self) -> str:
        """Why nothing is written for long; empty where all is well."""
        return self._trouble.complaint()


def _summary(readings: Sequence[Reading], result: WriteResult, retries: int) -> Written:
    refused = tuple(Refused(line.index, line.reason) for line in result.rejected)
    lost_values = sum(len(readings[item.index].values) for item in refused)
    values = sum(len(reading.values) for reading in readings) - lost_values
    return Written(len(readings) - len(refused), values, refused, retries)


def _is_unfinished(result: WriteResult) -> bool:
    return result.retry
