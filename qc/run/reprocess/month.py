"""One station-month, evaluated again where its values or limits changed."""

from __future__ import annotations

import hashlib
from contextlib import closing
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from qc.hourly.relation.network import history_h
from qc.run.job import run
from qc.run.limits import thresholds_of
from qc.run.station_reader import codes_of
from qc.station.station_month import DAY, StationMonth, changed_days, rules_digest, stretches_of
from qc.station.window import look_back
from schemas.interval import floor_hour
from store.influx.native_digest import NO_DATA
from store.influx.store import InfluxStore
from store.state import ReprocessDigest, StateStore

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from store.settings import SharedSettings


class StationMonthSummary(msgspec.Struct, frozen=True, kw_only=True, rename={"station_month": "portion"}):
    """Result of one station-month.

    Attributes
    ----------
    days : int
        Days whose values or limits changed [1]; 0: nothing was evaluated.
    hours, revised, taken_back : int
        As `qc.run.job.QcSummary` counts them.
    """

    station_month: StationMonth
    days: int
    hours: int = 0
    revised: int = 0
    taken_back: int = 0


class _Changed(NamedTuple):
    """Digests of a station-month, stored and present, and the days that differ."""

    rules: str
    noted: ReprocessDigest | None
    before: Mapping[str, str]
    digests: Mapping[str, str]
    days: list[datetime]


def evaluate_month(
    settings: SharedSettings, station_month: StationMonth, now: datetime, *, dry_run: bool = False
) -> StationMonthSummary:
    """Evaluate the stretches of one station-month whose values or limits changed; raises as `qc.run.job.run` does.

    Parameters
    ----------
    dry_run : bool
        Only count the days that would be evaluated.
    """
    station, thresholds = settings.stations.stations[station_month.station_id], thresholds_of(settings)
    codes = codes_of([station], station_month.network)
    with closing(InfluxStore(settings)) as store, StateStore(settings.state_url) as state:
        rules = rules_digest(thresholds, station, station_month.network, _code_digest())
        changed = _read(store, state, station_month, rules, codes)
        if dry_run:
            return StationMonthSummary(station_month=station_month, days=len(changed.days))
        back = look_back(thresholds, codes, history_h(thresholds, station_month.network))
        spans = stretches_of(station_month, changed.days, back, floor_hour(now))
        summary, run_id = _evaluate(settings, station_month, spans, len(changed.days), now)
        _write(state, station_month, changed, run_id)
    return summary


def _read(
    store: InfluxStore, state: StateStore, station_month: StationMonth, rules: str, codes: Collection[str]
) -> _Changed:
    digests = store.native_digests(
        station_month.network, station_month.station_id, station_month.start, station_month.end, sorted(codes)
    )
    noted = state.reprocess_digests.get(station_month.network, station_month.station_id, station_month.month)
    before = noted.days if noted is not None and noted.rules == rules else {}
    # a day that never held a value is not evaluated
    known = before if noted is not None else dict.fromkeys(digests, NO_DATA)
    return _Changed(rules, noted, before, digests, changed_days(digests, known))


def _evaluate(
    settings: SharedSettings,
    station_month: StationMonth,
    spans: Sequence[tuple[datetime, datetime]],
    days: int,
    now: datetime,
) -> tuple[StationMonthSummary, str]:
    done = [run(settings, station_month.network, *span, now, [station_month.station_id]) for span in spans]
    counts = {name: sum(getattr(item, name) for item in done) for name in ("hours", "revised", "taken_back")}
    return StationMonthSummary(station_month=station_month, days=days, **counts), done[-1].run_id if done else ""


def _write(state: StateStore, station_month: StationMonth, changed: _Changed, run_id: str) -> None:
    """Store the digests of the whole days that are evaluated."""
    days = {**changed.before, **{day: text for day, text in changed.digests.items() if _is_whole(day, station_month)}}
    if changed.noted is not None and days == changed.before and changed.noted.rules == changed.rules:
        return
    state.reprocess_digests.put(
        ReprocessDigest(
            network=station_month.network,
            station_id=station_month.station_id,
            month=station_month.month,
            rules=changed.rules,
            days=days,
            run_id=run_id,
        )
    )


def _is_whole(day: str, station_month: StationMonth) -> bool:
    begin = datetime.fromisoformat(day).replace(tzinfo=station_month.start.tzinfo)
    return station_month.start <= begin and begin + DAY <= station_month.end


@cache
def _code_digest() -> str:
    """Digest of the source of quality control: a changed test evaluates every month again."""
    texts = [path.read_bytes() for path in sorted(Path(__file__).parents[2].rglob("*.py"))]
    return hashlib.sha256(b"\0".join(texts)).hexdigest()[:16]
