"""From the buffer to the broker: a frame leaves the buffer when the broker has confirmed every message made of it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

import structlog

from ingest.mqtt import Publisher
from ingest.process.complaint import complaint
from ingest.process.error import IngestError, PublishError
from sensors.hj212.frame import TOLERANT, BadFrameError, decode_frame
from sensors.hj212.packet import Assembler, Upload
from store.error import RawLogError
from store.rawlog import LoggedMessage, Position

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping, Sequence

    from ingest.gateway.device import Device
    from ingest.gateway.metrics import GatewayMetrics
    from ingest.gateway.settings import GatewaySettings
    from ingest.mqtt import Sent
    from store.rawlog import RawLog

CURSOR = "publish"
_BATCH = 500
_IDLE_S = 0.05
_CONFIRM_S = 20.0
_PAUSE_FIRST_S = 1.0
_PAUSE_MAX_S = 30.0
_PATIENCE_S = 120.0
"""A broker that takes nothing for longer is complained about. Project's choice."""
_TIDY_EVERY = timedelta(minutes=10)
_log = structlog.get_logger("ingest.gateway")


class Forwarder:
    """Publishes what the buffer holds, in its order, as long as it takes.

    Parameters
    ----------
    settings : GatewaySettings
    log : RawLog
        The buffer.
    devices : mapping of str to Device
    metrics : GatewayMetrics
    stop : threading.Event
    """

    def __init__(
        self,
        settings: GatewaySettings,
        log: RawLog,
        *,
        devices: Mapping[str, Device],
        metrics: GatewayMetrics,
        stop: threading.Event,
    ) -> None:
        self._settings = settings
        self._log = log
        self._devices = devices
        self._metrics = metrics
        self._stop = stop
        self._waiting: tuple[float, str] | None = None
        """Since when, on the monotonic clock [s], and why."""
        self._pause_s = _PAUSE_FIRST_S
        self._tidied_at = datetime.min.replace(tzinfo=UTC)

    def run(self) -> None:
        """Publish until stopped; a broker that is away or refuses is tried again after growing pauses.

        Not tenacity: one attempt publishes for days, and the pause restarts with each batch that the broker has confirmed.
        """
        while not self._stop.is_set():
            try:
                client_id = self._settings.gateway_client_id
                with Publisher(self._settings, client_id, timeout_s=_CONFIRM_S) as publisher:
                    self._forward(publisher)
            except (IngestError, RawLogError) as error:
                self._metrics.connected.set(0)
                self._metrics.retried.inc()
                since = time.monotonic() if self._waiting is None else self._waiting[0]
                self._waiting = since, str(error)
                _log.error("publishing_waits", detail=str(error), again_in_s=self._pause_s)
                self._stop.wait(self._pause_s)
                self._pause_s = min(2 * self._pause_s, _PAUSE_MAX_S)

    def complaint(self) -> str:
        """Why nothing is published; empty where nothing is wrong, or where it waits since a moment ago."""
        waiting = self._waiting
        if waiting is None or (lasts_s := time.monotonic() - waiting[0]) < _PATIENCE_S:
            return ""
        return complaint("forward", "waiting", lasts_s=lasts_s, why=waiting[1])

    def _forward(self, publisher: Publisher) -> None:
        position = self._log.cursor(CURSOR)
        assembler: Assembler[LoggedMessage] = Assembler()
        while not self._stop.is_set():
            logged = self._log.read(position, _BATCH)
            before = publisher.sent
            now = datetime.now(UTC)
            for item in logged:
                self._attempt(partial(self._add, item, assembler, publisher), [item], publisher)
            for upload in assembler.overdue(now, timedelta(seconds=self._settings.gateway_packet_timeout_s)):
                self._metrics.incomplete.inc()
                self._attempt(partial(self._publish, upload, publisher), upload.in_order, publisher)
            self._confirm(before, publisher.flush())
            position = logged[-1].position if logged else position
            self._advance(position, assembler)
            # only now: a buffer that cannot note what was published would repeat it each second
            self._pause_s, self._waiting = _PAUSE_FIRST_S, None
            try:
                self._tidy(now)
            except Exception as error:  # noqa: BLE001 - tried again in ten minutes
                self._metrics.caught("tidy", error)
            if len(logged) < _BATCH:
                self._stop.wait(_IDLE_S)

    def _attempt(self, step: Callable[[], None], frames: Sequence[LoggedMessage], publisher: Publisher) -> None:
        """Run a step; the frames that make it raise are forwarded unchanged: the collector decodes each."""
        try:
            step()
        except (IngestError, RawLogError):
            raise
        except Exception as error:  # noqa: BLE001 - costs these frames, nothing else
            self._metrics.caught("forward", error)
            for item in frames:
                _, mn, _ = item.message.topic.split("/", 2)
                device = self._devices.get(mn)
                for topic in chain.from_iterable(device.topics.values() if device is not None else ()):
                    publisher.publish(topic, item.message.payload)
                    break

    def _add(self, item: LoggedMessage, assembler: Assembler[LoggedMessage], publisher: Publisher) -> None:
        try:
            frame = decode_frame(item.message.payload, TOLERANT)
        except BadFrameError as error:  # only sound frames are kept: the file was changed from outside
            _log.error("buffer_holds_unsound_frame", detail=str(error), position=str(item.position))
            return
        upload = assembler.add(frame, item, item.message.received_at)
        if upload is not None:
            self._publish(upload, publisher)

    def _publish(self, upload: Upload[LoggedMessage], publisher: Publisher) -> None:
        frames = upload.in_order
        _, mn, cn = frames[0].message.topic.split("/", 2)
        device = self._devices.get(mn)
        topics = device.topics.get(cn, []) if device is not None else []
        payload = b"".join(item.message.payload + b"\r\n" for item in frames)
        for topic in topics:
            publisher.publish(topic, payload)
        if not topics:
            self._metrics.unused.inc(len(frames))

    def _confirm(self, before: Sent, after: Sent) -> None:
        """Raise unless the broker has taken everything and has a subscriber."""
        if after.refused > before.refused:
            msg = f"the broker refuses {after.refused - before.refused} messages: may the gateway write obs/v1/+/+/+/hj212?"
            raise PublishError(msg)
        if after.unheard > before.unheard:
            msg = "no subscriber: the broker would drop the messages; start a collector once"
            raise PublishError(msg)
        self._metrics.published.inc(after.acknowledged - before.acknowledged)
        self._metrics.connected.set(1)

    def _advance(self, position: Position, assembler: Assembler[LoggedMessage]) -> None:
        """Move the cursor, but not beyond a packet whose upload is not complete."""
        held = [part.position for upload in assembler.waiting for part in upload.parts.values()]
        if held:
            first = min(held)
            position = min(position, Position(first.day, first.row - 1))
        if position != self._log.cursor(CURSOR):
            self._log.advance(CURSOR, position)
            self._metrics.waiting.set(self._log.count_after(position))

    def _tidy(self, now: datetime) -> None:
        if now - self._tidied_at < _TIDY_EVERY:
            return
        self._tidied_at = now
        self._log.prune(now - timedelta(days=self._settings.gateway_keep_days))
