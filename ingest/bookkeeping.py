"""Bookkeeping of stored batches: counts, gaps, clocks, findings. None of it holds up the path."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from ingest.completeness.balance import count_batch
from ingest.completeness.gap import GapWatch
from ingest.decode.clock_report import ClockReport
from ingest.decode.error_finding import ErrorReport
from ingest.decode.spoofed_payload import spoofed_payloads
from ingest.process.guard import describe, divide, internal_error, is_unexpected
from ingest.process.outage import Outage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from structlog.typing import FilteringBoundLogger

    from ingest.decode.message import DecodedMessage
    from ingest.process.guard import CaughtErrors
    from ingest.process.settings import CollectorSettings
    from store.influx.reading import ReadingStore
    from store.state import ClockState, StateStore

_REPORT = "error finding"
_log = structlog.get_logger("ingest.bookkeeping")


class Steps:
    """Steps of one thread that may fail without ending it; each thread has its own.

    Parameters
    ----------
    caught : CaughtErrors
        Counts internal errors.
    log : FilteringBoundLogger
        Logs a database that refuses.
    """

    def __init__(self, caught: CaughtErrors, log: FilteringBoundLogger) -> None:
        self._caught = caught
        self._log = log
        self._trouble: dict[str, Outage] = {}

    def __call__(self, name: str, step: Callable[[], object]) -> None:
        """Run a step; its exceptions are counted or logged."""
        trouble = self._trouble.setdefault(name, Outage(self._log))
        try:
            step()
        except Exception as error:  # noqa: BLE001 - nothing here may end the path
            if is_unexpected(error):
                self._caught(name, error)
            else:
                trouble.say("cannot_follow", step=name, detail=str(error))
        else:
            trouble.end()


class Bookkeeping:
    """Records every stored batch.

    A message that makes a step raise is left out of that step and gets an entry in the quarantine, though its readings are
    stored.
    """

    def __init__(
        self, settings: CollectorSettings, state: StateStore, store: ReadingStore, caught: CaughtErrors
    ) -> None:
        self._network = settings.stations
        self._state = state
        self._caught = caught
        self._gaps = GapWatch(settings, state, store, caught)
        self._clocks = ClockReport(settings, state, caught)
        self._errors = ErrorReport(settings.process_name)
        self.attempt = Steps(caught, _log)

    def count(self, batch: Sequence[DecodedMessage]) -> None:
        """Add the batch to the running balance; raises `StoreError`."""
        divide(
            lambda part: self._state.balance.add(count_batch(part)),
            batch,
            lambda item, error: self._note(item, "count", error),
        )

    def record(self, batch: Sequence[DecodedMessage], clocks: Sequence[ClockState]) -> None:
        """Record gaps, clocks and findings of a batch.

        Parameters
        ----------
        batch : sequence of DecodedMessage
        clocks : sequence of ClockState
            Clocks whose state has changed.
        """
        self._clocks.note_states(clocks)
        now = datetime.now(UTC)
        # a message of calibration results has no readings for another reason
        self._over("gaps", self._gaps.note, [item for item in batch if not item.results])
        self.attempt("clock", lambda: self._clocks.note(now))
        self._over(
            "foreign",
            lambda part: self._state.findings.report(spoofed_payloads(part, self._network, now)),
            [item for item in batch if item.rejections],
        )

    def look(self) -> None:
        """Check provisional gaps while nothing arrives."""
        self.attempt("look", lambda: self._gaps.look(time.monotonic()))

    def take_errors(self, batch: Sequence[DecodedMessage] = ()) -> dict[str, int]:
        """Internal errors since the last call, by step; they and rejections for one in the batch become a finding."""
        errors = self._caught.take()
        self._errors.add_refused(batch)
        # an error of this report itself would be reported for ever
        self._errors.add(sum(count for step, count in errors.items() if step != _REPORT), self._caught.last)
        self.attempt(_REPORT, self._report_errors)
        return errors

    def _report_errors(self) -> None:
        self._state.findings.report(self._errors.take(datetime.now(UTC)))
        self._errors.forget()

    def close(self) -> None:
        """Store what is only in memory; where that fails, a second of progress is lost."""
        self.attempt("gaps", self._gaps.close)

    def _over(
        self, name: str, step: Callable[[Sequence[DecodedMessage]], object], batch: Sequence[DecodedMessage]
    ) -> None:
        self.attempt(name, lambda: divide(step, batch, lambda item, error: self._note(item, name, error)))

    def _note(self, item: DecodedMessage, step: str, error: Exception) -> None:
        """Enter a message into the quarantine whose readings are stored all the same."""
        self._caught(step, error)
        detail = f"{step}, readings are stored: {describe(error)}"
        self.attempt(
            "entry",
            lambda: self._state.quarantine.add(item.message, item.topic, [internal_error(detail, item.topic)]),
        )
