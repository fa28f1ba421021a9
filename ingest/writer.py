"""Writes readings into the time-series database, repeated until it has taken or refused them."""

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

from ingest.process.outage import Outage
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
    """A reading the database refuses for good, by its index in the sequence, with the database's message."""

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

    Wrong credentials and a missing database are waited for and logged as well: an operator has to correct them, and the raw log
    keeps everything meanwhile.

    Parameters
    ----------
    store : ReadingStore
    stop : threading.Event
        Ends the repeating.
    alive : callable
        Called before each repetition, since waiting is not hanging.
    """

    def __init__(self, store: ReadingStore, stop: threading.Event, alive: Callable[[], object] = lambda: None) -> None:
        self.store = store
        self.stop = stop
        self.alive = alive
        self._trouble = Outage(_log)

    def write(self, readings: Sequence[Reading]) -> Written | None:
        """Write readings.

        Returns
        -------
        Written or None
            None when stopped before everything was written; writing again is harmless.
        """
        if not readings:
            return Written(0, 0, (), 0)
        retrying = Retrying(
            retry=retry_if_exception_type(StoreError) | retry_if_result(_is_unfinished),
            wait=wait_random_exponential(multiplier=RETRY_FIRST_S, max=RETRY_MAX_S),
            stop=stop_when_event_set(self.stop),
            sleep=sleep_using_event(self.stop),
            before_sleep=self._report_retry,
        )
        try:
            result = retrying(self.store.write_readings, readings)
        except RetryError:
            return None
        self._trouble.end()
        return _summary(readings, result, int(retrying.statistics.get("attempt_number", 1)) - 1)

    def _report_retry(self, state: RetryCallState) -> None:
        self.alive()
        outcome = state.outcome
        detail = str(outcome.exception() or outcome.result().detail) if outcome is not None else ""
        pause_s = state.next_action.sleep if state.next_action else 0.0
        self._trouble.say("write_repeated", attempt=state.attempt_number, pause_s=round(pause_s, 2), detail=detail)

    def complaint(self) -> str:
        """Why nothing is written for long; empty where nothing is wrong."""
        return self._trouble.complaint()


def _summary(readings: Sequence[Reading], result: WriteResult, retries: int) -> Written:
    refused = tuple(Refused(line.index, line.reason) for line in result.rejected)
    lost_values = sum(len(readings[item.index].values) for item in refused)
    values = sum(len(reading.values) for reading in readings) - lost_values
    return Written(len(readings) - len(refused), values, refused, retries)


def _is_unfinished(result: WriteResult) -> bool:
    return result.retry
