"""Progress of review against the deadlines, and figures of level L2. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
import pandas as pd

from qc.review.completeness import review_completeness
from qc.review.deadline import LABELS, Deadline, ReviewPeriod
from schemas.frames import FLAG, parameters_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from zoneinfo import ZoneInfo

    Reviewed = Mapping[str, tuple[pd.DataFrame, pd.DataFrame]]
    """Hours at level L1.5 and L2 by station."""

FIGURES = ["hours", "flagged", "confirmed", "signed", "flagged_confirmed", "stale"]


class DeadlineStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Progress of review of a station's period against its deadline.

    Attributes
    ----------
    open : int
        Hours that the tests flagged and that are not confirmed yet, and stale ones.
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


def deadline_status(
    found: Reviewed, network: str, listed: Sequence[Deadline], zone: ZoneInfo, now: datetime
) -> list[DeadlineStatus]:
    """Status of every station at each deadline; stations without an hour of the period are left out.

    Parameters
    ----------
    found : mapping of str to (DataFrame, DataFrame)
        `schemas.frames` hourly before review and at level L2, by station.
    network : str
    listed : sequence of Deadline
    zone : ZoneInfo
        Of the civil periods.
    now : datetime
        Aware.
    """
    tables = {period: _by_period(found, period, zone) for period in ReviewPeriod}
    return [
        due
        for item in listed
        for station_id in found
        if (due := _due(network, station_id, item, tables[item.rule.period], now)) is not None
    ]


def completeness(found: Reviewed, zone: ZoneInfo, period: ReviewPeriod = ReviewPeriod.MONTH) -> pd.DataFrame:
    """`qc.review.completeness.review_completeness` of all stations, with ``station_id``; see there."""
    parts = [
        review_completeness(level2, hourly, zone, label=LABELS[period]).assign(station_id=name)
        for name, (hourly, level2) in found.items()
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["station_id", "period", *FIGURES])


def _by_period(found: Reviewed, period: ReviewPeriod, zone: ZoneInfo) -> dict[tuple[str, str], dict[str, int]]:
    table = completeness(found, zone, period).groupby(["station_id", "period"])[FIGURES].sum()
    return {
        (str(row[0]), str(row[1])): dict(zip(FIGURES, map(int, row[2:]), strict=True))
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


class L2Summary(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of the stored hours at level L2.

    Attributes
    ----------
    hours : int
        Of all stations and parameters, with a value.
    changed : int
        Hours whose flag differs from the automatic one.
    stale : int
        Hours whose review no longer counts since value or flag has changed.
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


def level2_summary(found: Reviewed, network: str, span: tuple[datetime, datetime], zone: ZoneInfo) -> L2Summary:
    """Figures of the hours at level L2; parameters as `deadline_status`."""
    table = completeness(found, zone)
    counts = {name: int(table[name].sum()) for name in FIGURES}
    changed = sum(
        int((level2[code + FLAG].to_numpy() != hourly[code + FLAG].to_numpy()).sum())
        for hourly, level2 in found.values()
        for code in parameters_in(hourly)
        if code + FLAG in hourly
    )
    return L2Summary(
        network=network,
        start=span[0],
        end=span[1],
        stations=len(found),
        hours=counts["hours"],
        confirmed=counts["confirmed"],
        signed=counts["signed"],
        changed=changed,
        stale=counts["stale"],
        completeness=counts["confirmed"] / counts["hours"] if counts["hours"] else None,
    )
