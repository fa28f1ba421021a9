"""The collector as a program: this process takes messages in, a second one drains the raw log, a third surveys (docs/decisions/0002).

Messages are kept from the moment the broker is connected, so that comes first: the others import what they need meanwhile, and
this process what its metrics need (docs/decisions/0011).
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import structlog

from ingest.child import DrainProcess, SurveyProcess
from ingest.error import IngestError
from ingest.intake import intake
from ingest.lock import locked
from ingest.mqtt import Subscriber
from store.rawlog import RawLog, free_bytes

if TYPE_CHECKING:
    import threading

    from ingest.metrics import Metrics
    from ingest.settings import CollectorSettings
    from ingest.share import Cover

_log = structlog.get_logger("ingest.collector")


def collect(settings: CollectorSettings, stop: threading.Event) -> None:
    """Run the collector until ``stop`` is set.

    Raises
    ------
    LockedError
        Another collector works in the same run directory.
    IngestError, store.error.StoreError, schemas.network.NetworkFileError
        Something that a person has to mend before a start makes sense.
    """
    stations = len(settings.stations.station_list)
    settings.rawlog_dir.mkdir(parents=True, exist_ok=True)
    with locked(settings.rawlog_dir / "intake.lock"):
        survey, drain = SurveyProcess(settings), DrainProcess(settings)
        survey.start()
        drain.start()
        try:
            _take_in(settings, drain, stop, stations)
        finally:
            drain.stop()
            survey.stop()
    if drain.failure:
        raise IngestError(drain.failure)
    _log.info("stopped")


def _take_in(settings: CollectorSettings, drain: DrainProcess, stop: threading.Event, stations: int) -> None:
    cover: Cover | None = None

    def connection_changed(is_connected: bool) -> None:  # noqa: FBT001 - a state, not an option
        if is_connected and cover is not None:
            cover.announce()

    with ExitStack() as ends:
        log = RawLog(settings.rawlog_dir, reserve_bytes=settings.disk_reserve_bytes)
        ends.callback(log.close)
        subscriber = Subscriber(settings, connection_changed)
        ends.callback(subscriber.close)
        if settings.mqtt_share and settings.mqtt_cover_after_s:
            metrics = _metrics(settings, subscriber)
            cover = _cover(settings, log, metrics)
            subscriber.start()
            cover.start()
            ends.callback(cover.close)
        else:
            subscriber.start()
            metrics = _metrics(settings, subscriber)
        metrics.serve(settings.metrics_host, settings.metrics_port)
        drain.follow(metrics, stop.set)
        _log.info("started", broker=settings.mqtt_url, topic=settings.subscription, stations=stations)
        intake(subscriber, log, metrics, stop)


def _metrics(settings: CollectorSettings, subscriber: Subscriber) -> Metrics:
    from ingest.metrics import Metrics

    metrics = Metrics()
    metrics.disk_free.set_function(lambda: free_bytes(settings.rawlog_dir))
    metrics.connected.set_function(lambda: subscriber.is_connected)
    return metrics


def _cover(settings: CollectorSettings, log: RawLog, metrics: Metrics) -> Cover:
    from ingest.share import Cover

    return Cover(settings, log, metrics)
