"""Explanation of a flag: the hour, its flags by test with their limits, and every change of them.

One answer for the command ``skyground qc why`` and for ``GET /api/v1/flags/why``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pandas as pd

from schemas.flagged import join_hours
from schemas.frames import COMPLETENESS, COUNT, FLAG, REVISION, STD, UNCERTAINTY
from schemas.interval import floor_hour
from schemas.parameter import parameter as known_parameter
from schemas.reason import Figure, reason_data
from schemas.words import sentence
from store.history import AsOf
from store.influx.store import Bucket

if TYPE_CHECKING:
    from collections.abc import Iterable

    from schemas.network import Network
    from store.influx.store import InfluxStore
    from store.state import FlagChange, StateStore

HOUR = timedelta(hours=1)


class HourValue(msgspec.Struct, frozen=True, kw_only=True):
    """The hour of one network's parameter; figures that are not stated are None.

    Attributes
    ----------
    value, std, uncertainty : float or None
        ``unit``.
    completeness : float or None
        0 to 1 [1].
    """

    network: str
    value: float | None
    unit: str
    count: int
    flag: int
    completeness: float | None
    std: float | None
    uncertainty: float | None
    revision: int


class FlagGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Flags of one test with one value on the values of the hour; reason of the first.

    Attributes
    ----------
    count : int
        Values of the hour that have it [1].
    first, last : datetime
        Starts of the first and last of them, UTC.
    limit : dict
        Figures of the limit that gave the first one; empty where the test needs none.
    version, run_id : str or None
        Thresholds and run; None for a verdict from before history was kept.
    """

    level: str
    network: str
    instrument: str | None
    test: str
    flag: int
    count: int
    first: datetime
    last: datetime
    reason: str
    reason_zh: str
    key: str | None
    figures: Mapping[str, Figure | None]
    limit: dict[str, Any]
    version: str | None
    run_id: str | None
    recorded_at: datetime | None


class FlagChangeGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Flags of one test that one run changed alike; ``flag`` 1: withdrawn, ``flag_before`` 1: none before."""

    recorded_at: datetime
    run_id: str
    version: str
    level: str
    network: str
    instrument: str | None
    test: str
    flag_before: int
    flag: int
    count: int
    reason: str
    reason_zh: str
    key: str | None
    figures: Mapping[str, Figure | None]


class FlagExplanation(msgspec.Struct, frozen=True, kw_only=True):
    """The whole answer; ``changes`` are oldest first, up to ``as_of`` where that is given."""

    station: str
    parameter: str
    start: datetime
    as_of: datetime | None
    hours: tuple[HourValue, ...]
    verdicts: tuple[FlagGroup, ...]
    changes: tuple[FlagChangeGroup, ...]


def explain(  # noqa: PLR0913 - by keyword
    influx: InfluxStore,
    state: StateStore,
    *,
    network: Network,
    station_id: str,
    parameter: str,
    at: datetime,
    as_of: datetime | None = None,
) -> FlagExplanation:
    """Explain the flag of the hour that holds ``at``, now or as known at a moment.

    Parameters
    ----------
    network : Network
        Must know the station.
    at, as_of : datetime
        Aware; ``as_of`` None: now.

    Raises
    ------
    schemas.parameter.UnknownParameterError, store.error.StoreError
    """
    unit, start = known_parameter(parameter).unit, floor_hour(at)
    changes = state.flag_history.list_changes(start=start, end=start + HOUR, station_id=station_id, parameter=parameter)
    known = [item for item in changes if as_of is None or item.recorded_at <= as_of]
    hours, verdicts = list[HourValue](), list[FlagGroup]()
    for code in dict.fromkeys(item.network.value for item in network.stations[station_id].instruments):
        frame, flags_of = _read(influx, state, code, station_id, start, as_of)
        if parameter in frame and len(frame):
            hours.append(_hour_value(code, frame, flags_of[Bucket.HOURLY], parameter, unit))
        for level, flags in flags_of.items():
            of_code = [item for item in known if item.level == level.value and item.network == code]
            verdicts += _verdicts(flags[flags["parameter"] == parameter], level.value, code, of_code)
    return FlagExplanation(
        station=station_id,
        parameter=parameter,
        start=start,
        as_of=as_of,
        hours=tuple(hours),
        verdicts=tuple(verdicts),
        changes=tuple(_grouped(known)),
    )


def _read(  # noqa: PLR0917 - the key of an hour and the moment
    influx: InfluxStore, state: StateStore, network: str, station_id: str, start: datetime, as_of: datetime | None
) -> tuple[pd.DataFrame, dict[Bucket, pd.DataFrame]]:
    """Hourly frame of an hour and its flags by level, now or as known at a moment."""
    end, levels = start + HOUR, (Bucket.HOURLY, Bucket.NATIVE)
    if as_of is None:
        frame = influx.read_hourly(network, station_id, start, end)
        return frame, {level: influx.read_flags(level, network, start, end, station_id) for level in levels}
    past = AsOf(influx=influx, state=state, network=network, station_id=station_id, start=start, end=end, moment=as_of)
    return past.hourly(), {level: past.flags(level) for level in levels}


def _hour_value(network: str, frame: pd.DataFrame, records: pd.DataFrame, code: str, unit: str) -> HourValue:
    row = frame.iloc[0]
    joined = join_hours(records, code, frame[code + FLAG].iloc[:1].astype(np.int8))
    figures = {
        name: _number(row.get(code + suffix))
        for name, suffix in (("value", ""), ("completeness", COMPLETENESS), ("std", STD), ("uncertainty", UNCERTAINTY))
    }
    return HourValue(
        network=network,
        unit=unit,
        count=int(row[code + COUNT]),
        flag=int(joined.flags[0]),
        revision=int(row.get(code + REVISION, 0)),
        **figures,
    )


def _number(value: float | None) -> float | None:
    return None if value is None or pd.isna(value) else float(value)


def _verdicts(flags: pd.DataFrame, level: str, network: str, changes: list[FlagChange]) -> list[FlagGroup]:
    latest = {(item.start, item.instrument_id, item.test): item for item in changes}
    found: list[FlagGroup] = []
    for (test, _), group in flags.groupby(["test", "flag"], sort=False):
        first, instrument = group.iloc[0], group.iloc[0]["instrument_id"]
        instrument = None if pd.isna(instrument) else str(instrument)
        start, reason = first["start"].to_pydatetime(), str(first["reason"])
        record = latest.get((start, instrument, str(test)))
        found.append(
            FlagGroup(
                level=level,
                network=network,
                instrument=instrument,
                test=str(test),
                flag=int(first["flag"]),
                count=len(group),
                first=start,
                last=group.iloc[-1]["start"].to_pydatetime(),
                **_reason_fields(reason),
                limit={} if record is None else record.figures,
                version=None if record is None else record.version,
                run_id=None if record is None else record.run_id,
                recorded_at=None if record is None else record.recorded_at,
            )
        )
    return found


def _grouped(changes: Iterable[FlagChange]) -> list[FlagChangeGroup]:
    groups: dict[tuple[object, ...], list[FlagChange]] = {}
    for item in changes:
        key = (item.run_id, item.level, item.network, item.instrument_id, item.test, item.flag_before, item.flag)
        groups.setdefault(key, []).append(item)
    return [
        FlagChangeGroup(
            recorded_at=group[0].recorded_at,
            run_id=group[0].run_id,
            version=group[0].version,
            level=group[0].level,
            network=group[0].network,
            instrument=group[0].instrument_id,
            test=group[0].test,
            flag_before=group[0].flag_before,
            flag=group[0].flag,
            count=len(group),
            **_reason_fields(group[0].reason),
        )
        for group in groups.values()
    ]


def _reason_fields(stored: str) -> dict[str, Any]:
    data = reason_data(stored)
    return {
        "reason": sentence(stored, "en"),
        "reason_zh": sentence(stored, "zh"),
        "key": data.key,
        "figures": data.figures,
    }
