"""Repeats a step every second while a database refuses it. Imported where databases are used: tenacity takes time to import."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tenacity import RetryError, Retrying, retry_if_exception, stop_when_event_set, wait_fixed
from tenacity.nap import sleep_using_event

from ingest.process.outage import PAUSE_S
from store.error import StateValueError, StoreError

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from tenacity import RetryCallState

    from ingest.process.outage import Outage


class StoppedError(StoreError):
    """The process ends before a step was done: it is done again at the next start."""


def retry_until_stopped(
    step: Callable[[], object],
    event: str,
    outage: Outage,
    stop: threading.Event,
    alive: Callable[[], object] = lambda: None,
) -> None:
    """Do a step, again every second while a database refuses it.

    Parameters
    ----------
    event : str
        Of the log line while it is refused.
    outage : Outage
    stop : threading.Event
    alive : callable
        Called at each attempt.

    Raises
    ------
    StoppedError
        ``stop`` was set before the step was done.
    """

    def before_attempt(_: RetryCallState) -> None:
        alive()

    retrying = Retrying(
        retry=retry_if_exception(_is_transient),
        wait=wait_fixed(PAUSE_S),
        stop=stop_when_event_set(stop),
        sleep=sleep_using_event(stop),
        before=before_attempt,
        after=lambda attempt: _note(attempt, event, outage),
    )
    try:
        retrying(step)
    except RetryError:
        raise StoppedError from None
    outage.end()


def _is_transient(error: BaseException) -> bool:
    return isinstance(error, StoreError) and not isinstance(error, StateValueError)


def _note(attempt: RetryCallState, event: str, outage: Outage) -> None:
    error = attempt.outcome.exception() if attempt.outcome is not None else None
    outage.say(event, detail=str(error))
