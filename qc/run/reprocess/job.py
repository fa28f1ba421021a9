"""Reprocessing of history by station-months: only what changed, in several processes, interruptible.

Digests of the values of each day and of the limits are stored with a month that is evaluated. Days with the same digests are
skipped, so an interrupted run continues where it ended, and a repeated run changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from qc.run.limits import thresholds_of
from qc.run.reprocess.month import StationMonthSummary, evaluate_month
from qc.run.reprocess.pool import WorkerPool
from store.state import RunState, StateStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from qc.station.station_month import StationMonth
    from store.settings import SharedSettings


class ReprocessSummary(msgspec.Struct, frozen=True, kw_only=True, rename={"station_months": "portions"}):
    """Result of reprocessing.

    Attributes
    ----------
    station_months, judged, unchanged, left : int
        Station-months in all, evaluated, skipped as unchanged, and left since the run was stopped.
    days, hours, revised, taken_back : int
        Sums of `StationMonthSummary`.
    """

    run_id: str
    version: str
    station_months: int
    judged: int
    unchanged: int
    left: int
    days: int
    hours: int
    revised: int
    taken_back: int


def reprocess(
    settings: SharedSettings,
    station_months: Sequence[StationMonth],
    now: datetime,
    *,
    workers: int = 1,
    stop: Callable[[], bool] = lambda: False,
    progress: Callable[[StationMonthSummary], None] = lambda _done: None,
) -> ReprocessSummary:
    """Evaluate station-months again and record the run.

    Parameters
    ----------
    station_months : sequence of StationMonth
        From `plan`.
    workers : int
        Processes, at least 1; one station's months are evaluated one after the other.
    stop : callable
        Called before each month; True ends the run after the months in progress.
    progress : callable
        Called with each month that is done.

    Raises
    ------
    qc.limits.load.ThresholdError, store.error.StoreError
        Months that are done by then are kept.
    """
    version = thresholds_of(settings).version
    span = (
        min((item.start for item in station_months), default=None),
        max((item.end for item in station_months), default=None),
    )
    done: list[StationMonthSummary] = []
    with (
        StateStore(settings.state_url) as state,
        state.runs.open("reprocess", None, *span, version) as current,
    ):
        for item in _evaluated(settings, station_months, now, workers, stop):
            done.append(item)
            progress(item)
        summary = _summary(current.id, version, len(station_months), done)
        current.state = RunState.CANCELLED if summary.left else RunState.DONE
        current.counts = msgspec.to_builtins(summary)
    return summary


def _summary(run_id: str, version: str, station_months: int, done: Sequence[StationMonthSummary]) -> ReprocessSummary:
    judged = sum(item.days > 0 for item in done)
    sums = {name: sum(getattr(item, name) for item in done) for name in ("days", "hours", "revised", "taken_back")}
    return ReprocessSummary(
        run_id=run_id,
        version=version,
        station_months=station_months,
        judged=judged,
        unchanged=len(done) - judged,
        left=station_months - len(done),
        **sums,
    )


def _evaluated(
    settings: SharedSettings,
    station_months: Sequence[StationMonth],
    now: datetime,
    workers: int,
    stop: Callable[[], bool],
) -> Iterator[StationMonthSummary]:
    if workers == 1:
        for item in station_months:
            if stop():
                return
            yield evaluate_month(settings, item, now)
        return
    with WorkerPool(workers) as pool:
        yield from pool.evaluate(settings, station_months, now, stop)
