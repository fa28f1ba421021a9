"""Review of stored hours: loads hours, flags and reviews, calls the pure parts, records and saves.

Errors: `store.error` (`ReviewError`, `ReviewConflictError`), `ValueError` for what cannot be asked.
"""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
import pandas as pd

from qc.review.deadline import LABELS, Deadline, ReviewPeriod, deadlines, load_rules
from qc.review.review import Selection, basis_of, changed_hours, review_completeness, reviewed, select_targets
from qc.run.settings import ReviewSettings, Separation
from schemas.bounds import LONGEST
from schemas.frames import FLAG, concat_flags, parameters_in
from schemas.interval import floor_hour
from schemas.message import NetworkCode
from schemas.review import ACTIVE, Review, ReviewAction, ReviewCode, ReviewDraft, ReviewReason, ReviewVerdict
from store.error import ReviewConflictError
from store.influx.store import Bucket, InfluxStore, require_accepted
from store.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from zoneinfo import ZoneInfo

    from store.settings import SharedSettings

L2_PREFIX = "reviewed_"
"""Measurement of the stored L2 hours of a network, in the bucket ``product``."""
_SHOWN = 3
_FIGURES = ["hours", "flagged", "confirmed", "signed", "flagged_confirmed", "stale"]


class ReviewQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which hours are meant.

    Attributes
    ----------
    stations, parameters : tuple of str
        Empty: all of the network.
    start, end : datetime
        Aware; widened to full hours.
    """

    network: str
    start: datetime
    end: datetime
    stations: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    selection: Selection = Selection()


class L2Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What `apply` stored.

    Attributes
    ----------
    hours : int
        Of all stations and parameters, with a value.
    changed : int
        Hours whose flag differs from the automatic one.
    stale : int
        Hours whose review does not count any more, because value or flag changed since.
    completeness : float or None
        Confirmed or signed / hours [1]; None without an hour.
    """

    network: str
    start: datetime
    end: datetime
    stations: int
    hours: int
    confirmed: int
    signed: int
    changed: int
    stale: int
    completeness: float | None


class DeadlineStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How far a station's period is reviewed against its deadline.

    Attributes
    ----------
    open : int
        Hours that the tests flagged and nobody has confirmed yet, and stale ones.
    state : str
        ``done``, ``open`` or ``overdue``.
    """

    network: str
    station_id: str
    deadline: Deadline
    hours: int
    flagged: int
    confirmed: int
    open: int
    state: str


def draft_reviews(
    settings: SharedSettings,
    query: ReviewQuery,
    verdict: ReviewVerdict,
    reason: ReviewReason,
    *,
    now: datetime | None = None,
) -> list[ReviewDraft]:
    """What a proposal over the hours of a query would record; writes nothing.

    Parameters
    ----------
    settings : SharedSettings
    query : ReviewQuery
    verdict : ReviewVerdict
    reason : ReviewReason
    now : datetime or None
        Hours that are not over at that time are left out: nobody can have looked at them. None: the present.

    Raises
    ------
    ValueError
        Unknown network, station or parameter, no hour in the interval that is over, or an interval longer than `LONGEST`.
    """
    end = min(query.end, floor_hour(datetime.now(UTC) if now is None else now))
    if query.start < end and end - query.start > LONGEST:
        msg = f"{(end - query.start).days} days, expected at most {LONGEST.days} in one review"
        raise ValueError(msg)
    query = checked(settings, msgspec.structs.replace(query, end=end))
    store = InfluxStore(settings)
    try:
        hourly = _read_hours(store, query)
        flags = _read_flags(store, query) if query.selection.tests else concat_flags([])
    finally:
        store.close()
    targets = select_targets(
        hourly,
        flags,
        query.selection,
        network=query.network,
        parameters=query.parameters,
        interval=(query.start, query.end),
    )
    return [
        ReviewDraft(
            target=item,
            verdict=verdict,
            reason=reason,
            basis=basis_of(hourly[item.station_id], item.parameter, item.start, item.end),
        )
        for item in targets
    ]


def act(
    settings: SharedSettings, ids: Sequence[str], action: ReviewAction, *, who: str, note: str, now: datetime
) -> list[Review]:
    """Confirm, sign, return or withdraw reviews.

    Raises
    ------
    ReviewConflictError
        On confirming or signing hours that have changed since they were proposed: who saw what, and what stands there now.
    ReviewError
    """
    own = settings if isinstance(settings, ReviewSettings) else ReviewSettings(**settings.model_dump())
    with StateStore(settings.state_url) as state:
        if action in {ReviewAction.CONFIRM, ReviewAction.SIGN}:
            _check_unchanged(settings, state.reviews.list(ids=ids), who)
        separate = own.review_separation is Separation.STRICT
        return state.reviews.act(ids, action, who=who, note=note, at=now, separate=separate)


def read_reviewed(
    store: InfluxStore,
    state: StateStore,
    query: ReviewQuery,
    *,
    least: ReviewCode = ReviewCode.CONFIRMED,
) -> dict[str, tuple[pd.DataFrame, pd.DataFrame]]:
    """Hours at level L1.5 and L2 by station; stations without an hour are left out."""
    hourly = _read_hours(store, query)
    reviews = state.reviews.list(
        network=query.network,
        stations=query.stations,
        parameters=query.parameters,
        start=query.start,
        end=query.end,
        states=ACTIVE,
    )
    by_station: dict[str, list[Review]] = {}
    for item in reviews:
        by_station.setdefault(item.target.station_id, []).append(item)
    records = _hour_records(store, query)
    return {
        name: (
            frame,
            reviewed(frame, by_station.get(name, ()), records[records["station_id"] == name], least=least),
        )
        for name, frame in hourly.items()
        if len(frame)
    }


def apply(settings: SharedSettings, query: ReviewQuery, now: datetime) -> L2Summary:
    """Store the L2 hours of a network as measurement ``reviewed_<network>`` of the bucket ``product``.

    Running again writes the same points. Exports and the API make L2 anew from hours and reviews each time; the stored
    points are for programs that read the database themselves.
    """
    query = checked(settings, query)
    with (
        closing(InfluxStore(settings)) as store,
        StateStore(settings.state_url) as state,
        state.runs.open("review", query.network, query.start, query.end, "") as current,
    ):
        found = read_reviewed(store, state, query)
        for station_id, (_, level2) in found.items():
            written = store.write_product(L2_PREFIX + query.network, station_id, level2)
            require_accepted(written, f"L2 hours of {station_id}")
        applied = _summary(query, found, settings.stations.timezone)
        current.counts = {**msgspec.to_builtins(applied), "at": now.isoformat()}
    return applied


def review_deadlines(settings: SharedSettings, query: ReviewQuery, now: datetime) -> list[DeadlineStatus]:
    """Deadlines of the periods that a query touches, with how far each station is."""
    zone = settings.stations.timezone
    listed = deadlines(load_rules(), query.start, query.end, zone)
    if not listed:
        return []
    span = {"start": min(item.start for item in listed), "end": min(now, max(item.end for item in listed))}
    query = checked(settings, msgspec.structs.replace(query, **span))
    store = InfluxStore(settings)
    try:
        with StateStore(settings.state_url) as state:
            found = read_reviewed(store, state, query)
    finally:
        store.close()
    tables = {period: _by_period(found, period, zone) for period in ReviewPeriod}
    return [
        due
        for item in listed
        for station_id in found
        if (due := _due(query.network, station_id, item, tables[item.rule.period], now)) is not None
    ]


def read_completeness(
    settings: SharedSettings, query: ReviewQuery, period: ReviewPeriod = ReviewPeriod.MONTH
) -> pd.DataFrame:
    """How far each station and parameter is reviewed by civil month or day: `qc.review.review.review_completeness`."""
    query = checked(settings, query)
    store = InfluxStore(settings)
    try:
        with StateStore(settings.state_url) as state:
            found = read_reviewed(store, state, query)
    finally:
        store.close()
    return completeness(found, settings.stations.timezone, period)


def completeness(
    found: Mapping[str, tuple[pd.DataFrame, pd.DataFrame]], zone: ZoneInfo, period: ReviewPeriod = ReviewPeriod.MONTH
) -> pd.DataFrame:
    """`qc.review.review.review_completeness` of all stations, with ``station_id``; see there."""
    parts = [
        review_completeness(level2, hourly, zone, label=LABELS[period]).assign(station_id=name)
        for name, (hourly, level2) in found.items()
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["station_id", "period", *_FIGURES])


def checked(settings: SharedSettings, query: ReviewQuery) -> ReviewQuery:
    """The query with full hours, and every station and parameter named."""
    code = NetworkCode(query.network)
    stations = list(settings.stations.stations_of(code))
    known = {item.id for item in stations}
    unknown = [name for name in query.stations if name not in known]
    if unknown:
        msg = f"no such station in network {code}: {', '.join(unknown)}"
        raise ValueError(msg)
    there = dict.fromkeys(name for one in stations for item in one.instruments_of(code) for name in item.parameters)
    unknown = [name for name in query.parameters if name not in there]
    if unknown:
        msg = f"no instrument of network {code} measures {', '.join(unknown)}"
        raise ValueError(msg)
    start, end = floor_hour(query.start), floor_hour(query.end)
    if end < query.end:
        end = floor_hour(query.end + (pd.Timedelta(hours=1) - pd.Timedelta(microseconds=1)).to_pytimedelta())
    if end <= start:
        msg = f"no full hour between {query.start.isoformat()} and {query.end.isoformat()}"
        raise ValueError(msg)
    chosen = query.stations or tuple(item.id for item in stations)
    return msgspec.structs.replace(
        query,
        network=code.value,
        start=start,
        end=end,
        stations=chosen,
        parameters=query.parameters or tuple(there),
    )


def _read_hours(store: InfluxStore, query: ReviewQuery) -> dict[str, pd.DataFrame]:
    if len(query.stations) == 1:
        (name,) = query.stations
        found = {name: store.read_hourly(query.network, name, query.start, query.end)}
    else:
        found = store.read_hourly_all(query.network, query.start, query.end)
    return {name: frame for name, frame in found.items() if not query.stations or name in query.stations}


def _hour_records(store: InfluxStore, query: ReviewQuery) -> pd.DataFrame:
    only = query.stations[0] if len(query.stations) == 1 else None
    return store.read_flags(Bucket.HOURLY, query.network, query.start, query.end, only)


def _read_flags(store: InfluxStore, query: ReviewQuery) -> pd.DataFrame:
    span = (query.start, query.end)
    return concat_flags([store.read_flags(bucket, query.network, *span) for bucket in (Bucket.HOURLY, Bucket.NATIVE)])


def _check_unchanged(settings: SharedSettings, reviews: Sequence[Review], who: str) -> None:
    """Refuse if hours have changed since; each station is read once, for an act on many may mean a province's month."""
    by_station: dict[tuple[str, str], list[Review]] = {}
    for review in reviews:
        by_station.setdefault((review.target.network, review.target.station_id), []).append(review)
    told = []
    store = InfluxStore(settings)
    try:
        for (network, station_id), found in by_station.items():
            first, last = min(item.target.start for item in found), max(item.target.end for item in found)
            hours = store.read_hourly(network, station_id, first, last)
            changes = [(item, changed_hours(hours, item)) for item in found]
            told += [_changed_text(item, hours, changed, who) for item, changed in changes if len(changed)]
    finally:
        store.close()
    if told:
        more = f"; and {len(told) - _SHOWN} more" if len(told) > _SHOWN else ""
        msg = f"{'; '.join(told[:_SHOWN])}{more}. Return or undo the review, look again and propose anew"
        raise ReviewConflictError(msg)


def _changed_text(review: Review, hours: pd.DataFrame, changed: pd.DatetimeIndex, who: str) -> str:
    target, first = review.target, changed[0]
    now = "no hour"
    if first in hours.index and target.parameter in hours:
        row = hours.loc[first]
        now = f"{row[target.parameter]:.6g} with flag {row.get(target.parameter + FLAG)}"
    return (
        f"review {review.id}: {review.proposed.who} saw {target.station_id} {target.parameter} at "
        f"{review.proposed.at:%Y-%m-%dT%H:%MZ}, {len(changed)} of its hours have changed before {who} looked, the first is "
        f"{first:%Y-%m-%dT%H:%MZ}, now {now}"
    )


def _summary(query: ReviewQuery, found: Mapping[str, tuple[pd.DataFrame, pd.DataFrame]], zone: ZoneInfo) -> L2Summary:
    table = completeness(found, zone)
    counts = {name: int(table[name].sum()) for name in _FIGURES}
    changed = sum(
        int((level2[code + FLAG].to_numpy() != hourly[code + FLAG].to_numpy()).sum())
        for hourly, level2 in found.values()
        for code in parameters_in(hourly)
        if code + FLAG in hourly
    )
    return L2Summary(
        network=query.network,
        start=query.start,
        end=query.end,
        stations=len(found),
        hours=counts["hours"],
        confirmed=counts["confirmed"],
        signed=counts["signed"],
        changed=changed,
        stale=counts["stale"],
        completeness=counts["confirmed"] / counts["hours"] if counts["hours"] else None,
    )


def _by_period(
    found: Mapping[str, tuple[pd.DataFrame, pd.DataFrame]], period: ReviewPeriod, zone: ZoneInfo
) -> dict[tuple[str, str], dict[str, int]]:
    table = completeness(found, zone, period).groupby(["station_id", "period"])[_FIGURES].sum()
    return {
        (str(row[0]), str(row[1])): dict(zip(_FIGURES, map(int, row[2:]), strict=True))
        for row in table.reset_index().itertuples(index=False)
    }


def _due(
    network: str, station_id: str, deadline: Deadline, table: Mapping[tuple[str, str], Mapping[str, int]], now: datetime
) -> DeadlineStatus | None:
    counts = table.get((station_id, deadline.label))
    if counts is None or not counts["hours"]:
        return None
    left = counts["flagged"] - counts["flagged_confirmed"] + counts["stale"]
    state = "done" if not left else "overdue" if now >= deadline.due else "open"
    return DeadlineStatus(
        network=network,
        station_id=station_id,
        deadline=deadline,
        hours=counts["hours"],
        flagged=counts["flagged"],
        confirmed=counts["confirmed"],
        open=left,
        state=state,
    )
