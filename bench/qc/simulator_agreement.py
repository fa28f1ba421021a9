"""Agreement of flags with the simulator's log: faults found, and false alarms.

A fault counts as found when its instrument (and parameter, where the fault has one) has a flag that is not PASS while it
lasts, or up to `GRACE` after. Everything else that is SUSPECT or FAIL is a false alarm; flags of one test and parameter less than
`JOINED` apart are one alarm, as the operator who is called to the station sees them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
import pandas as pd

from schemas.flag import Flag

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sensors.simulator.truth import TruthRecord

GRACE = timedelta(hours=2)
JOINED = timedelta(hours=6)
WEEK = timedelta(days=7)
CONDITIONS = frozenset({"weak_turbulence", "frozen_soil"})
"""Tests of surrounding conditions: a calm night or frozen soil is no reason to call an operator."""


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """Recall and false alarms of the tests.

    Attributes
    ----------
    faults, found : dict of str to int
        By kind of fault.
    missed : tuple of str
        Faults without a flag, as text.
    alarms : dict of str to int
        False alarms by test.
    station_weeks : float
        Stations times weeks [1].
    """

    faults: dict[str, int]
    found: dict[str, int]
    missed: tuple[str, ...]
    alarms: dict[str, int]
    station_weeks: float

    @property
    def recall(self) -> dict[str, float]:
        """Part of the faults that were found, by kind [1]."""
        return {kind: self.found.get(kind, 0) / count for kind, count in self.faults.items()}

    @property
    def false_alarms(self) -> float:
        """False alarms a station and week [1]."""
        return sum(self.alarms.values()) / self.station_weeks


@dataclass(frozen=True, slots=True)
class _Span:
    start: pd.Timestamp
    end: pd.Timestamp


def score(flags: pd.DataFrame, faults: Sequence[TruthRecord], *, stations: int, length: timedelta) -> Agreement:
    """Compare flags with faults.

    Parameters
    ----------
    flags : DataFrame
        `schemas.frames` flags, native and hourly together; an hourly one (``instrument_id`` None) belongs to every instrument of
        its station.
    faults : sequence of TruthRecord
        Records of faults only.
    stations : int
        Count of stations.
    length : timedelta
        Of the period.
    """
    starts = pd.to_datetime(flags["start"], utc=True)
    raised = flags.assign(start=starts)[flags["flag"].astype(int) != int(Flag.PASS)]
    explained = pd.Series(data=False, index=raised.index)
    found: Counter[str] = Counter()
    missed: list[str] = []
    by_station = dict(tuple(raised.groupby("station_id")))
    for fault in faults:
        own = by_station.get(str(fault.station_id))
        hit = pd.Series(dtype=bool) if own is None else _touches(own, fault)
        if hit.any():
            found[fault.kind] += 1
            explained.loc[hit[hit].index] = True
        else:
            missed.append(
                f"{fault.kind} {fault.station_id}/{fault.instrument_id} {fault.parameter} {fault.start:%Y-%m-%d %H:%M}"
            )
    wrong = raised[~explained & raised["flag"].isin([int(Flag.SUSPECT), int(Flag.FAIL)])]
    return Agreement(
        faults=dict(Counter(fault.kind for fault in faults)),
        found=dict(found),
        missed=tuple(missed),
        alarms=episodes(wrong, CONDITIONS),
        station_weeks=stations * (length / WEEK),
    )


def _touches(flags: pd.DataFrame, fault: TruthRecord) -> pd.Series:
    """Which flags of a station lie in a fault."""
    begin, end = pd.Timestamp(fault.start).floor("h"), pd.Timestamp(fault.end) + GRACE
    hit = (flags["start"] >= begin) & (flags["start"] < end)
    hit &= flags["instrument_id"].isna() | (flags["instrument_id"] == fault.instrument_id)
    if fault.parameter is not None:
        hit &= flags["parameter"] == fault.parameter
    return hit


def episodes(flags: pd.DataFrame, ignored: Collection[str] = ()) -> dict[str, int]:
    """Alarms by test: flags of one test, station and parameter that are less than `JOINED` apart are one."""
    counts: Counter[str] = Counter()
    kept = flags[~flags["test"].isin(list(ignored))]
    for (test, _, _), own in kept.groupby(["test", "station_id", "parameter"]):
        gaps = own["start"].sort_values().diff()
        counts[str(test)] += 1 + int((gaps > JOINED).sum())
    return dict(counts)
