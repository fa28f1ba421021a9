"""Failover between collectors on one shared subscription: another one continues the session of an absent one.

The broker delivers each message of a shared subscription to one member, and queues for a member that is away, since its session
is persistent (mosquitto does; MQTT 5.0, 4.8.2 leaves it open). Nothing is lost, but the queue waits. Each member announces
itself with a retained message and a Last Will. After ``mqtt_cover_after_s`` of absence another member continues the session
under the absent one's client id, keeps its messages in its own raw log and acknowledges them. When the absent member connects
again, the broker ends the takeover. A message kept by both is stored once, since points have keys.
"""

from __future__ import annotations

import random
import threading
import time
from typing import TYPE_CHECKING

import structlog

from ingest.collector.intake import intake
from ingest.mqtt import Announcer, Subscriber
from ingest.process.guard import say
from ingest.process.supervise import Worker

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingest.mqtt import Member
    from ingest.process.metrics import CollectorMetrics
    from ingest.process.settings import CollectorSettings
    from store.rawlog import RawLog

_LOOK_EVERY_S = 0.2
_CONNECT_S = 10.0
_CLOSE_S = 15.0
_log = structlog.get_logger("ingest.share")


class Failover:
    """Announces this member of a share group; takes over the sessions of absent ones and keeps their messages in its raw log."""

    def __init__(self, settings: CollectorSettings, log: RawLog, metrics: CollectorMetrics) -> None:
        self._settings = settings
        self._log = log
        self._metrics = metrics
        self._due_at: dict[str, float] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._take_overs: dict[str, TakeOver] = {}
        self._announcer = Announcer(settings, self._member_changed)
        self._worker = Worker("cover", self._look, self._stop, metrics.restarted)

    def start(self) -> None:
        """Announce this member and watch the others in the background."""
        self._announcer.start()
        self._worker.start()

    def announce(self) -> None:
        """Announce this member again: a takeover that was just displaced has announced the opposite."""
        self._announcer.announce()

    def close(self) -> None:
        """End every takeover once its messages are kept; announce that this member leaves."""
        self._stop.set()
        self._worker.join(_CLOSE_S)
        for take_over in self._take_overs.values():
            take_over.close()
        self._announcer.close()

    def complaint(self) -> str:
        """What is wrong with the thread; empty where nothing is."""
        return self._worker.complaint()

    def _member_changed(self, client_id: str, member: Member) -> None:
        if client_id == self._settings.mqtt_client_id or member.subscription != self._settings.subscription:
            return
        with self._lock:
            if member.state == "offline":
                # random, so that not all members take over at once
                wait_s = self._settings.mqtt_cover_after_s * random.uniform(1.0, 1.5)  # noqa: S311 - no secret
                self._due_at.setdefault(client_id, time.monotonic() + wait_s)
            else:
                self._due_at.pop(client_id, None)

    def _look(self) -> None:
        while not self._stop.wait(_LOOK_EVERY_S):
            for client_id in [key for key, take_over in self._take_overs.items() if take_over.is_over()]:
                self._attempt(self._end, client_id)
            for client_id in self._overdue():
                self._attempt(self._take_over_for, client_id)
            self._metrics.taken_over.set(len(self._take_overs))

    def _attempt(self, step: Callable[[str], None], client_id: str) -> None:
        """Do a step for one member; an exception does not affect the others, and the step is tried again when due."""
        try:
            step(client_id)
        except Exception as error:  # noqa: BLE001 - see above
            say("cover_failed", error, absent=client_id)

    def _end(self, client_id: str) -> None:
        take_over = self._take_overs.pop(client_id)
        take_over.close()
        _log.warning("cover_ended", absent=client_id, is_back=take_over.is_displaced())
        if not take_over.is_displaced():
            # the broker was lost: its retained announcement may still claim that this session is served
            with self._lock:
                self._due_at.setdefault(client_id, time.monotonic() + self._settings.mqtt_cover_after_s)

    def _overdue(self) -> list[str]:
        now = time.monotonic()
        with self._lock:
            due = [key for key, due in self._due_at.items() if due <= now and key not in self._take_overs]
            for client_id in due:  # the next attempt, should this one end before the member is back
                self._due_at[client_id] = now + _CONNECT_S + self._settings.mqtt_cover_after_s
        return due

    def _take_over_for(self, client_id: str) -> None:
        _log.warning("cover_started", absent=client_id)
        take_over = TakeOver(self._settings, client_id, self._log, self._metrics)
        has_started = False
        try:
            has_started = take_over.start()
        finally:
            if not has_started:
                take_over.close()
        if has_started:
            self._take_overs[client_id] = take_over
        else:
            _log.warning("cover_failed", absent=client_id, detail="no session of that name, or the broker is away")


class TakeOver:
    """The session of an absent member, continued by this process.

    Parameters
    ----------
    settings : CollectorSettings
        Of the member that takes over.
    client_id : str
        Of the absent one.
    log : RawLog
    metrics : Metrics
    """

    def __init__(self, settings: CollectorSettings, client_id: str, log: RawLog, metrics: CollectorMetrics) -> None:
        theirs = settings.model_copy(update={"mqtt_client_id": client_id})
        self._subscriber = Subscriber(theirs, taken_over_by=settings.mqtt_client_id)
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=intake, args=(self._subscriber, log, metrics, self._stop), name=f"cover-{client_id}"
        )

    def start(self) -> bool:
        """Continue the session; False when there is none."""
        self._thread.start()
        self._subscriber.start()
        deadline = time.monotonic() + _CONNECT_S
        while not self._subscriber.is_subscribed.wait(_LOOK_EVERY_S):
            if self._subscriber.is_over.is_set() or time.monotonic() > deadline:
                return False
        return True

    def is_over(self) -> bool:
        """Whether the session has gone back to its owner, the connection is lost, or the thread has ended."""
        return self._subscriber.is_over.is_set() or not (self._thread.is_alive() and self._subscriber.has_thread)

    def is_displaced(self) -> bool:
        """Whether the session's owner, or another takeover, has it now."""
        return self._subscriber.is_displaced

    def close(self) -> None:
        """Keep what was received, then leave the session."""
        self._stop.set()
        self._thread.join()
        self._subscriber.close()
