"""The streaming loop behind ``skyground watch``: judge what is new every few seconds and deliver at once.

Every round judges a sliding window by all rules, which costs one query a network and rule; a machine is rebuilt from its
last transition, so the loop keeps nothing in memory and may be killed at any time. Several may run side by side.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING

import msgspec
import structlog

from alerts.job import deliver, evaluate
from alerts.settings import alert_settings
from ingest.stop import stop_on_signals as end_on_signals
from store.error import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from alerts.settings import AlertSettings
    from store.settings import SharedSettings

WINDOW = timedelta(hours=48)
"""Late data within it are judged too."""
LONGEST_PAUSE_S = 60.0
STOP_S = 30.0
"""A round that waits for a dead database is ended by force so long after the signal [s]; it may be killed at any time."""
_log = structlog.get_logger(__name__)


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """What one round did; ``error`` is None where nothing went wrong."""

    at: datetime
    transitions: int = 0
    mails: int = 0
    seconds: float = 0.0
    error: str | None = None


def run(settings: SharedSettings, stop: threading.Event, report: Callable[[Round], None]) -> None:
    """Judge and deliver until ``stop`` is set.

    A store that does not answer is reported and tried again after a pause that doubles up to a minute; a wrong setting
    or rule rises at once.

    Parameters
    ----------
    stop : threading.Event
    report : callable
        Is given every round.
    """
    own = alert_settings(settings)
    pause_s = own.watch_interval_s
    while not stop.is_set():
        done = run_once(own, datetime.now(UTC))
        report(done)
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S) if done.error else own.watch_interval_s
        stop.wait(pause_s)


def run_once(settings: AlertSettings, now: datetime) -> Round:
    """One round over the window that ends at ``now`` (aware)."""
    begun = monotonic()
    counts = {"transitions": 0, "mails": 0}
    errors: list[str] = []
    # Each by itself: what is stored goes out also while the readings cannot be read.
    steps: dict[str, Callable[[], int]] = {
        "transitions": lambda: evaluate(settings, now - WINDOW, now, now),
        "mails": lambda: deliver(settings, now),
    }
    for name, step in steps.items():
        try:
            counts[name] = step()
        except StoreError as error:
            _log.warning("watch_step_failed", step=name, detail=str(error))
            errors.append(str(error))
    return Round(at=now, seconds=monotonic() - begun, error="; ".join(errors) or None, **counts)


def stop_on_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set; the round under way is finished first, within `STOP_S`."""
    stop = threading.Event()
    end_on_signals(stop, within_s=STOP_S)
    return stop
