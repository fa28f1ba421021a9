"""The first loop of the path: receive, keep on disk, acknowledge. It knows neither database nor decoder (`ingest.pipeline`)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import structlog

from ingest.process.guard import divide, say
from ingest.process.outage import PAUSE_S, Outage
from schemas.message import RawMessage
from store.error import DiskReserveError, RawLogError

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from ingest.mqtt import Subscriber
    from ingest.process.metrics import CollectorMetrics
    from store.rawlog import RawLog

RESUMED = "intake_resumed"
_log = structlog.get_logger("ingest.intake")


def intake(
    subscriber: Subscriber,
    log: RawLog,
    metrics: CollectorMetrics,
    stop: threading.Event,
    *,
    look: Callable[[], object] = lambda: None,
    trouble: Outage | None = None,
) -> None:
    """Keep and acknowledge messages until stopped; what was received by then is kept as well.

    ``look`` is called about every second, also while the raw log cannot be written, which ``trouble`` logs.
    """
    trouble = trouble or Outage(_log, RESUMED)

    def is_stopped_in_pause() -> bool:
        look()
        return stop.wait(PAUSE_S)

    while True:
        look()
        if stop.is_set():
            subscriber.stop_receiving()
        batch = subscriber.receive(timeout_s=0.2)
        if batch is None:
            if stop.is_set():
                return
            continue
        started = time.perf_counter()
        if not _keep(batch.messages, log, metrics, trouble, is_stopped_in_pause):
            return  # not acknowledged: the broker delivers these again
        subscriber.acknowledge(batch)
        metrics.kept(batch.messages, time.perf_counter() - started)


def _keep(
    messages: list[RawMessage],
    log: RawLog,
    metrics: CollectorMetrics,
    trouble: Outage,
    is_stopped_in_pause: Callable[[], bool],
) -> bool:
    """Append, however long that takes; False when stopped before.

    Not tenacity: its import takes 0.1 s, before which the intake is connected (docs/decisions/0011).
    """
    while True:
        try:
            _append(log, messages)
        except RawLogError as error:
            metrics.stalled.set(1)
            event = "disk_reserve_reached" if isinstance(error, DiskReserveError) else "raw_log_refuses"
            trouble.say(event, detail=str(error), acknowledging=False)
        else:
            if trouble.end():
                metrics.stalled.set(0)
            return True
        if is_stopped_in_pause():
            return False


def _append(log: RawLog, messages: list[RawMessage]) -> None:
    """Append; an exception other than of the disk affects the message that raises it, not the batch."""
    try:
        log.append(messages)
    except RawLogError:
        raise
    except Exception as error:  # noqa: BLE001 - see above
        say("cannot_keep", error)
        divide(log.append, messages, lambda item, _: log.append([_bare(item)]))


def _bare(message: RawMessage) -> RawMessage:
    """The message with nothing but ASCII in its topic; its bytes are what must not be lost."""
    return RawMessage(ascii(message.topic), message.payload, message.received_at, message.redelivered)
