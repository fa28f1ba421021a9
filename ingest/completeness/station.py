"""The station's side of gap repair: answers requests from its buffer (simulator, tests, benchmarks)."""

from __future__ import annotations

import queue
import threading
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Self

import msgspec
import structlog
from msgspec import Meta

from ingest.mqtt import CommandListener, Publisher
from ingest.process.error import IngestError, StationCommandError
from ingest.process.outage import RateLimitedLog
from schemas.message import Topic
from schemas.moment import BoundsError, bounded_moment
from sensors.json_v1 import FORMAT, encode_readings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from ingest.process.settings import Broker
    from schemas.reading import Reading

READINGS_A_MESSAGE = 200
NOTHING = b"[]"
"""Answer of a station that has none of the requested readings."""
_WAITING_MAX = 1_000
_log = structlog.get_logger("ingest.station")
_limited_log = RateLimitedLog(_log)


class Span(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Readings that start in ``[start, end)``."""

    start: Annotated[datetime, Meta(tz=True)]
    end: Annotated[datetime, Meta(tz=True)]


class StationCommand(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A command, as the wire contract has it."""

    get: Span


def parse_command(payload: bytes) -> StationCommand:
    """Decode a command as it came from the broker.

    Raises
    ------
    CommandError
        For any unreadable bytes: no other exception is raised, since the caller is the network thread.
    """
    try:
        command = msgspec.json.decode(payload, type=StationCommand)
        for moment in (command.get.start, command.get.end):
            bounded_moment(moment)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, BoundsError) as error:
        raise StationCommandError(str(error)) from error
    return command


class StationRequest(msgspec.Struct, frozen=True):
    """One request to one instrument."""

    station_id: str
    instrument_id: str
    span: Span


class Answerer:
    """Answers requests with back-fill messages; a context that ends its connections.

    Parameters
    ----------
    settings : Broker
    client_id : str
    network_of : callable
        Network of an instrument, from station and instrument id; None for another station's.
    buffer : callable
        Readings that are kept of it, of any order.
    """

    def __init__(
        self,
        settings: Broker,
        client_id: str,
        *,
        network_of: Callable[[str, str], str | None],
        buffer: Callable[[StationRequest], Sequence[Reading]],
    ) -> None:
        self._settings = settings
        self._client_id = client_id
        self._network_of = network_of
        self._buffer = buffer
        self._waiting: queue.Queue[StationRequest | None] = queue.Queue(_WAITING_MAX)
        self._listener = CommandListener(settings, f"{client_id}-ask"[:48], self._on_command)
        self._thread = threading.Thread(target=self._run, name="answers", daemon=True)
        self.answered = 0
        """Requests answered so far [1]."""

    def __enter__(self) -> Self:
        """Listen from now on."""
        self._thread.start()
        self._listener.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Answer what was asked by now, then stop."""
        self._listener.__exit__(kind, error, trace)
        self._waiting.put(None)
        self._thread.join(30.0)

    def _on_command(self, station_id: str, instrument_id: str, payload: bytes) -> None:
        try:
            command = parse_command(payload)
        except StationCommandError as failure:
            _limited_log.warning("command_not_understood", station=station_id, detail=str(failure))
            return
        try:
            self._waiting.put_nowait(StationRequest(station_id, instrument_id, command.get))
        except queue.Full:
            _limited_log.warning("too_many_requests", station=station_id)  # asked again later

    def _run(self) -> None:
        publisher: Publisher | None = None
        while (asked := self._waiting.get()) is not None:
            network = self._network_of(asked.station_id, asked.instrument_id)
            if network is None:
                continue
            try:
                if publisher is None:
                    publisher = Publisher(self._settings, f"{self._client_id}-answer"[:48]).__enter__()
                self._answer(asked, network, publisher)
            except IngestError as failure:
                _log.warning("answer_failed", station=asked.station_id, detail=str(failure))
                publisher = None
        if publisher is not None:
            publisher.__exit__(None, None, None)

    def _answer(self, asked: StationRequest, network: str, publisher: Publisher) -> None:
        topic = str(Topic(network, asked.station_id, asked.instrument_id, FORMAT))
        readings = sorted(self._buffer(asked), key=lambda item: item.interval.start)
        for first in range(0, len(readings), READINGS_A_MESSAGE):
            part = readings[first : first + READINGS_A_MESSAGE]
            publisher.publish(topic, encode_readings(part) if len(part) > 1 else b"[" + encode_readings(part) + b"]")
        if not readings:
            publisher.publish(topic, NOTHING)
        publisher.flush()
        self.answered += 1
        _log.info("answered", station=asked.station_id, instrument=asked.instrument_id, readings=len(readings))
