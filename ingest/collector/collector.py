"""The collector as a program: this process is the intake, a second one the drain, a third housekeeping (docs/decisions/0002).

The connection to the broker comes first; the other processes do their imports meanwhile, and this one those of its
metrics (docs/decisions/0011).
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import structlog

from ingest.collector.child import drain_process, housekeeping_process
from ingest.collector.intake import RESUMED, intake
from ingest.mqtt import Subscriber
from ingest.process.complaint import joined
from ingest.process.error import IngestError
from ingest.process.lock import locked
from ingest.process.outage import Outage
from schemas.struct_use import prepare_structs
from store.rawlog import RawLog, free_bytes

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence

    from ingest.collector.child import Child
    from ingest.collector.failover import Failover
    from ingest.process.metrics import CollectorMetrics
    from ingest.process.report import DrainReport
    from ingest.process.settings import CollectorSettings

_LOOK_EVERY_S = 5.0
_log = structlog.get_logger("ingest.collector")


def collect(settings: CollectorSettings, stop: threading.Event) -> None:
    """Run the collector until ``stop`` is set.

    Raises
    ------
    LockedError
        Another collector works in the same run directory.
    IngestError, store.error.StoreError, schemas.network.file.NetworkFileError
        The configuration or a part it needs has to be repaired before a start.
    """
    prepare_structs()
    stations = len(settings.stations.station_list)
    settings.rawlog_dir.mkdir(parents=True, exist_ok=True)
    with locked(settings.rawlog_dir / "intake.lock"):
        drain, housekeeping = (
            drain_process(settings),
            housekeeping_process(settings) if settings.survey_every_s else None,
        )
        if housekeeping is not None:
            housekeeping.start()
        drain.start()
        try:
            _take_in(settings, drain, housekeeping, stop=stop, stations=stations)
        finally:
            drain.stop(is_requested=stop.is_set() and not drain.failure)
            if housekeeping is not None:
                housekeeping.stop()
    if drain.failure:
        raise IngestError(drain.failure)
    _log.info("stopped")


def _take_in(
    settings: CollectorSettings, drain: Child, housekeeping: Child | None, *, stop: threading.Event, stations: int
) -> None:
    failover: Failover | None = None

    def connection_changed(is_connected: bool) -> None:  # noqa: FBT001 - a state, not an option
        if is_connected and failover is not None:
            failover.announce()

    with ExitStack() as ends:
        log = RawLog(settings.rawlog_dir, reserve_bytes=settings.disk_reserve_bytes)
        ends.callback(log.close)
        subscriber = Subscriber(settings, connection_changed)
        ends.callback(subscriber.close)
        if settings.mqtt_share and settings.mqtt_cover_after_s:
            metrics = _metrics(settings, subscriber)
            failover = _failover(settings, log, metrics)
            subscriber.start()
            failover.start()
            ends.callback(failover.close)
        else:
            subscriber.start()
            metrics = _metrics(settings, subscriber)
        metrics.serve(settings.metrics_host, settings.metrics_port)
        drain.follow(metrics.restarted, on_report=_reporter(metrics), failed=stop.set)
        if housekeeping is not None:
            housekeeping.follow(metrics.restarted)
        keeping = Outage(_log, RESUMED)
        parts = [drain, housekeeping, subscriber, failover, keeping]
        complaints = Complaints([part.complaint for part in parts if part is not None], drain)
        _log.info("started", broker=settings.mqtt_url, topic=settings.subscription, stations=stations)
        intake(subscriber, log, metrics, stop, look=complaints.look, trouble=keeping)


class Complaints:
    """Sends lasting problems of this process to the drain, which stores them in the state database."""

    def __init__(self, sources: Sequence[Callable[[], str]], drain: Child) -> None:
        self._sources = sources
        self._drain = drain
        self._said = (0, "")
        self._looked_at = 0.0

    def look(self) -> None:
        """Send a report every few seconds; without it the drain takes the intake for hanging."""
        now = time.monotonic()
        if now - self._looked_at < _LOOK_EVERY_S:
            return
        self._looked_at = now
        words = joined(source() for source in self._sources)
        self._drain.send_line(words)
        latest = (self._drain.starts, words)
        if latest != self._said and words:
            _log.error("not_well", detail=words)
        self._said = latest


def _reporter(metrics: CollectorMetrics) -> Callable[[DrainReport], None]:
    """Count and log the drain's reports."""

    def on_report(report: DrainReport) -> None:
        metrics.drained(report)
        if not report.messages:
            return  # the lag alone, while idle
        _log.info(
            "batch",
            messages=report.messages,
            readings=report.readings,
            values=report.values,
            rejected=report.rejected,
            retries=report.retries,
            lag=report.lag,
            decode_s=round(report.decode_s, 4),
            write_s=round(report.write_s, 4),
        )

    return on_report


def _metrics(settings: CollectorSettings, subscriber: Subscriber) -> CollectorMetrics:
    from ingest.process.metrics import CollectorMetrics

    metrics = CollectorMetrics()
    metrics.disk_free.set_function(lambda: free_bytes(settings.rawlog_dir))
    metrics.connected.set_function(lambda: subscriber.is_connected)
    return metrics


def _failover(settings: CollectorSettings, log: RawLog, metrics: CollectorMetrics) -> Failover:
    from ingest.collector.failover import Failover

    return Failover(settings, log, metrics)
