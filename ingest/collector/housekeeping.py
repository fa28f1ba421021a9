"""Housekeeping: a process of low priority that reconciles readings and enforces retention.

It is forked at the start of the collector and idle for most of an hour, so its imports come with each round.
"""

from __future__ import annotations

import os
import threading
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog

from ingest.backlog.dual_cursor import CURSOR as DRAIN_CURSOR
from ingest.process.complaint import complaint
from ingest.process.guard import describe, say
from ingest.process.report import send, wait_for_end
from schemas.struct_use import prepare_structs
from store.error import StoreError
from store.rawlog import RawLog

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from multiprocessing.connection import Connection

    from ingest.completeness.reconciliation import Reconciled
    from ingest.process.settings import CollectorSettings
    from store.influx.store import InfluxStore
    from store.rawlog import Position
    from store.state import StateStore

_NICE = 10
_PATIENCE = 2
"""Failed rounds in a row after which the process reports a problem."""
ALARM_SHARE = 0.8
"""Part of a bound of the quarantine at which it is reported."""
_log = structlog.get_logger("ingest.survey")


def housekeeping(settings: CollectorSettings, pipe: Connection) -> None:
    """Run a round every ``survey_every_s`` until stopped or the other end of the pipe is closed."""
    os.nice(_NICE)
    prepare_structs()
    stop, failures = threading.Event(), 0
    threading.Thread(target=wait_for_end, args=(pipe, stop), daemon=True).start()
    while not stop.wait(seconds_until_next(datetime.now(UTC), settings.survey_every_s)):
        words = housekeep_once(settings, stop)
        failures = failures + 1 if words else 0
        # the next round may succeed where a database was away for a moment
        send(pipe, complaint("housekeeping", "failed", times=failures, why=words) if failures >= _PATIENCE else "")


def housekeep_once(settings: CollectorSettings, stop: threading.Event) -> str:
    """Reconcile up to the drain's cursor, then expire and prune; a step that raises does not stop the others.

    Returns
    -------
    str
        What failed; empty when nothing did.
    """
    from store.influx.store import InfluxStore
    from store.state import StateStore

    now = datetime.now(UTC)
    with ExitStack() as ends:
        try:
            log = RawLog(settings.rawlog_dir)
            ends.callback(log.close)
            store = InfluxStore(settings)
            ends.callback(store.close)
            state = ends.enter_context(StateStore(settings.state_url))
        except StoreError as error:
            _log.warning("survey_waits", detail=str(error))
            return str(error)
        state.quarantine.limit_bytes = settings.quarantine_max_bytes
        steps: dict[str, Callable[[], object]] = {
            "settled": lambda: _reconcile(settings, log, store, state, stop),
            "expired": lambda: expire(settings, state, now),
            "rows_pruned": lambda: prune_state(settings, state, now) + prune_contenders(settings, state, now),
            "days_pruned": lambda: len(prune(settings, log, now)),
        }
        done, failed = _run_steps(steps, settings, state, now)
    reconciled = done.pop("settled", None)
    counts = {} if reconciled is None else {name: getattr(reconciled, name) for name in ("messages", "rows", "rest")}
    _log.info("surveyed", **counts, **done)
    return "; ".join(failed)


def _run_steps(
    steps: Mapping[str, Callable[[], object]], settings: CollectorSettings, state: StateStore, now: datetime
) -> tuple[dict[str, Any], list[str]]:
    """Results of the steps that succeeded, and what failed."""
    done: dict[str, Any] = {}
    failed: list[str] = []
    for name, step in steps.items():
        try:
            done[name] = step()
        except StoreError as error:
            failed.append(f"{name}: {error}")
            _log.warning("survey_waits", step=name, detail=str(error))
        except Exception as error:  # noqa: BLE001 - the disk must not fill up because a sum is wrong
            failed.append(f"{name}: {describe(error)}")
            say("survey_failed", error, step=name)
            _report(settings, state, failed[-1], now)
    return done, failed


def _report(settings: CollectorSettings, state: StateStore, detail: str, now: datetime) -> None:
    from ingest.decode.error_finding import error_finding

    with suppress(StoreError):  # the next round reports it again
        state.findings.report([error_finding(settings.process_name, f"survey, {detail}", 1, now)])


def _reconcile(
    settings: CollectorSettings, log: RawLog, store: InfluxStore, state: StateStore, stop: threading.Event
) -> Reconciled:
    """Reconcile; one message at a time where the process has died repeatedly (`ingest.backlog.attempt`)."""
    from ingest.backlog.attempt import DEATHS, DEATHS_IN_HAND, Attempts
    from ingest.completeness.reconciliation import CURSOR, reconcile

    attempts = Attempts(settings.rawlog_dir / "sheet.attempt", {CURSOR: log.cursor(CURSOR)})

    def takes(position: Position) -> bool:
        return attempts.take(position) < DEATHS_IN_HAND

    try:
        return reconcile(
            settings,
            log,
            store=store,
            state=state,
            drained=log.cursor(DRAIN_CURSOR),
            now=datetime.now(UTC),
            go_on=lambda _: not stop.is_set(),
            takes=takes if attempts.deaths >= DEATHS else None,
        )
    finally:
        attempts.close()  # an exception is not a death


def expire(settings: CollectorSettings, state: StateStore, now: datetime) -> int:
    """Delete quarantine entries over their age and report a quarantine near its bounds; returns the number deleted."""
    from store.state import Finding, FindingKind

    gone = 0
    if settings.quarantine_keep_days:
        gone = state.quarantine.expire(now - timedelta(days=settings.quarantine_keep_days))
    size = state.quarantine.size()
    share = max(size.items / settings.quarantine_max_items, size.payload_bytes / settings.quarantine_max_bytes)
    if share >= ALARM_SHARE:
        facts = {"items": size.items, "payload_bytes": size.payload_bytes, "share": round(share, 3)}
        kind = FindingKind.QUARANTINE_FULL
        state.findings.report([Finding(key="quarantine_full", kind=kind, facts=facts, first_at=now, last_at=now)])
    else:
        state.findings.drop("quarantine_full")
    return gone


def prune_state(settings: CollectorSettings, state: StateStore, now: datetime) -> int:
    """Delete settled rows of reconciliation and gaps that are older than allowed; returns the number of rows.

    The age is that of the last change, not of the readings: a data set of long ago has rows that are new. Revisions stay,
    since they hold measured values that were replaced, and history is asked for as of a moment.
    """
    if not settings.sheet_keep_days:
        return 0
    before = now - timedelta(days=settings.sheet_keep_days)
    return state.reconciliation.prune(before) + state.gaps.prune(before)


def prune_contenders(settings: CollectorSettings, state: StateStore, now: datetime) -> int:
    """Delete contenders that can decide nothing more: no message of that time is accepted, no entry can be replayed.

    Those of data sets stay, since their messages are accepted at any age.
    """
    if not settings.quarantine_keep_days:
        return 0
    windows = [timedelta(hours=item.late_window_h) for item in settings.stations.station_list]
    oldest = now - max([timedelta(days=settings.quarantine_keep_days), *windows])
    data_sets = [item.id for item in settings.stations.station_list if not item.late_window_h]
    return state.contenders.prune(oldest, data_sets)


def prune(settings: CollectorSettings, log: RawLog, now: datetime) -> list[object]:
    """Delete days of the raw log that are older than allowed and behind every cursor."""
    if not settings.rawlog_keep_days:
        return []
    return list(log.prune(now - timedelta(days=settings.rawlog_keep_days)))


def seconds_until_next(now: datetime, every_s: float) -> float:
    """Seconds to the next multiple of ``every_s`` of the day, and a twelfth of it more: five minutes past the full hour."""
    since_midnight = (now - now.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds()
    return every_s - (since_midnight - every_s / 12) % every_s
