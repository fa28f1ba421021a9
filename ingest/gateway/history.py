"""Requests of the collector for missing readings, put to the devices as history requests of HJ 212.

References
----------
HJ 212-2017, Annex C: history of minute (2051) and hour data (2061) is asked for with BeginTime and EndTime, answered by 9011,
uploads and 9012. Times are local; DataTime is the start of an interval, so EndTime is put one second before the end.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from ingest.completeness.station import NOTHING, parse_command
from ingest.mqtt import CommandListener
from ingest.process.error import StationCommandError
from ingest.process.outage import RateLimitedLog
from schemas.message import Topic
from sensors.hj212.command import Command as Cn
from sensors.hj212.command import RequestAnswer, Result
from sensors.json_v1 import FORMAT

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from ingest.completeness.station import Span
    from ingest.gateway.metrics import GatewayMetrics
    from ingest.gateway.request import RequestBook, RequestOutcome
    from ingest.gateway.settings import GatewaySettings
    from schemas.network import Instrument

ASKABLE = frozenset({int(Cn.MINUTE), int(Cn.HOUR), int(Cn.DAY)})
"""Real-time data (2011) have no history of their own."""
_LAST_SECOND = timedelta(seconds=1)
_WAITING_MAX = 1_000
_log = structlog.get_logger("ingest.gateway")
_limited_log = RateLimitedLog(_log)


class HistoryDesk:
    """Takes commands from the broker and asks the devices, one request at a time for each."""

    def __init__(self, settings: GatewaySettings, requests: RequestBook, metrics: GatewayMetrics) -> None:
        self._network = settings.stations
        self._requests = requests
        self._metrics = metrics
        self._loop = asyncio.get_running_loop()
        self._turns: dict[str, asyncio.Lock] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        topics = tuple(sorted({f"cmd/v1/{station_id}/#" for station_id, _ in self._ours()}))
        client_id = f"{settings.gateway_client_id}-ask"[:48]
        self._listener = CommandListener(settings, client_id, self._on_command, topics) if topics else None

    def open(self) -> None:
        """Listen from now on."""
        if self._listener is not None:
            self._listener.start()

    async def close(self) -> None:
        """Stop listening and give up what is under way."""
        for task in self._tasks:
            task.cancel()
        if self._listener is not None:
            await asyncio.to_thread(self._listener.close)

    def _ours(self) -> list[tuple[str, str]]:
        return [key for key, instrument in self._network.instruments.items() if instrument.hj212 is not None]

    def _on_command(self, station_id: str, instrument_id: str, payload: bytes) -> None:
        """From the network thread."""
        self._loop.call_soon_threadsafe(self._take, station_id, instrument_id, payload)

    def _take(self, station_id: str, instrument_id: str, payload: bytes) -> None:
        instrument = self._network.instruments.get((station_id, instrument_id))
        if instrument is None or instrument.hj212 is None:
            return  # an instrument that sends by itself: its station answers
        try:
            content = content_of(parse_command(payload).get, self._network.timezone)
        except StationCommandError as error:
            _limited_log.warning("command_not_understood", station=station_id, detail=str(error))
            return
        if len(self._tasks) >= _WAITING_MAX:
            _limited_log.warning("too_many_requests", station=station_id)  # asked again later
            return
        task = self._loop.create_task(self._ask(station_id, instrument, content))
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:  # or it would go unreported
            _log.error("history_request_failed", detail=f"{type(error).__name__}: {error}")

    async def _ask(self, station_id: str, instrument: Instrument, content: bytes) -> None:
        hj212 = instrument.hj212
        if hj212 is None or hj212.cn not in ASKABLE:
            self._say_nothing(station_id, instrument, "real-time data cannot be asked for")
            return
        async with self._turns.setdefault(hj212.mn, asyncio.Lock()):
            outcome = await self._requests.ask(
                hj212.mn,
                {"ST": self._requests.system_type(hj212.mn), "CN": str(hj212.cn)},
                content,
                now=datetime.now(UTC).astimezone(self._network.timezone),
            )
        self._metrics.history.labels(_word(outcome)).inc()
        _log.info("history_asked", station=station_id, instrument=instrument.id, mn=hj212.mn, outcome=_word(outcome))
        if has_nothing(outcome):
            self._say_nothing(station_id, instrument, _word(outcome))

    def _say_nothing(self, station_id: str, instrument: Instrument, why: str) -> None:
        _log.info("nothing_to_bring_back", station=station_id, instrument=instrument.id, detail=why)
        if self._listener is not None:
            self._listener.publish(str(Topic(instrument.network, station_id, instrument.id, FORMAT)), NOTHING)


def content_of(span: Span, zone: ZoneInfo) -> bytes:
    """BeginTime and EndTime of a span, in local time; raises `StationCommandError` where the zone's calendar does not reach that far."""
    try:
        begin, end = span.start.astimezone(zone), (span.end - _LAST_SECOND).astimezone(zone)
    except OverflowError as error:
        msg = f"{span.start.isoformat()} to {span.end.isoformat()}: no local time reaches that far"
        raise StationCommandError(msg) from error
    return f"BeginTime={_digits(begin)},EndTime={_digits(max(begin, end))}".encode()


def _digits(moment: datetime) -> str:
    # %Y has no leading zeros in the first thousand years
    return f"{moment.year:04}{moment:%m%d%H%M%S}"


def has_nothing(outcome: RequestOutcome) -> bool:
    """Whether asking again makes no sense: no data, or a command that the device does not take."""
    return outcome.result is Result.NO_DATA or outcome.answer in (RequestAnswer.REFUSED, RequestAnswer.WRONG_CN)


def _word(outcome: RequestOutcome) -> str:
    if outcome.result is not None:
        return outcome.result.name.lower()
    return "no_answer" if outcome.answer is None else f"answer_{outcome.answer.name.lower()}"
