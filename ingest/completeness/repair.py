"""Requests missing readings from stations: bounded in rate, size and attempts, and never during a backlog."""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import structlog

from ingest.mqtt import Publisher
from ingest.process.error import IngestError
from ingest.process.guard import describe, is_unexpected, say
from ingest.process.supervise import Worker
from schemas.message import command_topic
from schemas.reason import Reason, encode_reason
from store.error import StoreError
from store.state import Finding, FindingKind, GapState

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence

    from ingest.process.settings import CollectorSettings
    from store.influx.reading import ReadingStore
    from store.state import Gap, StateStore

PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120))
"""Time to wait for an answer before the next attempt; the last one repeats."""
_POLL_S = 1.0
_AFTER_ERROR_S = 30.0
_MICROSECOND = timedelta(microseconds=1)
_log = structlog.get_logger("ingest.repair")


class Request(msgspec.Struct, frozen=True):
    """A request for readings that start in ``[start, end)``."""

    start: datetime
    end: datetime

    def payload(self) -> bytes:
        """The command, as the wire contract has it."""
        return msgspec.json.encode({"get": {"start": self.start, "end": self.end}})


class Repairer:
    """A thread that works off the table of gaps.

    Parameters
    ----------
    settings : CollectorSettings
    store : ReadingStore
    state : StateStore
    backlog : callable
        Messages kept and not yet stored: what looks missing may be among them.
    stop : threading.Event
    restarted : callable
        Called with the thread's name when it is restarted.
    """

    def __init__(
        self,
        settings: CollectorSettings,
        *,
        store: ReadingStore,
        state: StateStore,
        backlog: Callable[[], int],
        stop: threading.Event,
        restarted: Callable[[str], object] = lambda _: None,
    ) -> None:
        self._settings = settings
        self._network = settings.stations
        self._store = store
        self._state = state
        self._backlog = backlog
        self._stop = stop
        self._worker = Worker("gap-repair", self._run, stop, restarted)

    def start(self) -> None:
        """Start the thread, unless repair is switched off."""
        if self._settings.gap_requests_per_s > 0:
            self._worker.start()

    def join(self) -> None:
        """Wait for the thread after ``stop``."""
        self._worker.join(5.0)

    def complaint(self) -> str:
        """What is wrong with the thread; empty where nothing is."""
        return self._worker.complaint()

    def _run(self) -> None:
        while not self._stop.wait(_POLL_S):
            try:
                if self._due():
                    with Publisher(self._settings, f"{self._settings.mqtt_client_id}-repair"[:48]) as publisher:
                        while not self._stop.is_set() and (due := self._due()):
                            self._ask_all(due, publisher)
                        publisher.flush()
            except (IngestError, StoreError) as error:
                _log.warning("repair_waits", detail=str(error), again_in_s=_AFTER_ERROR_S)
                self._stop.wait(_AFTER_ERROR_S)

    def _due(self) -> list[Gap]:
        due = self._state.gaps.list_due(datetime.now(UTC))
        return due if due and self._backlog() <= self._settings.drain_batch else []

    def _ask_all(self, due: list[Gap], publisher: Publisher) -> None:
        for gap in due:
            if self._stop.is_set():
                return
            now = datetime.now(UTC)
            delay = self._network.delays.get((gap.station_id, gap.instrument_id), timedelta(0))
            patience = PAUSES[min(gap.attempts, len(PAUSES) - 1)] + delay
            if not self._state.gaps.claim(gap, now + patience):
                continue
            request = self._request(gap, now)
            if request is None:
                continue
            publisher.publish(command_topic(gap.station_id, gap.instrument_id), request.payload())
            _log.info(
                "asked_for_missing",
                station=gap.station_id,
                instrument=gap.instrument_id,
                start=request.start.isoformat(),
                end=request.end.isoformat(),
                attempt=gap.attempts + 1,
            )
            self._stop.wait(1 / self._settings.gap_requests_per_s)

    def _request(self, gap: Gap, now: datetime) -> Request | None:
        """As `_next_request`; a gap that makes it raise is given up, so that the others are asked for."""
        try:
            return self._next_request(gap, now)
        except Exception as error:
            if not is_unexpected(error):
                raise
            say("gap_failed", error, station=gap.station_id, instrument=gap.instrument_id)
            self._state.gaps.change(gap.id, GapState.GIVEN_UP, detail=_why("error", error=describe(error)))
            return None

    def _next_request(self, gap: Gap, now: datetime) -> Request | None:
        """What is to be asked for; None where the gap has come to an end."""
        instrument = self._network.instruments.get((gap.station_id, gap.instrument_id))
        if instrument is None:
            self._state.gaps.change(gap.id, GapState.GIVEN_UP, detail=_why("removed"))
            return None
        cadence = timedelta(seconds=instrument.cadence_s)
        window = self._network.late_windows[gap.station_id, gap.instrument_id]
        absent = self._missing(gap, cadence)
        missing = [start for start in absent if not window or now - start < window]
        if not missing:
            self._end(gap, GapState.TOO_OLD if absent else GapState.FILLED, len(absent), now)
            return None
        done = missing_steps(missing, cadence, self._settings.gap_request_readings)
        if gap.attempts >= self._settings.gap_attempts:
            # pieces of a long gap that were brought back count as progress, and allow further attempts
            if len(missing) >= gap.missing:
                self._end(gap, GapState.GIVEN_UP, len(absent), now)
                return None
            self._state.gaps.change(gap.id, GapState.ASKED, attempts=1, missing=len(missing))
            return done
        self._state.gaps.change(gap.id, GapState.ASKED, attempts=gap.attempts + 1, missing=len(missing))
        return done

    def _missing(self, gap: Gap, cadence: timedelta) -> list[datetime]:
        """Starts that the database does not hold, on the grid that begins with the gap."""
        stored = self._store.read_stored(
            gap.network, gap.station_id, gap.instrument_id, gap.start - cadence / 2, gap.end + _MICROSECOND
        )
        return missing_starts(gap.start, gap.end, cadence, list(stored))

    def _end(self, gap: Gap, state: GapState, missing: int, now: datetime) -> None:
        """Close a gap; one that ends with readings missing is reported."""
        self._state.gaps.change(gap.id, state, missing=missing)
        if missing:
            _log.warning(f"gap_{state.value}", station=gap.station_id, instrument=gap.instrument_id, missing=missing)
            self._state.findings.report([gap_finding(gap, missing, now)])


def _why(kind: str, **figures: str) -> str:
    """Stored reason for giving a gap up."""
    return encode_reason(Reason("given_up", kind, figures, "gap"))


def gap_finding(gap: Gap, missing: int, now: datetime) -> Finding:
    """What is reported of a gap that ended with readings missing."""
    facts = {
        "start": gap.start.isoformat(),
        "end": gap.end.isoformat(),
        "missing": missing,
        "attempts": gap.attempts,
    }
    return Finding(
        key=f"gap/{gap.station_id}/{gap.instrument_id}",
        kind=FindingKind.GAP,
        station_id=gap.station_id,
        instrument_id=gap.instrument_id,
        facts=facts,
        first_at=now,
        last_at=now,
    )


def missing_starts(start: datetime, end: datetime, cadence: timedelta, stored: Sequence[datetime]) -> list[datetime]:
    """Steps of the cadence from ``start`` to before ``end`` without a stored reading within half a cadence.

    Parameters
    ----------
    start, end : datetime
        Aware; ``start`` is the first step.
    cadence : timedelta
    stored : sequence of datetime
        Starts, aware, ascending.
    """
    missing = []
    for number in range(max(1, round((end - start) / cadence))):
        step = start + number * cadence
        at = bisect_left(stored, step - cadence / 2)
        if at == len(stored) or stored[at] > step + cadence / 2:
            missing.append(step)
    return missing


def missing_steps(missing: list[datetime], cadence: timedelta, longest: int) -> Request:
    """One request that covers the first missing steps, at most ``longest`` of them in time."""
    first = missing[0]
    last = [step for step in missing if step < first + longest * cadence][-1]
    return Request(first, last + cadence)
