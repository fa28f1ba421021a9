"""Judging history again: by station-months, only what changed, in several processes, stopped and taken up at any time.

A month of a station that is judged is noted with the fingerprints of its days' values and of the rules. Judging again skips
the days that are noted with what they hold now, so a run that was stopped goes on where it was, and one that is done again
does nothing.
"""

from __future__ import annotations

import hashlib
import signal
from collections import deque
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import closing
from datetime import datetime, timedelta
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Self

import msgspec

from qc.hourly.relation.network import history_h
from qc.run.job import codes_of, run, stations_of
from qc.run.limits import thresholds_of
from qc.station.station_month import StationMonth, changed_days, rules_digest, station_months_of, stretches_of
from qc.station.window import HOUR, look_back
from schemas.interval import floor_hour
from schemas.message import NetworkCode
from store.influx.native_digest import NO_DATA
from store.influx.store import InfluxStore
from store.state import ReprocessDigest, RunState, StateStore

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from types import TracebackType

    from store.settings import SharedSettings

DAY = timedelta(days=1)


class StationMonthSummary(msgspec.Struct, frozen=True, kw_only=True, rename={"station_month": "portion"}):
    """What became of one station-month.

    Attributes
    ----------
    days : int
        Days whose values or rules changed [1]; 0: nothing was judged.
    hours, revised, taken_back : int
        As `qc.run.job.QcSummary` counts them.
    """

    station_month: StationMonth
    days: int
    hours: int = 0
    revised: int = 0
    taken_back: int = 0


class ReprocessSummary(msgspec.Struct, frozen=True, kw_only=True, rename={"station_months": "portions"}):
    """What judging again did.

    Attributes
    ----------
    station_months, judged, unchanged, left : int
        Station-months in all, judged, skipped as nothing changed, and left since the run was stopped.
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


def plan(
    settings: SharedSettings,
    networks: Sequence[str],
    start: datetime,
    end: datetime,
    *,
    stations: Collection[str] | None = None,
    now: datetime,
) -> list[StationMonth]:
    """Station-months of ``[start, end)`` that have an instrument of a network, up to the last full hour at ``now``.

    Raises
    ------
    ValueError
        A network that does not exist, or a station that has no instrument of any of them.
    """
    last, found, known = min(end, floor_hour(now)), list[StationMonth](), set[str]()
    for network in networks:
        ids = [item.id for item in stations_of(settings, NetworkCode(network), None)]
        known |= set(ids)
        found += station_months_of(network, [name for name in ids if stations is None or name in stations], start, last)
    unknown = sorted(set(stations or ()) - known)
    if unknown:
        msg = f"no instrument of {', '.join(networks)} at {', '.join(unknown)}"
        raise ValueError(msg)
    return found


def plan_batches(  # noqa: PLR0913 - of `plan`, and how they are shared out
    settings: SharedSettings,
    networks: Sequence[str],
    start: datetime,
    end: datetime,
    *,
    stations: Collection[str] | None,
    now: datetime,
    most: int,
    everything: bool,
) -> list[list[dict[str, object]]]:
    """Station-months in at most ``most`` batches of plain JSON, for a scheduler; networks without an instrument are left out.

    Parameters
    ----------
    everything : bool
        Take all for changed (`forget`).

    Raises
    ------
    ValueError
        As `plan`.
    """
    there = {item.network.value for item in settings.stations.instruments.values()}
    known = [code for code in networks if NetworkCode(code).value in there]
    station_months = plan(settings, known, start, end, stations=stations, now=now)
    if everything:
        forget(settings, station_months)
    size = max(1, -(-len(station_months) // most))
    plain: list[dict[str, object]] = msgspec.to_builtins(station_months)
    return [plain[first : first + size] for first in range(0, len(plain), size)]


def forget(settings: SharedSettings, station_months: Sequence[StationMonth]) -> None:
    """Take all of them for changed: what was noted of their months is dropped."""
    with StateStore(settings.state_url) as state:
        for item in station_months:
            state.reprocess_digests.forget(item.network, [item.station_id], item.month, item.month + HOUR)


def judge_month(
    settings: SharedSettings, station_month: StationMonth, now: datetime, *, dry_run: bool = False
) -> StationMonthSummary:
    """Judge the stretches of one station-month whose values or rules changed; raises as `qc.run.job.run` does.

    Parameters
    ----------
    dry_run : bool
        Only tell how many days would be judged.
    """
    station, thresholds = settings.stations.stations[station_month.station_id], thresholds_of(settings)
    rules = rules_digest(thresholds, station, station_month.network, _code_digest())
    with closing(InfluxStore(settings)) as store, StateStore(settings.state_url) as state:
        codes = codes_of([station], station_month.network)
        digests = store.native_digests(
            station_month.network, station_month.station_id, station_month.start, station_month.end, sorted(codes)
        )
        noted = state.reprocess_digests.get(station_month.network, station_month.station_id, station_month.month)
        before = noted.days if noted is not None and noted.rules == rules else {}
        # days that never held anything need no verdict
        known = before if noted is not None else dict.fromkeys(digests, NO_DATA)
        changed = changed_days(digests, known)
        if dry_run:
            return StationMonthSummary(station_month=station_month, days=len(changed))
        spans = stretches_of(
            station_month,
            changed,
            look_back(thresholds, codes, history_h(thresholds, station_month.network)),
            floor_hour(now),
        )
        summary, run_id = _judge(settings, station_month, spans, len(changed), now)
        days = before | {day: text for day, text in digests.items() if _is_whole(day, station_month)}
        if days != before or noted is None or noted.rules != rules:
            state.reprocess_digests.put(
                ReprocessDigest(
                    network=station_month.network,
                    station_id=station_month.station_id,
                    month=station_month.month,
                    rules=rules,
                    days=days,
                    run_id=run_id,
                )
            )
    return summary


def _judge(
    settings: SharedSettings,
    station_month: StationMonth,
    spans: Sequence[tuple[datetime, datetime]],
    days: int,
    now: datetime,
) -> tuple[StationMonthSummary, str]:
    done = [run(settings, station_month.network, *span, now, [station_month.station_id]) for span in spans]
    counts = {name: sum(getattr(item, name) for item in done) for name in ("hours", "revised", "taken_back")}
    return StationMonthSummary(station_month=station_month, days=days, **counts), done[-1].run_id if done else ""


def _is_whole(day: str, station_month: StationMonth) -> bool:
    begin = datetime.fromisoformat(day).replace(tzinfo=station_month.start.tzinfo)
    return station_month.start <= begin and begin + DAY <= station_month.end


@cache
def _code_digest() -> str:
    """Fingerprint of the programs of this folder: another test, or a mended one, judges anew."""
    texts = [path.read_bytes() for path in sorted(Path(__file__).parents[1].rglob("*.py"))]
    return hashlib.sha256(b"\0".join(texts)).hexdigest()[:16]


def reprocess(
    settings: SharedSettings,
    station_months: Sequence[StationMonth],
    now: datetime,
    *,
    workers: int = 1,
    stop: Callable[[], bool] = lambda: False,
    progress: Callable[[StationMonthSummary], None] = lambda _done: None,
) -> ReprocessSummary:
    """Judge station-months and note the run.

    Parameters
    ----------
    station_months : sequence of StationMonth
        From `plan`.
    workers : int
        Processes, at least 1; one station's months are judged one after the other.
    stop : callable
        Asked before each month; True ends the run after what is under way.
    progress : callable
        Told of each month that is done.

    Raises
    ------
    qc.limits.load.ThresholdError, store.error.StoreError
        What was done by then stays done.
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
        for item in _judged(settings, station_months, now, workers, stop):
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


def _judged(
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
            yield judge_month(settings, item, now)
        return
    with _Pool(workers) as pool:
        yield from pool.judge(settings, station_months, now, stop)


class _Pool:
    """Processes that judge, fed with one month of a station at a time."""

    def __init__(self, workers: int) -> None:
        # not forked: the parent may have threads
        self._executor = ProcessPoolExecutor(workers, get_context("spawn"), _ignore_interrupt)
        self._workers = workers

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._executor.shutdown(wait=True, cancel_futures=True)

    def judge(
        self, settings: SharedSettings, station_months: Sequence[StationMonth], now: datetime, stop: Callable[[], bool]
    ) -> Iterator[StationMonthSummary]:
        chains: dict[tuple[str, str], deque[StationMonth]] = {}
        for item in station_months:
            chains.setdefault((item.network, item.station_id), deque()).append(item)
        ready, under_way = deque(chains.values()), dict[Future[StationMonthSummary], deque[StationMonth]]()
        while ready or under_way:
            while ready and len(under_way) < self._workers and not stop():
                chain = ready.popleft()
                under_way[self._executor.submit(judge_month, settings, chain.popleft(), now)] = chain
            if not under_way:
                return
            for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                chain = under_way.pop(future)
                if chain:
                    ready.appendleft(chain)
                yield future.result()


def _ignore_interrupt() -> None:
    """Ctrl-C reaches the whole process group; the parent alone decides, and waits for what is under way."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
