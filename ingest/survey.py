"""The surveyor: a process of low priority beside the drain that settles the balance sheet and keeps what is kept within its bounds.

It is forked at the collector's start and waits for most of an hour: what its work needs is imported when there is work.
"""

from __future__ import annotations

import os
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from ingest.lanes import CURSOR as DRAIN_CURSOR
from ingest.report import wait_for_end
from store.error import StoreError
from store.rawlog import RawLog

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from ingest.settings import CollectorSettings
    from store.state import StateStore

_NICE = 10
ALARM_SHARE = 0.8
"""Part of a bound of the quarantine at which it is reported."""
_log = structlog.get_logger("ingest.survey")


def survey(settings: CollectorSettings, pipe: Connection) -> None:
    """Work at every ``survey_every_s`` until told to stop or the other end of the pipe is gone."""
    os.nice(_NICE)
    stop = threading.Event()
    threading.Thread(target=wait_for_end, args=(pipe, stop), daemon=True).start()
    while not stop.wait(seconds_until_next(datetime.now(UTC), settings.survey_every_s)):
        try:
            survey_once(settings, stop)
        except StoreError as error:
            _log.warning("survey_waits", detail=str(error))


def survey_once(settings: CollectorSettings, stop: threading.Event) -> None:
    """Settle the sheet up to where the drain is, then expire and prune; raises `StoreError`."""
    from ingest.sheet import settle
    from store.influx import InfluxStore
    from store.state import StateStore

    now = datetime.now(UTC)
    log, store = RawLog(settings.rawlog_dir), InfluxStore(settings)
    try:
        with StateStore(settings.state_url) as state:
            state.quarantine_limit_bytes = settings.quarantine_max_bytes
            done = settle(
                settings,
                log,
                store=store,
                state=state,
                drained=log.cursor(DRAIN_CURSOR),
                now=now,
                go_on=lambda _: not stop.is_set(),
            )
            expired = expire(settings, state, now)
            rows_pruned = prune_state(settings, state, now) + prune_contenders(settings, state, now)
        pruned = prune(settings, log, now)
    finally:
        store.close()
        log.close()
    _log.info(
        "surveyed",
        messages=done.messages,
        rows=done.rows,
        rest=done.rest,
        expired=expired,
        rows_pruned=rows_pruned,
        days_pruned=len(pruned),
    )


def expire(settings: CollectorSettings, state: StateStore, now: datetime) -> int:
    """Let quarantine entries go that are over their age, and report when the quarantine nears its bounds; returns how many went."""
    from store.state import Finding, FindingKind

    gone = 0
    if settings.quarantine_keep_days:
        gone = state.expire_quarantine(now - timedelta(days=settings.quarantine_keep_days))
    size = state.quarantine_size()
    share = max(size.items / settings.quarantine_max_items, size.payload_bytes / settings.quarantine_max_bytes)
    if share >= ALARM_SHARE:
        facts = {"items": size.items, "payload_bytes": size.payload_bytes, "share": round(share, 3)}
        kind = FindingKind.QUARANTINE_FULL
        state.report_findings([Finding(key="quarantine_full", kind=kind, facts=facts, first_at=now, last_at=now)])
    else:
        state.drop_finding("quarantine_full")
    return gone


def prune_state(settings: CollectorSettings, state: StateStore, now: datetime) -> int:
    """Delete what of the balance sheet and of the gaps is settled and older than allowed; returns how many rows.

    The age is that of the last change, not of the readings: a data set of long ago has rows that are new. Revisions stay,
    since they hold measured values that were replaced, and history is asked for as of a moment.
    """
    if not settings.sheet_keep_days:
        return 0
    before = now - timedelta(days=settings.sheet_keep_days)
    return state.prune_sheet(before) + state.prune_gaps(before)


def prune_contenders(settings: CollectorSettings, state: StateStore, now: datetime) -> int:
    """Delete ranks that can decide nothing more: no message of that time is accepted, and no entry is left to be replayed.

    Those of data sets stay, since their messages are accepted at any age.
    """
    if not settings.quarantine_keep_days:
        return 0
    windows = [timedelta(hours=item.late_window_h) for item in settings.stations.station_list]
    oldest = now - max([timedelta(days=settings.quarantine_keep_days), *windows])
    data_sets = [item.id for item in settings.stations.station_list if not item.late_window_h]
    return state.prune_contenders(oldest, data_sets)


def prune(settings: CollectorSettings, log: RawLog, now: datetime) -> list[object]:
    """Delete days of the raw log that are older than allowed and that every cursor has left behind."""
    if not settings.rawlog_keep_days:
        return []
    return list(log.prune(now - timedelta(days=settings.rawlog_keep_days)))


def seconds_until_next(now: datetime, every_s: float) -> float:
    """Seconds to the next multiple of ``every_s`` of the day, and a twelfth of it more: five minutes past the full hour."""
    since_midnight = (now - now.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds()
    return every_s - (since_midnight - every_s / 12) % every_s
